// Loaded with LD_PRELOAD: counts the calls by which a process changes files, and stops it at a chosen one.
//
//   FAULT_ROOT  only files below this folder count
//   FAULT_AT    the number of the call, from 1; 0 only counts
//   FAULT_MODE  before: killed instead of the call
//               torn:   a write does half of its bytes, any other call is made; then killed
//               after:  the call is made; then killed
//               ENOSPC, EIO: the call fails
//               wait:   the file FAULT_GATE.reached is made; the call goes on once FAULT_GATE is there
//   FAULT_LOG   a file that gets one line for each call that counted
