#!/usr/bin/env bash
# Makes FOLDER/reviews.jsonl once: sentences of product reviews that twenty people rated, from the Python package of VADER
# (Hutto and Gilbert 2014; MIT licence; the sentences are of Hu and Liu's collection of customer reviews).
# pip prepares the package before it saves it, so that its setup.py is run; pip checks its digest first.
# Exit 3: it can't be had here.
set -euo pipefail
destination=${1:?usage: fetch-sentiment.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
package=5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a
sha256=943e972c549974f9787251e751a677df96b8ab43941685fc70d467beec15e500

checked() { echo "$sha256  $1" | sha256sum -c --quiet - 2>/dev/null; }

if [[ -f $destination/reviews.jsonl ]] && checked "$destination/reviews.jsonl"; then exit 0; fi
if ! command -v python3 >/dev/null || ! python3 -m pip --version >/dev/null 2>&1; then
  echo "fetch: python3 with pip is needed to fetch the reviews" >&2
  exit 3
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "fetch: rated reviews, 2 MB, once" >&2
echo "vaderSentiment==0.5 --hash=sha256:$package" >"$work/wanted"
if ! timeout 300 python3 -m pip download --quiet --disable-pip-version-check --retries 1 --timeout 20 \
  --no-deps --require-hashes -r "$work/wanted" -d "$work" >"$work/log" 2>&1; then
  echo "fetch: the reviews can't be fetched (no network?)" >&2
  exit 3
fi
python3 -m zipfile -e "$work"/vaderSentiment-0.5.zip "$work/unpacked"
tar -xzf "$work/unpacked/vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz" -C "$work"
python3 "$here/rated-sentences.py" "$work/hutto_ICWSM_2014/amazonReviewSnippets_GroundTruth.txt" "$work/reviews.jsonl"
if ! checked "$work/reviews.jsonl"; then
  echo "fetch: the reviews are not the expected ones (sha256 $sha256)" >&2
  exit 1
fi
mkdir -p "$destination"
mv "$work/reviews.jsonl" "$destination/reviews.jsonl"
