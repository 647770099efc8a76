public import Attestation
public import Ledger
public import Storage

/// Asks witnesses to cosign a log's head, and believes no answer that it has not verified.
public struct WitnessClient {
  /// Sends a body to a URL; the network is the caller's.
  public typealias Send = (_ body: [UInt8], _ url: String) throws(WitnessError) -> HTTPPost.Answer
  /// The proof that the first `old` leaves are the beginning of the head's.
  public typealias Prove = (_ old: Int) throws(LedgerError) -> [Digest]

  /// The head that is to be cosigned, signed by its log.
  public let checkpoint: SignedNote
  private let treeSize: Int
  private let prove: Prove

  /// Takes a head.
  ///
  /// - Throws: Where the note is no head.
  public init(_ checkpoint: SignedNote, prove: @escaping Prove) throws(WitnessError) {
    self.checkpoint = checkpoint
    self.prove = prove
    do throws(AttestationError) {
      treeSize = try LogCheckpoint(parsing: checkpoint.text).treeSize
    } catch { throw WitnessError(.attestation(error)) }
  }

  /// The request to a witness that has cosigned `oldSize` leaves.
  public func request(oldSize: Int) throws(WitnessError) -> AddCheckpoint {
    guard oldSize <= treeSize else {
      throw WitnessError(.setBack(witness: oldSize, log: treeSize))
    }
    do throws(LedgerError) {
      return AddCheckpoint(oldSize: oldSize, proof: try prove(oldSize), checkpoint: checkpoint)
    } catch { throw WitnessError(.ledger(error)) }
  }

  /// Asks a witness; gives the head with its cosignature.
  ///
  /// - Parameters:
  ///   - knownSize: What is believed to be the last size that it has cosigned; it is asked once more where it
  ///     says another.
  public func cosign(
    by witness: WitnessPolicy.Witness, knownSize: Int, send: Send
  ) throws(WitnessError) -> SignedNote {
    do throws(WitnessError) {
      guard let prefix = witness.url else {
        throw WitnessError(.badURL("the trust file does not say where it takes heads"))
      }
      let url = (prefix.hasSuffix("/") ? prefix : prefix + "/") + "add-checkpoint"
      var oldSize = min(knownSize, treeSize)
      for isLast in [false, true] {
        let answer = try send(Array(try request(oldSize: oldSize).body.utf8), url)
        switch try WitnessAnswer(status: answer.status, body: answer.body) {
        case .cosigned(let lines):
          return try Self.adding(lines, to: checkpoint, by: witness.key)
        case .conflict(let size):
          if size > treeSize { throw WitnessError(.setBack(witness: size, log: treeSize)) }
          if isLast || size == oldSize {
            throw WitnessError(
              .badAnswer("answers that it has cosigned \(size) leaves, to a request that said so"))
          }
          oldSize = size
        }
      }
      throw WitnessError(.badAnswer("does not come to an answer"))
    } catch { throw WitnessError(error.reason, witness: witness.name.description) }
  }

  /// A head with the line of a witness put under it, once that is verified; other lines are left out.
  public static func adding(
    _ lines: [SignedNote.Line], to checkpoint: SignedNote, by witness: VerifierKey
  ) throws(WitnessError) -> SignedNote {
    let own = lines.filter {
      $0.name.utf8.elementsEqual(witness.name.utf8)
        && $0.bytes.prefix(4).elementsEqual(witness.keyID)
    }
    guard let line = own.first, own.count == 1 else {
      throw WitnessError(
        .badCosignature(
          "the answer has \(own.count) lines of the key \(witness.encoded), 1 is expected"))
    }
    var cosigned = checkpoint
    cosigned.replace(with: line)
    if case .refused(let why) = cosigned.verification(by: witness) {
      throw WitnessError(.badCosignature(why))
    }
    return cosigned
  }
}
