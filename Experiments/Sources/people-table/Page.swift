/// The page of results: what was set up, what came out, and what was not run.
struct Page {
  let records: Records
  let settings: Protocol
  /// What a person made of the numbers.
  let reading: String

  init(records: Records, _ settings: Protocol, reading: String) {
    (self.records, self.settings, self.reading) = (records, settings, reading)
  }

  var text: String {
    """
    # Results on invented people

    \(reading.isEmpty ? "" : reading + "\n")
    ## Set-up

    \(setUp)
    ## Targets and oracles

    \(bases)
    ## Rows

    \(legend)
    \(tables)
    ## Confirmation

    \(confirmation)
    ## Second order at equal forgetting

    \(scans)
    ## At equal forget loss

    \(equals)
    ## At equal size, seed by seed

    \(comparisons)
    ## Not run

    \(notRun)
    """
  }

  // MARK: Numbers

  /// The runs of a row on the reported targets, in the order of seeds.
  private func runs(_ row: Row) -> [Record] { runs("run", row.name) }

  private func runs(_ kind: String, _ name: String) -> [Record] {
    records.all.filter { $0.kind == kind && $0.name == name }.sorted { $0.seed < $1.seed }
  }

  private func values(_ runs: [Record], _ name: String) -> [Double] {
    runs.compactMap { $0.numbers[name] }
  }

  /// Mean and range.
  private func cell(_ values: [Double], _ digits: Int) -> String {
    guard let low = values.min(), let high = values.max() else { return "–" }
    let mean = fixed(values.reduce(0, +) / Double(values.count), digits)
    return values.count == 1 ? mean : "\(mean) [\(fixed(low, digits)), \(fixed(high, digits))]"
  }

  private func cell(_ runs: [Record], _ name: String, _ digits: Int = 2) -> String {
    cell(values(runs, name), digits)
  }

  /// What relearning gives back of facts that were not leaked.
  private func gains(_ runs: [Record], _ what: String) -> [Double] {
    runs.compactMap { run in
      guard let after = run.numbers["held_\(what)_after"],
        let before = run.numbers["held_\(what)_before"]
      else { return nil }
      return after - before
    }
  }

  private func distances(_ runs: [Record]) -> [Double] {
    runs.compactMap { run in
      guard let forget = run.numbers["js_forget"], let retain = run.numbers["js_retain"] else {
        return nil
      }
      return forget + retain
    }
  }

  // MARK: Parts

  private var setUp: String {
    let numbers = runs("setup", "data").last?.numbers ?? [:]
    func count(_ name: String) -> String { fixed(numbers[name] ?? .nan, 0) }
    let attack = records.all.filter { $0.kind == "attack" }.sorted { $0.rate < $1.rate }
    let trials = attack.map {
      "\($0.rate): \(fixed($0.numbers["leaked_accuracy_after"] ?? .nan, 2))"
    }
    return """
      - Data: \(count("forget")) forget, \(count("retain")) retain and \(count("test")) test facts (people whom no model \
      saw); \(count("leaked")) forget facts leak to the attacker, \(count("held")) are held. Model: GPT-2 of \
      \(count("layers")) layers, \(count("heads")) heads and \(count("filters")) filters in all, \(count("parameters")) \
      parameters. At S = 0.9 a mask has \(count("selected_heads")) heads and \(count("selected_filters")) filters.
      - Reported: targets of seeds \(list(settings.targets)), each with its own order of examples and its own random mask. \
      Rates were chosen on the target of seed \(settings.tuningTarget) and the oracle of seed \(settings.tuningOracle), \
      neither of which is in a row; distances are means over the oracles of seeds \(list(settings.oracles)).
      - Update: \(settings.steps) AdamW steps of \(settings.batch) forget and \(settings.retainBatch) retain examples, rate \
      falling to 0 in a straight line, no decay, no clipping. The forget term weighs a quarter of the retain term for each \
      label at first (γ = 0.25; 0.03 for NPO and DPO, which sum over labels): with published weights this small model lost \
      what it should keep. It leaves an example alone once its mean label loss is above that of the tuning oracle on the \
      forget set (\(fixed(numbers["limit"] ?? .nan, 2))); there is no other stop. Second order: one step, damping 0.1, \
      gradients of all forget and all retain examples. Task vector: as many steps of descent on the forget set, subtracted \
      so many times. SSD: λ = 1, the 'rate' is α. ℓ1-sparse: 5·10⁻⁴ Σ|θ| of what is trained, its weight falling as the rate \
      does.
      - Rates: for each row \(settings.points) points, each twice the one before (three times for second order), and up to \
      \(settings.extensions) more while the best lies at an edge. Best: smallest distance to the tuning oracle on forget and \
      retain facts, among rates that keep retain accuracy within \(settings.allowedRetainLoss) of the target's and bring forget \
      accuracy to \(settings.allowedForgetRest) above the oracle's at most; where no rate does, the one that misses by least. \
      Without the second condition a model that forgot nothing would win: an oracle is about as far from one that is right as \
      from one that is wrong in a way of its own. † marks a row whose best rate lies at its grid's edge, ‡ one where no rate \
      kept both conditions.
      - Full is all heads and filters. In every row embeddings, norms, output biases and the output are frozen.
      - Attack: \(settings.attackSteps) AdamW steps of \(settings.attackBatch) leaked facts, all weights of the model, mean of \
      \(settings.attackSeeds.count) seeds. Its rate is the one after which the tuning oracle knows most of the leaked facts \
      (\(trials.joined(separator: ", "))).
      - Accuracy: share of facts of whose answer every token is the first choice. JS: Jensen–Shannon divergence in nats, mean \
      over labels, then over facts. Seconds are of computing, one thread.

      """
  }

