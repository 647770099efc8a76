#!/usr/bin/env bash
# Fetches facts once and writes them as country_facts.jsonl and quiz_facts.jsonl: of the Python package countryinfo 1.0.1
# (MIT) and the quiz of Debian's package bsdgames (BSD). Only their data files are read; nothing of them is run. Their
# digests are checked. Exit 3: they can't be had here.
set -euo pipefail
destination=${1:?usage: fetch-facts.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
wheel=b02f6f534f0a3b9cdc73fba7e08f247e39826acfa54bf080f8e4eba812066350
# Of the quiz's files and not of the package, which each architecture has a build of.
quiz=15f5d9fd28669b98c3ef80d4bb12c7dc124d07f0659e4f33d7be09e0235419fe
topics=(africa america asia europe province state elements latin flowers)

if [[ -f $destination/country_facts.jsonl && -f $destination/quiz_facts.jsonl ]]; then exit 0; fi
unfetched() {
  echo "fetch: $1; FACTS=FOLDER names a folder that has country_facts.jsonl and quiz_facts.jsonl" >&2
  exit 3
}
changed() {
  echo "fetch: $1 is not what was expected (sha256 $2)" >&2
  exit 1
}
python3 -m pip --version >/dev/null 2>&1 || unfetched "python3 with pip is needed to fetch countryinfo"
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
  unfetched "apt-get and dpkg-deb are needed to fetch the quiz of bsdgames"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# apt fetches as a user of its own.
chmod 755 "$work"
mkdir -p "$work/download"
echo "fetch: countryinfo 1.0.1 and bsdgames, 1.4 MB, once" >&2
timeout 300 python3 -m pip download --quiet --disable-pip-version-check --retries 1 --timeout 20 --no-deps \
  --only-binary :all: -d "$work" countryinfo==1.0.1 >"$work/log" 2>&1 ||
  unfetched "countryinfo can't be fetched (no network?)"
echo "$wheel  $work/countryinfo-1.0.1-py3-none-any.whl" | sha256sum -c --quiet - 2>/dev/null || changed countryinfo "$wheel"
(cd "$work/download" && timeout 300 apt-get download -q bsdgames) >"$work/log" 2>&1 ||
  unfetched "bsdgames can't be fetched (no network, or no package lists: apt-get update)"
python3 -m zipfile -e "$work"/*.whl "$work/countryinfo"
dpkg-deb -x "$work"/download/bsdgames_*.deb "$work/bsdgames"
folder=$work/bsdgames/usr/share/games/bsdgames/quiz
(cd "$folder" && cat "${topics[@]}") | sha256sum -c --quiet <(echo "$quiz  -") 2>/dev/null || changed "the quiz of bsdgames" "$quiz"
python3 "$here/facts-to-jsonl.py" "$work/countryinfo/countryinfo/data" "$folder" "$work/facts" >&2
mkdir -p "$destination"
mv "$work"/facts/*.jsonl "$destination"
