import Ledger
import Storage
import StrictJSON

/// The audit report as a value: what was asked, what was done, what was touched, and what is not known.
///
/// All pages of a report are written from this value alone, so they tell the same.
public struct Audit: Sendable {
  /// The log that the report speaks of.
  struct Log: Sendable {
    /// Its name.
    let origin: String
    /// The key that has signed the head, as a vkey.
    let verifierKey: String
    /// How many entries the head has.
    let count: Int
    /// The signed head.
    let head: String
    /// The entries that hand the log over to another key.
    let handovers: [LogKeys.Handover]
  }

  /// One request, with the entries that concern it.
  struct AskedRequest: Sendable {
    let request: LedgerState.Request
    let events: [Entry]
    /// The digests of the patches that were used for it.
    let patches: [Digest]
  }

  /// An entry of the log, told by its place, time and type.
  struct Entry: Sendable {
    /// Its place; nil where the reader is not told.
    let leaf: Int?
    /// Its time; nil where the reader is not told.
    let time: Timestamp?
    let type: String
  }

  /// How many requests there are, where they are not told one by one.
  struct RequestCounts: Equatable, Sendable {
    /// All that were received.
    var received = 0
    /// Those that are not answered.
    var open = 0
    /// Those that are not answered in time, or were not.
    var overdue = 0
    var refused = 0
    var withdrawn = 0
    /// Those that were met, by what was done.
    var closed: [ErasureEffect: Int] = [:]
  }

  /// One patch that was used.
  struct UsedPatch: Sendable {
    /// The digest of the patch file.
    let digest: Digest
    /// The digest of the signed bundle; nil where it is missing.
    let bundle: Digest?
    /// Whether the bundle is not for the reader.
    var isWithheld = false
    /// The method.
    let method: String
    /// The request that it answers.
    let request: String?
    /// `units` of the statement; nil where the bundle is missing.
    let units: JSONField?
    /// `metrics` of the statement.
    let metrics: JSONField?
    /// The root before.
    let base: String
    /// The root after.
    let result: String
    /// The leaves that concern it.
    let leaves: [Int]
  }

  /// One model and its chain.
  struct PatchedModel: Sendable {
    /// The identity, `urn:uuid:…`.
    let id: String
    let family: String
    /// The model that it was copied and patched from.
    let parent: String?
    /// The root that it has now; nil where the reader is not told.
    let head: Digest?
    let steps: [Step]
    let undo: [Undo]
    /// The entry that has begun an operation which has not ended.
    let unfinished: Int?
  }

  /// One state of a model.
  struct Step: Sendable {
    let event: Entry
    let root: Digest
    let patch: Digest?
  }

  /// Whether an applied patch can be taken back.
  struct Undo: Sendable {
    let patch: Digest
    let leaf: Int?
    let until: Timestamp?
    let isOverdue: Bool
    /// Whether the undo key is there.
    let isReversible: Bool
    /// Whether nothing in the workspace restores what was replaced.
    let isFinal: Bool
    /// The entry by which the undo key was destroyed.
    let destroyed: Int?
    /// The entry that says that nothing in the workspace restores what was replaced.
    let final: Int?
    /// The same in words.
    let standing: String
  }

  /// The moment for which clocks are told.
  let asOf: Timestamp
  /// Whom it is for.
  let level: ReportLevel
  let log: Log
  /// How many entries of the log are not for the reader.
  let withheldEntryCount: Int
  /// The bundles that are not for the reader, of those whose patches are.
  let withheldBundles: [Digest]
  /// How many requests there are; nil where they are told one by one.
  let requestCounts: RequestCounts?
  let requests: [AskedRequest]
  /// The patches that were used, in the order of their first leaf.
  let patches: [UsedPatch]
  let models: [PatchedModel]

  /// The patches that were used for a request.
  func patches(of request: AskedRequest) -> [UsedPatch] {
    patches.filter { $0.request == request.request.id }
  }
}
