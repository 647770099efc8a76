import Attestation
import Ledger
import Storage
import Witnessing

extension FuzzTarget {
  /// A transparency proof, and what it shows of one entry.
  static let proof = FuzzTarget("tlog-proof") {
    { input in
      guard
        let proof = try reading({ () throws(AttestationError) in
          try TransparencyProof(parsing: input)
        })
      else { return }
      try require(Array(proof.encoded.utf8) == input, "the proof has another form")
      let findings = proof.verify(entry: [], trust: nil)
      try require(!findings.isEmpty && Verdict(findings) != .valid, "valid without trust")
    }
  }

  /// A witness's answer: the status in two bytes, then the body.
  static let witnessAnswer = FuzzTarget("witness-answer") {
    { input in
      guard input.count >= 2 else { return }
      let status = Int(input[0]) << 8 | Int(input[1])
      let body = Array(input.dropFirst(2))
      let answer = try reading { () throws(WitnessError) in
        try WitnessAnswer(status: status, body: body)
      }
      switch answer {
      case nil: return
      case .conflict(let size): try require(size >= 0 && status == 409, "a size that can't be")
      case .cosigned(let lines): try require(!lines.isEmpty && status == 200, "no line")
      }
    }
  }
}
