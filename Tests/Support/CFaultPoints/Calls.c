#define _GNU_SOURCE
#include "CFaultPoints.h"
#include "Deciding.h"
#include "Unsynced.h"

#if defined(__linux__)
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/// How many bytes of a write are written.
static size_t part(enum action action, size_t count) {
  return action == tear || (action == shorten && count > 1) ? count / 2 : count;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FINISH(action, result) \
  do { \
    __typeof__(result) returned = (result); \
    if ((action) == tear || (action) == stop_after) stop_process(); \
    return returned; \
  } while (0)

ssize_t write(int descriptor, const void *bytes, size_t count) {
  enum action action = decide_descriptor("write", writes, descriptor);
  if (action == fail) return -1;
  if (remembers(descriptor)) {
    unsynced_remember(descriptor, lseek(descriptor, 0, SEEK_CUR), count);
  }
  FINISH(action, NEXT(write)(descriptor, bytes, part(action, count)));
}

ssize_t copy_file_range(
    int from, off64_t *from_offset, int to, off64_t *to_offset, size_t count, unsigned flags) {
  enum action action = decide_descriptor("copy_file_range", writes, to);
  if (action == fail) return -1;
  if (to_offset && remembers(to)) unsynced_remember(to, *to_offset, count);
  FINISH(
      action,
      NEXT(copy_file_range)(from, from_offset, to, to_offset, part(action, count), flags));
}

// Calls that have a second name for large files.
#define PWRITE(name, offset_type) \
  ssize_t name(int descriptor, const void *bytes, size_t count, offset_type offset) { \
    enum action action = decide_descriptor("pwrite", writes, descriptor); \
    if (action == fail) return -1; \
    if (remembers(descriptor)) unsynced_remember(descriptor, offset, count); \
    FINISH(action, NEXT(name)(descriptor, bytes, part(action, count), offset)); \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define FTRUNCATE(name, offset_type) \
  int name(int descriptor, offset_type size) { \
    enum action action = decide_descriptor("ftruncate", resizes, descriptor); \
    if (action == fail) return -1; \
    if (remembers(descriptor)) { \
      struct stat status; \
      off_t tail = fstat(descriptor, &status) == 0 ? status.st_size - size : 0; \
      unsynced_remember(descriptor, size, tail > 0 ? (size_t)tail : 0); \
    } \
    FINISH(action, NEXT(name)(descriptor, size)); \
  }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

#define FALLOCATE(name, offset_type) \
  int name(int descriptor, offset_type offset, offset_type count) { \
    enum action action = decide_descriptor("posix_fallocate", writes, descriptor); \
    if (action == fail) return errno; \
    FINISH(action, NEXT(name)(descriptor, offset, count)); \
  }
FALLOCATE(posix_fallocate, off_t)
FALLOCATE(posix_fallocate64, off64_t)

#define SYNC(name) \
  int name(int descriptor) { \
    enum action action = decide_descriptor(#name, flushes, descriptor); \
    if (action == fail) return -1; \
    int outcome = NEXT(name)(descriptor); \
    if (outcome == 0 && remembers(descriptor)) unsynced_forget(descriptor); \
    FINISH(action, outcome); \
  }
SYNC(fsync)
SYNC(fdatasync)

/// Opening counts where it makes a file; a file system that is read-only refuses writers besides.
static enum action decide_opening(const char *path, int flags) {
  int is_new = (flags & O_CREAT) && access(path, F_OK) != 0;
  if (is_new) return decide_path("create", makes, path);
  int writes = (flags & O_ACCMODE) != O_RDONLY;
  return writes || is_mode("EINTR") ? decide_path("open", opens, path) : proceed;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
      va_list arguments; \
      va_start(arguments, flags); \
      mode = va_arg(arguments, mode_t); \
      va_end(arguments); \
    } \
    enum action action = decide_opening(path, flags); \
    if (action == fail) return -1; \
    FINISH(action, NEXT(name)(path, flags, mode)); \
  }
OPEN(open)
OPEN(open64)

int ioctl(int descriptor, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  enum action action =
      request == FICLONE ? decide_descriptor("ioctl", writes, descriptor) : proceed;
  if (action == fail) return -1;
  FINISH(action, NEXT(ioctl)(descriptor, request, argument));
}

int fchmod(int descriptor, mode_t mode) {
  enum action action = decide_descriptor("fchmod", sets_mode, descriptor);
  if (action == fail) return -1;
  FINISH(action, NEXT(fchmod)(descriptor, mode));
}

int rename(const char *from, const char *to) {
  enum action action = decide_path("rename", renames, to);
  if (action == fail) return -1;
  FINISH(action, NEXT(rename)(from, to));
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  enum action action = decide_path("renameat2", renames, to);
  if (action == fail) return -1;
  FINISH(action, NEXT(renameat2)(from_folder, from, to_folder, to, flags));
}

int mkdir(const char *path, mode_t mode) {
  enum action action = decide_path("mkdir", makes, path);
  if (action == fail) return -1;
  FINISH(action, NEXT(mkdir)(path, mode));
}

int unlink(const char *path) {
  enum action action = decide_path("unlink", removes, path);
  if (action == fail) return -1;
  FINISH(action, NEXT(unlink)(path));
}

int rmdir(const char *path) {
  enum action action = decide_path("rmdir", removes, path);
  if (action == fail) return -1;
  FINISH(action, NEXT(rmdir)(path));
}
#endif
