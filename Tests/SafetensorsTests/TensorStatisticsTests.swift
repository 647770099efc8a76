import Safetensors
import Storage
import TestSupport
import Testing

@Suite("What numbers are like") struct TensorStatisticsTests {
  private func statistics(_ values: [Float]) -> TensorStatistics {
    var statistics = TensorStatistics()
    statistics.add(bytes(values).rawSpan, of: .f32)
    return statistics
  }

  private func bytes(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
    }
  }

  @Test func `range and mean are of the finite numbers, the rest is counted`() {
    let found = statistics([1, -3, 0, -0.0, .nan, .infinity, -.infinity, .signalingNaN])
    #expect(found.count == 8 && found.zeros == 2 && found.nans == 2 && found.infinities == 2)
    #expect(found.minimum == -3 && found.maximum == 1 && found.meanMagnitude == 1)
  }

  @Test func `where nothing is finite there is no range`() {
    for found in [statistics([]), statistics([.nan, .infinity])] {
      #expect(found.minimum == nil && found.maximum == nil && found.meanMagnitude == nil)
    }
  }

  @Test func `a sum that is not finite has no mean`() {
    var found = TensorStatistics()
    let bits = Double.greatestFiniteMagnitude.bitPattern
    let bytes = (0..<16).map { UInt8(truncatingIfNeeded: bits >> ($0 % 8 * 8)) }
    found.add(bytes.rawSpan, of: .f64)
    #expect(found.meanMagnitude == nil && found.maximum == .greatestFiniteMagnitude)
  }

  @Test func `parts add up to the whole`() {
    var parts = statistics([1, .nan])
    parts.merge(statistics([]))
    parts.merge(statistics([-2, 0, 5]))
    #expect(parts == statistics([1, .nan, -2, 0, 5]))
  }

  private func source(_ path: String) throws -> StatisticsPass.Source {
    let reader = try TensorReader(path: path)
    return StatisticsPass.Source(path: path, header: reader.header, status: reader.status)
  }

  @Test func `every type is read but those whose elements share bytes`() throws {
    let source = try source(Fixtures.path("written/types-none.safetensors"))
    let found = try #require(try StatisticsPass([source]).run().first)
    for (tensor, statistics) in zip(source.header.tensors, found) {
      let numbers = tensor.dtype == .f4 ? nil : tensor.dtype == .c64 ? 16 : 8
      #expect(statistics?.count == numbers, "\(tensor.name)")
    }
  }

  /// 41 MB of binary64 and a byte: over several windows and cores.
  private static let large = HeaderTests.file(
    #"{"a":{"dtype":"F64","shape":[5200000],"data_offsets":[0,41600000]},"#
      + #""b":{"dtype":"U8","shape":[1],"data_offsets":[41600000,41600001]}}"#)

  @Test func `what a tensor is like does not depend on the cores`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    var bytes = Self.large + [UInt8](repeating: 0, count: 41_600_001)
    func set(_ element: Int, _ value: Double) {
      let bits = (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
      bytes.overwrite(at: Self.large.count + element * 8, with: bits.rawSpan)
    }
    set(0, 0.1)
    set(131_071, -0.7)
    set(131_072, 0.3)
    set(4_194_304, .nan)
    set(5_199_999, 2)
    bytes[bytes.count - 1] = 9
    try TemporaryFolder.write(bytes, to: path)
    let pass = StatisticsPass([try source(path)])
    #expect(pass.byteCount == 41_600_001)
    let alone = try pass.run(threads: 1)
    #expect(try pass.run(threads: 3) == alone)
    let found = try #require(alone[0][0])
    #expect(found.count == 5_200_000 && found.zeros == 5_199_995 && found.nans == 1)
    #expect(found.minimum == -0.7 && found.maximum == 2)
    #expect(abs(try #require(found.meanMagnitude) - 3.1 / 5_199_999) < 1e-20)
    #expect(alone[0][1]?.maximum == 9)
  }

  @Test func `a file that was replaced or cut short meanwhile is an error`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    let bytes = try Fixtures.bytes("written/types-none.safetensors")
    try TemporaryFolder.write(bytes, to: path)
    let pass = StatisticsPass([try source(path)])
    let changed = TensorFileError.storage(StorageError(.changedUnderneath, path: path))
    try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
    #expect(throws: changed) { try pass.run() }
    let again = StatisticsPass([try source(path)])
    try TemporaryFolder.write(Array(bytes.dropLast()), to: path)
    #expect(throws: changed) { try again.run() }
  }
}
