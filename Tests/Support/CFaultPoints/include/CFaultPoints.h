// Loaded with LD_PRELOAD: counts the calls by which a process changes files, and disturbs it at a chosen one.
//
//   FAULT_ROOT  only files below this folder count
//   FAULT_AT    the number of the call, from 1; 0 only counts
//   FAULT_MODE  before: killed instead of the call
//               torn:   a write does half of its bytes, any other call is made; then killed
//               after:  the call is made; then killed
//               power:  what was written and not flushed is taken back, as when the power fails; then killed
//               ENOSPC, EIO: the call fails
//               lost:   a flush fails, and what it should have flushed is taken back; other calls are made
//               full:   the call and all later ones that need room fail with ENOSPC
//               readonly: the call and all later ones fail with EROFS
//               short:  the call and all later ones write half of their bytes, and say so
//               EINTR:  from the call on every second write, truncation or opening is interrupted
//               wait:   the file FAULT_GATE.reached is made; the call goes on once FAULT_GATE is there
//   FAULT_LOG   a file that gets one line for each call that counted
