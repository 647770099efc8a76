public import Attestation
import Storage

/// The claims about a model, `claims.jsonl` beside it: one bundle a line.
///
/// The lines are signed one by one and the file is not, so that one was taken away can't be noticed from it.
public struct ClaimsFile: Hashable, Sendable {
  /// The largest file that is read.
  public static let byteLimit = 64 << 20
  /// The most lines that are read.
  public static let lineLimit = 1000

  /// The claims, line by line.
  public private(set) var claims: [Claim] = []
  /// The lines as they were read or made, without their ends.
  private var lines: [[UInt8]] = []

  /// Makes a file without claims.
  public init() {}

  /// Reads a file; the same statement twice is refused.
  public init(parsing bytes: [UInt8]) throws(ClaimsError) {
    guard bytes.count <= Self.byteLimit else {
      throw ClaimsError("has \(bytes.count) bytes, at most \(Self.byteLimit) are read")
    }
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      try append(Array(bytes[start..<end]))
      start = end + 1
    }
    guard !claims.isEmpty else { throw ClaimsError("holds no claim") }
  }

  private mutating func append(_ line: [UInt8]) throws(ClaimsError) {
    let number = claims.count + 1
    guard number <= Self.lineLimit else {
      throw ClaimsError("there are more than \(Self.lineLimit) lines", line: number)
    }
    let claim: Claim
    do throws(ClaimsError) { claim = try Claim(parsing: line) } catch {
      throw ClaimsError(error.what, line: number)
    }
    // A signature can be made anew or bent, so it is the statement that counts.
    if let first = claims.firstIndex(where: {
      $0.bundle.envelope.payload == claim.bundle.envelope.payload
    }) {
      throw ClaimsError("says the same as line \(first + 1)", line: number)
    }
    claims.append(claim)
    lines.append(line)
  }

  /// Adds a claim.
  public mutating func append(_ bundle: SigstoreBundle) throws(ClaimsError) {
    try append(bundle.json)
  }

  /// The file.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for line in lines {
      bytes += line
      bytes.append(0x0A)
    }
    return bytes
  }
}
