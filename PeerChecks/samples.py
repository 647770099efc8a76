"""Holds the samples of `evaluate --samples` against those that lm-evaluation-harness logs for the same questions.

usage: samples.py FOLDER-OF-BUILT-PROGRAMS; its Python has lm-eval 0.4.13.
"""
import json, pathlib, subprocess, sys, tempfile

from lm_eval.utils import handle_non_serializable, hash_string

bin_folder = pathlib.Path(sys.argv[1]).resolve()
passed = failed = 0
TASK = """task: questions
dataset_path: json
dataset_kwargs: {data_files: {test: data/forget.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
generation_kwargs: {until: ["\\n"], do_sample: false, max_gen_toks: 8}
metric_list:
  - metric: exact_match
"""


def check(name, good):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAILED " + name, flush=True)


def run(*words):
    done = subprocess.run([*map(str, words)], cwd=work, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}{done.stderr}")


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def hashed(document):
    """As lm_eval.evaluator hashes documents."""
    return hash_string(json.dumps(document, indent=2, default=handle_non_serializable, ensure_ascii=False))


def kinds(value):
    """The shape of a value: types of members and elements. Numbers are of one kind, and texts have no shape."""
    if isinstance(value, dict):
        return {key: kinds(member) for key, member in value.items()}
    if isinstance(value, list):
        return [kinds(element) for element in value]
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    tool = bin_folder / "unlearn-patch"
    run(bin_folder / "make-people", "data", "--people", 6, "--forget", 2, "--attributes", 4, "--seed", 1)
    run(
        tool, "finetune", "--config", "data/config.json", "--tokenizer", "data/tokenizer.json", "--task", "language-model",
        "--data", "data/train.jsonl", "--epochs", 1, "--batch", 8, "--rate", "5e-3", "--length", 64, "-o", "model", "--quiet",
    )
    run(
        tool, "evaluate", "--model", "model", "--forget", "data/forget.jsonl", "--samples", "--length", 64, "--new-tokens", 8,
        "-o", "ours", "--quiet",
    )
    (work / "task.yaml").write_text(TASK)
    run(
        pathlib.Path(sys.executable).with_name("lm_eval"), "--model", "dummy", "--tasks", "questions", "--include_path", ".",
        "--log_samples", "--output_path", "theirs",
    )
    ours = read(work / "ours/samples/after/samples_forget.jsonl")
    theirs = read(next((work / "theirs").rglob("samples_questions_*.jsonl")))
    check("as many lines", len(ours) == len(theirs) > 0)
    for mine, other in zip(ours, theirs):
        name = f"line {mine['doc_id']}"
        check(f"{name}: every key that theirs has", set(other) <= set(mine))
        for key in ("doc_id", "target", "filter", "prompt_hash", "target_hash"):
            check(f"{name}: {key}", mine[key] == other[key])
        for key in ("resps", "filtered_resps"):
            check(f"{name}: the shape of {key}", kinds(mine[key]) == kinds(other[key]))
        check(f"{name}: the prompt", mine["arguments"]["gen_args_0"]["arg_0"] == other["arguments"]["gen_args_0"]["arg_0"])
        check(f"{name}: greedy in both", mine["arguments"]["gen_args_0"]["arg_1"]["do_sample"] is other["arguments"]["gen_args_0"]["arg_1"]["do_sample"] is False)
        check(f"{name}: a number for every metric", all(kinds(mine[metric]) == "number" for metric in mine["metrics"]))
        check(f"{name}: the document is part of theirs", mine["doc"].items() <= other["doc"].items())
        check(f"{name}: the document's digest is as theirs is made", mine["doc_hash"] == hashed(mine["doc"]))
        check(f"{name}: so is it with their own", other["doc_hash"] == hashed(other["doc"]))

print(f"samples of lm-evaluation-harness: {passed} passed, {failed} failed")
sys.exit(failed > 0)
