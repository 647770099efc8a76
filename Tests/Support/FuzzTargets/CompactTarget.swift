import Patching
import Storage
import TestSupport

extension FuzzTarget {
  /// A patch whose values are compressed, expanded against a small model.
  static let compactPatch = FuzzTarget("compact-patch") {
    let small = try SmallModel()
    let (folder, model) = (small.folder, small.checkpoint)
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
