import Safetensors
import Storage

extension FuzzTarget {
  /// The header of a safetensors file.
  static let header = FuzzTarget("safetensors-header") {
    { input in
      let wide = try reading { () throws(HeaderError) in try Header(parsing: input.rawSpan) }
      let strict = try reading { () throws(HeaderError) in
        try Header(parsing: input.rawSpan, mode: .strict)
      }
      if let strict {
        try require(strict == wide, "strict accepts what conformance refuses or reads otherwise")
      }
      guard let wide else { return }
      try require(
        (8...input.count).contains(wide.dataOffset), "the data begin at \(wide.dataOffset)")
      var end = 0
      for tensor in wide.tensors {
        try require(tensor.dataRange.lowerBound == end, "\(tensor.name) leaves a gap or overlaps")
        end = tensor.dataRange.upperBound
        try require(wide[tensor.name] == tensor, "\(tensor.name) is not found by its name")
      }
      try require(wide.dataOffset + end == input.count, "the tensors don't cover the file")
      try checkWriting(wide, dataByteCount: end)
    }
  }

  /// What is written of a header says the same.
  private static func checkWriting(_ header: Header, dataByteCount: Int) throws {
    let layout = try Layout(
      header.tensors.map { Layout.Entry(name: $0.name, dtype: $0.dtype, shape: $0.shape) },
      metadata: header.metadata.map { Array($0) })
    let bytes = layout.headerBytes + [UInt8](repeating: 0, count: dataByteCount)
    let again = try Header(parsing: bytes.rawSpan, mode: .strict)
    try require(again.tensors.count == header.tensors.count, "a tensor is lost in writing")
    for tensor in header.tensors {
      let found = again[tensor.name]
      try require(
        found?.dtype == tensor.dtype && found?.shape == tensor.shape,
        "\(tensor.name) changes in writing")
    }
    let members = header.metadata.map { Array($0) } ?? []
    let written = again.metadata.map { Array($0) } ?? []
    try require(
      members.sorted { $0.key < $1.key }.elementsEqual(written, by: ==),
      "the metadata change in writing")
  }
}
