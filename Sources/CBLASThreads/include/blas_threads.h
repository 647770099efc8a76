/// Ends the threads that OpenBLAS makes while a program is loaded, as many as there are processors. They spin for some
/// 25 ms before they sleep, in programs that never multiply too; ours call it with one thread each (Compute/Workers),
/// and it makes them anew for who asks for more. A library that has no such threads, or another name for this, is left
/// alone. To be called while one thread runs.
void blas_threads_stop(void);
