import Attestation
import Ledger
import Storage
import StrictJSON

/// What a report's folder holds, read: the evidence, and the report that follows from it.
struct GatheredReport {
  let evidence: ReportEvidence
  let audit: Audit

  private static let byteLimit = 1 << 28

  /// Reads the folder; entries that don't follow from each other are refused.
  init(
    _ read: (String) throws(StorageError) -> [UInt8], exists: (String) throws(StorageError) -> Bool
  )
    throws
  {
    let report = try JSONDocument.read(try read("report.json"), byteLimit: Self.byteLimit) {
      (root) throws(JSONFieldError) in root
    }
    let level: ReportLevel = try Self.level(report)
    guard let asOf = Timestamp(try report["asOf"].text()) else {
      throw JSONFieldError("$.asOf", expected: "a time")
    }
    let leaves = try Self.leaves(try read("entries.jsonl"), level)
    let head = try SignedNote(parsing: try read("checkpoint"))
    let named = try ReportEvidence.bundleDigests(leaves)
    let withheld = Set(
      try report["withheld"]["bundles"].elements().map { field throws(JSONFieldError) in
        try field.digest()
      })
    guard withheld.isEmpty || level != .internal, withheld.isSubset(of: named) else {
      throw JSONFieldError(
        "$.withheld.bundles", expected: "bundles that entries name, and none at the level internal")
    }
    var bundles: [Digest: [UInt8]] = [:]
    for digest in named.subtracting(withheld) {
      let name = "bundles/\(digest.hex).sigstore.json"
      guard try exists(name) else { continue }
      let bytes = try read(name)
      guard SHA256.digest(of: bytes) == digest else {
        throw LedgerError(.inconsistent("\(name) is not what its name says"))
      }
      bundles[digest] = bytes
    }
    var proofs = ReportEvidence.LeafProofs()
    var handovers: [Int: TransparencyProof] = [:]
    for leaf in leaves where LogKeys.isHandover(leaf) {
      let name = ReportEvidence.handoverName(leaf.sequence)
      guard try exists(name) else { continue }
      handovers[leaf.sequence] = try TransparencyProof(parsing: try read(name))
    }
    if ReportEvidence.hasGaps(level) {
      proofs.handovers = handovers
      for leaf in leaves {
        let name = ReportEvidence.receiptName(leaf.sequence)
        proofs.underHead[leaf.sequence] = try TransparencyProof(parsing: try read(name)).hashes
      }
    } else {
      proofs = ReportEvidence.LeafProofs(leaves, handovers: handovers.mapValues(\.checkpoint))
    }
    evidence = try ReportEvidence(
      level: level, leaves: leaves, head: head,
      treeSize: try LogCheckpoint(parsing: head.text).treeSize,
      verifierKey: String(
        decoding: try read("keys/log.vkey").prefix { $0 != 0x0A }, as: UTF8.self),
      proofs: proofs, bundles: bundles, withheldBundles: withheld, asOf: asOf)
    audit =
      try level == .public ? Audit(told: report, evidence) : Audit(evidence)
  }

  private static func level(_ report: JSONField) throws(JSONFieldError) -> ReportLevel {
    guard let level = ReportLevel(rawValue: try report["level"].text()) else {
      throw JSONFieldError(
        "$.level", expected: ReportLevel.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return level
  }

  /// Reads the entries: where none is left out each has the place of its line, else the place that it says.
  private static func leaves(_ bytes: [UInt8], _ level: ReportLevel) throws -> [Leaf] {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    guard lines.popLast()?.isEmpty ?? false else {
      throw LedgerError(.inconsistent("entries.jsonl does not end with a line break"))
    }
    var leaves: [Leaf] = []
    for line in lines {
      var place = leaves.count
      if ReportEvidence.hasGaps(level) {
        place = try JSONDocument.read(Array(line), byteLimit: Leaf.byteLimit) {
          (root) throws(JSONFieldError) in try root["seq"].count()
        }
      }
      leaves.append(try Leaf(parsing: Array(line), sequence: place))
    }
    return leaves
  }

  /// What the pages follow from, in words.
  var source: String {
    audit.level == .public ? "report.json" : "the entries and bundles"
  }

  /// What is checked of the pages, in words.
  var claim: String {
    audit.level == .public
      ? "report.html and report.md say what report.json says, and that does not contradict itself"
      : "report.json, report.html, report.md and requests.csv follow from the entries and bundles"
  }
}
