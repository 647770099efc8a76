import Attestation
import Patching
import Safetensors
import SampleModels
import Storage
import StrictJSON
import TestSupport

extension FuzzTarget {
  /// A patch file, bound to a small model: F16 `m` of 4 by 6, F32 `v` of 5, F32 scalar `s`.
  static let patch = FuzzTarget("patch") {
    let folder = try TemporaryFolder()
    let sample = SampleModel(
      config: .members(["model_type": "none"]),
      tensors: [
        SampleModel.Tensor("m", .f16, [4, 6]), SampleModel.Tensor("v", .f32, [5]),
        SampleModel.Tensor("s", .f32, []),
      ])
    try sample.write(to: folder.file("model"))
    let model = try Checkpoint(path: folder.file("model"))
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
