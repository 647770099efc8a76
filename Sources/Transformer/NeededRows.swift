import Architecture
import Compute

/// The rows of a batch that a loss depends on beyond the last layer's keys and values.
///
/// The last layer's queries, its output maps and its feed-forward network are computed for them alone: a
/// classifier that reads one token, or an answer that counts without its question, pays for no more. Each
/// sequence has one run of rows, from the first that is needed to the last.
struct NeededRows: Sendable {
  /// The rows, in ascending order.
  let rows: [Int32]
  /// Which of the rows, counted among themselves, each sequence has.
  let sequences: [Range<Int>]
  /// The same for each example.
  let examples: [Range<Int>]
  /// The place of each row of the batch among the needed ones; −1 for the others.
  let places: [Int32]
  /// For each sequence its needed rows, in the batch.
  let runs: [Range<Int>]

  /// Collects the runs of a batch; nil where they are nearly everything.
  init?(_ runs: [Range<Int>], of batch: Batch) {
    let count = runs.reduce(0) { $0 + $1.count }
    guard count * 10 <= batch.count * 9 else { return nil }
    var sequences: [Range<Int>] = []
    var places = Array(repeating: Int32(-1), count: batch.count)
    var start = 0
    for run in runs {
      sequences.append(start..<start + run.count)
      for (offset, row) in run.enumerated() { places[row] = Int32(start + offset) }
      start += run.count
    }
    self.runs = runs
    self.sequences = sequences
    self.places = places
    rows = runs.joined().map { Int32($0) }
    let width = batch.sequencesPerExample
    examples = stride(from: 0, to: sequences.count, by: width).map {
      sequences[$0].lowerBound..<sequences[$0 + width - 1].upperBound
    }
  }
}

extension Model {
  /// The rows that targets need; nil where the last layer is computed whole.
  func neededRows(_ targets: Targets, _ batch: Batch) -> NeededRows? {
    switch targets {
    case .tokens(let labels):
      guard labels.count == batch.count else { return nil }
      let runs = batch.sequences.map { sequence in
        guard let first = sequence.first(where: { labels[$0] >= 0 }),
          let last = sequence.last(where: { labels[$0] >= 0 })
        else { return sequence.upperBound - 1..<sequence.upperBound }
        return first..<last + 1
      }
      return NeededRows(runs, of: batch)
    case .classes, .choices:
      guard plan.output?.rows != .every else { return nil }
      return NeededRows(outputRows(batch).map { Int($0)..<Int($0) + 1 }, of: batch)
    case .spans: return nil
    }
  }
}
