"""Makes Fixtures/metrics.json: texts and numbers with what SciPy, scikit-learn, rouge-score, NLTK and zlib say of them.

Made with scipy 1.17.1, scikit-learn 1.9.1, rouge-score 0.1.2, nltk 3.10.4, numpy 2.4.6. Exact Kolmogorov-Smirnov
probabilities and leak@k are counted here in whole numbers; SQuAD's rules, DeLong's variance, modified entropy and U-LiRA,
which none of these packages has, are written out here from their definitions.

    python3 Tests/MetricsTests/make-fixtures.py
"""

import collections
import fractions
import json
import math
import pathlib
import random
import re
import string
import zlib

import numpy as np
from nltk.stem.porter import PorterStemmer
from rouge_score import rouge_scorer
from scipy import special, stats
from sklearn import metrics
from sklearn.svm import SVC

dice = random.Random(20260801)
out = {}

# Stems: roots with endings, so that every rule is reached, and words that are exceptions.
stemmer = PorterStemmer()
roots = """relat condit vari hesit digit conform radic differ vil analog vietnam predic oper feud decis hope call form
sensit triplic electr good reviv allow infer airlin gyroscop adjust defens irrit replac depend adopt homolog commun
activ angular effect bowdler probat rat ceas control roll hopp tann fall hiss fizz fail fil conflat troubl siz
motor sing plaster bled agre fe happ sk enjo spl dy t archaeo geo theo bi syzyg toy yell play s fly cr tre oat x
quick abb ill ax eng ow wast box saw""".split()
endings = """ s es ies sses ss ed eed ied ing y ly ational tional enci ency anci ancy izer abli ably bly alli ally entli
ently eli ely ousli ously ization ation ator alism iveness fulness ousness aliti ality iviti ivity biliti bility logi
logy fulli fully icate ative alize iciti icity ical ful ness al ance ence er ic able ible ant ement ment ent ion sion
tion ou ism ate iti ous ive ize e ll lle ated bled ized atting tting lling""".split()
words = {r + e for r in roots for e in [""] + endings}
words = set(dice.sample(sorted(words), 1000)) | set("""sky skies dying lying tying news innings inning outings outing
cannings canning howe proceed exceed succeed caresses ponies ties caress cats feed agreed plastered bled motoring sing
conflated troubled sized hopping tanned falling hissing fizzed failing filing happy relational conditional rational
valency hesitancy digitizer conformably radically differently vilely analogously vietnamization predication operator
feudalism decisiveness hopefulness callousness formality sensitivity sensibility triplicate formative formalize
electricity electrical hopeful goodness revival allowance inference airliner gyroscopic adjustable defensible irritant
replacement adjustment dependent adoption homologou communism activate angularity homologous effective bowdlerize
probate rate cease controll roll a is the yyyy yyyyed yyyying dies died spied tied flies ated ating eting oed ion
sion ation additionally conditionally
derivationally nationally rationally 1990s 42nd x1ing b2b ing ed eed ies s ss ied""".split()) | {"İing", "Running", "éclairs", "naïvely", "ÉTÉS"}
out["stems"] = [[w, stemmer.stem(w)] for w in sorted(words)]

# ROUGE.
vocabulary = """the author was born in Paris on 12 May 1952 and writes mystical novels about families relations running
through generations of engineers her father an accountant worked happily while mother's bakery opened books winning
awards national recognised internationally Basil Mahfouz Al-Kuwaiti French-speaking (fiction) well-known "The Silent
Harbour" year's 3.5 million copies sold, translated; into forty languages café naïve K2 İstanbul ΣΟΦΟΣ co-operate
e.g. skies dying news proceed conditional sensibilities hopefulness 2nd-century non-fiction...""".split()
def sentence(low, high):
    return " ".join(dice.choice(vocabulary) for _ in range(dice.randint(low, high)))
def changed(text):
    kept = [w for w in text.split(" ") if dice.random() < 0.75]
    kept = [dice.choice(vocabulary) if dice.random() < 0.2 else w for w in kept]
    if dice.random() < 0.3:
        dice.shuffle(kept)
    return dice.choice([" ", " ", "  ", "\n", "-", ", "]).join(kept)
pairs = [("", ""), ("", "a"), ("a", ""), ("...", "word"), ("Same words here", "same Words HERE!")]
for _ in range(215):
    reference = sentence(1, 24)
    pairs.append((changed(reference) if dice.random() < 0.85 else sentence(0, 12), reference))
