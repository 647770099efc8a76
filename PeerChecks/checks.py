"""Holds what unlearn-patch writes and reads against safetensors (reference), NumPy, hashlib and openssl."""
import base64, hashlib, json, os, pathlib, random, shutil, struct, subprocess, sys, tempfile

import jsonschema
import ml_dtypes  # noqa: F401  registers bfloat16 with NumPy
import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from safetensors import SafetensorError, safe_open

import compact_decoder
from unseal import unseal

tool = str(pathlib.Path(sys.argv[1]).resolve() / "unlearn-patch")
maker = str(pathlib.Path(sys.argv[1]).resolve() / "make-checkpoint")
root = pathlib.Path(sys.argv[2]).resolve()
passed = failed = 0


def check(name, good):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(("ok     " if good else "FAILED ") + name, flush=True)


def run(*words, cwd, code=0):
    result = subprocess.run([tool, *words], cwd=cwd, capture_output=True, text=True, env=environment)
    if code is not None and result.returncode != code:
        print(result.stdout, result.stderr, file=sys.stderr)
        raise SystemExit(f"unlearn-patch {' '.join(words)}: exit {result.returncode}")
    return result


UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}
WIDTH = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
         "F32": 4, "I32": 4, "U32": 4, "F64": 8, "I64": 8, "U64": 8}


def tensors(path):
    """Every tensor as unsigned integers of its width, read by hand, so that NaN bits are compared as bits."""
    data = path.read_bytes()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + n])
    header.pop("__metadata__", None)
    found = {}
    for name, info in header.items():
        begin, end = info["data_offsets"]
        kind = UNSIGNED[WIDTH[info["dtype"]]]
        found[name] = np.frombuffer(data[8 + n + begin:8 + n + end], kind).reshape(info["shape"]).copy()
    return found


def apply_with_numpy(model, patch):
    for key in patch:
        for kind in ("columns", "elements", "rows"):
            if key.endswith("#" + kind):
                name, index, value = key[: -len(kind) - 1], patch[key], patch[key + ".value"]
                if kind == "rows":
                    model[name][index] = value
                elif kind == "columns":
                    model[name][:, index] = value
                else:
                    model[name].reshape(-1)[index] = value
        if key.endswith("#whole"):
            model[key[: -len("#whole")]] = patch[key]


