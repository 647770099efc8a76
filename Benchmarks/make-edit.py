"""Writes the checkpoints on which the encodings of patches are measured: a base and two edits of it.

usage: make-edit.py FOLDER [--layers N] [--vocabulary N] [--edit-layers N]

Llama shapes: width 2048, 5632 filters, 32 heads, 32000 tokens, bf16; 8 layers are 542 million parameters, 1.08 GB.
An edit changes one head in ten (rows of q, k and v, columns of o) and one filter in ten (rows of gate and up, columns
of down), each weight w by s * |w| * a normal number: `small` with s = 0.001, of which bf16 rounds nearly all away,
and `large` with s = 0.02, where nearly all bits move; of the first so many layers, or of all. Needs NumPy.
"""
import argparse, json, pathlib, struct

import numpy as np

WIDTH, FILTERS, HEADS = 2048, 5632, 32
EDITS = {"small": 1e-3, "large": 2e-2}


def to_bf16(values):
    """Rounds to nearest, ties to even, as hardware does."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def shapes(layers, tokens):
    yield "model.embed_tokens.weight", (tokens, WIDTH)
    for layer in range(layers):
        path = f"model.layers.{layer}."
        for name in "qkvo":
            yield f"{path}self_attn.{name}_proj.weight", (WIDTH, WIDTH)
        for name in ("gate", "up"):
            yield f"{path}mlp.{name}_proj.weight", (FILTERS, WIDTH)
        yield f"{path}mlp.down_proj.weight", (WIDTH, FILTERS)
        yield f"{path}input_layernorm.weight", (WIDTH,)
        yield f"{path}post_attention_layernorm.weight", (WIDTH,)
    yield "model.norm.weight", (WIDTH,)
    yield "lm_head.weight", (tokens, WIDTH)


def header(layers, tokens):
    entries, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shapes(layers, tokens):
        size = 2 * int(np.prod(shape))
        entries[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def slices(name, heads, filters):
    """What of a tensor the edit touches; None for nothing."""
    size = WIDTH // HEADS
    chosen = (np.add.outer(np.array(heads, int) * size, np.arange(size))).ravel()
    part = name.split(".")[-2] if ".layers." in name else ""
    if part in ("q_proj", "k_proj", "v_proj"):
        return chosen, slice(None)
    if part == "o_proj":
        return slice(None), chosen
    if part in ("gate_proj", "up_proj"):
        return filters, slice(None)
    if part == "down_proj":
        return slice(None), filters
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--vocabulary", type=int, default=32000)
    parser.add_argument("--edit-layers", type=int)
    options = parser.parse_args()
    folder, layers, tokens = options.folder, options.layers, options.vocabulary
    edited_layers = options.edit_layers or layers
    dice = np.random.default_rng(1)
    pairs = dice.permutation(edited_layers * HEADS)[: edited_layers * HEADS // 10]
    heads = {layer: sorted(p % HEADS for p in pairs if p // HEADS == layer) for layer in range(edited_layers)}
    filters = {layer: np.sort(dice.permutation(FILTERS)[: FILTERS // 10]) for layer in range(edited_layers)}
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": WIDTH,
        "intermediate_size": FILTERS, "num_hidden_layers": layers, "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS, "vocab_size": tokens, "tie_word_embeddings": False,
        "rms_norm_eps": 1e-5, "hidden_act": "silu", "max_position_embeddings": 2048,
    }
    files = {}
    for name in ("base", *EDITS):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        files[name] = open(folder / name / "model.safetensors", "wb")
        files[name].write(header(layers, tokens))
    for name, shape in shapes(layers, tokens):
        if len(shape) == 1:
            weights = to_bf16(np.ones(shape, np.float32))
        else:
            # A scale for each row, as trained weights have.
            scale = dice.uniform(0.02, 0.026, (shape[0], 1)).astype(np.float32)
            weights = to_bf16(dice.standard_normal(shape, np.float32) * scale)
        layer = int(name.split(".")[2]) if ".layers." in name else -1
        touched = slices(name, heads[layer], filters[layer]) if 0 <= layer < edited_layers else None
        files["base"].write(weights.tobytes())
        for edit, strength in EDITS.items():
            edited = weights
            if touched is not None:
                edited = weights.copy()
                old = from_bf16(weights[touched])
                noise = dice.standard_normal(old.shape, np.float32)
                edited[touched] = to_bf16(old + np.float32(strength) * np.abs(old) * noise)
            files[edit].write(edited.tobytes())
    for file in files.values():
        file.close()


main()
