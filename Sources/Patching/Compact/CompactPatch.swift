import Safetensors
public import Storage

/// A patch file whose values are compressed: of the encoding `compact` or `replace-compressed`.
///
/// See `docs/formats/patch.md`. Opening it checks its structure; its blocks are read by ``expand(against:to:expecting:)``.
public struct CompactPatch: ~Copyable, Sendable {
  /// One part of an edit.
  struct Part: Sendable {
    let kind: EditKind
    let entry: TensorInfo
    let header: ChangeHeader
  }

  /// All that the patch holds for one tensor of the base.
  struct Edit: Sendable {
    let tensor: ByteString
    let parts: [Part]
  }

  private let file: TensorFile
  /// The encoding.
  public let encoding: PatchEncoding
  /// The edits, in the byte order of the tensors' names.
  let edits: [Edit]
  /// The lists of indices, by number.
  let lists: [TensorInfo]

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
    let encoding = try PatchEncoding(of: file.header, path: path)
    guard encoding != .replace else {
      throw PatchError(.malformed("its values are not compressed"), path: path)
    }
    let lists = Self.lists(of: file.header)
    edits = try Self.edits(of: file, lists: lists.count)
    self.lists = lists
    self.encoding = encoding
    self.file = file
  }

  /// The path of the file.
  public var path: String { file.path }
  /// The tensors that the patch edits.
  public var tensors: [ByteString] { edits.map(\.tensor) }

  /// The bytes of an entry of this file.
  @_lifetime(borrow self)
  func bytes(of entry: TensorInfo) -> RawSpan {
    file.bytes.extracting(file.fileRange(of: entry))
  }

  /// The bytes of a block of a part.
  @_lifetime(borrow self)
  func block(_ index: Int, of part: Part) -> RawSpan {
    let (start, range) = (file.fileRange(of: part.entry).lowerBound, part.header.blocks[index])
    return file.bytes.extracting(start + range.lowerBound..<start + range.upperBound)
  }

  /// How often a form of blocks occurs.
  public struct FormCount: Hashable, Sendable {
    /// The form.
    public let form: BlockForm
    /// How many blocks have it.
    public var blocks = 0
    /// How many bytes they have.
    public var byteCount = 0
    /// How many elements they change or leave.
    public var elements = 0
  }

  /// The forms of all blocks, by their first bytes.
  public func formCounts() -> [FormCount] {
    var counts = BlockForm.allCases.map { FormCount(form: $0) }
    for edit in edits {
      for part in edit.parts {
        for index in part.header.blocks.indices {
          let block = block(index, of: part)
          guard let place = counts.firstIndex(where: { $0.form.rawValue == block.byte(at: 0) })
          else { continue }
          counts[place].blocks += 1
          counts[place].byteCount += block.byteCount
          counts[place].elements += part.header.elements(index).count
        }
      }
    }
    return counts.filter { $0.blocks > 0 }
  }

  /// How many bytes the lists of indices have.
  public var listByteCount: Int { lists.reduce(0) { $0 + $1.byteCount } }

  static func listName(_ number: Int) -> ByteString { ByteString("#list.\(number)") }
  private static let changeSuffix = Array(".change".utf8)

  static func changeName(_ tensor: ByteString, _ kind: EditKind) -> ByteString {
    ByteString(bytes: kind.entryName(tensor).bytes + changeSuffix)
  }

  /// The lists are numbered from 0 without a gap.
  private static func lists(of header: Header) -> [TensorInfo] {
    var lists: [TensorInfo] = []
    while let list = header[listName(lists.count)] { lists.append(list) }
    return lists
  }

  private static func edits(of file: borrowing TensorFile, lists: Int) throws(PatchError) -> [Edit]
  {
    let path = file.path
    var parts: [ByteString: [Part]] = [:]
    var usedLists: Set<Int> = []
    var changes = 0
    for entry in file.header.tensors {
      guard entry.dtype == .u8, entry.shape.count == 1 else {
        throw PatchError(
          .malformed(
            "entry \"\(entry.name)\" is \(entry.dtype.rawValue) \(entry.shapeText), expected U8 and one dimension"
          ), path: path)
      }
      guard entry.name.bytes.suffix(changeSuffix.count).elementsEqual(changeSuffix) else {
        continue
      }
      let name = ByteString(bytes: Array(entry.name.bytes.dropLast(changeSuffix.count)))
      guard let (tensor, kind, _) = EditKind.split(name), kind.entryName(tensor) == name else {
        throw PatchError(.malformed("entry \"\(entry.name)\" is none of a patch"), path: path)
      }
      let header: ChangeHeader
      do throws(CompactFault) {
        header = try ChangeHeader(parsing: file.bytes(of: entry))
        guard (header.list == nil) == (kind == .whole), header.list ?? -1 < lists else {
          throw CompactFault(
            "names the list \(header.list.map { "\($0)" } ?? "none"), the patch has \(lists)")
        }
      } catch {
        throw PatchError(
          .malformed("the change of \(kind.rawValue): \(error.what)"), path: path, tensor: tensor)
      }
      if let list = header.list { usedLists.insert(list) }
      parts[tensor, default: []].append(Part(kind: kind, entry: entry, header: header))
      changes += 1
    }
    guard changes + lists == file.header.tensors.count else {
      throw PatchError(
        .malformed(
          "\(file.header.tensors.count - changes - lists) entries are neither changes nor lists of indices"
        ), path: path)
    }
    guard usedLists.count == lists else {
      throw PatchError(.malformed("a list of indices is used by no part"), path: path)
    }
    return try parts.sorted { $0.key < $1.key }.map { tensor, parts throws(PatchError) in
      if parts.count > 1, parts.contains(where: { $0.kind == .whole }) {
        throw PatchError(
          .malformed("given whole, and in part as well"), path: path, tensor: tensor)
      }
      return Edit(
        tensor: tensor, parts: parts.sorted { $0.kind.writeOrder < $1.kind.writeOrder })
    }
  }
}
