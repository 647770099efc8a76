import Ledger
import Storage
import StrictJSON

extension FuzzTarget {
  /// A log's leaves, one a line: what they add up to, and to which keys they hand the log over.
  ///
  /// Version, place and time of each are put right, so that what is tried is the reducer and not the counting.
  static let history = FuzzTarget("ledger-history") {
    { input in
      var state = LedgerState()
      for line in input.split(separator: 0x0A).prefix(256) {
        guard let leaf = try leaf(Array(line), at: state.count) else { continue }
        let (count, keys) = (state.count, state.logKeys)
        let isTaken = try reading { () throws(LedgerError) in try state.apply(leaf) } != nil
        try require(state.count == count + (isTaken ? 1 : 0), "a refused leaf counts")
        if !isTaken { try require(state.logKeys == keys, "a refused leaf hands the log over") }
      }
      guard let keys = state.logKeys else { return }
      let leaves = keys.handovers.map(\.leaf)
      try require(leaves == Array(Set(leaves)).sorted(), "handovers out of order")
      try require(Set(keys.all).count == keys.all.count, "a key twice")
      try require((leaves.last ?? 0) < max(1, state.count), "a handover after the end")
      for size in 1...max(1, state.count) {
        let signers = keys.signers(treeSize: size)
        try require(
          signers.count == (leaves.contains(size - 1) ? 2 : 1),
          "\(signers.count) keys sign the head of \(size)")
      }
    }
  }

  private static func leaf(_ line: [UInt8], at place: Int) throws -> Leaf? {
    let value = try reading { () throws(JSONError) in
      try JSONValue(parsing: line, byteLimit: Leaf.byteLimit, depthLimit: 16)
    }
    guard case .object(var object)? = value else { return nil }
    object["v"] = 1
    object["seq"] = .integer(Int64(place))
    object["time"] = "2026-12-31T00:00:00Z"
    let bytes: [UInt8]
    do throws(CanonicalJSON.EncodingError) {
      bytes = try CanonicalJSON.encode(.object(object))
    } catch {
      return nil
    }
    return try reading { () throws(LedgerError) in try Leaf(parsing: bytes, sequence: place) }
  }
}