scorers = [rouge_scorer.RougeScorer(["rouge1", "rougeL"], use_stemmer=s) for s in (True, False)]
out["rouge"] = []
for prediction, reference in pairs:
    numbers = []
    for scorer in scorers:
        scores = scorer.score(reference, prediction)
        for kind in ("rouge1", "rougeL"):
            numbers += [scores[kind].recall, scores[kind].precision]
            p, r, f = scores[kind].precision, scores[kind].recall, scores[kind].fmeasure
            assert f == (2 * p * r / (p + r) if p + r > 0 else 0)
    out["rouge"].append([prediction, reference, *numbers])

# SQuAD.
def normal(text):
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()
def answer_f1(prediction, gold, version):
    if version == 2 and (not prediction or not gold):
        return float(prediction == gold)
    shared = sum((collections.Counter(prediction) & collections.Counter(gold)).values())
    return 2 * shared / (len(prediction) + len(gold)) if shared else 0.0
answers = ["", "the", "The Eiffel Tower", "eiffel tower!", "an answer", "answer — the best", "a–b", "in 1,000 B.C.",
           "ΟΔΟΣ", "Σ", "ὈΔΟΣ ΣΑΣ.", "it's_a test", "K2", "İzmir", "naïve the café", "a a a b", "b a b", "tower eiffel",
           "x\u00a0y", "x\x1cy", "\u201cthe\u201d end", "²the", "the\u0301 word", "the_end", "and the", "1952", "May 1952",
           "12 May 1952", "on 12 may, 1952", "Ǆ the ǅ"]
out["squad"] = []
for _ in range(120):
    prediction = dice.choice(answers)
    golds = [dice.choice(answers) for _ in range(dice.choice([1, 1, 2, 3]))]
    row = [prediction, golds]
    for version in (1, 2):
        choices = [normal(g) for g in golds]
        if version == 2:
            choices = [c for c in choices if c] or [[]]
        row.append(int(any(c == normal(prediction) for c in choices)))
        row.append(max(answer_f1(normal(prediction), c, version) for c in choices))
    out["squad"].append(row)
out["normalized"] = [[a, normal(a)] for a in answers]

# Kolmogorov-Smirnov: samples with and without ties, then counts and steps alone.
def sample(n, shift, values):
    return [round(shift + dice.randrange(values) / 8, 3) for _ in range(n)]
out["ks"] = []
for n, m in [(1, 1), (1, 5), (2, 3), (5, 5), (7, 12), (12, 12), (20, 30), (31, 17), (25, 25), (40, 40), (40, 60)]:
    for values in (4, 40, 4000):
        a, b = sample(n, 0, values), sample(m, dice.choice([0, 0.5, 3, 90]), values)
        result = stats.ks_2samp(a, b, method="exact")
        out["ks"].append([a, b, result.statistic, result.pvalue])
