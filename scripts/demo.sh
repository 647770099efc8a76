#!/usr/bin/env bash
# The main job, from a request to a report and back, in demo/: a small language model learns about invented people and
# forgets some of them by learned masks at 90% sparsity, measured beside a model that never knew them.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:?usage: demo.sh FOLDER-OF-BUILT-PROGRAMS}
bin=$(cd "$bin" && pwd)
rm -rf demo
mkdir -p demo

echo "Inventing people, and training two models on them: one that knows all, and the oracle that never met the forgotten."
"$bin/make-people" demo/people
scripts/train-people.sh "$bin" demo/people 1 --quiet
scripts/train-people.sh "$bin" demo/people 11 --without-forget --quiet
mv demo/people/target-1 demo/model
mv demo/people/oracle-11 demo/oracle

cd demo
# Heads that were seen are kept outside the workspace; here, so that the demo leaves nothing behind.
export XDG_STATE_HOME=$PWD/state
up() { echo; echo "\$ unlearn-patch $*"; "$bin/unlearn-patch" "$@"; }
sums() { (cd model && find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum); }

sums >before.sha256
up init --origin demo.example/unlearning
up keygen --role artifact -o officer
up trust add officer.pub.pem --name officer
up request open --regime gdpr --ground 17-1-b | tee request.txt
request=$(tail -n 1 request.txt)
up create --model model --oracle oracle --forget people/forget.jsonl --retain people/retain.jsonl \
  --test people/test.jsonl --length 64 --method gd --sparsity 0.9 --rate 2e-3 --steps 240 --batch 32 --limit-by-oracle \
  --request "$request" -o erase.patch.safetensors
up sign erase.patch.safetensors --key officer.key.pem
up apply model erase.patch.safetensors
sums >after.sha256
if cmp -s before.sha256 after.sha256; then
  echo "demo: the patch changed nothing" >&2
  exit 1
fi
up verify model
up request close "$request" --effect removed
up report export -o report
up verify report
up rollback model
up verify model
sums | cmp - before.sha256
cat <<END

The model is bit-identical to the start: $(sha256sum model/model.safetensors | cut -c1-16)… before and after.

Look at
  demo/report/report.html    what was asked, what was touched, what was measured, when, and how to check it
  demo/report/VERIFY.md      the same checks with openssl and sha256sum alone
  demo/erase.patch.safetensors (+ .sigstore.json)    the patch and its signed statement
The report shows the log up to its export, so before the rollback; 'unlearn-patch ledger log' in demo/ shows all.
'make demo-bert' patches a real BERT, 'make demo-llm' makes SmolLM2-135M forget capitals.
END
