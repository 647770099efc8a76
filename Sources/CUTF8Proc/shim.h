#ifndef CUTF8PROC_SHIM_H
#define CUTF8PROC_SHIM_H

#include <utf8proc.h>

/// The canonical combining class of a code point.
static inline int cutf8proc_class(int scalar) {
  return utf8proc_get_property(scalar)->combining_class;
}

/// Writes the full decomposition of a code point and gives its length, or more than `count` if it does not fit.
static inline long cutf8proc_decompose(int scalar, int compatible, int *buffer, long count) {
  int last_boundary = 0;
  return utf8proc_decompose_char(scalar, buffer, count,
                                 compatible ? UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT
                                            : UTF8PROC_DECOMPOSE,
                                 &last_boundary);
}

/// The primary composite of two code points; -1 where there is none.
static inline int cutf8proc_compose(int first, int second) {
  int pair[2] = {first, second};
  return utf8proc_normalize_utf32(pair, 2, UTF8PROC_COMPOSE | UTF8PROC_STABLE) == 1 ? pair[0] : -1;
}

#endif
