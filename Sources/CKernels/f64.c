// The same kernels in binary64, against which finite differences are taken.
#define REAL double
#define NAME(function) ck_##function##_f64
#include "body.h"
