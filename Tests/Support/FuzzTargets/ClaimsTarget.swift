import Attestation
import Claims
import StrictJSON
import Storage

extension FuzzTarget {
  /// Claims beside a model.
  static let claims = FuzzTarget("claims") {
    { input in
      guard
        let file = try reading({ () throws(ClaimsError) in try ClaimsFile(parsing: input) })
      else { return }
      try require(
        (1...ClaimsFile.lineLimit).contains(file.claims.count), "a file of no claims or too many")
      try require(
        Set(file.claims.map(\.bundle.envelope.payload)).count == file.claims.count,
        "a statement is there twice")
      for claim in file.claims {
        guard case .testResult(let result) = claim.predicate else { continue }
        try require(
          result.outcome != .passed || result.warned.isEmpty && result.failed.isEmpty,
          "a result is better than its tests")
      }
      let again = try ClaimsFile(parsing: file.bytes)
      try require(again == file, "the file changes in writing")
    }
  }

  /// A policy of thresholds.
  static let thresholds = FuzzTarget("thresholds") {
    let measured: [JSONValue] = [
      .members(["name": "a", "subject": "after", "value": "0.5", "n": 1]),
      .members(["name": "a", "subject": "after", "reason": "not run", "part": "test"]), .null,
    ]
    return { input in
      guard
        let policy = try reading({ () throws(ClaimsError) in try ThresholdPolicy(parsing: input) })
      else { return }
      let judged = policy.judge(measured, configuration: []).result
      try require(
        judged.passed.count + judged.warned.count + judged.failed.count == policy.thresholds.count,
        "a threshold is not judged")
      try require(
        policy.judge([], configuration: []).result.passed.isEmpty, "what was not measured passes")
    }
  }
}
