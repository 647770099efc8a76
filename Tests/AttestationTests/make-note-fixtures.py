#!/usr/bin/env python3
"""Makes Fixtures/notes with software that others wrote: `cryptography` signs heads and cosignatures by the words of
the C2SP specifications, ssh-keygen and minisign sign a file. The keys are for tests and protect nothing."""
import base64, hashlib, pathlib, struct, subprocess, tempfile

from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

out = pathlib.Path(__file__).parent / "Fixtures" / "notes"
b64 = lambda data: base64.b64encode(data).decode()


def key(name):
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"test key " + name.encode()).digest())


def raw(k):
    return k.public_key().public_bytes(s.Encoding.Raw, s.PublicFormat.Raw)


def key_id(name, kind, k):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + raw(k)).digest()[:4]


def vkey(name, kind, k):
    return f"{name}+{key_id(name, kind, k).hex()}+{b64(bytes([kind]) + raw(k))}"


# A head and two cosignatures of it.
origin, witnesses, times = "log.example/fixture", ["witness.example/w1", "witness.example/w2"], [1767225600, 1767225601]
text = f"{origin}\n7\n{b64(hashlib.sha256(b'any root').digest())}\n"
note = f"{text}\n— {origin} {b64(key_id(origin, 1, key(origin)) + key(origin).sign(text.encode()))}\n"
for name, time in zip(witnesses, times):
    signed = key(name).sign(f"cosignature/v1\ntime {time}\n{text}".encode())
    note += f"— {name} {b64(key_id(name, 4, key(name)) + struct.pack('>Q', time) + signed)}\n"
(out / "cosigned.checkpoint").write_text(note)
(out / "keys").write_text("".join(
    vkey(name, kind, key(name)) + "\n" for name, kind in [(origin, 1)] + [(w, 4) for w in witnesses]))

# A file signed by ssh-keygen and minisign with one key.
signer = key("signer")
(out / "signer.key.pem").write_bytes(signer.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
(out / "signed.txt").write_bytes(b"To be or not to be\n" * 50)
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    secret = folder / "ssh"
    secret.write_bytes(signer.private_bytes(s.Encoding.PEM, s.PrivateFormat.OpenSSH, s.NoEncryption()))
    secret.chmod(0o600)
    copy = folder / "signed.txt"
    copy.write_bytes((out / "signed.txt").read_bytes())
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", secret, "-n", "file", copy], check=True)
    (out / "signed.txt.sig").write_bytes((folder / "signed.txt.sig").read_bytes())
    public = signer.public_key().public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH).decode()
    (out / "allowed_signers").write_text(f'log.example/fixture namespaces="file" {public}\n')

    # minisign's secret key without a password: algorithms, no salt, number and key, their BLAKE2b-256.
    number = hashlib.sha256(raw(signer)).digest()[:8]
    whole = signer.private_bytes(s.Encoding.Raw, s.PrivateFormat.Raw, s.NoEncryption()) + raw(signer)
    check = hashlib.blake2b(b"Ed" + number + whole, digest_size=32).digest()
    (folder / "minisign.key").write_text(
        "untrusted comment: a test key\n" + b64(b"Ed\0\0B2" + bytes(48) + number + whole + check) + "\n")
    subprocess.run(["minisign", "-S", "-s", folder / "minisign.key", "-m", copy, "-x", out / "signed.txt.minisig",
                    "-c", "signature by an unlearn-patch ledger's key", "-t", "a trusted comment"], check=True)
    subprocess.run(["minisign", "-R", "-f", "-s", folder / "minisign.key", "-p", out / "minisign.pub"], check=True)
