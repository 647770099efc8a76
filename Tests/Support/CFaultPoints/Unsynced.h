#include <sys/types.h>

/// Remembers what a range of a file holds, and the file's size, before it is changed.
void unsynced_remember(int descriptor, off_t offset, size_t count);

/// Forgets what was remembered of a file: it is on the disk now.
void unsynced_forget(int descriptor);

/// Takes back what was remembered of a file, newest first; of all files where the descriptor is -1.
void unsynced_take_back(int descriptor);
