import Patching
import Safetensors
import SampleModels
import Storage
import StrictJSON
import TestSupport

extension FuzzTarget {
  /// A patch whose values are compressed, expanded against a model of F16 `m` of 4 by 6, F32 `v` of 5 and F32 scalar `s`.
  static let compactPatch = FuzzTarget("compact-patch") {
    let folder = try TemporaryFolder()
    let sample = SampleModel(
      config: .members(["model_type": "none"]),
      tensors: [
        SampleModel.Tensor("m", .f16, [4, 6]), SampleModel.Tensor("v", .f32, [5]),
        SampleModel.Tensor("s", .f32, []),
      ])
    try sample.write(to: folder.file("model"))
    let model = try Checkpoint(path: folder.file("model"))
    let file = ScratchFile("p.patch.safetensors", in: folder)
    return { input in
      try file.replace(input)
      let plain = Paths.hiddenSibling(of: folder.file("values"))
      let bound = try reading { () throws(PatchError) in
        try CompactPatch(path: file.path).expand(against: model, at: plain).bind(to: model).count
      }
      try require(bound != 0, "a patch of nothing was expanded")
      try require(try FileStatus.ifExists(plain) == nil, "the expansion was left behind")
    }
  }
}