def exact(n, m, h):
    g = math.gcd(n, m)
    row = [0] * (n + 1)
    for j in range(m + 1):
        for i in range(n + 1):
            if abs(i * m // g - j * n // g) >= h:
                row[i] = 0
            elif i + j == 0:
                row[i] = 1
            else:
                row[i] = (row[i - 1] if i else 0) + (row[i] if j else 0)
    total = math.comb(n + m, n)
    return fractions.Fraction(total - row[n], total)
out["ksSteps"] = []
for n, m, shares in [
        (1, 2, [0.5, 1]), (3, 4, [0.3, 0.5, 1]), (10, 10, [0.1, 0.3, 0.5, 1]), (6, 9, [0.2, 0.4, 0.9]),
        (40, 40, [0.05, 0.325, 0.7, 1]), (50, 40, [0.05, 0.1, 0.3, 0.6, 1]), (97, 101, [0.02, 0.1, 0.3, 1]),
        (200, 200, [0.01, 0.14, 0.5, 1]), (300, 200, [0.03, 0.1, 0.2, 0.8]), (400, 400, [0.0975, 0.3, 0.99]),
        (400, 117, [0.05, 0.2, 0.5, 1]), (600, 600, [0.05, 0.6, 0.95, 1]), (600, 520, [0.03, 0.5, 0.97, 1])]:
    lcm = n * m // math.gcd(n, m)
    for share in shares:
        h = max(1, round(share * lcm))
        p = exact(n, m, h)
        d = fractions.Fraction(h, lcm)
        row = [n, m, h, float(p), math.log10(p.numerator) - math.log10(p.denominator)]
        out["ksSteps"].append(row)

# ROC.
def delong(negative, positive):
    psi = np.array([[(x < y) + (x == y) / 2 for y in positive] for x in negative])
    variance = psi.mean(0).var(ddof=1) / len(positive) + psi.mean(1).var(ddof=1) / len(negative)
    return psi.mean(), math.sqrt(variance) if variance else None
out["roc"] = []
for n, m, values, shift in [(2, 2, 4, 0), (5, 9, 3, 1), (20, 20, 6, 1), (40, 30, 1000, 20), (50, 50, 8, -2),
                            (33, 60, 100000, 900), (10, 10, 1, 0), (8, 8, 4, 90), (60, 25, 5, 0)]:
    forget, holdout = sample(n, 0, values), sample(m, shift / 8, values)
    labels = [0] * n + [1] * m
    auc = metrics.roc_auc_score(labels, forget + holdout)
    fpr, tpr, _ = metrics.roc_curve([1] * n + [0] * m, [-s for s in forget + holdout], drop_intermediate=False)
    rates = [[limit, max(tpr[fpr <= limit])] for limit in (0, 0.01, 0.1, 0.25, 0.5, 1)]
    mean, deviation = delong(forget, holdout)
    assert abs(mean - auc) < 1e-12
    interval = None
    if deviation:
        z = stats.norm.ppf(0.975)
        interval = [max(0, auc - z * deviation), min(1, auc + z * deviation)]
    balanced = max((tpr + 1 - fpr) / 2)
    out["roc"].append([forget, holdout, auc, rates, interval, balanced])

# Correlations, classes.
out["correlations"] = []
for n, values in [(2, 100), (5, 3), (12, 10000), (50, 6), (60, 100000)]:
    x = sample(n, 0, values)
    y = [round(v * dice.choice([1, -1, 0.5]) + dice.randrange(values) / 16, 4) for v in x]
    if len(set(x)) > 1 and len(set(y)) > 1:
        out["correlations"].append([x, y, stats.pearsonr(x, y).statistic, stats.spearmanr(x, y).statistic])
x = [1e9 + i for i in range(10)]
y = [5, 3, 8, 1, 9, 2, 7, 3, 3, 4]
out["correlations"].append([x, y, stats.pearsonr([v - 1e9 for v in x], y).statistic, stats.spearmanr(x, y).statistic])
out["classes"] = []
for n, k in [(1, 1), (4, 2), (30, 2), (50, 3), (60, 5), (40, 9)]:
    right = [dice.randrange(k) for _ in range(n)]
    predicted = [r if dice.random() < 0.6 else dice.randrange(k) for r in right]
    out["classes"].append([
        right, predicted, metrics.accuracy_score(right, predicted),
        metrics.f1_score(right, predicted, average="macro", zero_division=0),
        metrics.matthews_corrcoef(right, predicted)])

# Intervals.
levels = [0.5, 0.8, 0.9, 0.95, 0.99, 0.999]
out["normal"] = [[level, stats.norm.isf((1 - level) / 2)] for level in levels + [0.01, 1 - 1e-9]]
out["t"] = [[level, dof, stats.t.isf((1 - level) / 2, dof)] for level in levels
            for dof in (1, 2, 3, 4, 5, 7, 10, 11, 29, 30, 99, 400, 1999)]
out["wilson"] = []
for k, n in [(0, 1), (1, 1), (0, 10), (3, 10), (10, 10), (50, 100), (1, 400), (399, 400), (123, 3668)]:
    for level in (0.8, 0.95, 0.99):
        ci = stats.binomtest(k, n).proportion_ci(level, method="wilson")
        out["wilson"].append([k, n, level, ci.low, ci.high])
out["means"] = []
for n in (2, 3, 5, 20):
    values = [round(dice.gauss(0.5, 0.1), 6) for _ in range(n)]
    low, high = stats.t.interval(0.95, n - 1, np.mean(values), stats.sem(values))
    out["means"].append([values, np.mean(values), np.std(values, ddof=1), low, high])
values = sorted(sample(17, 0, 1000))
out["percentiles"] = [[values, q, np.quantile(values, q)] for q in (0, 0.025, 0.3, 0.5, 0.975, 1)]

# Divergences and moments.
out["divergences"] = []
for n in (2, 5, 29, 60):
    p, q = (special.log_softmax([dice.gauss(0, s) for _ in range(n)]) for s in (1, 4))
    p, q = [round(float(v), 12) for v in p], [round(float(v), 12) for v in q]
    a, b = np.exp(p), np.exp(q)
    m = (a + b) / 2
    mean = float(np.sum(a * p))
    out["divergences"].append([
        p, q, special.rel_entr(a, b).sum(), (special.rel_entr(a, m).sum() + special.rel_entr(b, m).sum()) / 2,
        mean, float(np.sum(a * np.square(p)) - mean**2)])

# Likelihoods: probability, normalised, truth ratios, Min-K, Min-K++.
out["likelihoods"] = []
for _ in range(20):
    right = round(dice.expovariate(1), 6)
    wrong = [round(dice.expovariate(0.5), 6) for _ in range(dice.choice([3, 5]))]
    p, w = math.exp(-right), np.exp(-np.array(wrong))
    out["likelihoods"].append([
        right, wrong, p / (p + w.sum() + 1e-10), math.exp(-np.mean(wrong)) / (p + 1e-10), w.mean() / (p + 1e-10)])
out["tokens"] = []
for n in (1, 2, 5, 10, 33):
    logs = [round(-dice.expovariate(0.5), 6) for _ in range(n)]
    means = [round(dice.gauss(-3, 1), 6) for _ in range(n)]
    variances = [dice.choice([0, 1e-7, round(dice.expovariate(1), 6)]) for _ in range(n)]
    k = max(1, int(n * 0.4))
    z = (np.array(logs) - means) / np.sqrt(np.maximum(variances, 1e-6))
    out["tokens"].append([
        logs, means, variances, -np.mean(logs), -np.mean(np.sort(logs)[:k]), -np.mean(np.sort(z)[:k])])

# zlib: texts, how often each is repeated, and the length of the whole compressed.
out["zlib"] = []
for text in ["", "a", "The author was born in Paris.", "naïve café — “quoted” 你好", "\U0001F600\U0001F3FD x\x00y\r\n"]:
    for times in (1, 2, 40, 3000):
        out["zlib"].append([text, times, len(zlib.compress((text * times).encode("utf-8")))])
for n in (5, 50, 500):
    text = " ".join(dice.choice(vocabulary) + str(dice.randrange(100)) for _ in range(n))
    out["zlib"].append([text, 1, len(zlib.compress(text.encode("utf-8")))])
    out["zlib"].append([text, 30, len(zlib.compress((text * 30).encode("utf-8")))])

# Support vector machines: members, non-members, asked, gamma; predictions of member, decisions.
def features(n, d, shift, spread, kind):
    if kind == "confidence":
        return [[round(1 / (1 + math.exp(-dice.gauss(shift, spread))), 6)] for _ in range(n)]
    if kind == "correctness":
        return [[float(dice.random() < shift)] for _ in range(n)]
    if kind == "probabilities":
        rows = []
        for _ in range(n):
            row = special.softmax([dice.gauss(0, spread) + shift * (i == 0) for i in range(d)])
            rows.append([round(float(v), 6) for v in row])
        return rows
    return [[round(dice.gauss(shift, spread), 4) for _ in range(d)] for _ in range(n)]
out["svc"] = []
for n, m, a, d, kind, member, other, spread in [
        (30, 30, 40, 1, "confidence", 4, 1, 1.5), (60, 40, 60, 1, "confidence", 3, 2.5, 1), (1, 1, 9, 1, "confidence", 3, 0, 1),
        (40, 90, 30, 1, "entropy", 0.2, 0.9, 0.4), (50, 50, 10, 1, "correctness", 0.95, 0.6, 1), (40, 40, 40, 2, "plain", 0, 1.5, 1),
        (60, 45, 40, 5, "plain", 0, 0.7, 1), (60, 60, 30, 10, "probabilities", 4, 2, 1), (20, 20, 20, 3, "plain", 800, 790, 6),
        (150, 150, 60, 1, "confidence", 2.5, 2.5, 2)]:
    yes, no = features(n, d, member, spread, kind), features(m, d, other, spread, kind)
    asked = features(a, d, (member + other) / 2, spread, kind)
    for gamma in ("scale", "auto"):
        # SalUn's order; scikit-learn sorts the classes, so that decisions are positive for members.
        machine = SVC(C=3, gamma=gamma, kernel="rbf").fit(np.array(yes + no), [1] * n + [0] * m)
        # Training stops within 0.001; so near to 0 a prediction is arbitrary.
        clear = [x for x in asked if abs(machine.decision_function([x])[0]) > 2e-3]
        said, decisions = machine.predict(clear), machine.decision_function(clear)
        assert len(clear) > len(asked) / 2 and list(said) == [int(v > 0) for v in decisions]
        out["svc"].append([yes, no, clear, gamma, list(said), [round(float(v), 9) for v in decisions]])

# What membership attacks see of a classifier.
def modified_entropy(p, y):
    terms = [(1 - p[i]) * math.log(max(p[i], 1e-30)) if i == y else p[i] * math.log(max(1 - p[i], 1e-30)) for i in range(len(p))]
    return -math.fsum(terms)
out["outputs"] = []
for d, spread in [(2, 1), (3, 3), (10, 2), (10, 9), (4, 0)]:
    p = [round(float(v), 9) for v in special.softmax([dice.gauss(0, spread) for _ in range(d)])]
    for y in range(min(d, 4)):
        out["outputs"].append([p, y, int(np.argmax(p) == y), stats.entropy(p) if abs(sum(p) - 1) < 1e-15 else -math.fsum(special.xlogy(p, p)), modified_entropy(p, y)])

# U-LiRA: target, unlearned, unseen for each example; scores per example and with pooled variances; floor.
def pooled(lists):
    squares = math.fsum((v - np.mean(l)) ** 2 for l in lists for v in l)
    return squares / sum(len(l) - 1 for l in lists)
out["shadows"] = []
for n, k, floor in [(6, 4, 1e-6), (20, 2, 1e-6), (5, 16, 0.5), (12, 3, 1e-6)]:
    examples = []
    for _ in range(n):
        center = dice.gauss(0, 2)
        draw = lambda shift, count: [round(dice.gauss(center + shift, 0.7), 5) for _ in range(count)]
        examples.append([draw(0.4, 1)[0], draw(0.8, k), draw(0, k + dice.randrange(3))])
    one, common = [], []
    for x, yes, no in examples:
        spread = [max(floor, np.var(v, ddof=1)) for v in (yes, no)]
        both = [max(floor, pooled([e[i] for e in examples])) for i in (1, 2)]
        for scores, variances in ((one, spread), (common, both)):
            ratio = [stats.norm.logpdf(x, np.mean(v), math.sqrt(s)) for v, s in zip((yes, no), variances)]
            scores.append(ratio[0] - ratio[1])
    out["shadows"].append([examples, floor, one, common])
out["logits"] = [[v, float(special.logit(np.exp(np.longdouble(v))))] for v in (-20, -5.5, -1, math.log(0.5), -0.1, -1e-3, -1e-6, -1e-9)]

# leak@k: scores, k, the expected largest; then successes, n, k, the probability.
out["leaks"] = []
for n in (1, 2, 5, 12, 40):
    scores = [round(dice.random() ** 3, 4) for _ in range(n)]
    scores[0] = scores[-1]
    for k in sorted({1, 2, 3, n // 2, n - 1, n}):
        if 1 <= k <= n:
            exact = sum(fractions.Fraction(s) * math.comb(i, k - 1) for i, s in enumerate(sorted(scores))) / math.comb(n, k)
            out["leaks"].append([scores, k, float(exact)])
out["successes"] = []
for n, k in [(1, 1), (5, 2), (10, 10), (200, 16), (200, 100), (5000, 1), (5000, 1000), (100000, 64)]:
    for c in sorted({0, 1, 2, n // 7, n - k, n}):
        if 0 <= c <= n:
            exact = 1 - fractions.Fraction(math.comb(n - c, k), math.comb(n, k))
            out["successes"].append([c, n, k, float(exact)])

# ZRF: model, random model; the paper's formula, the published code's.
out["zrf"] = []
for n, d in [(1, 2), (5, 3), (7, 20)]:
    p, q = ([[round(float(v), 12) for v in special.log_softmax([dice.gauss(0, s) for _ in range(d)])] for _ in range(n)] for s in (3, 0.5))
    a, b = np.exp(p), np.exp(q)
    m = (a + b) / 2
    paper = 1 - (special.rel_entr(a, m).sum(1) + special.rel_entr(b, m).sum(1)).mean() / 2
    code = 1 - (special.rel_entr(m, a).mean() + special.rel_entr(m, b).mean()) / 2
    out["zrf"].append([p, q, paper, code])

# Kolmogorov-Smirnov once more: larger samples of other counts.
out["ksUnequal"] = []
for n, m, shift in [(40, 200, 0.5), (200, 40, 1), (300, 200, 0.25), (117, 300, 0.75), (200, 400, 0)]:
    a, b = sample(n, 0, 60), sample(m, shift, 60)
    result = stats.ks_2samp(a, b, method="exact")
    out["ksUnequal"].append([a, b, result.statistic, result.pvalue])

def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value

folder = pathlib.Path(__file__).parent / "Fixtures"
folder.mkdir(exist_ok=True)
lines = []
for name, rows in plain(out).items():
    body = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    lines.append(f"{json.dumps(name)}:[\n{body}]")
(folder / "metrics.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
