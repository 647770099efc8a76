extension Decoder {
  /// Reads a decoder.
  init(_ section: Section, depth: Int = 0) throws(TokenizerError) {
    guard depth < Normalizer.depthLimit else {
      throw TokenizerError(.unsupported("a sequence this deep"), at: section.path)
    }
    switch try section.type() {
    case "ByteLevel": self = .byteLevel
    case "WordPiece":
      self = .wordPiece(
        prefix: try section["prefix"].bytes(), cleansUp: try section["cleanup"].bool())
    case "Metaspace":
      let metaspace = try Metaspace(section)
      self = .metaspace(mark: metaspace.mark, dropsFirst: metaspace.scheme != .never)
    case "ByteFallback": self = .byteFallback
    case "Fuse": self = .fuse
    case "Strip":
      let counts = 0...Int(Int32.max)
      self = .strip(
        scalar: try section["content"].scalar(), start: try section["start"].integer(in: counts),
        stop: try section["stop"].integer(in: counts))
    case "Replace":
      self = .replace(try section["pattern"].pattern(), try section["content"].shortBytes())
    case "BPEDecoder": self = .bytePair(suffix: try section["suffix"].shortBytes())
    case "Sequence":
      self = .sequence(
        try section.parts("decoders", depth: depth) { part, depth throws(TokenizerError) in
          try Decoder(part, depth: depth)
        })
    case let name:
      throw TokenizerError(.unsupported("the decoder \"\(name)\""), at: section["type"].path)
    }
  }
}
