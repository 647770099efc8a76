#!/usr/bin/env bash
# Patching a real BERT (MiniLM-L6), from a request to a report and back, in demo-bert/: named units are set to zero.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:?usage: demo-bert.sh FOLDER-OF-BUILT-PROGRAMS}
rm -rf demo-bert
mkdir -p demo-bert

if scripts/fetch-minilm.sh models/minilm-l6; then
  cp -r models/minilm-l6 demo-bert/model
  units=L0.H3,L1.H7,L2.H0,L3.H11,L5.H2
  for filter in 17 18 256 700 701 1200; do units+=,L2.F$filter,L4.F$filter; done
else
  code=$?
  ((code == 3)) || exit "$code"
  echo "demo: running on a small checkpoint made here instead; its weights are noise"
  "$bin/make-checkpoint" demo-bert/model 4 8 256 1024 2000
  units=L0.H3,L1.H7,L2.H0,L3.H1
  for filter in 17 18 256 700; do units+=,L2.F$filter; done
fi

cd demo-bert
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
up create --model model --method ablate --units "$units" --request "$request" -o erase.patch.safetensors
up sign erase.patch.safetensors --key officer.key.pem
up apply model erase.patch.safetensors
sums >after.sha256
if cmp -s before.sha256 after.sha256; then
  echo "demo: the patch changed nothing" >&2
  exit 1
fi
up verify model
up report export -o report
up verify report
up rollback model
up verify model
sums | cmp - before.sha256
cat <<END

The model is bit-identical to the start: $(sha256sum model/model.safetensors | cut -c1-16)… before and after.

Look at
  demo-bert/report/report.html    what was asked, what was touched, when, and how to check it
  demo-bert/report/VERIFY.md      the same checks with openssl and sha256sum alone
  demo-bert/erase.patch.safetensors (+ .sigstore.json)    the patch and its signed statement
The report shows the log up to its export, so before the rollback; 'unlearn-patch ledger log' in demo-bert/ shows all.
END
