import Ledger
import Patching
import Safetensors
import Storage
import TestSupport

extension FuzzTarget {
  /// A leaf of the ledger, the first.
  static let leaf = FuzzTarget("ledger-leaf") {
    { input in
      guard
        let leaf = try reading({ () throws(LedgerError) in
          try Leaf(parsing: input, sequence: 0)
        })
      else { return }
      try require(leaf.bytes == input, "the leaf has another form")
      try require(!leaf.typeName.isEmpty || leaf.type == nil, "a type without a name")
    }
  }

  /// The journal in a model's folder.
  static let journal = FuzzTarget("journal") {
    let folder = try TemporaryFolder()
    let file = ScratchFile(Checkpoint.journalName, in: folder)
    return { input in
      try file.replace(input)
      let journal = try reading { () throws(PatchError) in try Journal(in: folder.path) }
      guard case let journal?? = journal else { return }
      for change in journal.files {
        try require(Paths.isSafeRelative(change.name), "\(change.name) leads out of the folder")
      }
    }
  }

  /// A time.
  static let timestamp = FuzzTarget("timestamp") {
    { input in
      let text = String(decoding: input, as: UTF8.self)
      guard let time = Timestamp(text) else { return }
      try require(Timestamp(time.description) == time, "changed by writing")
    }
  }
}
