#!/usr/bin/env bash
# SmolLM2-135M forgets the capitals of six countries and keeps those of the others, in demo-llm/. Real weights, real
# facts; there is no oracle, so nothing is said of how a model would be that had never read of them.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:?usage: demo-llm.sh FOLDER-OF-BUILT-PROGRAMS}
bin=$(cd "$bin" && pwd)
rm -rf demo-llm
mkdir -p demo-llm
scripts/fetch-smollm2.sh models/smollm2-135m || exit $?
cp -r models/smollm2-135m demo-llm/model
cd demo-llm
export XDG_STATE_HOME=$PWD/state
up() { echo; echo "\$ unlearn-patch $*"; "$bin/unlearn-patch" "$@"; }

sha256sum model/model.safetensors >before.sha256
up init --origin demo.example/capitals
up keygen --role artifact -o officer
up trust add officer.pub.pem --name officer
up request open --regime gdpr --ground 17-1-b | tee request.txt
request=$(tail -n 1 request.txt)
up create --model model --forget ../Examples/capitals.forget.jsonl --retain ../Examples/capitals.retain.jsonl \
  --prompt bare --no-end --length 32 --method npo --sparsity 0.9 --rate 2e-4 --steps 30 --batch 6 --forget-limit 6 \
  --new-tokens 8 --questions 24 --relearn 1,2,4,8 --relearn-rate 1e-5 \
  --request "$request" -o erase.patch.safetensors
up sign erase.patch.safetensors --key officer.key.pem
up apply model erase.patch.safetensors
up verify model
up report export -o report
up verify report
up rollback model
sha256sum -c --quiet before.sha256
cat <<END

The model is bit-identical to the start. Look at demo-llm/report/report.html and the patch beside it.
END
