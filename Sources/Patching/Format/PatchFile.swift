import Attestation
public import Safetensors
public import Storage

/// A patch file of the `replace` encoding, mapped and checked as far as it can be without its base.
///
/// See `docs/formats/patch.md`. Nothing in it is believed: ``bind(_:to:)`` checks an edit against the tensor
/// that it is for before any of its indices is used.
public struct PatchFile: ~Copyable, Sendable {
  /// The value of `format` in the metadata.
  public static let format = "unlearn-patch/1"

  /// One part of an edit: indices and values.
  struct Part: Sendable {
    let kind: EditKind
    let indices: TensorInfo?
    let values: TensorInfo
    /// How many indices there are; 1 for a whole tensor.
    let count: Int
  }

  /// All that the patch holds for one tensor of the base.
  public struct Edit: Sendable {
    /// The tensor of the base.
    public let tensor: ByteString
    /// The type of its elements.
    public let dtype: DType
    let parts: [Part]
  }

  private let file: TensorFile
  /// The edits, in the byte order of the tensors' names.
  public let edits: [Edit]

  /// Maps a patch file and checks its structure.
  public init(path: String) throws(PatchError) {
    let descriptor = try storing { () throws(StorageError) in try Descriptor(path, .read) }
    try self.init(descriptor)
  }

  /// Maps a patch file that is open, whatever has become of its name.
  init(_ descriptor: borrowing Descriptor) throws(PatchError) {
    let path = descriptor.path
    let file = try reading { () throws(TensorFileError) in
      try TensorFile(descriptor, mode: .strict)
    }
    edits = try Self.edits(of: file.header, path)
    self.file = file
  }

  /// The path of the file.
  public var path: String { file.path }
  /// What the file says that it holds.
  public var header: Header { file.header }
  /// The whole file.
  public var bytes: RawSpan {
    @_lifetime(borrow self) get { file.bytes }
  }

  /// The digest of the whole file.
  public func digest() -> Digest {
    var hash = SHA256()
    file.forEachWindow(of: 0..<file.bytes.byteCount) { hash.update($0) }
    return hash.finalize()
  }

  static func edits(of header: Header, _ path: String) throws(PatchError) -> [Edit] {
    let encoding = try PatchEncoding(of: header, path: path)
    guard encoding == .replace else {
      throw PatchError(
        .malformed(
          "the patch is of the encoding \"\(encoding.rawValue)\": its values are not in it as they are; `inspect` shows what is"
        ), path: path)
    }
    var parts: [ByteString: [Part]] = [:]
    for entry in header.tensors {
      guard let (tensor, kind, isValue) = EditKind.split(entry.name) else {
        throw PatchError(.malformed("entry \"\(entry.name)\" is none of a patch"), path: path)
      }
      guard isValue else {
        guard header[kind.valueName(tensor)] != nil else {
          throw PatchError(
            .malformed("\(kind.rawValue) are given without values"), path: path, tensor: tensor)
        }
        continue
      }
      var indices: TensorInfo?
      var count = 1
      if let indexType = kind.indexType {
        guard let found = header[kind.entryName(tensor)] else {
          throw PatchError(
            .malformed("values of \(kind.rawValue) are given without indices"), path: path,
            tensor: tensor)
        }
        guard found.dtype == indexType, found.shape.count == 1 else {
          throw PatchError(
            .malformed(
              "the indices of \(kind.rawValue) are \(found.dtype.rawValue) \(found.shapeText), expected \(indexType.rawValue) and one dimension"
            ), path: path, tensor: tensor)
        }
        count = found.elementCount
        guard count > 0 else {
          throw PatchError(
            .malformed("an empty list of \(kind.rawValue)"), path: path, tensor: tensor)
        }
        indices = found
      }
      parts[tensor, default: []].append(
        Part(kind: kind, indices: indices, values: entry, count: count))
    }
    return try parts.sorted { $0.key < $1.key }.map { tensor, parts throws(PatchError) in
      let dtype = parts[0].values.dtype
      guard parts.allSatisfy({ $0.values.dtype == dtype }) else {
        throw PatchError(
          .malformed("its values are of several types"), path: path, tensor: tensor)
      }
      if parts.count > 1, parts.contains(where: { $0.kind == .whole }) {
        throw PatchError(
          .malformed("given whole, and in part as well"), path: path, tensor: tensor)
      }
      return Edit(
        tensor: tensor, dtype: dtype,
        parts: parts.sorted { $0.kind.writeOrder < $1.kind.writeOrder })
    }
  }

  /// The index at a place of a part, which must have indices.
  func index(_ part: Part, at place: Int) -> Int {
    guard let indices = part.indices else { return 0 }
    let bytes = file.bytes(of: indices)
    // The span checks the offset; every bit pattern is an integer.
    if part.kind == .elements {
      let raw = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: place * 8, as: UInt64.self)
      return Int(clamping: UInt64(littleEndian: raw))
    }
    let raw = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: place * 4, as: UInt32.self)
    return Int(UInt32(littleEndian: raw))
  }

  /// The bytes of a part's indices; empty for a whole tensor.
  @_lifetime(borrow self)
  func indexBytes(_ part: Part) -> RawSpan {
    guard let indices = part.indices else { return file.bytes.extracting(0..<0) }
    return file.bytes.extracting(file.fileRange(of: indices))
  }

  /// The bytes of a part's values.
  @_lifetime(borrow self)
  func valueBytes(_ part: Part) -> RawSpan {
    file.bytes.extracting(file.fileRange(of: part.values))
  }

  /// Calls `body` with the bytes of a part's values, a window at a time.
  func forEachValueWindow(of part: Part, _ body: (RawSpan) -> Void) {
    file.forEachWindow(of: file.fileRange(of: part.values), body)
  }

  /// Lets go of the memory of values that will not be read again soon.
  func releaseValues(_ part: Part, _ range: Range<Int>, isLast: Bool = false) {
    let start = file.fileRange(of: part.values).lowerBound
    file.releasePages(start + range.lowerBound..<start + range.upperBound, isLast: isLast)
  }
}

extension EditKind {
  /// The order in which parts are written: where a row and a column cross, the row has it.
  var writeOrder: Int {
    switch self {
    case .whole: 0
    case .columns: 1
    case .elements: 2
    case .rows: 3
    }
  }
}
