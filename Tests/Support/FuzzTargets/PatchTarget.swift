import Attestation
import Patching
import Safetensors
import Storage
import TestSupport
import StrictJSON

extension FuzzTarget {
  /// A patch file, bound to a small model.
  static let patch = FuzzTarget("patch") {
    let small = try SmallModel()
    let (folder, model) = (small.folder, small.checkpoint)
    let digest = try ModelDigest(model)
    let file = ScratchFile("p.patch.safetensors", in: folder)
    return { input in
      try file.replace(input)
      let bound = try reading { () throws(PatchError) in
        try PatchFile(path: file.path).bind(to: model).count
      }
      guard bound != nil else { return }
      // What binds can be described, and its description is read as it was written.
      let statement = try StatementBuilder(method: PatchMethod(name: "fuzz")).describe(
        try PatchFile(path: file.path), named: "p", base: model, baseDigest: digest, map: nil)
      let bytes = try statement.statement.encoded()
      let again = try PatchStatement(try Statement(parsing: bytes))
      try require(try again.statement.encoded() == bytes, "the statement changes in reading")
    }
  }
}
