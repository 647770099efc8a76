#!/usr/bin/env python3
"""Makes the files of Fixtures/ with the reference writer and its companions.

    pip install safetensors==0.8.0 huggingface_hub==2.4.0 numpy==2.4.6 ml_dtypes==0.6.0
    python3 make-fixtures.py

written/*.safetensors   what the reference writes: every type that its Python side knows, metadata, names, shapes
sharded/                a split model: the split is huggingface_hub's, the files the reference's, the index is
                        written as transformers' save_pretrained does (json.dumps, indent 2, sorted keys, line break)
splits.json             splits of made-up sizes by huggingface_hub
floats.json             binary32 patterns of all patterns of the 8-bit types (ml_dtypes), FNV-1a of those of the
                        16-bit ones (little-endian, in order of the pattern)
"""

import ctypes
import json
import pathlib
import random
import shutil

import ml_dtypes
import numpy as np
from huggingface_hub import split_state_dict_into_shards_factory
from safetensors import TensorSpec, serialize

FOLDER = pathlib.Path(__file__).parent / "Fixtures"
# Name in the header: (name for the writer, bits)
TYPES = {
    "BOOL": ("bool", 8), "F4": ("float4_e2m1fn_x2", 4), "U8": ("uint8", 8), "I8": ("int8", 8),
    "F8_E5M2": ("float8_e5m2", 8), "F8_E4M3": ("float8_e4m3fn", 8),
    "F8_E8M0": ("float8_e8m0fnu", 8), "F8_E4M3FNUZ": ("float8_e4m3fnuz", 8),
    "F8_E5M2FNUZ": ("float8_e5m2fnuz", 8), "I16": ("int16", 16), "U16": ("uint16", 16),
    "F16": ("float16", 16), "BF16": ("bfloat16", 16), "I32": ("int32", 32),
    "U32": ("uint32", 32), "F32": ("float32", 32), "C64": ("complex64", 64),
    "F64": ("float64", 64), "I64": ("int64", 64), "U64": ("uint64", 64),
}


