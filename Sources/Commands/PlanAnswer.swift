import Patching
import Provenance
import Storage
import StrictJSON

extension Console.Answer {
  /// What `--dry-run` answers: all that would be read, written and recorded.
  ///
  /// - Parameters:
  ///   - more: Members of the command's own.
  ///   - lines: Lines of its own, at the end.
  init(
    plan: OperationPlan, of command: String, more: KeyValuePairs<String, JSONValue?> = [:],
    lines: [String] = []
  ) {
    func number(_ count: Int) -> JSONValue { .integer(Int64(count)) }
    self.init(
      command + "-plan",
      [
        "base": .text(plan.before.hex), "result": plan.after.map { .text($0.hex) },
        "files": .array(plan.writes.map { .text($0.file) }),
        "writes": .array(
          plan.writes.map {
            .members([
              "file": .text($0.file), "bytes": number($0.byteCount), "windows": number($0.windows),
              "window_bytes": number($0.windowByteCount),
            ])
          }),
        "new_bytes": number(plan.newByteCount), "hashed_bytes": number(plan.hashedByteCount),
        "needed_bytes": number(plan.neededByteCount), "free_bytes": number(plan.freeByteCount),
        "leaves": .array(plan.leaves.map { .text($0) }),
        "signers": .array(plan.signers.map { .text($0) }),
      ],
      [
        "checks passed; nothing was written", "base    \(plan.before)",
        "result  \(plan.after?.hex ?? "computed when it is done: no statement names it")",
      ]
        + plan.writes.map {
          "writes  \($0.file): \($0.windows) windows, \($0.windowByteCount) of \($0.byteCount) bytes, each read and written"
        } + [
          "new     \(plan.newByteCount) bytes in new files",
          "hashes  \(plan.hashedByteCount) bytes",
          "needs   \(plan.neededByteCount) bytes free, there are \(plan.freeByteCount)",
          "leaves  \(plan.leaves.joined(separator: ", "))",
        ] + (plan.signers.isEmpty ? [] : ["signed  \(plan.signers.joined(separator: ", "))"])
        + lines)
    for (key, value) in more {
      if let value { fields[ByteString(key)] = value }
    }
  }
}
