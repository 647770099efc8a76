import Attestation
import ModelSigning
import Storage
import TestSupport

extension FuzzTarget {
  /// A signature over a model.
  static let modelSignature = FuzzTarget("model-signature") {
    { input in
      guard
        let signature = try reading({ () throws(ModelSigningError) in
          try ModelSignature(parsing: input)
        })
      else { return }
      let files = signature.manifest.files
      try require(
        Set(files.map { ByteString($0.name) }).count == files.count, "a file is listed twice")
      for file in files where !(files.count == 1 && file.name == ".") {
        for part in file.name.utf8.split(separator: 0x2F, omittingEmptySubsequences: false) {
          try require(
            ![[], Array(".".utf8), Array("..".utf8)].contains(Array(part)), "a name leads away")
        }
      }
      // What was read, written as we write it, reads as the same files and departs from nothing.
      let manifest = try ModelManifest(
        name: "m", files: files, ignoring: IgnoredPaths(signature.manifest.ignored))
      var bundle = signature.bundle
      bundle.envelope.payload = try manifest.encoded()
      let again = try ModelSignature(parsing: bundle.json)
      try require(again.manifest == manifest, "the statement changes in writing")
      try require(Set(again.manifest.files) == Set(files), "the files change in writing")
    }
  }
}
