"""A second reader of compressed patches, written from docs/formats/patch.md alone: NumPy and zstandard.

apply(model, patch) takes two dicts of arrays of unsigned integers, as checks.py reads files, and edits the model.
"""
import struct

import numpy as np
import zstandard


class Bytes:
    def __init__(self, data):
        self.data, self.at = bytes(data), 0

    def take(self, count):
        self.at += count
        assert self.at <= len(self.data), "ends early"
        return self.data[self.at - count:self.at]

    def leb128(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def plane(self, size):
        tag = self.leb128()
        if tag == 0:
            return bytes(size)
        if tag == 1:
            return self.take(size)
        plain = zstandard.ZstdDecompressor().decompress(self.take(tag), max_output_size=size)
        assert len(plain) == size
        return plain


def bit_planes(source, count, width):
    codes = np.zeros(count, f"u{width}")
    for bit in range(8 * width):
        plane = np.frombuffer(source.plane((count + 7) // 8), np.uint8)
        codes |= np.unpackbits(plane, count=count, bitorder="little").astype(codes.dtype) << codes.dtype.type(bit)
    return codes


def byte_planes(source, count, width):
    codes = np.zeros(count, f"u{width}")
    for byte in range(width):
        plane = np.frombuffer(source.plane(count), np.uint8)
        codes |= plane.astype(codes.dtype) << codes.dtype.type(8 * byte)
    return codes


def positions(data, count, k):
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    found, at, last = [], 0, -1
    for _ in range(count):
        zeros = 0
        while not bits[at + zeros]:
            zeros += 1
        at += zeros + 1
        low = sum(int(bits[at + i]) << i for i in range(k))
        at += k
        last += 1 + (zeros << k) + low
        found.append(last)
    return found


def block(data, old):
    source, (count, width) = Bytes(data), (old.size, old.dtype.itemsize)
    form = source.take(1)[0]
    if form == 0:
        codes = np.frombuffer(source.take(count * width), old.dtype)
    elif form == 1:
        codes, changed = np.zeros(count, old.dtype), source.leb128()
        if changed:
            k, size = source.take(1)[0], source.leb128()
            places = positions(source.plane(size), changed, k)
            codes[places] = bit_planes(source, changed, width) + codes.dtype.type(1)
    elif form == 2:
        codes = bit_planes(source, count, width)
    else:
        codes = byte_planes(source, count, width)
    assert source.at == len(source.data) and form < 5
    one, sign = codes.dtype.type(1), codes.dtype.type(8 * width - 1)
    if form == 4:
        return old ^ (codes >> one | codes << sign)
    return old + (codes >> one ^ (codes & one) * codes.dtype.type(2 ** (8 * width) - 1))


def index_list(data):
    source, found = Bytes(data), []
    count = source.leb128()
    while source.at < len(source.data):
        size = source.leb128()
        piece = Bytes(source.plane(size))
        while piece.at < size:
            start = piece.leb128() + (found[-1] + 2 if found else 0)
            found += range(start, start + piece.leb128() + 1)
    assert len(found) == count
    return np.array(found)


def change(entry, old):
    """The new elements of a part, flat, from its old ones."""
    data = entry.tobytes()
    version, width, _, count, length, blocks = struct.unpack("<HHIQII", data[:24])
    assert version == 1 and width == old.dtype.itemsize and count == old.size
    sizes = struct.unpack(f"<{blocks}I", data[24:24 + 4 * blocks])
    new, at = [], 24 + 4 * blocks
    for number, size in enumerate(sizes):
        new.append(block(data[at:at + size], old[number * length:(number + 1) * length]))
        at += size
    assert at == len(data)
    return np.concatenate(new)


def apply(model, patch, encoding):
    base = {name: tensor.copy() for name, tensor in model.items()}
    for kind in ("columns", "elements", "rows", "whole"):  # where a row and a column cross, the row has it
        for key in patch:
            if not key.endswith(f"#{kind}.change"):
                continue
            name = key[: -len(f"#{kind}.change")]
            number = struct.unpack("<I", patch[key].tobytes()[4:8])[0]
            index = slice(None) if kind == "whole" else index_list(patch[f"#list.{number}"])
            where = (slice(None), index) if kind == "columns" else index
            old = (base[name].reshape(-1) if kind == "elements" else base[name])[where]
            flat = np.ascontiguousarray(old).reshape(-1)
            new = change(patch[key], flat if encoding == "compact" else np.zeros_like(flat)).reshape(old.shape)
            (model[name].reshape(-1) if kind == "elements" else model[name])[where] = new
