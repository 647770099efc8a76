#ifndef CSTORAGE_H
#define CSTORAGE_H

#include <stddef.h>
#include <sys/types.h>

/// Copies up to `count` bytes between two descriptors inside the kernel, sharing blocks where the
/// file system can. Returns the bytes copied, or -1 with `errno`; `ENOTSUP` where there is no such call.
ssize_t cstorage_copy_range(int from, off_t from_offset, int to, off_t to_offset, size_t count);

/// Renames `from` to `to`, failing with `EEXIST` where `to` exists.
int cstorage_rename_exclusive(const char *from, const char *to);

/// Shares all blocks of `from` with the empty file `to`; -1 with `errno` where it can't be done.
int cstorage_clone(int from, int to);

/// Asks the kernel to begin writing a range of a file back, without waiting; nothing happens where it can't.
void cstorage_start_writeback(int descriptor, off_t offset, off_t count);

#endif