def content(rng, dtype, shape):
    count = 1
    for size in shape:
        count *= size
    return rng.randbytes(count * TYPES[dtype][1] // 8)


def write(path, tensors, metadata):
    """tensors: [(name, dtype, shape, bytes)], shape in logical elements."""
    specs, buffers = {}, []
    for name, dtype, shape, data in tensors:
        buffer = ctypes.create_string_buffer(data, len(data)) if data else None
        buffers.append(buffer)
        # The writer takes the packed shape of F4, two elements in one of its last dimension.
        packed = shape[:-1] + [shape[-1] // 2] if dtype == "F4" else shape
        specs[name] = TensorSpec(
            dtype=TYPES[dtype][0], shape=packed,
            data_ptr=ctypes.addressof(buffer) if buffer else 0, data_len=len(data))
    path.write_bytes(serialize(specs, metadata))


def written():
    folder = FOLDER / "written"
    folder.mkdir()
    rng = random.Random(1)
    sets = {
        "types": [("t." + dtype, dtype, [2, 4]) for dtype in TYPES],
        "scalars": [("s." + dtype, dtype, []) for dtype in TYPES if dtype != "F4"],
        "zero-size": [("z." + dtype, dtype, [0, 3]) for dtype in TYPES if dtype != "F4"]
        + [("full", "F32", [2]), ("a", "F32", [3, 0]), ("b", "U8", [1])],
        "names": [
            (name, "U8", [index])
            for index, name in enumerate([
                "", "a.2", "a.10", "A", "a", '"quoted"', "back\\slash", "\b\t\n\f\r", "\u0001\u001f",
                "\u007f", "/", "\u2028", "\u00e9", "e\u0301", "\uffee", "\U0001f642", "a b", "__meta__",
                "../x", "\u0000",
            ])
        ],
        "nothing": [],
    }
    for kind, tensors in sets.items():
        tensors = [(name, dtype, shape, content(rng, dtype, shape)) for name, dtype, shape in tensors]
        rng.shuffle(tensors)
        metadatas = {"none": None, "one": {"format": "pt"}}
        # Without tensors the reference writes an empty metadata that it can't read.
        if tensors:
            metadatas["empty"] = {}
        if kind == "names":
            metadatas["escapes"] = {'"k\n\u00e9': "\u0002\\\U0001f642"}
        for name, metadata in metadatas.items():
            write(folder / f"{kind}-{name}.safetensors", tensors, metadata)
    for length in range(1, 9):  # every amount of padding
        write(folder / f"padding-{length}.safetensors", [("n" * length, "U8", [1], b"x")], None)


def split(sizes, limit):
    return split_state_dict_into_shards_factory(
        sizes, get_storage_size=lambda size: size, filename_pattern="model{suffix}.safetensors",
        max_shard_size=limit)


def sharded():
    folder = FOLDER / "sharded"
    folder.mkdir()
    rng = random.Random(2)
    tensors = {}
    for name, dtype, shape in [
        ("embed", "F32", [10, 4]), ("layer.10.w", "BF16", [8, 8]), ("layer.2.w", "BF16", [8, 8]),
        ("big", "F32", [100]), ("caf\u00e9", "U8", [7]), ("cafe\u0301", "U8", [7]), ("\U0001f642\uffee\"\\\n\u007f", "I64", [3]),
        ("\uffee", "U8", [2]), ("norm", "F64", []), ("empty", "F16", [0]), ("head", "F32", [40]),
    ]:
        tensors[name] = (name, dtype, shape, content(rng, dtype, shape))
    plan = split({name: len(tensor[3]) for name, tensor in tensors.items()}, 300)
    for file, names in plan.filename_to_tensors.items():
        write(folder / file, [tensors[name] for name in names], {"format": "pt"})
    elements = sum(int(np.prod(tensor[2], dtype=np.int64)) for tensor in tensors.values())
    index = {
        "metadata": {"total_parameters": elements, **plan.metadata},
        "weight_map": plan.tensor_to_filename,
    }
    text = json.dumps(index, indent=2, sort_keys=True) + "\n"
    (folder / "model.safetensors.index.json").write_text(text, encoding="utf-8")
    (folder / "order.json").write_text(json.dumps(list(tensors)) + "\n")


def splits():
    rng = random.Random(3)
    cases = [([6, 6, 2, 6, 2, 2], 10), ([10], 10), ([11], 10), ([5, 11, 5], 10), ([11, 12], 10), ([0, 10, 0, 1], 10)]
    for _ in range(60):
        limit = rng.randint(1, 50)
        cases.append(([rng.randint(0, 60) for _ in range(rng.randint(1, 12))], limit))
    gigabyte = 10**9
    cases.append(([3 * gigabyte, 2 * gigabyte, 1, 6 * gigabyte, 4 * gigabyte], "5GB"))
    result = []
    for sizes, limit in cases:
        plan = split({f"t{index}": size for index, size in enumerate(sizes)}, limit)
        result.append({
            "limit": limit if isinstance(limit, int) else 5 * gigabyte, "sizes": sizes,
            "files": plan.filename_to_tensors,
        })
    lines = ",\n".join(json.dumps(case) for case in result)
    (FOLDER / "splits.json").write_text(f"[\n{lines}\n]\n")


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def floats():
    result = {}
    for dtype in ["F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"]:
        values = np.arange(256, dtype=np.uint8).view(getattr(ml_dtypes, TYPES[dtype][0]))
        result[dtype] = [int(bits) for bits in values.astype(np.float32).view(np.uint32)]
    patterns = np.arange(65536, dtype=np.uint16)
    for dtype, kind in [("F16", np.float16), ("BF16", ml_dtypes.bfloat16)]:
        result[dtype] = fnv(patterns.view(kind).astype(np.float32).astype("<f4").tobytes())
    lines = ",\n".join(f'"{name}": {json.dumps(value)}' for name, value in result.items())
    (FOLDER / "floats.json").write_text(f"{{\n{lines}\n}}\n")


shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir()
written()
sharded()
splits()
floats()
