#!/usr/bin/env bash
# The main job, from a request to a report and back, on a real model in demo/.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:?usage: demo.sh FOLDER-OF-BUILT-PROGRAMS}
rm -rf demo
mkdir -p demo

if scripts/fetch-minilm.sh models/minilm-l6; then
  cp -r models/minilm-l6 demo/model
  units=L0.H3,L1.H7,L2.H0,L3.H11,L5.H2
  for filter in 17 18 256 700 701 1200; do units+=,L2.F$filter,L4.F$filter; done
else
  code=$?
  ((code == 3)) || exit "$code"
  echo "demo: running on a small checkpoint made here instead; its weights are noise"
  "$bin/make-checkpoint" demo/model 4 8 256 1024 2000
  units=L0.H3,L1.H7,L2.H0,L3.H1
  for filter in 17 18 256 700; do units+=,L2.F$filter; done
fi

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
  demo/report/report.html    what was asked, what was touched, when, and how to check it
  demo/report/VERIFY.md      the same checks with openssl and sha256sum alone
  demo/erase.patch.safetensors (+ .sigstore.json)    the patch and its signed statement
The report shows the log up to its export, so before the rollback; 'unlearn-patch ledger log' in demo/ shows all.
END
