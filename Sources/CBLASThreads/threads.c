#define _GNU_SOURCE
#include "blas_threads.h"

#include <dlfcn.h>

void blas_threads_stop(void) {
  int (*stop)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "blas_thread_shutdown_");
  if (stop) stop();
}
