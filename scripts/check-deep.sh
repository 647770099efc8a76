#!/usr/bin/env bash
# The checks that take too long for each change. Each sanitizer builds everything anew in a folder of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

swift build --build-tests
swift build --product FaultPoints
DEEP_CHECKS=1 swift test --disable-xctest --skip-build --filter 'CrashTests|FailingCallTests'

# Swift's runtime keeps memory until the process ends, which is no leak. The sanitizers stand in for the calls
# that the fault library stands in for, so tests that need it are left out.
export ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no SANITIZED=1
export TSAN_OPTIONS=halt_on_error=0:suppressions=$PWD/scripts/thread-sanitizer.supp
for sanitizer in address thread; do
  folder=.build-$sanitizer
  swift build --build-tests --sanitize="$sanitizer" --scratch-path "$folder"
  swift test --disable-xctest --skip-build --sanitize="$sanitizer" --scratch-path "$folder"
done

Fuzz/run "${FUZZ_SECONDS:-600}"