  private func list(_ seeds: [UInt64]) -> String {
    seeds.map { "\($0)" }.joined(separator: ", ")
  }

  private var bases: String {
    var lines = [
      "| model | n | forget acc. | forget loss | retain acc. | retain loss | test acc. | AUC | JS forget | JS retain | held acc. before | after | held prob. before | after |",
      "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in ["target", "fresh-target", "oracle"] {
      let runs = runs("base", name)
      guard !runs.isEmpty else { continue }
      lines.append(
        "| \(name) | \(runs.count) | \(cell(runs, "forget_accuracy")) | \(cell(runs, "forget_loss"))"
          + " | \(cell(runs, "retain_accuracy")) | \(cell(runs, "retain_loss", 3))"
          + " | \(cell(runs, "test_accuracy")) | \(cell(runs, "auc"))"
          + " | \(cell(runs, "js_forget", 3)) | \(cell(runs, "js_retain", 4))"
          + " | \(cell(runs, "held_accuracy_before")) | \(cell(runs, "held_accuracy_after"))"
          + " | \(cell(runs, "held_probability_before")) | \(cell(runs, "held_probability_after")) |"
      )
    }
    lines.append("")
    lines.append(
      "An oracle's JS is its distance to the other oracles: the noise floor, which no method can be expected to go below."
    )
    return lines.joined(separator: "\n") + "\n"
  }

  private var legend: String {
    """
    Mean [least, most] over n targets. 'Held' are forgotten facts that the attacker does not get: accuracy and probability \
    before and after relearning. Masks of `docs/masks.md`: `mlr` with c = 1/N (`-sum`: 1, `-dataset`: |D|/N, which is the \
    same where all examples are passed through, as here; `-ratio`: forget over retain term; `-prune`: the other reading), \
    `mlf` as its equation (`-prose`: as the prose), all S = 0.9 and one pass of swaps; `@50` is S = 0.5. `salun`: as many \
    single elements as the units own, of the same tensors; so `random-elements`, `wagle` (μ = 10⁻⁶, all retain \
    examples) and `sure` (whole rows of tensors as stored, at most as many elements). `last`: the units of the last layers. `low-rank`: \
    L R of these tensors, of the largest rank with no more numbers. `relearned`: NORM of the forget loss after unlearning with all \
    units and one simulated attack step; `moved`: units that ten attack steps move most, from the same model. `robust`: the \
    forget gradient is taken after a simulated attack step on the batch, of so many attack rates. `x16`: 16 times the \
    weight of the forget term; `g`: the loss limit is one of the model itself, not of the simulated one. Patch: 4 bytes for each number that changed, without headers and indices. \
    MB: the most memory that was resident at once while the mask was chosen, or the update made, beyond what was before; \
    `sparsity.md` says how that is measured. Rows without it were run before it was.

    """
  }

