// The kernels in binary32, which is what training and unlearning use.
#define REAL float
#define NAME(function) ck_##function##_f32
#include "body.h"
