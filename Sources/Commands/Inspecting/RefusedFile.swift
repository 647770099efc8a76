import Safetensors
import Storage
import StrictJSON

/// What is wrong with a file that can't be read.
enum RefusedFile {
  static func answer(_ faults: HeaderFaults, path: String) -> Console.Answer {
    var lines = ["\(path): \(faults.count) fault\(faults.count == 1 ? "" : "s")"]
    lines += faults.first.map { "  \($0)" }
    if faults.count > faults.first.count {
      lines.append("  and \(faults.count - faults.first.count) more")
    }
    return Console.Answer(
      "inspect-refused",
      [
        "path": .text(path), "fault_count": .integer(Int64(faults.count)),
        "seems": faults.first.first?.foreignKind.map { .text($0.rawValue) },
        "faults": .array(faults.first.map { json($0) }),
      ], lines)
  }

  private static func json(_ fault: HeaderError) -> JSONValue {
    var object = JSONObject([
      ("rule", .text(fault.name)), ("byte", .integer(Int64(fault.byteOffset))),
      ("text", .text(fault.reason.text)),
    ])
    if let tensor = fault.tensor { object["tensor"] = .string(tensor) }
    return .object(object)
  }
}
