import Attestation
import Storage
import TestSupport
import Testing

@Suite("Seals") struct SealTests {
  private let folder: TemporaryFolder
  private let key = SecureRandom.bytes(32)

  init() throws { folder = try TemporaryFolder() }

  private func seal(_ plain: [UInt8], _ name: String) throws -> String {
    let path = folder.file(name)
    var writer = try SealedFileWriter(path: path, key: key, plaintextByteCount: plain.count)
    // In uneven pieces, as a writer would.
    var offset = 0
    while offset < plain.count {
      let count = min(plain.count - offset, 1 + offset % 70_000)
      try writer.append(plain.rawSpan.extracting(offset..<offset + count))
      offset += count
    }
    try writer.commit()
    return path
  }

  private func open(_ path: String, _ key: [UInt8]) throws -> [UInt8] {
    let plain = folder.file("plain")
    try Folder.remove(plain)
    try SealedFile(path: path, key: key).unseal(to: plain)
    return try Folder.read(plain, limit: 1 << 24)
  }

  @Test("comes back as it was", arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
  func roundTrip(_ count: Int) throws {
    let plain = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let path = try seal(plain, "a.sealed")
    #expect(try open(path, key) == plain)
    #expect(try FileStatus(ofLink: path).mode == 0o600)
    #expect(throws: AttestationError.self) { try open(path, SecureRandom.bytes(32)) }
  }

  @Test func `nothing that was cut, moved or changed opens`() throws {
    let plain = [UInt8](repeating: 5, count: 200_000)
    let whole = try Folder.read(try seal(plain, "a.sealed"), limit: 1 << 24)
    let chunk = 65_536 + 16
    var broken: [[UInt8]] = []
    for count in [0, 23, 24, 24 + chunk, 24 + 2 * chunk, whole.count - 1] {
      broken.append(Array(whole.prefix(count)))
    }
    broken.append(whole + [0])
    var swapped = whole
    swapped.replaceSubrange(24..<24 + chunk, with: whole[24 + chunk..<24 + 2 * chunk])
    swapped.replaceSubrange(24 + chunk..<24 + 2 * chunk, with: whole[24..<24 + chunk])
    broken.append(swapped)
    // Shorter by a chunk, with the count made to fit.
    var shorter = Array(whole.prefix(24 + 2 * chunk))
    for index in 0..<8 { shorter[16 + index] = UInt8(truncatingIfNeeded: 131_072 >> (index * 8)) }
    broken.append(shorter)
    for offset in [0, 8, 16, 24, 5000, 24 + chunk - 1, whole.count - 1] {
      var changed = whole
      changed[offset] ^= 0x10
      broken.append(changed)
    }
    for (index, bytes) in broken.enumerated() {
      let path = folder.file("broken\(index)")
      try AtomicFile.write(bytes.rawSpan, to: path)
      #expect(throws: AttestationError.self, "\(index)") { try open(path, key) }
      #expect(try FileStatus.ifExists(folder.file("plain")) == nil)
    }
  }
}