  private var tables: String {
    var text = ""
    for method in Method.allCases {
      let rows = Row.all.filter { $0.method == method && !runs($0).isEmpty }
      guard !rows.isEmpty else { continue }
      let heads: [(String, String)] = [
        ("mask", "---"), ("n", "---"), ("rate", "---"), ("forget acc.", "---"),
        ("forget loss", "---"), ("retain acc.", "---"), ("retain loss", "---"),
        ("test acc.", "---"), ("AUC", "---"), ("JS forget", "---"), ("JS retain", "---"),
      ]
      text += "### \(method.rawValue)\n\n| \(heads.map(\.0).joined(separator: " | ")) |\n"
      text += "|\(heads.map(\.1).joined(separator: "|"))|\n"
      for row in rows { text += effect(row) + "\n" }
      text += """

        | mask | held acc. before | after | gain | held prob. before | after | gain | leaked acc. after | mask s | update s | mask MB | update MB | patch kB |
        |---|---|---|---|---|---|---|---|---|---|---|---|---|

        """
      for row in rows { text += relearning(row) + "\n" }
      text += "\n"
    }
    return text
  }

  private func mask(_ row: Row) -> String {
    row.name.split(separator: "/").last.map(String.init) ?? ""
  }

  private func effect(_ row: Row) -> String {
    let runs = runs(row)
    let last = runs.last?.numbers ?? [:]
    let mark = (last["grid_edge"] == 1 ? "†" : "") + (last["retain_failed"] == 1 ? "‡" : "")
    let parts = [
      mask(row), "\(runs.count)", "\(runs.last.map { shortRate($0.rate) } ?? "")\(mark)",
      cell(runs, "forget_accuracy"), cell(runs, "forget_loss"), cell(runs, "retain_accuracy"),
      cell(runs, "retain_loss", 3), cell(runs, "test_accuracy"), cell(runs, "auc"),
      cell(runs, "js_forget", 3), cell(runs, "js_retain", 4),
    ]
    return "| " + parts.joined(separator: " | ") + " |"
  }

  private func relearning(_ row: Row) -> String {
    let runs = runs(row)
    let parts = [
      mask(row), cell(runs, "held_accuracy_before"), cell(runs, "held_accuracy_after"),
      cell(gains(runs, "accuracy"), 2), cell(runs, "held_probability_before"),
      cell(runs, "held_probability_after"), cell(gains(runs, "probability"), 2),
      cell(runs, "leaked_accuracy_after"), cell(runs, "mask_seconds", 2),
      cell(runs, "update_seconds", 1),
      cell(values(runs, "mask_bytes").map { $0 / 1e6 }, 1),
      cell(values(runs, "update_bytes").map { $0 / 1e6 }, 1),
      cell(values(runs, "changed").map { $0 * 4 / 1000 }, 0),
    ]
    return "| " + parts.joined(separator: " | ") + " |"
  }

  /// A rate with two digits.
  private func shortRate(_ rate: Double) -> String {
    guard rate > 0, rate < 0.1 else { return fixed(rate, 2) }
    var (digits, exponent) = (rate, 0)
    while digits < 0.995 {
      digits *= 10
      exponent += 1
    }
    return "\(fixed(digits, 1))e-\(exponent)"
  }

