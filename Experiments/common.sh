# What the scripts of experiments share. Needs bin (the programs), work (the folder of records), epochs; steps of an update
# where they are not 100.

export XDG_STATE_HOME=$work/state
up() { nice -n 5 "$bin/unlearn-patch" "$@" --quiet; }

# prepare ORIGIN: invented people where there are no data, and a workspace; what is there is kept.
prepare() {
  [[ -d data ]] || "$bin/make-people" data --people 60 --forget 10 --attributes 8 --seed 1
  workspace "$1"
}

# workspace ORIGIN: one whose signer is trusted.
workspace() {
  [[ -d .unlearn ]] || {
    up init --origin "$1"
    up keygen --role artifact -o officer
    up trust add officer.pub.pem --name officer
  }
}

# train NAME DATA SEED
train() {
  [[ -d $1 ]] || up finetune --config data/config.json --tokenizer data/tokenizer.json --task language-model \
    --data "$2" --keep-every 0 --seed "$3" --epochs "$epochs" --batch 32 --rate 5e-3 --warmup 50 \
    --schedule cosine --length 64 -o "$1" >"$1.log"
}

# patch BASE MODEL OPTION...: a patch that unlearns, and what `create` says of it.
patch() {
  local base=$1 model=$2
  shift 2
  up create --model "$base" --length 64 --method gd --gamma 0.25 --schedule linear --steps "${steps:-100}" --batch 16 \
    --limit-by-oracle --new-tokens 0 "$@" -o "$model.patch.safetensors" >"$model.create.log"
}

# unlearn BASE MODEL OPTION...: a patch, signed, and applied to a copy.
unlearn() {
  local base=$1 model=$2
  [[ ! -d $model ]] || return 0
  patch "$@"
  up sign "$model.patch.safetensors" --key officer.key.pem
  up apply "$base" "$model.patch.safetensors" --output "$model" >"$model.apply.log"
}
