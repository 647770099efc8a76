import Attestation
public import Storage
import StrictJSON

/// A file of examples, one JSON object a line (JSONL).
public struct DataFile: Sendable {
  /// Where it was read.
  public let path: String
  /// The SHA-256 of its bytes.
  public let digest: Digest
  /// The examples, in the order of the lines.
  public let examples: [Example]

  /// The largest file, line and number of lines that are read.
  private static let limits = (file: 1 << 32, line: 1 << 24, lines: 1 << 26)

  /// Reads a file; blank lines are passed over.
  public init(path: String) throws(DataError) {
    let file: MappedFile
    do throws(StorageError) { file = try MappedFile(path: path) } catch { throw DataError(error) }
    guard file.byteCount <= Self.limits.file else {
      throw DataError("\(path): \(file.byteCount) bytes, at most \(Self.limits.file) are read")
    }
    (examples, digest) = (try Self.examples(file), Self.digest(file))
    self.path = path
  }

  private init(path: String, digest: Digest, examples: [Example]) {
    (self.path, self.digest, self.examples) = (path, digest, examples)
  }

  /// The file as if it had other examples, such as its own in other words.
  public func with(_ examples: [Example]) -> DataFile {
    DataFile(path: path, digest: digest, examples: examples)
  }

  private static func digest(_ file: borrowing MappedFile) -> Digest {
    SHA256.digest(of: file.bytes)
  }

  private static func examples(_ file: borrowing MappedFile) throws(DataError) -> [Example] {
    let bytes = file.bytes
    var examples: [Example] = []
    var start = 0
    var number = 0
    while start < bytes.byteCount {
      var end = start
      while end < bytes.byteCount, bytes.byte(at: end) != 0x0A { end += 1 }
      number += 1
      let line = bytes.extracting(start..<end)
      start = end + 1
      if (0..<line.byteCount).allSatisfy({ [0x20, 0x09, 0x0D].contains(line.byte(at: $0)) }) {
        continue
      }
      guard number <= limits.lines else {
        throw DataError("\(file.path): more than \(limits.lines) lines")
      }
      let value: JSONValue
      do throws(JSONError) {
        value = try JSONValue(parsing: line, byteLimit: limits.line, depthLimit: 16)
      } catch { throw DataError("\(file.path):\(number): \(error)") }
      do throws(JSONFieldError) { examples.append(try Example(JSONField(value))) } catch {
        throw DataError("\(file.path):\(number): \(error)")
      }
    }
    return examples
  }
}

/// Why data can't be used, and where.
public struct DataError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What and where, in one line.
  public let description: String
  /// What the file system said; nil where the data themselves are unfit.
  public let storage: StorageError?

  /// Makes an error of unfit data.
  public init(_ description: String) {
    self.description = description
    storage = nil
  }

  /// Wraps an error of the file system.
  public init(_ error: StorageError) {
    description = error.description
    storage = error
  }
}
