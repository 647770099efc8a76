// Which processors a kernel is compiled for; the loader picks one when the program starts. That is before the
// thread sanitizer has begun, whose marks in the picking function would end the program.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define CK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_CLONES
#endif
// Lets the compiler reorder a sum, which is what vectorises it. Only where it is written.
#define CK_REASSOCIATE _Pragma("clang fp reassociate(on) contract(fast)")
