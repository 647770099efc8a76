#define _GNU_SOURCE
#include "CFaultPoints.h"

#if defined(__linux__)
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int counted;

static const char *setting(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

/// Whether a path is below the folder that counts.
static int counts(const char *path) {
  const char *root = setting("FAULT_ROOT");
  return root[0] && strncmp(path, root, strlen(root)) == 0;
}

static int path_of(int descriptor, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t count = readlink(link, path, size - 1);
  if (count < 0) return 0;
  path[count] = 0;
  return 1;
}

static void absolute(const char *path, char *full, size_t size) {
  if (path[0] == '/' || !getcwd(full, size)) {
    snprintf(full, size, "%s", path);
    return;
  }
  size_t used = strlen(full);
  snprintf(full + used, size - used, "/%s", path);
}

static void stop(void) {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

enum action { proceed, tear, stop_after, fail };

/// Counts a call and says what is to become of it.
static enum action decide(const char *call, const char *path) {
  if (!counts(path)) return proceed;
  int number = atomic_fetch_add(&counted, 1) + 1;
  const char *log = setting("FAULT_LOG");
  if (log[0]) {
    char line[4352];
    int length = snprintf(line, sizeof line, "%d %s %s\n", number, call, path);
    int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    syscall(SYS_write, file, line, length);
    syscall(SYS_close, file);
  }
  if (number != atoi(setting("FAULT_AT"))) return proceed;
  const char *mode = setting("FAULT_MODE");
  if (strcmp(mode, "torn") == 0) return tear;
  if (strcmp(mode, "wait") == 0) {
    // Says that it is here, and goes on once it may.
    char gate[4200];
    snprintf(gate, sizeof gate, "%s.reached", setting("FAULT_GATE"));
    syscall(SYS_close, (int)syscall(SYS_openat, AT_FDCWD, gate, O_WRONLY | O_CREAT, 0644));
    while (syscall(SYS_faccessat, AT_FDCWD, setting("FAULT_GATE"), F_OK) != 0) usleep(1000);
    return proceed;
  }
  if (strcmp(mode, "after") == 0) return stop_after;
  if (strcmp(mode, "ENOSPC") == 0) {
    errno = ENOSPC;
    return fail;
  }
  if (strcmp(mode, "EIO") == 0) {
    errno = EIO;
    return fail;
  }
  stop();
  return proceed;
}

static enum action decide_descriptor(const char *call, int descriptor) {
  char path[4096];
  return path_of(descriptor, path, sizeof path) ? decide(call, path) : proceed;
}

static enum action decide_path(const char *call, const char *path) {
  char full[8192];
  absolute(path, full, sizeof full);
  return decide(call, full);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FINISH(action, result) \
  do { \
    __typeof__(result) outcome = (result); \
    if ((action) != proceed) stop(); \
    return outcome; \
  } while (0)

ssize_t write(int descriptor, const void *bytes, size_t count) {
  enum action action = decide_descriptor("write", descriptor);
  if (action == fail) return -1;
  FINISH(action, NEXT(write)(descriptor, bytes, action == tear ? count / 2 : count));
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  enum action action = decide_descriptor("pwrite", descriptor);
  if (action == fail) return -1;
  FINISH(action, NEXT(pwrite)(descriptor, bytes, action == tear ? count / 2 : count, offset));
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  enum action action = decide_descriptor("pwrite", descriptor);
  if (action == fail) return -1;
  FINISH(action, NEXT(pwrite64)(descriptor, bytes, action == tear ? count / 2 : count, offset));
}

ssize_t copy_file_range(
    int from, off64_t *from_offset, int to, off64_t *to_offset, size_t count, unsigned flags) {
  enum action action = decide_descriptor("copy_file_range", to);
  if (action == fail) return -1;
  if (action == tear && count > 1) count /= 2;
  FINISH(action, NEXT(copy_file_range)(from, from_offset, to, to_offset, count, flags));
}

int fsync(int descriptor) {
  enum action action = decide_descriptor("fsync", descriptor);
  if (action == fail) return -1;
  FINISH(action, NEXT(fsync)(descriptor));
}

int fdatasync(int descriptor) {
  enum action action = decide_descriptor("fdatasync", descriptor);
  if (action == fail) return -1;
  FINISH(action, NEXT(fdatasync)(descriptor));
}

int ftruncate(int descriptor, off_t size) {
  enum action action = decide_descriptor("ftruncate", descriptor);
  if (action == fail) return -1;
  FINISH(action, NEXT(ftruncate)(descriptor, size));
}

int ftruncate64(int descriptor, off64_t size) {
  enum action action = decide_descriptor("ftruncate", descriptor);
  if (action == fail) return -1;
  FINISH(action, NEXT(ftruncate64)(descriptor, size));
}

int rename(const char *from, const char *to) {
  enum action action = decide_path("rename", to);
  if (action == fail) return -1;
  FINISH(action, NEXT(rename)(from, to));
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  enum action action = decide_path("renameat2", to);
  if (action == fail) return -1;
  FINISH(action, NEXT(renameat2)(from_folder, from, to_folder, to, flags));
}

int unlink(const char *path) {
  enum action action = decide_path("unlink", path);
  if (action == fail) return -1;
  FINISH(action, NEXT(unlink)(path));
}

int mkdir(const char *path, mode_t mode) {
  enum action action = decide_path("mkdir", path);
  if (action == fail) return -1;
  FINISH(action, NEXT(mkdir)(path, mode));
}

int rmdir(const char *path) {
  enum action action = decide_path("rmdir", path);
  if (action == fail) return -1;
  FINISH(action, NEXT(rmdir)(path));
}
#endif
