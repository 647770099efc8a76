"""Holds the log's public side against software that others wrote: a live aics-witness and aics-tlog (both need Python
3.12 or newer, and the names of their programs), pymerkle, ssh-keygen and minisign."""
import argparse, base64, contextlib, json, os, pathlib, shutil, socket, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("bin", help="the folder of the built programs")
parser.add_argument("peers", help="the folder of aics-witness and aics-tlog")
parser.add_argument("--without-witness", action="store_true", help="only ssh-keygen and minisign")
options = parser.parse_args()
tool = str(pathlib.Path(options.bin).resolve() / "unlearn-patch")
peers = pathlib.Path(options.peers).resolve()
ORIGIN = "peers.example/log"
passed = failed = 0


def check(name, good):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(("ok     " if good else "FAILED ") + name, flush=True)


def run(*words, code=0, program=tool, **more):
    result = subprocess.run([program, *words], cwd=folder, capture_output=True, text=True, env=environment, **more)
    if code is not None and result.returncode != code:
        print(result.stdout, result.stderr, file=sys.stderr)
        raise SystemExit(f"{program} {' '.join(map(str, words))}: exit {result.returncode}")
    return result


def peer(name, *words):
    """One of the peers' programs; gives whether it is content."""
    result = run(*words, program=str(peers / name), code=None)
    if result.returncode != 0:
        print(result.stdout, result.stderr, file=sys.stderr)
    return result.returncode == 0


def requests(count):
    for _ in range(count):
        run("request", "open", "--regime", "gdpr", "--ground", "17-1-b")


def size():
    return json.loads(run("ledger", "checkpoint", "--json").stdout)["size"]


