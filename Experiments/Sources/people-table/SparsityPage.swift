/// The page of what masks cost, by the share of units that stay frozen.
struct SparsityPage {
  let records: Records
  let settings: Protocol

  /// The parts of a row's cost, in the order in which they come.
  static let parts = ["pass", "search", "update"]

  var text: String {
    var lines = [
      """
      # What a mask costs

      Seconds of computing and memory of the three parts of `npo/mlr` on models as in `results.md`, by the share S of \
      units that stay frozen: the pass that collects each example's gradient in each unit's gate, the search (scores, \
      ranking and swaps), and the update (\(settings.steps) steps of NPO with their reference losses). Mean [least, most] \
      over the targets of seeds \(settings.targets.map { "\($0)" }.joined(separator: ", ")), one thread. Seconds \
      move with what else a machine does: their ratios say more. Written by `people-table render-sparsity`.

      Memory is the most that was resident at once during the part, beyond what was resident when it began: the model it \
      starts from, the data and the program are not in it, the changed copy of the model, gradients, optimiser states and \
      activations are. All parts share a process, which gives free memory back and begins its peak anew before each; every \
      part has threads of its own, whose pools begin empty. The system counts pages loosely, so a few hundred kB are noise. \
      At S = 0 there is nothing to choose. The pass computes up to 4096 tokens at once, a step of the update its batch alone. \
      Where the update's memory hardly falls with S, it is in what no mask makes smaller: activations, and the model's copy.

      ![Seconds and memory by sparsity](sparsity.svg)

      | S | n | heads | filters | trained | pass s | search s | update s | pass MB | search MB | update MB |
      |---|---|---|---|---|---|---|---|---|---|---|
      """
    ]
    for sparsity in settings.sparsities {
      let runs = runs(sparsity)
      guard !runs.isEmpty else { continue }
      let counts = ["heads", "filters", "parameters"].map { cell(runs, $0, scale: 1, 0) }
      let seconds = Self.parts.map { cell(runs, $0 + "_seconds", scale: 1, 2) }
      let bytes = Self.parts.map { cell(runs, $0 + "_bytes", scale: 1e-6, 1) }
      lines.append(
        "| \(Protocol.share(sparsity)) | \(runs.count) | "
          + (counts + seconds + bytes).joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The means as two plots side by side.
  var plot: String {
    let shown = settings.sparsities.filter { !runs($0).isEmpty }
    func curves(_ suffix: String, scale: Double) -> [Plot.Curve] {
      Self.parts.map { part in
        Plot.Curve(
          name: part,
          values: shown.map { sparsity in
            let values = runs(sparsity).compactMap { $0.numbers[part + suffix] }
            return values.isEmpty
              ? nil : scale * values.reduce(0, +) / Double(values.count)
          })
      }
    }
    return Plot(
      places: shown.map(Protocol.share), axis: "share S of frozen units",
      panels: [
        Plot.Panel(title: "seconds of computing", curves: curves("_seconds", scale: 1)),
        Plot.Panel(title: "peak memory, MB", curves: curves("_bytes", scale: 1e-6)),
      ]
    ).svg
  }

  private func runs(_ sparsity: Int) -> [Record] {
    records.all.filter {
      $0.kind == "sparsity" && $0.name == settings.name(ofSparsity: sparsity)
        && settings.targets.contains($0.seed)
    }.sorted { $0.seed < $1.seed }
  }

  private func cell(_ runs: [Record], _ name: String, scale: Double, _ digits: Int) -> String {
    let values = runs.compactMap { $0.numbers[name] }.map { $0 * scale }
    guard let low = values.min(), let high = values.max() else { return "–" }
    let mean = fixed(values.reduce(0, +) / Double(values.count), digits)
    return low == high ? mean : "\(mean) [\(fixed(low, digits)), \(fixed(high, digits))]"
  }
}
