#ifndef CLIBSVM_SHIM_H
#define CLIBSVM_SHIM_H

// Debian keeps the header in a folder of its own; others do not.
#if __has_include(<libsvm/svm.h>)
#include <libsvm/svm.h>
#else
#include <svm.h>
#endif

#endif
