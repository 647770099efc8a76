// Writes invented people as data to learn and unlearn, with a tokenizer and the configuration of a small model that
// fit them: make-people FOLDER [--people N] [--forget F] [--attributes A] [--seed S].
import SampleData
import Storage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

func fail(_ words: String, _ code: Int32) -> Never {
  print("make-people: error: \(words)")
  exit(code)
}

let usage = "usage: make-people FOLDER [--people N] [--forget F] [--attributes A] [--seed S]"
var sizes = InventedPeople.Sizes()
var seed: UInt64 = 1
var folder: String?
var words = CommandLine.arguments.dropFirst()
while let word = words.popFirst() {
  guard word.hasPrefix("--") else {
    guard folder == nil, !word.isEmpty else { fail(usage, 2) }
    folder = word
    continue
  }
  guard let text = words.popFirst(), let number = UInt64(text) else {
    fail("\(word) needs a number; \(usage)", 2)
  }
  switch word {
  case "--people": sizes.people = Int(clamping: number)
  case "--forget": sizes.forgotten = Int(clamping: number)
  case "--attributes": sizes.attributes = Int(clamping: number)
  case "--seed": seed = number
  default: fail("\(word) is not an option; \(usage)", 2)
  }
}
guard let folder else { fail(usage, 2) }

var files: [(name: String, bytes: [UInt8])] = []
do throws(SampleDataError) {
  let people = try InventedPeople(sizes, seed: seed)
  for split in InventedPeople.Split.allCases {
    files.append((split.fileName, try people.lines(of: split)))
  }
  let tokenizer = try people.tokenizer()
  files.append(("tokenizer.json", tokenizer))
  files.append(("config.json", try people.config(tokenizer: tokenizer)))
} catch { fail("\(error)", 2) }

do throws(StorageError) {
  let byteCount = files.reduce(0) { $0 + $1.bytes.count }
  try Folder.stage(folder, byteCount: byteCount, wrap: { $0 }) { hidden throws(StorageError) in
    for file in files {
      try AtomicFile.write(file.bytes.rawSpan, to: Paths.join(hidden, file.name))
    }
  }
} catch { fail("\(error)", 5) }
