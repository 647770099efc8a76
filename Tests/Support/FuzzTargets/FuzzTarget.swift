/// A reader of outside bytes, with what must hold of every input.
///
/// The fuzzer and the replay of its corpus run the same function. A new target is one file beside this one
/// and its line in ``all``.
public struct FuzzTarget: Sendable, CustomStringConvertible {
  /// Reads one input; throws where something that must hold does not.
  public typealias Check = ([UInt8]) throws -> Void

  /// The name, also that of its folder in `Fuzz/Corpus`.
  public let name: String
  /// Makes what the readings need, once, and gives the function.
  public let prepare: @Sendable () throws -> Check

  init(_ name: String, _ prepare: @escaping @Sendable () throws -> Check) {
    self.name = name
    self.prepare = prepare
  }

  /// The name.
  public var description: String { name }

  /// All targets.
  public static let all: [FuzzTarget] = [
    .bundle, .claims, .compactPatch, .configuration, .examples, .header, .history, .journal, .json,
    .leaf, .mask,
    .modelSignature, .note, .patch, .pem, .proof, .sealedFile, .shardIndex, .thresholds, .timestamp,
    .tokenizer, .trustFile, .verifierKey, .witnessAnswer,
  ]
}

/// Something that must hold and does not.
struct Violation: Error, CustomStringConvertible {
  let description: String
}

func require(_ holds: Bool, _ what: @autoclosure () -> String) throws {
  if !holds { throw Violation(description: what()) }
}

/// What a reader makes of an input; nil where it refuses in words.
func reading<Value: ~Copyable, Failure: Error & CustomStringConvertible>(
  _ body: () throws(Failure) -> Value
) throws -> Value? {
  do throws(Failure) { return try body() } catch {
    try require(!error.description.isEmpty, "a refusal without words")
    return nil
  }
}