@contextlib.contextmanager
def witness(config):
    process = subprocess.Popen([peers / "aics-witness", "serve", "-c", config], cwd=folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def plain_signatures():
    (folder / "file").write_bytes(os.urandom(3_000_000))
    for name, format in [("allowed_signers", "ssh"), ("minisign.pub", "minisign")]:
        (folder / name).write_text(run("ledger", "key", "--format", format).stdout)
        run("ledger", "sign-file", "file", "--format", format)
    tools = {
        "ssh-keygen -Y verify": ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", ORIGIN, "-n", "file", "-s", "file.sig"],
        "minisign -Vm": ["minisign", "-Vm", "file", "-p", "minisign.pub", "-x", "file.minisig"],
    }
    for changed in [False, True]:
        if changed:
            data = bytearray((folder / "file").read_bytes())
            data[1_500_000] ^= 1
            (folder / "file").write_bytes(data)
        for name, words in tools.items():
            if shutil.which(words[0]) is None:
                print(f"not run  {name}: {words[0]} is not installed")
                continue
            with open(folder / "file", "rb") as file:
                result = subprocess.run(words, cwd=folder, stdin=file, capture_output=True)
            check(f"{name} {'refuses a changed file' if changed else 'accepts ours'}",
                  (result.returncode == 0) == (not changed))
    (folder / "log.pem").write_text(run("ledger", "key", "--format", "pem").stdout)
    check("openssl reads the ledger's key", subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", "log.pem", "-noout"], cwd=folder).returncode == 0)


def tiles_and_proofs(witness_key):
    key = ["--vkey-file", ".unlearn/ledger.vkey"]
    quorum = ["--witness-key", witness_key, "--quorum", "1"]
    run("ledger", "export", "--tiles", "tiles")
    check("aics-tlog verifies our head and tiles, with the cosignature",
          peer("aics-tlog", "verify-checkpoint", "--tiles", "tiles", *key, *quorum, "--save-checkpoint", "first"))
    leaves = [json.loads(line) for line in run("ledger", "log").stdout.splitlines()]
    for leaf in [0, len(leaves) // 2, len(leaves) - 1]:
        run("ledger", "prove", str(leaf), "-o", f"{leaf}.tlog-proof", "--entry", f"{leaf}.json")
        check(f"aics-tlog finds leaf {leaf} in our tiles", peer(
            "aics-tlog", "verify-inclusion", "--tiles", "tiles", *key, "--index", str(leaf), "--leaf", f"{leaf}.json"))
        lines = (folder / f"{leaf}.tlog-proof").read_text().split("\n\n")
        hashes = lines[0].splitlines()[2:]
        (folder / "proof").write_text("".join(h + "\n" for h in hashes))
        _, count, root = lines[1].splitlines()
        check(f"aics-tlog verifies our proof of leaf {leaf} apart from the tiles", peer(
            "aics-tlog", "verify-inclusion", "--proof", "proof", "--index", str(leaf), "--size", count, "--root", root,
            "--leaf", f"{leaf}.json"))
        run("ledger", "verify-proof", f"{leaf}.tlog-proof", "--entry", f"{leaf}.json", "--trust", ".unlearn/trust")
    requests(260)
    run("ledger", "witness")
    run("ledger", "export", "--tiles", "tiles")
    check(f"aics-tlog verifies the tiles of {size()} leaves, grown from a first export",
          peer("aics-tlog", "verify-checkpoint", "--tiles", "tiles", *key, *quorum))
    check("aics-tlog verifies that they continue the first head", peer(
        "aics-tlog", "verify-consistency", "--tiles", "tiles", *key, "--old-checkpoint", "first"))
    check("aics-tlog finds the last leaf in them", peer(
        "aics-tlog", "verify-inclusion", "--tiles", "tiles", *key, "--index", str(size() - 1), "--leaf-hash",
        leaf_hash(size() - 1)))


def entries():
    found = []
    for path in sorted((folder / "tiles/tile/entries").glob("*")):
        if path.suffix == ".p":
            path = max(path.iterdir(), key=lambda part: int(part.name))
            if int(path.name) + int(path.parent.stem) * 256 != size():
                continue
        data = path.read_bytes()
        while data:
            count = int.from_bytes(data[:2], "big")
            found.append(data[2:2 + count])
            data = data[2 + count:]
    return found


def leaf_hash(leaf):
    import hashlib
    return hashlib.sha256(b"\0" + entries()[leaf]).hexdigest()


def same_roots():
    from pymerkle import InmemoryTree
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries():
        tree.append_entry(entry)
    root = base64.b64decode((folder / "tiles/checkpoint").read_text().splitlines()[2])
    check(f"pymerkle comes to the root of our {size()} leaves", tree.get_root() == root)


def refusals():
    """The witness refuses a log that was set back, and one that was forked."""
    state = folder / "ledgers"
    shutil.copytree(folder / ".unlearn", state / "now")
    for name, case in [("old", "rollback"), ("fork", "fork")]:
        shutil.rmtree(folder / ".unlearn")
        shutil.copytree(state / "old", folder / ".unlearn")
        # The pins would tell it first; an attacker has them too.
        shutil.rmtree(folder / "state", ignore_errors=True)
        if case == "fork":
            while size() < at_first + 300:
                requests(50)
        result = run("ledger", "witness", code=1)
        wanted = "has cosigned" if case == "rollback" else "rewritten or forked"
        answer = {"rollback": 409, "fork": 422}[case]
        check(f"a {case} is refused by the witness ({answer}), and our client says so", wanted in result.stderr)
    shutil.rmtree(folder / ".unlearn")
    shutil.copytree(state / "now", folder / ".unlearn")
    # The cosigned heads that are kept tell it too, without the witness.
    kept = state / "now" / "witness"
    shutil.rmtree(folder / ".unlearn")
    shutil.copytree(state / "old", folder / ".unlearn")
    shutil.rmtree(folder / "state", ignore_errors=True)
    shutil.copytree(kept, folder / ".unlearn" / "witness", dirs_exist_ok=True)
    result = run("ledger", "verify", code=1)
    check("a ledger that is older than its cosigned head is invalid", "FAILED  witnesses: " in result.stdout)


def files():
    """Out and in by files, as across an air gap."""
    import urllib.request
    requests(3)
    run("ledger", "witness", "--request-file", "request")
    body = (folder / "request").read_bytes()
    requests(1)
    reply = urllib.request.urlopen(
        urllib.request.Request(f"http://127.0.0.1:{port}/add-checkpoint", data=body, method="POST"), timeout=10).read()
    (folder / "response").write_bytes(reply)
    result = run("ledger", "witness", "--response-file", "response")
    check("a cosignature that came by file is kept, for a head that is not the newest", "cosigned  w1" in result.stdout)
    result = run("ledger", "verify")
    check("ledger verify counts it", "ok      witnesses" in result.stdout)


def handover():
    """The log gets another key, of which witness and verifier learn when they are told."""
    first = ["--vkey-file", ".unlearn/ledger.vkey"]
    run("trust", "rotate", "--role", "ledger")
    vkey = run("ledger", "key").stdout.strip()
    (folder / "next.vkey").write_text(vkey + "\n")
    both, alone = "the head that both keys have signed", "a later head"
    with witness("w.json"):
        check(f"a witness that knows the former key cosigns {both}", "quorum    met" in run("ledger", "witness").stdout)
        run("ledger", "export", "--tiles", "handed")
        for name, key in [("former", first), ("new", ["--vkey-file", "next.vkey"])]:
            check(f"aics-tlog verifies {both} by the {name} key",
                  peer("aics-tlog", "verify-checkpoint", "--tiles", "handed", *key))
        requests(2)
        result = run("ledger", "witness", code=None)
        check(f"a witness that knows the former key alone refuses {alone} (403), and our client says so",
              result.returncode != 0 and "not signed by the key it knows" in result.stderr)
    run("add-log", "-c", "w.json", "--origin", ORIGIN, "--vkey", vkey, program=str(peers / "aics-witness"))
    with witness("w.json"):
        check(f"with the new key added it cosigns {alone}", "quorum    met" in run("ledger", "witness").stdout)
    run("ledger", "export", "--tiles", "handed")
    check(f"aics-tlog verifies {alone} by the new key",
          peer("aics-tlog", "verify-checkpoint", "--tiles", "handed", "--vkey-file", "next.vkey"))
    check(f"aics-tlog refuses {alone} by the former key", run(
        "verify-checkpoint", "--tiles", "handed", *first, program=str(peers / "aics-tlog"), code=None).returncode != 0)
    run("ledger", "verify")


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    environment = dict(os.environ, XDG_STATE_HOME=str(folder / "state"), NO_PROXY="127.0.0.1")
    run("init", "--origin", ORIGIN)
    plain_signatures()
    if not options.without_witness:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        result = run("init", "-c", "w.json", "--name", "witness.local/w1", "--listen", f"127.0.0.1:{port}",
                     program=str(peers / "aics-witness"))
        witness_key = next(line for line in result.stdout.splitlines() if line.startswith("witness.local/w1+"))
        with open(folder / ".unlearn/trust", "a") as trust:
            trust.write(f"witness w1 {witness_key} http://127.0.0.1:{port}\nquorum w1\n")
        with witness("w.json"):
            result = run("ledger", "witness", code=5)
            check("a witness that does not know the log answers 404, and our client says so",
                  "does not know this log" in result.stderr)
        vkey = (folder / ".unlearn/ledger.vkey").read_text().strip()
        run("add-log", "-c", "w.json", "--origin", ORIGIN, "--vkey", vkey, program=str(peers / "aics-witness"))
        with witness("w.json"):
            result = run("ledger", "verify", code=4)
            check("without a cosignature the verdict is incomplete", "missing witnesses" in result.stdout)
            requests(3)
            at_first = size()
            check(f"aics-witness cosigns 0 to {at_first}", "quorum    met" in run("ledger", "witness").stdout)
            shutil.copytree(folder / ".unlearn", folder / "ledgers/old")
            requests(4)
            check(f"aics-witness cosigns {at_first} to {size()}", "quorum    met" in run("ledger", "witness").stdout)
            check("and the same head again", "quorum    met" in run("ledger", "witness").stdout)
            run("ledger", "verify")
            tiles_and_proofs(witness_key)
            same_roots()
            files()
        handover()
        with witness("w.json"):
            refusals()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
