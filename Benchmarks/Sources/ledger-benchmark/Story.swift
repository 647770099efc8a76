import Attestation
import Ledger
import Storage
import StrictJSON

/// What happens to requests, eight leaves each, on a few models in turn: all follows from a request's number, so that
/// a log is continued from its length alone.
enum Story {
  static let modelCount = 64
  /// The leaves before the first request: the beginning and the models.
  static let preludeCount = 1 + modelCount
  static let leavesPerRequest = 8

  static func prelude() -> [Event] {
    (0..<modelCount).map { model in
      Event(
        .modelRegistered,
        [
          "model": identity("model", model), "root": digest("root", -1 - model), "files": 4,
          "tensors": 290, "parameters": 1_100_000_000, "family": "llama",
        ])
    }
  }

  static func request(_ number: Int) -> [Event] {
    let request = identity("request", number)
    let model = identity("model", number % modelCount)
    let patch = digest("patch", number)
    let last = number - modelCount
    let base = last < 0 ? digest("root", -1 - number % modelCount) : digest("root", last)
    let capsule = JSONValue.text("undo-\(text(number))")
    let intent = preludeCount + number * leavesPerRequest + 4
    return [
      Event(
        .requestReceived,
        [
          "request": request, "regime": "gdpr", "ground": "17-1-b", "received": "2026-09-21",
          "due": "2026-10-21",
          "commitments": .array([commitment(number), commitment(-number)]),
        ]),
      Event(
        .patchCreated,
        [
          "patch": patch, "statement": digest("statement", number), "base": base,
          "result": digest("root", number), "method": "gradient-ascent", "request": request,
        ]),
      Event(
        .metricsRecorded,
        [
          "patch": patch, "statement": digest("statement", number), "recorded": 4,
          "values": .array(
            ["forget-loss", "retain-loss", "mia-auc", "utility"].map { name in
              .members(["name": .text(name), "millionths": .integer(Int64(number % 1_000_000))])
            }),
        ]),
      Event(
        .patchSigned,
        [
          "patch": patch, "bundle": digest("bundle", number), "key_id": digest("key", 0),
          "request": request,
        ]),
      Event(
        .patchIntent,
        [
          "operation": "apply", "patch": patch, "bundle": digest("bundle", number),
          "model": model, "base": base, "result": digest("root", number), "undo": capsule,
          "undo_until": "2026-12-31T00:00:00Z", "request": request, "parameters": 1_000_000,
          "heads": 12, "filters": 300,
        ]),
      Event(
        .patchApplied,
        [
          "intent": .integer(Int64(intent)), "model": model, "patch": patch,
          "root": digest("root", number),
        ]),
      Event(
        .undoDestroyed,
        [
          "model": model, "patch": patch, "undo": capsule, "key": digest("undo", number),
          "request": request,
        ]),
      Event(
        .patchFinalized,
        [
          "model": model, "patch": patch, "undo": capsule, "request": request,
          "searched_files": 12, "searched_bytes": 2_200_000_000, "remains": 0,
        ]),
    ]
  }

  private static func hash(_ kind: String, _ number: Int) -> Digest {
    SHA256.digest(of: Array("\(kind) \(number)".utf8))
  }

  private static func digest(_ kind: String, _ number: Int) -> JSONValue {
    .text(hash(kind, number).hex)
  }

  private static func commitment(_ number: Int) -> JSONValue {
    .text(Base64.encodeURLSafe(hash("commitment", number).bytes))
  }

  /// A number in letters, for names that may not hold long numbers.
  private static func text(_ number: Int) -> String {
    String(
      decoding: String(number, radix: 16).utf8.map { $0 < 0x3A ? $0 + 0x37 : $0 }, as: UTF8.self)
  }

  private static func identity(_ kind: String, _ number: Int) -> JSONValue {
    let hex = hash(kind, number).hex
    let parts = [8, 4, 4, 4, 12].reduce(into: (list: [String](), rest: hex[...])) { state, count in
      state.list.append(String(state.rest.prefix(count)))
      state.rest = state.rest.dropFirst(count)
    }
    return .text("urn:uuid:" + parts.list.joined(separator: "-"))
  }
}
