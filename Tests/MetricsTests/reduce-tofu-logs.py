"""Makes Fixtures/tofu-logs.json: the numbers of single examples in the logs that TOFU's authors published, without texts.

The logs are `data/ft_epoch5_*/eval_results/ds_size300/eval_log_aggregated.json` of https://github.com/locuslab/tofu at
commit bdc209e, MIT licence (Fixtures/tofu-LICENSE). An example is `[answer, paraphrase, ROUGE-L recall, wrong ...]`: mean
losses of the right answer, of its paraphrase and of wrong answers. Losses were single precision; they are written with
the fewest digits that tell them apart as such, and must be read as such to be the logs' numbers.

    python3 Tests/MetricsTests/reduce-tofu-logs.py TOFU-CHECKOUT/data
"""

import json
import pathlib
import sys

import numpy as np

models = {
    "llama2-full": "lr1e-05_llama2-7b_full_wd0.01",
    "llama2-retain90": "lr1e-05_llama2-7b_retain90_wd0.01",
    "llama2-retain90-wd0": "lr1e-05_llama2-7b_retain90_wd0",
    "phi-full": "lr2e-05_phi_full_wd0.01",
    "phi-retain90": "lr2e-05_phi_retain90_wd0.01",
}
sets = {
    "forget": "eval_log_forget.json",
    "retain": "eval_log.json",
    "real-authors": "eval_real_author_wo_options.json",
    "world-facts": "eval_real_world_wo_options.json",
}

def single(loss):
    text = str(np.float32(loss))
    assert float(np.float32(float(text))) == loss
    return text

lines = []
for model, run in models.items():
    file = pathlib.Path(sys.argv[1]) / f"ft_epoch5_{run}/eval_results/ds_size300/eval_log_aggregated.json"
    logs = json.loads(file.read_text(encoding="utf-8"))
    tables = []
    for name, log in sets.items():
        if model == "llama2-retain90-wd0" and name != "forget":
            continue
        log = logs[log]
        answers, paraphrases, wrong = (log[k] for k in ("avg_gt_loss", "avg_paraphrased_loss", "average_perturb_loss"))
        assert list(answers) == list(paraphrases) == list(wrong) == list(log["rougeL_recall"])
        rows = [
            ",".join([single(answers[i]), single(paraphrases[i]), repr(log["rougeL_recall"][i]), *map(single, wrong[i])])
            for i in answers]
        tables.append(f'"{name}":[\n' + ",\n".join(f"[{row}]" for row in rows) + "\n]")
    lines.append(f'"{model}":{{\n' + ",\n".join(tables) + "\n}")
folder = pathlib.Path(__file__).parent / "Fixtures"
(folder / "tofu-logs.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
