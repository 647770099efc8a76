"""Holds signatures over models against model_signing, the reference of OpenSSF Model Signing, both ways.

usage: model-signing.py FOLDER-OF-BUILT-PROGRAMS; its Python has model-signing 1.1.1 and pyOpenSSL.
"""
import base64, json, os, pathlib, shutil, subprocess, sys, tempfile

bin_folder = pathlib.Path(sys.argv[1]).resolve()
tool, maker = str(bin_folder / "unlearn-patch"), str(bin_folder / "make-checkpoint")
adapter = str(pathlib.Path(__file__).resolve().parent / "model-signing-adapter")
passed = failed = 0

SHAPES = {
    "flat": {"model.bin": b"weights", "config.json": b"{}"},
    "nested": {"a/b/c/deep.bin": b"x", "a/b/other": b"y", "top": b"z"},
    "order": {"sub/a.txt": b"a", "sub-x/b.txt": b"b", "sub.txt": b"c", "empty.bin": b""},
    "unicode": {"größe.bin": b"1", "模型.bin": b"2", "\uff5e": b"3", "\U0001f600": b"4", "a b/(c)": b"5"},
    "hidden": {".env": b"e", ".cache/w": b"w", "sub/.git/x": b"g", ".git/HEAD": b"h", ".gitignore": b"i", "m": b"m"},
}


def check(name, good):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAILED " + name, flush=True)


def ours(*words, cwd):
    return subprocess.run([tool, *map(str, words)], cwd=cwd, capture_output=True, text=True, env=environment)


def theirs(*words, cwd):
    return subprocess.run([sys.executable, "-m", "model_signing", *map(str, words)], cwd=cwd, capture_output=True, text=True)


