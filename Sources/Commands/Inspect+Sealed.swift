import Attestation
import Patching
import Provenance
import Storage
import StrictJSON

extension Inspect {
  /// What a sealed patch shows: without a key for whom it is sealed, with one what it holds.
  func sealed() throws -> Console.Answer {
    let recipients = try SealedFile.recipients(of: path)
    var statement: PatchStatement?
    if unsealing.key != nil {
      statement = try unsealing.open(path).statement
    } else {
      do throws(ProvenanceError) { statement = try SealedPatch.statement(of: path) } catch {
        guard error.category == .incomplete else { throw error }
      }
    }
    var lines = ["sealed  \(path)"] + recipients.map { "for     \($0)" }
    lines.append(
      unsealing.key == nil
        ? "not opened; what follows is what the bundle beside it says"
        : "opened: it holds the patch of which the bundle beside it speaks")
    if let statement {
      lines += [
        "sha256  \(statement.patchDigest) (of the patch in it)", "method  \(statement.method.name)",
        "base    \(statement.base.root)", "result  \(statement.resultRoot)",
      ]
      lines += LayerMap.lines(statement.units)
    }
    return Console.Answer(
      "inspect-sealed",
      [
        "path": .text(path), "recipients": .array(recipients.map { .text($0.hex) }),
        "opened": .bool(unsealing.key != nil),
        "sha256": statement.map { .text($0.patchDigest.hex) },
        "base": statement.map { .text($0.base.root.hex) },
        "result": statement.map { .text($0.resultRoot.hex) }, "units": statement?.units.json,
      ], lines)
  }
}
