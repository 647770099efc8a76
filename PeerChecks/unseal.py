"""Opens a file that unlearn-patch sealed for recipients, from docs/formats/sealed.md and the `cryptography` package alone.

python3 unseal.py SEALED KEY.pem > PLAIN
"""
import hashlib
import pathlib
import struct
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"UPSEALR1"
CURVES = {1: ec.SECP256R1(), 2: ec.SECP384R1(), 3: ec.SECP521R1()}
POINT = {1: 65, 2: 97, 3: 133}
CHUNK = 65536


def derive(secret, salt, name):
    info = b"unlearn-patch/sealed-for-recipients/" + name + b"/v1"
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(secret)


def unseal(data, key):
    spki = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    own = hashlib.sha256(spki).digest()
    assert data[:8] == MAGIC and 1 <= data[8] <= 64
    place, file_key = 9, None
    for _ in range(data[8]):
        curve = data[place]
        key_id = data[place + 1:place + 33]
        end = place + 33 + POINT[curve]
        point, wrapped = data[place + 33:end], data[end:end + 48]
        place = end + 48
        if key_id == own:
            peer = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[curve], point)
            secret = key.exchange(ec.ECDH(), peer)
            file_key = AESGCM(derive(secret, point + key_id, b"wrap")).decrypt(bytes(12), wrapped, MAGIC)
    assert file_key is not None, "not sealed for this key"
    cipher = AESGCM(derive(file_key, hashlib.sha256(data[:place]).digest(), b"content"))
    header, place = data[place:place + 24], place + 24
    chunk, count = struct.unpack("<QQ", header[8:])
    assert header[:8] == b"UPSEAL1\n" and chunk == CHUNK
    plain = b""
    number = 0
    while True:
        size = min(CHUNK, count - len(plain))
        last = len(plain) + size == count
        nonce = bytes([last, 0, 0, 0]) + struct.pack("<Q", number)
        plain += cipher.decrypt(nonce, data[place:place + size + 16], header)
        place, number = place + size + 16, number + 1
        if last:
            break
    assert place == len(data)
    return plain


if __name__ == "__main__":
    private = serialization.load_pem_private_key(pathlib.Path(sys.argv[2]).read_bytes(), None)
    sys.stdout.buffer.write(unseal(pathlib.Path(sys.argv[1]).read_bytes(), private))
