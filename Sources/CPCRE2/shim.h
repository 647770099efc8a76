#ifndef CPCRE2_SHIM_H
#define CPCRE2_SHIM_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

// The options are macros with casts, which Swift does not see.
enum {
  cpcre2_utf = PCRE2_UTF,
  cpcre2_ucp = PCRE2_UCP,
  cpcre2_multiline = PCRE2_MULTILINE,
  cpcre2_literal = PCRE2_LITERAL,
  cpcre2_never_backslash_c = PCRE2_NEVER_BACKSLASH_C,
};

/// Compiles a pattern whose newline is the line feed; null on failure, with the error's number and place.
static inline pcre2_code *cpcre2_compile(const unsigned char *pattern, size_t count,
                                         unsigned int options, int *error, size_t *place) {
  pcre2_compile_context *context = pcre2_compile_context_create(0);
  if (context == 0) return 0;
  pcre2_set_newline(context, PCRE2_NEWLINE_LF);
  pcre2_set_parens_nest_limit(context, 100);
  pcre2_code *code = pcre2_compile(pattern, count, options, error, place, context);
  pcre2_compile_context_free(context);
  if (code != 0) pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  return code;
}

static inline void cpcre2_free(pcre2_code *code) { pcre2_code_free(code); }

/// What one run over a text needs.
struct cpcre2_matcher {
  pcre2_match_data *data;
  pcre2_match_context *context;
};

/// Makes a matcher with limits; its `data` is null where memory ran out.
static inline struct cpcre2_matcher cpcre2_matcher_create(unsigned int match_limit,
                                                          unsigned int depth_limit,
                                                          unsigned int heap_kibibytes) {
  struct cpcre2_matcher matcher = {pcre2_match_data_create(1, 0), pcre2_match_context_create(0)};
  if (matcher.data != 0 && matcher.context != 0) {
    pcre2_set_match_limit(matcher.context, match_limit);
    pcre2_set_depth_limit(matcher.context, depth_limit);
    pcre2_set_heap_limit(matcher.context, heap_kibibytes);
    return matcher;
  }
  pcre2_match_data_free(matcher.data);
  pcre2_match_context_free(matcher.context);
  matcher.data = 0;
  matcher.context = 0;
  return matcher;
}

static inline void cpcre2_matcher_free(struct cpcre2_matcher matcher) {
  pcre2_match_data_free(matcher.data);
  pcre2_match_context_free(matcher.context);
}

/// Finds the next match in UTF-8 from a place on: 1 and its bounds, 0 for none, negative for a failure.
static inline int cpcre2_next(const pcre2_code *code, struct cpcre2_matcher matcher,
                              const unsigned char *text, size_t count, size_t from, size_t *lower,
                              size_t *upper) {
  int code_of_result =
      pcre2_match(code, text, count, from, PCRE2_NO_UTF_CHECK, matcher.data, matcher.context);
  // The machine's stack is too small for what the compiled form wants; the interpreter uses the heap.
  if (code_of_result == PCRE2_ERROR_JIT_STACKLIMIT)
    code_of_result = pcre2_match(code, text, count, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
                                 matcher.data, matcher.context);
  if (code_of_result == PCRE2_ERROR_NOMATCH) return 0;
  if (code_of_result < 0) return code_of_result;
  size_t *bounds = pcre2_get_ovector_pointer(matcher.data);
  *lower = bounds[0];
  *upper = bounds[1];
  return 1;
}

/// Writes an error's words, ending in a zero byte.
static inline void cpcre2_message(int error, unsigned char *buffer, size_t count) {
  if (pcre2_get_error_message(error, buffer, count) < 0 && count > 0) buffer[0] = 0;
}

#endif
