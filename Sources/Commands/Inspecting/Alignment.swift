import Safetensors

/// How the data of a file lies for readers that map it.
struct Alignment {
  /// The largest power of two, up to a page of 4096, that divides the start of the data section.
  let dataSection: Int
  /// How many tensors begin at no multiple of their element's width.
  let misaligned: Int

  init(_ header: Header) {
    dataSection = min(4096, header.dataOffset & -header.dataOffset)
    misaligned = header.tensors.indices.count { position in
      let tensor = header.tensors.placement(at: position)
      // Elements of 4 and 6 bits begin at bytes; those of C64 are two of four bytes.
      let width = tensor.dtype == .c64 ? 4 : tensor.dtype.byteWidth ?? 1
      return !(header.dataOffset + tensor.dataRange.lowerBound).isMultiple(of: width)
    }
  }
}
