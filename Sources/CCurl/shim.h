#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#include <curl/curl.h>
#include <string.h>

/// Where an answer is kept: at most `capacity` bytes.
struct ccurl_answer {
  unsigned char *bytes;
  size_t capacity, count;
  int is_too_large;
};

static inline size_t ccurl_keep(char *data, size_t size, size_t number, void *context) {
  struct ccurl_answer *answer = context;
  size_t count = size * number;
  if (count > answer->capacity - answer->count) {
    answer->is_too_large = 1;
    return 0;
  }
  memcpy(answer->bytes + answer->count, data, count);
  answer->count += count;
  return count;
}

/// What came of a request.
enum ccurl_outcome { CCURL_DONE = 0, CCURL_FAILED = 1, CCURL_TOO_LARGE = 2 };

/// Posts `body` to a URL over HTTP or HTTPS. No redirect is followed, and no password is looked up.
/// Writes the status, and at most `capacity` bytes of the answer; on failure a message that ends with 0
/// into `message`, of CURL_ERROR_SIZE bytes.
static inline int ccurl_post(
    const char *url, const char *agent, const unsigned char *body, size_t body_count,
    long connect_milliseconds, long milliseconds, unsigned char *bytes, size_t capacity, size_t *count,
    long *status, char *message) {
  struct ccurl_answer answer = {bytes, capacity, 0, 0};
  message[0] = 0;
  *count = 0;
  *status = 0;
  CURL *curl = curl_easy_init();
  struct curl_slist *headers = curl_slist_append(0, "Content-Type: text/plain; charset=utf-8");
  CURLcode code = CURLE_OUT_OF_MEMORY;
  if (curl != 0 && headers != 0) {
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
    code = curl_easy_setopt(curl, CURLOPT_URL, url);
#if LIBCURL_VERSION_NUM >= 0x075500
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    if (code == CURLE_OK)
      code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_USERAGENT, agent);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (code == CURLE_OK)
      code = curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_milliseconds);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_POST, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)body);
    if (code == CURLE_OK)
      code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_count);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ccurl_keep);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, (void *)&answer);
    if (code == CURLE_OK) code = curl_easy_perform(curl);
    if (code == CURLE_OK) code = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
  }
  if (code != CURLE_OK && message[0] == 0) {
    strncpy(message, curl_easy_strerror(code), CURL_ERROR_SIZE - 1);
    message[CURL_ERROR_SIZE - 1] = 0;
  }
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
  *count = answer.count;
  if (answer.is_too_large) return CCURL_TOO_LARGE;
  return code == CURLE_OK ? CCURL_DONE : CCURL_FAILED;
}

#endif
