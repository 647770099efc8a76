import Architecture
import Patching
import Safetensors
import Storage
import StrictJSON
import TestSupport
import Tokenization
import Training

extension FuzzTarget {
  /// A model's `config.json`.
  static let configuration = FuzzTarget("configuration") {
    { input in
      guard
        let config = try reading({ () throws(JSONError) in
          try JSONValue(parsing: input, byteLimit: 1 << 20)
        })
      else { return }
      _ = try reading { () throws(ArchitectureError) in
        try UnitCounts(try ModelPlan(newFrom: config).dimensions)
      }
      _ = try reading { () throws(ArchitectureError) in
        var config = try ModelConfiguration(config)
        try config.adapt(to: .languageModel)
        config.store(as: "float32")
      }
    }
  }

  /// The index of a model's shards.
  static let shardIndex = FuzzTarget("shard-index") {
    let file = try ScratchFile("model.safetensors.index.json")
    return { input in
      try file.replace(input)
      guard
        let index = try reading({ () throws(TensorFileError) in try ShardIndex(path: file.path) })
      else { return }
      for name in index.files {
        try require(Paths.isSafeRelative(name), "\(name) leads out of the folder")
      }
    }
  }

  /// The units of a mask, for 3 layers of 5 heads and 70 filters.
  static let mask = FuzzTarget("mask") {
    let counts = try UnitCounts(layers: 3, heads: 5, filters: 70)
    return { input in
      guard
        let mask = try reading({ () throws(JSONDocumentError) in
          try UnitMask(parsing: input, of: counts)
        })
      else { return }
      let bytes = try CanonicalJSON.encode(mask.json)
      try require(try UnitMask(parsing: bytes, of: counts) == mask, "changed by writing")
    }
  }

  /// A `tokenizer.json`, with which a text is taken apart and put together.
  static let tokenizer = FuzzTarget("tokenizer") {
    { input in
      guard
        let tokenizer = try reading({ () throws(TokenizerError) in
          try Tokenizer(parsing: input)
        })
      else { return }
      _ = try reading { () throws(TokenizerError) in
        let encoding = try tokenizer.encode("Ab  c1\u{301}, <s>\u{4F60}\n", pair: "b ab", limit: 64)
        return try tokenizer.decode(encoding.ids, skipsSpecialTokens: false)
      }
    }
  }

  /// Examples to learn from or to unlearn, one a line.
  static let examples = FuzzTarget("examples") {
    let file = try ScratchFile("examples.jsonl")
    return { input in
      try file.replace(input)
      _ = try reading { () throws(DataError) in try DataFile(path: file.path) }
    }
  }
}
