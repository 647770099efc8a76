#!/usr/bin/env bash
# Installs the system packages that the build needs, on Debian and Ubuntu. Silent where all is there.
set -euo pipefail
packages=(pkg-config libssl-dev libsqlite3-dev libopenblas-dev libzstd-dev libpcre2-dev libutf8proc-dev libcurl4-openssl-dev zlib1g-dev libsvm-dev)

if ! command -v swift >/dev/null; then
  echo "setup: there is no Swift; install Swift 6.2 or newer from swift.org and try again" >&2
  exit 1
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
read -r major minor <<<"${version:-0 0}"
if ((major < 6 || (major == 6 && minor < 2))); then
  echo "setup: Swift ${major}.${minor} is too old; version 6.2 or newer is needed" >&2
  exit 1
fi

if ! command -v dpkg-query >/dev/null; then
  echo "setup: not Debian or Ubuntu: see that OpenSSL 3, SQLite 3.37, OpenBLAS, zstd, PCRE2, utf8proc, libcurl, zlib and LIBSVM are there with headers" >&2
  exit 0
fi
missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [[ $status == "install ok installed" ]] || missing+=("$package")
done
((${#missing[@]} == 0)) && exit 0

echo "setup: installing ${missing[*]}"
run=()
((EUID == 0)) || run=(sudo)
export DEBIAN_FRONTEND=noninteractive
if ! { "${run[@]}" apt-get update -qq && "${run[@]}" apt-get install -y -qq "${missing[@]}" >/dev/null; }; then
  echo "setup: could not install; do it by hand: apt-get install ${missing[*]}" >&2
  exit 1
fi
