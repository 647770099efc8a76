// Calls that the Swift overlay of the C library does not show.
#define _GNU_SOURCE
#include "CStorage.h"

#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#if defined(__linux__)
#include <fcntl.h>
#include <linux/fs.h>
#endif

ssize_t cstorage_copy_range(int from, off_t from_offset, int to, off_t to_offset, size_t count) {
#if defined(__linux__)
  return copy_file_range(from, &from_offset, to, &to_offset, count, 0);
#else
  errno = ENOTSUP;
  return -1;
#endif
}

int cstorage_rename_exclusive(const char *from, const char *to) {
#if defined(__linux__)
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
#else
  return renamex_np(from, to, RENAME_EXCL);
#endif
}

int cstorage_clone(int from, int to) {
#if defined(FICLONE)
  return ioctl(to, FICLONE, from);
#else
  errno = ENOTSUP;
  return -1;
#endif
}

void cstorage_start_writeback(int descriptor, off_t offset, off_t count) {
#if defined(SYNC_FILE_RANGE_WRITE)
  (void)sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
#else
  (void)descriptor, (void)offset, (void)count;
#endif
}
