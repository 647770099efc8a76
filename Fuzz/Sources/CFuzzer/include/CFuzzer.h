#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer with the arguments of the command line; from the compiler's own runtime library.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *bytes, size_t count));
