"""Holds claims beside a model against in-toto-attestation and securesystemslib, the formats' reference implementations.

usage: claims.py FOLDER-OF-BUILT-PROGRAMS; its Python has in-toto-attestation 0.9.3, securesystemslib 1.6 and cryptography.
"""
import base64, hashlib, json, os, pathlib, subprocess, sys, tempfile

from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import resource_descriptor_pb2, statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

bin_folder = pathlib.Path(sys.argv[1]).resolve()
tool, maker = str(bin_folder / "unlearn-patch"), str(bin_folder / "make-checkpoint")
passed = failed = 0

MEASURED = [{"name": "rouge", "variant": "l.recall", "subject": "after", "part": part, "n": 4, "value": value}
            for part, value in (("forget", "0.125"), ("retain", "0.75"))]
POLICIES = {
    "PASSED": [{"metric": "rouge", "part": "forget", "max": "0.2"}, {"metric": "rouge", "part": "retain", "min": "0.7"}],
    "WARNED": [{"metric": "rouge", "part": "forget", "max": "0.1", "level": "warn"}],
    "FAILED": [{"metric": "relearning", "max": "0.1"}, {"metric": "rouge", "part": "retain", "min": "0.7"}],
}
COUNTS = {"PASSED": (2, 0, 0), "WARNED": (0, 1, 0), "FAILED": (1, 0, 1)}


def check(name, good):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAILED " + name, flush=True)


