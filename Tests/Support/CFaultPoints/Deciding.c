#define _GNU_SOURCE
#include "Deciding.h"
#include "Unsynced.h"

#if defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

void stop_process(void) {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

int is_mode(const char *name) { return strcmp(setting("FAULT_MODE"), name) == 0; }

static enum action fail_with(int code) {
  errno = code;
  return fail;
}

static void log_call(int number, const char *call, const char *path) {
  const char *log = setting("FAULT_LOG");
  if (!log[0]) return;
  char line[8400];
  int length = snprintf(line, sizeof line, "%d %s %s\n", number, call, path);
  int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
  syscall(SYS_write, file, line, length);
  syscall(SYS_close, file);
}

/// Counts a call and says what is to become of it.
///
/// - descriptor: The open file; -1 where the call takes a path.
static enum action decide(const char *call, enum kind kind, const char *path, int descriptor) {
  if (!counts(path)) return proceed;
  int number = atomic_fetch_add(&counted, 1) + 1;
  log_call(number, call, path);
  int at = atoi(setting("FAULT_AT"));
  if (at == 0 || number < at) return proceed;
  // Those that last.
  if (is_mode("full")) {
    return kind == removes || kind == sets_mode ? proceed : fail_with(ENOSPC);
  }
  if (is_mode("readonly")) return fail_with(EROFS);
  if (is_mode("short")) return kind == writes ? shorten : proceed;
  if (is_mode("EINTR")) {
    int can_be = kind == writes || kind == resizes || kind == opens;
    static atomic_int interrupted;
    return can_be && atomic_fetch_add(&interrupted, 1) % 2 == 0 ? fail_with(EINTR) : proceed;
  }
  // Those that come once.
  if (number != at) return proceed;
  if (is_mode("wait")) {
    // Says that it is here, and goes on once it may.
    char gate[4200];
    snprintf(gate, sizeof gate, "%s.reached", setting("FAULT_GATE"));
    syscall(SYS_close, (int)syscall(SYS_openat, AT_FDCWD, gate, O_WRONLY | O_CREAT, 0644));
    while (syscall(SYS_faccessat, AT_FDCWD, setting("FAULT_GATE"), F_OK) != 0) usleep(1000);
    return proceed;
  }
  if (is_mode("torn")) return tear;
  if (is_mode("after")) return stop_after;
  if (is_mode("ENOSPC")) return fail_with(ENOSPC);
  if (is_mode("EIO")) return fail_with(EIO);
  if (is_mode("lost")) {
    if (kind != flushes) return proceed;
    unsynced_take_back(descriptor);
    return fail_with(EIO);
  }
  if (is_mode("power")) unsynced_take_back(-1);
  stop_process();
  return proceed;
}

enum action decide_descriptor(const char *call, enum kind kind, int descriptor) {
  char path[4096];
  return path_of(descriptor, path, sizeof path) ? decide(call, kind, path, descriptor) : proceed;
}

enum action decide_path(const char *call, enum kind kind, const char *path) {
  char full[8192];
  absolute(path, full, sizeof full);
  return decide(call, kind, full, -1);
}

int remembers(int descriptor) {
  char path[4096];
  return (is_mode("power") || is_mode("lost")) && path_of(descriptor, path, sizeof path)
         && counts(path);
}
#endif
