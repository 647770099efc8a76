import Storage

extension ShardIndex {
  /// The name under which transformers writes and looks for an index.
  public static let fileName = "model.safetensors.index.json"

  /// The index of a model's files, byte for byte as transformers writes it: members in the order of their code
  /// points, ASCII alone, two spaces a level, a final line break.
  ///
  /// - Parameter shards: Each file with its layout; names are UTF-8 and in one file only.
  public static func encode(_ shards: [(file: String, layout: Layout)]) -> [UInt8] {
    var files: [(tensor: ByteString, file: String)] = []
    var (byteCount, elementCount) = (0, 0)
    for shard in shards {
      for tensor in shard.layout.tensors {
        files.append((tensor.name, shard.file))
        byteCount &+= tensor.byteCount
        elementCount &+= tensor.elementCount
      }
    }
    files.sort { $0.tensor < $1.tensor }
    var json: [UInt8] = []
    json += "{\n  \"metadata\": {\n    \"total_parameters\": \(elementCount),\n".utf8
    json += "    \"total_size\": \(byteCount)\n  },\n  \"weight_map\": {".utf8
    for (index, (tensor, file)) in files.enumerated() {
      json += (index == 0 ? "\n    " : ",\n    ").utf8
      writeASCII(tensor.text, into: &json)
      json += ": ".utf8
      writeASCII(file, into: &json)
    }
    json += (files.isEmpty ? "}\n}\n" : "\n  }\n}\n").utf8
    return json
  }

  /// A string as Python's `json` writes it by default.
  private static func writeASCII(_ text: String, into json: inout [UInt8]) {
    json.append(UInt8(ascii: "\""))
    for unit in text.utf16 {
      switch unit {
      case 0x22: json += "\\\"".utf8
      case 0x5C: json += "\\\\".utf8
      case 0x08: json += "\\b".utf8
      case 0x09: json += "\\t".utf8
      case 0x0A: json += "\\n".utf8
      case 0x0C: json += "\\f".utf8
      case 0x0D: json += "\\r".utf8
      case 0x20...0x7E: json.append(UInt8(truncatingIfNeeded: unit))
      default:
        let digits = String(unit, radix: 16)
        json += "\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8
      }
    }
    json.append(UInt8(ascii: "\""))
  }
}
