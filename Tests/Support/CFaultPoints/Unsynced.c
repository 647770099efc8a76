#define _GNU_SOURCE
#include "Unsynced.h"

#if defined(__linux__)
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// System calls are made directly: the library's own functions are those that count.

struct change {
  struct change *earlier;
  dev_t device;
  ino_t node;
  char path[4096];
  off_t offset;
  off_t file_size;
  size_t count;
  unsigned char bytes[];
};

static struct change *changes;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void unsynced_remember(int descriptor, off_t offset, size_t count) {
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return;
  struct change *change = calloc(1, sizeof *change + count);
  if (!change) return;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  if (readlink(link, change->path, sizeof change->path - 1) < 0) change->path[0] = 0;
  change->device = status.st_dev;
  change->node = status.st_ino;
  change->offset = offset;
  change->file_size = status.st_size;
  ssize_t found = syscall(SYS_pread64, descriptor, change->bytes, count, offset);
  change->count = found > 0 ? (size_t)found : 0;
  pthread_mutex_lock(&lock);
  change->earlier = changes;
  changes = change;
  pthread_mutex_unlock(&lock);
}

static void undo(const struct change *change) {
  int file = (int)syscall(SYS_openat, AT_FDCWD, change->path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  struct stat status;
  if (fstat(file, &status) == 0 && status.st_dev == change->device
      && status.st_ino == change->node) {
    syscall(SYS_ftruncate, file, change->file_size);
    syscall(SYS_pwrite64, file, change->bytes, change->count, change->offset);
  }
  syscall(SYS_close, file);
}

static void drop(int descriptor, int takes_back) {
  struct stat status = {0};
  if (descriptor >= 0 && fstat(descriptor, &status) != 0) return;
  pthread_mutex_lock(&lock);
  struct change **place = &changes;
  while (*place) {
    struct change *change = *place;
    if (descriptor < 0 || (change->device == status.st_dev && change->node == status.st_ino)) {
      if (takes_back) undo(change);
      *place = change->earlier;
      free(change);
    } else {
      place = &change->earlier;
    }
  }
  pthread_mutex_unlock(&lock);
}

void unsynced_forget(int descriptor) { drop(descriptor, 0); }
void unsynced_take_back(int descriptor) { drop(descriptor, 1); }
#endif