def write(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def statement(path):
    return json.loads(base64.b64decode(json.loads(path.read_text())["dsseEnvelope"]["payload"]))


def verify_both(work, model, signature, key):
    """Exit codes of both on a signature."""
    return (ours("verify", model, "--signature", signature, "--public-key", key, cwd=work).returncode,
            theirs("verify", "key", model, "--public_key", key, "--signature", signature, cwd=work).returncode)


def shapes(work, curve):
    key, open_key = work / f"{curve}.key.pem", work / f"{curve}.pub.pem"
    for shape, files in SHAPES.items():
        name = f"{curve}, {shape}"
        model = work / f"{curve}-{shape}"
        write(model, files)
        done = ours("sign", model, "--key", key, "--signature", work / "ours.sig", cwd=work)
        check(f"{name}: we sign", done.returncode == 0)
        check(f"{name}: both verify ours", verify_both(work, model, "ours.sig", open_key) == (0, 0))
        done = theirs("sign", "key", model, "--private_key", key, "--signature", work / "theirs.sig", cwd=work)
        check(f"{name}: they sign", done.returncode == 0)
        check(f"{name}: both verify theirs", verify_both(work, model, "theirs.sig", open_key) == (0, 0))
        resources = [{r["name"]: r["digest"] for r in statement(work / f)["predicate"]["resources"]}
                     for f in ("ours.sig", "theirs.sig")]
        check(f"{name}: both sign the same files", resources[0] == resources[1])
        # With the signature in the folder, as it is by default.
        ours("sign", model, "--key", key, cwd=work)
        check(f"{name}: both verify model.sig in the folder", verify_both(work, model, model / "model.sig", open_key) == (0, 0))
        (model / "model.sig").unlink()
        tampering(work, name, model, open_key)


def tampering(work, name, model, key):
    def refused(what, change, signature):
        copy = work / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(model, copy)
        change(copy)
        codes = verify_both(work, copy, signature, key)
        check(f"{name}: {what} of {signature} refused by both, {codes}", codes == (1, 1))

    victim = sorted(p.relative_to(model) for p in model.rglob("*")
                    if p.is_file() and p.relative_to(model).parts[0] not in (".git", ".gitignore"))[0]
    for signature in ("ours.sig", "theirs.sig"):
        refused("a changed byte", lambda m: (m / victim).write_bytes((m / victim).read_bytes() + b"!"), signature)
        refused("a missing file", lambda m: (m / victim).unlink(), signature)
        refused("a file more", lambda m: (m / "extra").write_bytes(b""), signature)
        bundle = json.loads((work / signature).read_text())
        payload = bytearray(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        payload[payload.index(b'"digest"')] ^= 2
        bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
        (work / "bad.sig").write_text(json.dumps(bundle))
        refused("a changed statement", lambda m: None, "bad.sig")


def ignoring(work):
    key, open_key = work / "prime256v1.key.pem", work / "prime256v1.pub.pem"
    model = work / "ignoring"
    write(model, {"m": b"1", "cache/x": b"2", "sub/cache/y": b"3"})
    ours("sign", model, "--key", key, "--signature", work / "ours.sig", "--ignore-path", "cache", cwd=work)
    theirs("sign", "key", model, "--private_key", key, "--signature", work / "theirs.sig", "--ignore-paths", model / "cache", cwd=work)
    for signature in ("ours.sig", "theirs.sig"):
        (model / "cache/new").write_bytes(b"n")
        check(f"a path left out by {signature}", verify_both(work, model, signature, open_key) == (0, 0))
        (model / "sub/cache/new").write_bytes(b"n")
        check(f"a like name elsewhere by {signature}", verify_both(work, model, signature, open_key) == (1, 1))
        (model / "sub/cache/new").unlink()


def certificates(work):
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=work, check=True, capture_output=True)

    for name in ("root", "middle", "leaf", "stranger"):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key.pem")
        openssl("req", "-new", "-key", f"{name}.key.pem", "-subj", f"/CN={name}", "-out", f"{name}.csr")
        authority = name != "leaf"
        (work / "extensions").write_text(
            "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n" if authority
            else "keyUsage=digitalSignature\nextendedKeyUsage=codeSigning\n")
        issuer = {"middle": "root", "leaf": "middle"}.get(name)
        signing = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key.pem", "-CAcreateserial"] if issuer else ["-signkey", f"{name}.key.pem"]
        openssl("x509", "-req", "-in", f"{name}.csr", *signing, "-days", "30", "-extfile", "extensions", "-out", f"{name}.pem")
    model = work / "certified"
    write(model, SHAPES["order"])
    done = ours("sign", model, "--key", "leaf.key.pem", "--certificate", "leaf.pem", "--certificate-chain", "middle.pem", "--signature", "ours.sig", cwd=work)
    check("we sign with a certificate", done.returncode == 0)
    done = theirs("sign", "certificate", model, "--private_key", "leaf.key.pem", "--signing_certificate", "leaf.pem", "--certificate_chain", "middle.pem", "--signature", "theirs.sig", cwd=work)
    check("they sign with a certificate", done.returncode == 0)
    for signature in ("ours.sig", "theirs.sig"):
        for root, code in (("root.pem", 0), ("stranger.pem", 1)):
            codes = (ours("verify", model, "--signature", signature, "--certificate-chain", root, cwd=work).returncode,
                     theirs("verify", "certificate", model, "--certificate_chain", root, "--signature", signature, cwd=work).returncode)
            check(f"{signature} by the certificate {root}: {codes}", codes == (code, code))


def renewal(work):
    """model.sig is renewed by apply and rollback, and they verify it; without a key it is stale, and they refuse it."""
    subprocess.run([maker, work / "model"], check=True, capture_output=True)
    for words in (["init", "--origin", "peer.example/log"], ["keygen", "--role", "artifact", "-o", "officer"],
                  ["trust", "add", "officer.pub.pem"],
                  ["create", "--model", "model", "--method", "ablate", "--units", "L0.H1,L1.F3", "-o", "p.patch.safetensors"],
                  ["sign", "p.patch.safetensors", "--key", "officer.key.pem"], ["sign", "model", "--key", "officer.key.pem"]):
        done = ours(*words, cwd=work)
        if done.returncode != 0:
            raise SystemExit(f"{words}: {done.stdout}{done.stderr}")

    def verdicts():
        return (ours("verify", "model", cwd=work).returncode, *verify_both(work, work / "model", work / "model/model.sig", work / "officer.pub.pem"))

    check("a signed model that no ledger knows yet verifies by both", verdicts()[1:] == (0, 0))
    for verification in ("full", "touched"):
        ours("apply", "model", "p.patch.safetensors", "--verify", verification, "--sign-key", "officer.key.pem", cwd=work)
        check(f"renewed by apply --verify {verification}", verdicts() == (0, 0, 0))
        ours("rollback", "model", "--sign-key", "officer.key.pem", cwd=work)
        check("renewed by rollback", verdicts() == (0, 0, 0))
    ours("apply", "model", "p.patch.safetensors", cwd=work)
    check("stale without a key", verdicts() == (1, 1, 1))
    ours("sign", "model", "--key", "officer.key.pem", "--claims", cwd=work)
    check("signed anew", verdicts() == (0, 0, 0))
    ours("rollback", "model", cwd=work)
    ours("apply", "model", "p.patch.safetensors", "--output", "patched", "--sign-key", "officer.key.pem", cwd=work)
    check("a signed copy verifies by both", verify_both(work, work / "patched", work / "patched/model.sig", work / "officer.pub.pem") == (0, 0))


def conformance(work):
    """The adapter, as the public suite calls it."""
    model = work / "adapted"
    write(model, SHAPES["order"] | {"ignore-me": b"?"})
    key, open_key = work / "prime256v1.key.pem", work / "prime256v1.pub.pem"

    def run(*words):
        return subprocess.run([adapter, *map(str, words)], cwd=work, capture_output=True, text=True,
                              env=environment | {"UNLEARN_PATCH": tool}).returncode

    ignored = ["--ignore-paths", model / "ignore-me"]
    check("the adapter signs", run("sign-model", "--method", "key", "--model-path", model, "--output-bundle", work / "a.sig", "--private-key", key, *ignored) == 0)
    verify = ["verify-model", "--method", "key", "--model-path", model, "--bundle", work / "a.sig", "--public-key"]
    check("the adapter verifies", run(*verify, open_key, *ignored) == 0)
    check("the adapter refuses another key", run(*verify, work / "secp384r1.pub.pem") != 0)
    write(model, {"more": b""})
    check("the adapter refuses a file more", run(*verify, open_key) != 0)
    check("the adapter lets a file more be", run(*verify, open_key, "--ignore-unsigned-files") == 0)
    check("the adapter refuses another method", run("verify-model", "--method", "sigstore", "--model-path", model, "--bundle", work / "a.sig") != 0)


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    environment = os.environ | {"XDG_STATE_HOME": str(work / "state")}
    for curve in ("prime256v1", "secp384r1", "secp521r1"):
        subprocess.run(["openssl", "ecparam", "-name", curve, "-genkey", "-noout", "-out", work / f"{curve}.key.pem"], check=True)
        subprocess.run(["openssl", "pkey", "-in", work / f"{curve}.key.pem", "-pubout", "-out", work / f"{curve}.pub.pem"], check=True)
        shapes(work, curve)
    ignoring(work)
    certificates(work)
    conformance(work)
    renewal(work)
print(f"model-signing: {passed} passed, {failed} failed")
sys.exit(failed != 0)
