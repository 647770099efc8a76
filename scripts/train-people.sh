#!/usr/bin/env bash
# Trains the small model of invented people in a folder that make-people wrote: FOLDER/target-SEED, which knows all of
# them, or with --without-forget FOLDER/oracle-SEED, which never saw the forgotten. More options go to finetune.
set -euo pipefail
usage="usage: train-people.sh FOLDER-OF-BUILT-PROGRAMS FOLDER SEED [--without-forget] [OPTION...]"
bin=${1:?$usage} folder=${2:?$usage} seed=${3:?$usage}
shift 3
data=train model=target
if [[ ${1:-} == --without-forget ]]; then
  data=retain-train model=oracle
  shift
fi
# On 120 people: 16 epochs were too few (a sixth of the facts not learned in batches of 64, a 25th in batches of 32, both
# at 5e-3); of 30 epochs in batches of 32 at 3e-3, the last ten did not lower the loss.
exec "$bin/unlearn-patch" finetune --config "$folder/config.json" --tokenizer "$folder/tokenizer.json" \
  --data "$folder/$data.jsonl" --output "$folder/$model-$seed" --seed "$seed" --length 64 \
  --epochs 26 --batch 32 --rate 3e-3 --warmup 100 --schedule cosine --keep-every 0 "$@"
