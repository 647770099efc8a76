#!/usr/bin/env bash
# Makes FOLDER/definitions.jsonl once: 116,697 definitions of English words, and which of 45 topics each stands
# under, from WordNet 3.0 (its licence allows use and distribution for any purpose) as Debian and Ubuntu carry it, checked.
# Exit 3: it can't be had here. Then a folder that has the file serves as well (TOPICS=FOLDER make classification).
set -euo pipefail
destination=${1:?usage: fetch-topics.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
sha256=20320d09b1946ed49da2ccf38ad2dae2b0a31190a8798647c3d6f4bb2274cc4b

checked() { echo "$sha256  $1" | sha256sum -c --quiet - 2>/dev/null; }

if [[ -f $destination/definitions.jsonl ]] && checked "$destination/definitions.jsonl"; then exit 0; fi
for program in python3 apt-get dpkg-deb; do
  command -v "$program" >/dev/null || {
    echo "fetch: $program is needed to fetch WordNet" >&2
    exit 3
  }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "fetch: WordNet 3.0, 6 MB, once" >&2
# Nothing is installed: the package's data files are only unpacked.
if ! (cd "$work" && timeout 300 apt-get download -q wordnet-base) >"$work/log" 2>&1; then
  echo "fetch: WordNet can't be fetched (no network, or package lists that 'apt-get update' has yet to fetch?)" >&2
  exit 3
fi
dpkg-deb -x "$work"/wordnet-base_*.deb "$work/unpacked"
python3 "$here/wordnet-topics.py" "$work/unpacked/usr/share/wordnet" "$work/definitions.jsonl"
if ! checked "$work/definitions.jsonl"; then
  echo "fetch: the definitions are not the expected ones (sha256 $sha256)" >&2
  exit 1
fi
mkdir -p "$destination"
mv "$work/definitions.jsonl" "$destination/definitions.jsonl"
