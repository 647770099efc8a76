public import Safetensors
import Storage

/// Several patches in a row, as what they give together.
///
/// The union of what the parts give, in their own forms: nothing is added that none of them gives, so every value
/// has a writer, and the last one wins.
public struct PatchUnion: Sendable {
  /// What all of them give.
  public let draft: PatchDraft
  /// The values, as they come last.
  public let values: UnionValues

  /// Merges patches of one base, in the order in which they are applied.
  ///
  /// - Complexity: Memory is that of the indices; values stay in the files.
  public init(_ parts: [UnionPart], base: Checkpoint) {
    var edits: [ByteString: [(part: Int, edit: BoundEdit)]] = [:]
    for (index, part) in parts.enumerated() {
      for edit in part.edits { edits[edit.info.name, default: []].append((index, edit)) }
    }
    var draft = PatchDraft()
    for shard in base.shards {
      for info in shard.header.tensors {
        guard let all = edits[info.name] else { continue }
        draft.add(Self.merge(info, all, parts))
      }
    }
    self.draft = draft
    values = UnionValues(parts: parts, edits: edits)
  }

  private static func merge(
    _ info: TensorInfo, _ edits: [(part: Int, edit: BoundEdit)], _ parts: [UnionPart]
  ) -> TensorDraft {
    let isWhole = edits.contains { $0.edit.parts.contains { $0.kind == .whole } }
    if isWhole { return TensorDraft(whole: info) }
    func union(_ kind: EditKind) -> [Int] {
      var merged: [Int] = []
      for (part, edit) in edits {
        for bound in edit.parts where bound.kind == kind {
          merged = parts[part].merging(merged, with: bound)
        }
      }
      return merged
    }
    let (rows, columns) = (union(.rows), union(.columns))
    var elements = union(.elements)
    if !elements.isEmpty, !(rows.isEmpty && columns.isEmpty),
      let length = Geometry(info).rowLength
    {
      // What a row or a column gives is not given singly as well.
      let (givenRows, givenColumns) = (Set(rows), Set(columns))
      elements.removeAll {
        givenRows.contains($0 / length) || givenColumns.contains($0 % length)
      }
    }
    return TensorDraft(info: info, rows: rows, columns: columns, elements: elements)
  }
}

extension PatchDraft {
  /// How many bytes indices and values have.
  public var byteCount: Int {
    edits.reduce(0) { sum, edit in
      let geometry = Geometry(edit.info)
      return sum
        + edit.parts.reduce(0) { sum, part in
          guard let type = part.kind.indexType else { return sum + geometry.byteCount }
          return sum
            + part.indices.count * ((type.byteWidth ?? 8) + geometry.valueByteCount(part.kind))
        }
    }
  }
}

/// One patch of several, held against their base.
public final class UnionPart: Sendable {
  private let file: PatchFile
  let edits: [BoundEdit]

  /// Checks a patch against the base's tensors, which no patch changes the shape of.
  public init(_ file: consuming PatchFile, base: Checkpoint) throws(PatchError) {
    edits = try file.bind(to: base)
    self.file = file
  }

  /// Two ascending lists as one, without repetition.
  fileprivate func merging(_ list: [Int], with bound: BoundPart) -> [Int] {
    var merged: [Int] = []
    merged.reserveCapacity(list.count + bound.part.count)
    var (left, right) = (0, 0)
    while left < list.count || right < bound.part.count {
      let index = right < bound.part.count ? file.index(bound.part, at: right) : Int.max
      if left < list.count, list[left] <= index {
        if list[left] == index { right += 1 }
        merged.append(list[left])
        left += 1
      } else {
        merged.append(index)
        right += 1
      }
    }
    return merged
  }

  fileprivate func overlay(_ edit: BoundEdit, on buffer: inout [UInt8], holding range: Range<Int>) {
    file.overlay(edit, on: &buffer, holding: range, bufferStart: 0)
  }
}

/// The values that patches applied in a row leave where at least one of them gives a value.
public struct UnionValues: ValueSource, Sendable {
  let parts: [UnionPart]
  let edits: [ByteString: [(part: Int, edit: BoundEdit)]]

  /// Lays the parts' values over each other in windows, so that memory stays at one of them.
  public func forEachPiece<Failure: Error>(
    of tensor: TensorInfo, in range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    let limit = TouchedBytes.windowByteCount
    var buffer = [UInt8](repeating: 0, count: min(limit, range.count))
    for lower in stride(from: range.lowerBound, to: range.upperBound, by: limit) {
      let window = lower..<min(range.upperBound, lower + limit)
      for (part, edit) in edits[tensor.name] ?? [] {
        parts[part].overlay(edit, on: &buffer, holding: window)
      }
      try body(buffer.rawSpan.extracting(first: window.count))
    }
  }
}