def edit(path, seed):
    """Changes random rows, columns and elements of some tensors, bit for bit."""
    data = bytearray(path.read_bytes())
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + n])
    header.pop("__metadata__", None)
    dice = random.Random(seed)
    for name, info in sorted(header.items()):
        begin, end = (8 + n + o for o in info["data_offsets"])
        density = dice.choice([0, 0, 0.001, 0.02, 0.5])
        for offset in range(begin, end):
            if dice.random() < density:
                data[offset] = dice.randrange(256)
    path.write_bytes(data)


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    environment = dict(os.environ, XDG_STATE_HOME=str(folder / "state"))
    subprocess.run([maker, folder / "model"], check=True)
    run("init", "--origin", "peers.example/log", cwd=folder)
    run("keygen", "--role", "artifact", "-o", "officer", cwd=folder)
    run("trust", "add", "officer.pub.pem", cwd=folder)

    makers = {"ablate": None, "diff 1": 1, "diff 2": 2, "diff 3": 3}
    request = run("request", "open", "--regime", "ccpa", "--ground", "1798.105", cwd=folder).stdout.strip()
    for name, seed in makers.items():
        patch = f"{name.replace(' ', '-')}.patch.safetensors"
        if seed is None:
            run("create", "--model", "model", "--method", "ablate", "--units", "L0.H1,L0.H2,L1.F3,L1.F9",
                "--request", request, "-o", patch, cwd=folder)
        else:
            shutil.copytree(folder / "model", folder / f"edited{seed}")
            edit(folder / f"edited{seed}" / "model.safetensors", seed)
            run("diff", "model", f"edited{seed}", "-o", patch, cwd=folder)
        run("sign", patch, "--key", "officer.key.pem", cwd=folder)
        run("apply", "model", patch, "--output", f"result-{patch}", cwd=folder)
        result = folder / f"result-{patch}" / "model.safetensors"
        for path in (folder / patch, result):
            with safe_open(path, framework="np") as opened:
                keys = list(opened.keys())
                shapes = [opened.get_tensor(key).shape for key in keys]
            check(f"{name}: safetensors opens {path.name} ({len(keys)} tensors)", keys and shapes)
        model = tensors(folder / "model" / "model.safetensors")
        apply_with_numpy(model, tensors(folder / patch))
        ours = tensors(result)
        check(f"{name}: the NumPy lines give the bytes of apply",
              model.keys() == ours.keys() and all((model[k] == ours[k]).all() for k in model))
        if seed is not None:
            check(f"{name}: the result is the edited file, byte for byte",
                  result.read_bytes() == (folder / f"edited{seed}" / "model.safetensors").read_bytes())
            for encoding in ("compact", "replace-compressed"):
                run("diff", "model", f"edited{seed}", "--encoding", encoding, "-o", f"{encoding}{seed}.patch.safetensors",
                    cwd=folder)
                model = tensors(folder / "model" / "model.safetensors")
                compact_decoder.apply(model, tensors(folder / f"{encoding}{seed}.patch.safetensors"), encoding)
                check(f"{name}: the second decoder of {encoding} gives the bytes of apply",
                      all((model[k] == ours[k]).all() for k in model))

        bundle = json.loads((folder / f"{patch}.sigstore.json").read_text())
        envelope = bundle["dsseEnvelope"]
        payload = base64.b64decode(envelope["payload"])
        kind = envelope["payloadType"].encode()
        signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        (folder / "signed").write_bytes(signed)
        (folder / "signature").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
        openssl = ["openssl", "dgst", "-sha256", "-verify", "officer.pub.pem", "-signature", "signature"]
        good = subprocess.run([*openssl, "signed"], cwd=folder, capture_output=True)
        (folder / "forged").write_bytes(signed.replace(b'"name"', b'"nome"', 1))
        bad = subprocess.run([*openssl, "forged"], cwd=folder, capture_output=True)
        check(f"{name}: openssl accepts the signature, and no other bytes",
              good.returncode == 0 and bad.returncode != 0)
        statement = json.loads(payload)
        schema = json.loads((root / "schema" / "patch-statement.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(statement)
        check(f"{name}: the statement names the patch file",
              statement["subject"][0]["digest"]["sha256"]
              == hashlib.sha256((folder / patch).read_bytes()).hexdigest())
        digests = b"".join(
            hashlib.sha256((folder / "model" / entry["name"]).read_bytes()).digest()
            for entry in statement["predicate"]["base"]["resources"])
        check(f"{name}: the base's root is that of OpenSSF Model Signing",
              hashlib.sha256(digests).hexdigest() == statement["predicate"]["base"]["digest"]["sha256"])

    # A patch sealed for keys that openssl made, opened from the page of the format alone.
    keys = {"P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1"}
    for name, curve in keys.items():
        generate = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}"]
        subprocess.run([*generate, "-out", f"{name}.key.pem"], cwd=folder, check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", f"{name}.key.pem", "-pubout", "-out", f"{name}.pub.pem"],
                       cwd=folder, check=True)
    recipients = [word for name in keys for word in ("--encrypt-to", f"{name}.pub.pem")]
    run("sign", "diff-3.patch.safetensors", *recipients, cwd=folder)
    sealed = (folder / "diff-3.patch.safetensors.sealed").read_bytes()
    plain = (folder / "diff-3.patch.safetensors").read_bytes()
    for name in keys:
        private = serialization.load_pem_private_key((folder / f"{name}.key.pem").read_bytes(), None)
        good = unseal(sealed, private) == plain
        try:
            unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), private)
            good = False
        except InvalidTag:
            pass
        run("unseal", "diff-3.patch.safetensors.sealed", "--key", f"{name}.key.pem", "-o", f"{name}.plain", cwd=folder)
        good = good and (folder / f"{name}.plain").read_bytes() == plain
        check(f"cryptography opens what is sealed for a {name} key, and so do we ({len(plain)} bytes)", good)

    # docs/verify-by-hand.md, as it stands.
    page = (root / "docs" / "verify-by-hand.md").read_text()
    script = page.split("```sh\n")[1].split("```")[0].replace("P=erase", "P=ablate")
    shell = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True)
    check("docs/verify-by-hand.md works as it stands", shell.returncode == 0 and "Verified OK" in shell.stdout)

    # The report, checked with openssl and sha256sum alone: the steps of its VERIFY.md.
    run("apply", "model", "ablate.patch.safetensors", cwd=folder)
    run("report", "export", "-o", "report", cwd=folder)

    def by_hand(name):
        """Whether the commands of a report's VERIFY.md verify every signature that they are about."""
        page = (folder / name / "VERIFY.md").read_text()
        blocks = [line.strip() for line in page.splitlines() if line.startswith("       ")]
        script = "\n".join(["sha256sum -c --quiet SHA256SUMS"] + blocks)
        if (folder / name / "bundles").is_dir():
            bundle = next((folder / name / "bundles").iterdir()).name
            script = script.replace("DIGEST.sigstore.json", bundle).replace("SIGNER.pub.pem", "../officer.pub.pem")
        shell = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder / name,
                               capture_output=True, text=True)
        if shell.returncode:
            print(shell.stdout, shell.stderr)
        return shell.returncode == 0 and shell.stdout.count("Verified") == 1 + ("SIGNER" in page)

    def problems(name):
        """Where a report.json is not as the schema says."""
        report = json.loads((folder / name / "report.json").read_text())
        return list(jsonschema.Draft202012Validator(schema).iter_errors(report))

    schema = json.loads((root / "schema" / "report.schema.json").read_text())
    check("the report's VERIFY.md works as it stands", by_hand("report"))
    check(f"report.json is as its schema says: {problems('report')}", not problems("report"))
    leaves = (folder / "report" / "entries.jsonl").read_bytes().split(b"\n")[:-1]

    def merkle(items):
        if len(items) == 1:
            return hashlib.sha256(b"\0" + items[0]).digest()
        k = 1 << ((len(items) - 1).bit_length() - 1)
        return hashlib.sha256(b"\1" + merkle(items[:k]) + merkle(items[k:])).digest()

    head = (folder / "report" / "checkpoint").read_text().split("\n")
    check("an independent RFC 6962 tree has the signed root",
          base64.b64decode(head[2]) == merkle(leaves) and int(head[1]) == len(leaves))

    def climb(leaf, index, size, path):
        """RFC 9162, section 2.1.3.2."""
        node, last, value = index, size - 1, hashlib.sha256(b"\0" + leaf).digest()
        for sibling in path:
            if node & 1 or node == last:
                value = hashlib.sha256(b"\1" + sibling + value).digest()
                while not node & 1 and node:
                    node, last = node >> 1, last >> 1
            else:
                value = hashlib.sha256(b"\1" + value + sibling).digest()
            node, last = node >> 1, last >> 1
        return value if last == 0 else None

    receipts = sorted((folder / "report" / "proofs").iterdir())
    good = bool(receipts)
    for receipt in receipts:
        lines = receipt.read_text().split("\n")
        gap = lines.index("")
        index = int(lines[1].removeprefix("index "))
        path = [base64.b64decode(line) for line in lines[2:gap]]
        good = good and lines[0] == "c2sp.org/tlog-proof@v1" and lines[gap + 1:] == head
        good = good and climb(leaves[index], index, len(leaves), path) == base64.b64decode(head[2])
    check(f"{len(receipts)} receipts prove their entries", good)

    # Reports for other readers: some of the entries, each with its proof under the head that is signed.
    for level, words in ("authority", []), ("data-subject", ["--request", request]), ("public", []):
        run("report", "export", "-o", level, "--redact", level, *words, cwd=folder)
        head = (folder / level / "checkpoint").read_text().split("\n")
        size, found = int(head[1]), (folder / level / "entries.jsonl").read_bytes().split(b"\n")[:-1]
        good = by_hand(level) and (len(found) < size) == (level != "authority")
        for entry in found if level != "authority" else []:
            index = json.loads(entry)["seq"]
            lines = (folder / level / "proofs" / f"{index}.tlog-proof").read_text().split("\n")
            path = [base64.b64decode(line) for line in lines[2:lines.index("")]]
            good = good and climb(entry, index, size, path) == base64.b64decode(head[2])
        check(f"the report for {level} works by hand, its {len(found)} entries are in the log", good)
        check(f"its report.json is as the schema says: {problems(level)}", not problems(level))

    # Verdicts: the corpus, and files with random changes, by `inspect` and by the reference.
    def reference(path):
        try:
            with safe_open(path, framework="np"):
                return True
        except (SafetensorError, OSError):
            return False

    def ours(path):
        return run("inspect", str(path), cwd=folder, code=None).returncode == 0

    corpus = sorted((root / "Tests" / "SafetensorsTests" / "Vectors").glob("*.safetensors"))
    differing = [path.name for path in corpus if reference(path) != ours(path)]
    check(f"the corpus: {len(corpus)} verdicts, differing: {differing}", not differing and len(corpus) > 130)
    dice = random.Random(7)
    differing, mutated = 0, folder / "mutated.safetensors"
    seeds = [path for path in corpus if path.stat().st_size < 1500 and reference(path)]
    for _ in range(1000):
        data = bytearray(dice.choice(seeds).read_bytes())
        for _ in range(dice.randint(1, 3)):
            action = dice.randrange(3)
            place = dice.randrange(len(data)) if data else 0
            if action == 0 and data:
                data[place] = dice.choice([dice.randrange(256), *b'{}[]",:0123456789 '])
            elif action == 1 and data:
                del data[place:place + dice.randint(1, 4)]
            else:
                data[place:place] = bytes(dice.choice(b'{}[]",:0123456789 \\u') for _ in range(dice.randint(1, 3)))
        if dice.random() < 0.7 and len(data) > 8:  # keep the length right, so that the JSON is reached
            body = bytes(data[8:])
            end = body.rfind(b"}") + 1
            data[:8] = struct.pack("<Q", end)
        mutated.write_bytes(data)
        differing += reference(mutated) != ours(mutated)
    check(f"1000 mutated files (seed 7), differing verdicts: {differing}", differing == 0)

    # What numbers are like, by `inspect --statistics` and by NumPy with ml_dtypes, on random bits of every type.
    kinds = {
        "BOOL": np.uint8, "U8": np.uint8, "I8": np.int8, "U16": np.uint16, "I16": np.int16, "U32": np.uint32,
        "I32": np.int32, "U64": np.uint64, "I64": np.int64, "F32": np.float32, "F64": np.float64, "C64": np.float32,
        "F16": np.float16, "BF16": ml_dtypes.bfloat16, "F8_E4M3": ml_dtypes.float8_e4m3fn,
        "F8_E5M2": ml_dtypes.float8_e5m2, "F8_E8M0": ml_dtypes.float8_e8m0fnu,
        "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz, "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    }
    header, data = {}, b""
    for kind in kinds:
        width = 8 if kind == "C64" else np.dtype(kinds[kind]).itemsize
        count = 300_001 if kind != "F64" else 5_000_003
        content = dice.randbytes(width * count)
        header[kind] = {"dtype": kind, "shape": [count], "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    numbers = folder / "numbers.safetensors"
    numbers.write_bytes(struct.pack("<Q", len(text)) + text + data)
    answer = json.loads(run("inspect", str(numbers), "--statistics", "--json", cwd=folder).stdout)
    differing = []
    for tensor in answer["statistics"]:
        begin, end = header[tensor["name"]]["data_offsets"]
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.frombuffer(data[begin:end], kinds[tensor["name"]]).astype(np.float64)
            finite = values[np.isfinite(values)]
            mean = np.abs(finite).mean()
        good = tensor["count"] == len(values) and tensor["zeros"] == (values == 0).sum()
        good = good and tensor["nans"] == np.isnan(values).sum() and tensor["infinities"] == np.isinf(values).sum()
        good = good and float(tensor["minimum"]) == finite.min() and float(tensor["maximum"]) == finite.max()
        mean_found = tensor.get("mean_magnitude")
        good = good and (abs(float(mean_found) - mean) <= 1e-12 * mean if np.isfinite(mean) else mean_found is None)
        if not good:
            differing.append(tensor["name"])
    check(f"statistics of {len(kinds)} types, differing: {differing}",
          not differing and len(answer["statistics"]) == len(kinds))

print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
