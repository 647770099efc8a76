// Measures what `files.py` compares: each run prints one JSON object on a line.
//
//   file-benchmark header FILE ROUNDS     the best time to open and parse, and the memory that it takes
//   file-benchmark load FILE mapped|read  reads every byte of every tensor, on all cores
//   file-benchmark touched FILE EXTENTS   the limit of an edit: touched pages read, written back, flushed

import Safetensors
import Storage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

func seconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The most memory that this program has held, in kB: the kernel's other account starts at the parent's.
func peakMemory() throws -> Int {
  let text = String(decoding: try Folder.readAll("/proc/self/status"), as: UTF8.self)
  let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
  return line?.split(separator: " ").compactMap { Int($0) }.first ?? 0
}

extension Folder {
  /// Reads a file that has no size of its own.
  static func readAll(_ path: String) throws -> [UInt8] {
    let file = try Descriptor(path, .read)
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = try file.read(into: &buffer, count: buffer.count, at: 0)
    return Array(buffer[..<count])
  }
}

func header(_ path: String, rounds: Int) throws {
  let before = try peakMemory()
  var best = Double.infinity
  var count = 0
  for _ in 0..<rounds {
    let start = seconds()
    let file = try TensorFile(path: path)
    count = file.header.tensors.count
    best = min(best, seconds() - start)
  }
  print(#"{"seconds": \#(best), "tensors": \#(count), "kilobytes": \#(try peakMemory() - before)}"#)
}

/// Combines all bytes, so that none can be skipped.
func fold(_ bytes: RawSpan) -> UInt64 {
  bytes.withUnsafeBytes { buffer in
    var sums: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    let words = buffer.count / 32
    for index in 0..<words {
      sums.0 ^= buffer.loadUnaligned(fromByteOffset: index * 32, as: UInt64.self)
      sums.1 ^= buffer.loadUnaligned(fromByteOffset: index * 32 + 8, as: UInt64.self)
      sums.2 ^= buffer.loadUnaligned(fromByteOffset: index * 32 + 16, as: UInt64.self)
      sums.3 ^= buffer.loadUnaligned(fromByteOffset: index * 32 + 24, as: UInt64.self)
    }
    return buffer[(words * 32)...].reduce(sums.0 ^ sums.1 ^ sums.2 ^ sums.3) { $0 ^ UInt64($1) }
  }
}

func foldMapped(_ path: String, _ piece: Range<Int>) throws(StorageError) -> UInt64 {
  let file = try MappedFile(path: path)
  return fold(file.bytes.extracting(piece))
}

func foldRead(_ path: String, _ piece: Range<Int>) throws(StorageError) -> UInt64 {
  let file = try Descriptor(path, .read)
  var buffer = [UInt8](repeating: 0, count: 1 << 18)
  var sum: UInt64 = 0
  for lower in stride(from: piece.lowerBound, to: piece.upperBound, by: buffer.count) {
    let count = min(buffer.count, piece.upperBound - lower)
    try file.readExactly(into: &buffer, count: count, at: lower)
    sum ^= fold(buffer.rawSpan.extracting(first: count))
  }
  return sum
}

func load(_ path: String, isMapped: Bool) throws {
  let start = seconds()
  let file = try TensorFile(path: path)
  let pieceByteCount = 8 << 20
  let pieces = file.header.tensors.flatMap { tensor in
    let range = file.fileRange(of: tensor)
    return stride(from: range.lowerBound, to: range.upperBound, by: pieceByteCount).map {
      $0..<min(range.upperBound, $0 + pieceByteCount)
    }
  }
  let sums = try Parallel.map(pieces.count) { index throws(StorageError) -> UInt64 in
    try isMapped ? foldMapped(path, pieces[index]) : foldRead(path, pieces[index])
  }
  let time = seconds() - start
  print(#"{"seconds": \#(time), "sum": \#(sums.reduce(0, ^))}"#)
}

/// Extents are `offset length` in decimal, one a line.
func touched(_ path: String, extents: String) throws {
  let text = String(decoding: try Folder.read(extents, limit: 1 << 30), as: UTF8.self)
  let ranges = text.split(separator: "\n").map { line in
    let parts = line.split(separator: " ").map { Int($0) ?? 0 }
    return parts[0]..<parts[0] + parts[1]
  }
  let start = seconds()
  let file = try Descriptor(path, .update)
  var buffer = [UInt8](repeating: 0, count: 1 << 20)
  for range in ranges {
    for lower in stride(from: range.lowerBound, to: range.upperBound, by: buffer.count) {
      let count = min(buffer.count, range.upperBound - lower)
      try file.readExactly(into: &buffer, count: count, at: lower)
      try file.write(buffer.rawSpan.extracting(first: count), at: lower)
    }
  }
  try file.synchronize()
  let time = seconds() - start
  print(#"{"seconds": \#(time), "bytes": \#(ranges.reduce(0) { $0 + $1.count })}"#)
}

let arguments = CommandLine.arguments
switch (arguments.dropFirst().first, arguments.count) {
case ("header", 4): try header(arguments[2], rounds: Int(arguments[3]) ?? 1)
case ("load", 4): try load(arguments[2], isMapped: arguments[3] == "mapped")
case ("touched", 4): try touched(arguments[2], extents: arguments[3])
default: fatalError("usage: see the start of this file")
}
