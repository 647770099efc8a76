/// What a call does to a file.
enum kind { writes, resizes, flushes, makes, removes, renames, opens, sets_mode };

/// What is to become of a call.
enum action { proceed, tear, shorten, stop_after, fail };

/// Whether this is the mode that is set.
int is_mode(const char *name);

/// Counts a call on an open file and says what is to become of it.
enum action decide_descriptor(const char *call, enum kind kind, int descriptor);

/// Counts a call on a path and says what is to become of it.
enum action decide_path(const char *call, enum kind kind, const char *path);

/// Kills this process.
void stop_process(void);

/// Whether what is written to a file is kept in mind until it is flushed.
int remembers(int descriptor);