  /// Rows on targets that neither rates nor variants were chosen on.
  private var confirmation: String {
    let rows = Row.all.filter { !runs("confirm", $0.name).isEmpty }
    guard !rows.isEmpty else { return "Not run.\n" }
    var lines = [
      """
      The variants above were tried one after the other with the reported targets in sight. So some rows were run once more, \
      with the rates they had, on targets of seeds \(list(settings.fresh)), which were trained after the variants were chosen \
      and used for nothing else.

      | row | n | forget acc. | forget loss | retain acc. | AUC | JS forget | JS retain | held acc. before | after | gain | held prob. gain |
      |---|---|---|---|---|---|---|---|---|---|---|---|
      """
    ]
    for row in rows {
      let runs = runs("confirm", row.name)
      let parts = [
        row.name, "\(runs.count)", cell(runs, "forget_accuracy"), cell(runs, "forget_loss"),
        cell(runs, "retain_accuracy", 3), cell(runs, "auc"), cell(runs, "js_forget", 3),
        cell(runs, "js_retain", 4), cell(runs, "held_accuracy_before"),
        cell(runs, "held_accuracy_after"), cell(gains(runs, "accuracy"), 2),
        cell(gains(runs, "probability"), 2),
      ]
      lines.append("| " + parts.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var scans: String {
    var lines = [
      """
      On each target the shortest step, of steps that grow by a tenth, after which at most so many of the forget facts are \
      known. Not tuned on another seed: the step is found on the target itself, the same way for all.

      | mask | known at most | n | forget acc. | retain acc. | retain loss | AUC | JS forget | JS retain | held acc. before | after |
      |---|---|---|---|---|---|---|---|---|---|---|
      """
    ]
    for row in Row.all where row.method == .secondOrder {
      for threshold in settings.scanned {
        let runs = runs("scan", "\(row.name)<=\(threshold)")
        guard !runs.isEmpty else { continue }
        let parts = [
          mask(row), "\(threshold)", "\(runs.count)", cell(runs, "forget_accuracy"),
          cell(runs, "retain_accuracy"), cell(runs, "retain_loss", 3), cell(runs, "auc"),
          cell(runs, "js_forget", 3), cell(runs, "js_retain", 3),
          cell(runs, "held_accuracy_before"), cell(runs, "held_accuracy_after"),
        ]
        lines.append("| " + parts.joined(separator: " | ") + " |")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Rows that were ended where they had forgotten as much as the tuning oracle.
  private var equals: String {
    let rows = Row.all.filter { !runs("equal", $0.name).isEmpty }
    guard !rows.isEmpty else { return "Not run.\n" }
    var lines = [
      """
      Rows with the rates they had, ended at the first step after which the mean loss over the forget set's labels is the \
      tuning oracle's. 'Reached': on how many targets it was, within the steps of a whole run.

      | row | n | reached | steps | forget acc. | forget loss | retain acc. | retain loss | AUC | JS forget | JS retain | held acc. before | after | gain |
      |---|---|---|---|---|---|---|---|---|---|---|---|---|---|
      """
    ]
    for row in rows {
      let runs = runs("equal", row.name)
      let parts = [
        row.name, "\(runs.count)", "\(values(runs, "reached").count { $0 == 1 })",
        cell(runs, "steps", 0), cell(runs, "forget_accuracy"), cell(runs, "forget_loss"),
        cell(runs, "retain_accuracy", 3), cell(runs, "retain_loss", 3), cell(runs, "auc"),
        cell(runs, "js_forget", 3), cell(runs, "js_retain", 4),
        cell(runs, "held_accuracy_before"), cell(runs, "held_accuracy_after"),
        cell(gains(runs, "accuracy"), 2),
      ]
      lines.append("| " + parts.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Pairs of the same target: where one mask is nearer to the oracles than another, or harder to relearn.
  private var comparisons: String {
    var lines = [
      "| method | mask | against | JS forget + retain | nearer in | held gain in accuracy | gains less in | held gain in probability | gains less in |",
      "|---|---|---|---|---|---|---|---|---|",
    ]
    for method in Method.allCases {
      let mine = Row.all.filter {
        $0.method == method && !runs($0).isEmpty
      }
      for row in mine {
        for other in [Selection.random, .salun, .full] where other != row.selection {
          let reference = Row(method: method, selection: other)
          let (first, second) = (runs(row), runs(reference))
          guard !second.isEmpty, first.map(\.seed) == second.map(\.seed) else { continue }
          func wins(_ values: ([Record]) -> [Double]) -> (String, String) {
            let pairs = Array(zip(values(first), values(second)))
            return (
              "\(cell(values(first), 3)) / \(cell(values(second), 3))",
              "\(pairs.count { $0 < $1 }) of \(pairs.count)"
            )
          }
          let near = wins(distances)
          let accuracy = wins { gains($0, "accuracy") }
          let probability = wins { gains($0, "probability") }
          lines.append(
            "| \(method.rawValue) | \(mask(row)) | \(other.rawValue)"
              + " | \(near.0) | \(near.1) | \(accuracy.0) | \(accuracy.1) | \(probability.0) | \(probability.1) |"
          )
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var notRun: String {
    let missing = Row.all.filter { runs($0).count < settings.targets.count }
    let names = missing.map { row in
      let count = runs(row).count
      return count == 0 ? "`\(row.name)`" : "`\(row.name)` (\(count) of \(settings.targets.count))"
    }
    return """
      - Rows: \(names.isEmpty ? "none" : names.joined(separator: ", ")).
      - Sophia; sparsities other than those in the table. Other data, successive requests, rounding and other attacks \
      have pages of their own, with fewer methods.

      """
  }
}