def run(*words, code=0):
    done = subprocess.run([tool, *map(str, words)], cwd=work, capture_output=True, text=True, env=environment)
    if done.returncode != code:
        raise SystemExit(f"unlearn-patch {' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def claims(model):
    """The statements of a model's claims, each verified and read by the reference implementations."""
    statements = []
    for number, line in enumerate((work / model / "claims.jsonl").read_text().splitlines(), 1):
        bundle = json.loads(line)
        name = f"{model}, line {number}"
        envelope = Envelope.from_dict(json.loads(json.dumps(bundle["dsseEnvelope"])))
        check(f"{name}: securesystemslib verifies the envelope", set(envelope.verify([key], 1)) == {key.keyid})
        other = Envelope.from_dict(json.loads(json.dumps(bundle["dsseEnvelope"])))
        other.payload = envelope.payload[:-1] + bytes([envelope.payload[-1] ^ 1])
        try:
            other.verify([key], 1)
            refused = False
        except VerificationError:
            refused = True
        check(f"{name}: and refuses another payload", refused)
        text = envelope.payload.decode()
        # Unknown members are errors here, so every member is one of the format.
        message = json_format.Parse(text, statement_pb2.Statement())
        Statement.copy_from_pb(message).validate()
        value = json.loads(text)
        check(f"{name}: in-toto-attestation reads the statement as it is",
              json_format.MessageToDict(message, preserving_proto_field_name=False) == value)
        check(f"{name}: has no number but in numbers of leaves, and no duplicate member", numbers(text) == [])
        check(f"{name}: the subject is the root of the files", value["subject"][0]["digest"]["sha256"] == root(model))
        predicate(name, value, message)
        statements.append(value)
    return statements


def numbers(text):
    found = []

    def pairs(members):
        if len({key for key, _ in members}) != len(members):
            found.append("twice")
        return dict(members)

    json.loads(text, object_pairs_hook=pairs, parse_float=found.append, parse_int=found.append)
    return found


def root(model):
    files = sorted(p for p in (work / model).rglob("*") if p.is_file() and p.name not in ("model.sig", "claims.jsonl"))
    return hashlib.sha256(b"".join(hashlib.sha256(p.read_bytes()).digest() for p in files)).hexdigest()


def predicate(name, value, message):
    kind, text = value["predicateType"], json.dumps(value["predicate"])
    if kind == "https://slsa.dev/provenance/v1":
        parsed = json_format.Parse(text, provenance_pb2.Provenance())
        references = parsed.build_definition.resolved_dependencies
    elif kind == "https://in-toto.io/attestation/test-result/v0.1":
        parsed = json_format.Parse(text, test_result_pb2.TestResult())
        references = parsed.configuration
        check(f"{name}: the tests' lists are those that were read",
              [*parsed.passed_tests, *parsed.warned_tests, *parsed.failed_tests]
              == value["predicate"]["passedTests"] + value["predicate"]["warnedTests"] + value["predicate"]["failedTests"])
    else:
        # The package has no message of it: by its page.
        check(f"{name}: is a verification result", kind == "https://in-toto.io/attestation/svr/v0.2")
        body = value["predicate"]
        check(f"{name}: has what the page asks for", set(body) == {"verifier", "timeCreated", "properties"}
              and set(body["verifier"]) == {"id", "policies"} and all(isinstance(p, str) for p in body["properties"]))
        references = [json_format.ParseDict(p, resource_descriptor_pb2.ResourceDescriptor()) for p in body["verifier"]["policies"]]
    for reference in references:
        ResourceDescriptor.copy_from_pb(reference).validate()
    check(f"{name}: every reference has a digest of sha256", all(len(r.digest["sha256"]) == 64 for r in references) and references)


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    environment = dict(os.environ, XDG_STATE_HOME=str(work / "state"))
    subprocess.run([maker, work / "model"], check=True)
    for words in (["init", "--origin", "claims.example/log"], ["keygen", "--role", "artifact", "-o", "officer"], ["trust", "add", "officer.pub.pem"]):
        run(*words)
    # The measurements are made up, so the patch is made where the log has no other statement of it.
    (work / ".unlearn").rename(work / "aside")
    run("create", "--model", "model", "--method", "ablate", "--units", "L0.H1,L1.F3", "-o", "p.patch.safetensors")
    unsigned = work / "p.patch.safetensors.statement.json"
    statement = json.loads(unsigned.read_text())
    statement["predicate"]["metrics"]["recorded"] = MEASURED
    unsigned.write_text(json.dumps(statement))
    run("sign", "p.patch.safetensors", "--key", "officer.key.pem")
    (work / "aside").rename(work / ".unlearn")
    hint = json.loads((work / "p.patch.safetensors.sigstore.json").read_text())["verificationMaterial"]["publicKey"]["hint"]
    key = SSlibKey.from_crypto(load_pem_public_key((work / "officer.pub.pem").read_bytes()), keyid=hint)
    parent = root("model")
    for result, policy in POLICIES.items():
        (work / f"{result}.json").write_text(json.dumps(policy))
        model = f"copy-{result}"
        run("apply", "model", "p.patch.safetensors", "--output", model, "--sign-key", "officer.key.pem", "--thresholds", f"{result}.json")
        provenance, tests = claims(model)
        check(f"{model}: the result", tests["predicate"]["result"] == result)
        check(f"{model}: the tests", tuple(len(tests["predicate"][k]) for k in ("passedTests", "warnedTests", "failedTests")) == COUNTS[result])
        check(f"{model}: the configuration", [c["digest"]["sha256"] for c in tests["predicate"]["configuration"]]
              == [sha256(work / f"{result}.json"), sha256(work / "p.patch.safetensors.sigstore.json")])
        dependencies = provenance["predicate"]["buildDefinition"]["resolvedDependencies"]
        check(f"{model}: the dependencies", [d["digest"]["sha256"] for d in dependencies]
              == [parent, sha256(work / "p.patch.safetensors"), sha256(work / "p.patch.safetensors.sigstore.json")])
        check(f"{model}: the files", {s["name"]: s["digest"]["sha256"] for s in provenance["subject"][1:]}
              == {p.name: sha256(p) for p in (work / model).iterdir() if p.name not in ("model.sig", "claims.jsonl")})
        run("verify", model)
    run("apply", "model", "p.patch.safetensors", "--sign-key", "officer.key.pem")
    run("verify", "model", "--claim", "--sign-key", "officer.key.pem")
    check("in place: provenance and verification", [c["predicateType"].rsplit("/", 2)[1] for c in claims("model")] == ["provenance", "svr"])
    run("rollback", "model", "--sign-key", "officer.key.pem")
    (back,) = claims("model")
    check("taken back", back["predicate"]["buildDefinition"]["buildType"] == "urn:unlearn-patch:build:rollback:v1" and root("model") == parent)
print(f"claims: {passed} passed, {failed} failed")
sys.exit(failed != 0)
