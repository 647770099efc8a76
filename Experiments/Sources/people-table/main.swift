// The table of the experiment on invented people.
//
// people-table run --data FOLDER --models FOLDER --results FILE [--quick] [--part K/N] [--rows NAME,NAME]
//   [--only scan|confirm|equal]
// people-table sparsity --data FOLDER --models FOLDER --results FILE [--quick]
// people-table render --results FILE --output FILE [--reading FILE]
// people-table render-sparsity --results FILE --output FOLDER
import Storage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What was asked for.
struct Arguments {
  var command = ""
  var options: [String: String] = [:]
  var isQuick = false

  init(_ words: some Sequence<String>) throws {
    var words = Array(words)[...]
    command = words.popFirst() ?? ""
    while let word = words.popFirst() {
      if word == "--quick" {
        isQuick = true
      } else if word.hasPrefix("--"), let value = words.popFirst() {
        options[String(word.dropFirst(2))] = value
      } else {
        throw TableError("\(word) is not understood")
      }
    }
  }

  subscript(name: String) -> String {
    get throws {
      guard let value = options[name] else { throw TableError("--\(name) is missing") }
      return value
    }
  }

  /// The protocol; a quick one shows that everything works, and nothing else.
  var settings: Protocol {
    var settings = Protocol()
    settings.confirms = options["only"] == "confirm"
    guard isQuick else { return settings }
    settings.steps = 20
    settings.points = 3
    settings.extensions = 0
    settings.targets = [1]
    settings.attackRates = [2e-3]
    return settings
  }

  private var experiment: Experiment {
    get throws {
      try Experiment(
        data: self["data"], models: self["models"], results: self["results"], settings)
    }
  }

  func run() throws {
    var experiment = try experiment
    let part = (options["part"] ?? "0/1").split(separator: "/").compactMap { Int($0) }
    guard part.count == 2, part[1] > 0 else { throw TableError("--part is K/N") }
    try experiment.prepare()
    var rows = isQuick ? Array(Row.all.prefix(6)) : Row.all
    if let names = options["rows"]?.split(separator: ",").map(String.init) {
      rows = Row.all.filter { names.contains($0.name) }
    }
    for (index, row) in rows.enumerated() where index % part[1] == part[0] {
      guard options["only"] != "equal" else {
        try experiment.runToEqualLoss(row)
        continue
      }
      if options["only"] != "scan" { try experiment.run(row) }
      if row.method == .secondOrder, !settings.confirms { try experiment.scan(row) }
    }
  }

  func measureSparsity() throws {
    var experiment = try experiment
    try experiment.prepare()
    for sparsity in settings.sparsities { try experiment.measureCost(sparsity: sparsity) }
  }

  func renderSparsity() throws {
    let page = SparsityPage(records: try Records(path: self["results"]), settings: settings)
    let folder = try self["output"]
    for (name, text) in [("sparsity.md", page.text), ("sparsity.svg", page.plot)] {
      let bytes = Array(text.utf8)
      try AtomicFile.write(bytes.rawSpan, to: Paths.join(folder, name), replacing: true)
    }
  }

  func render() throws {
    var reading = ""
    if let path = options["reading"] {
      reading = String(decoding: try Folder.read(path, limit: 1 << 20), as: UTF8.self)
    }
    let page = Page(records: try Records(path: self["results"]), settings, reading: reading)
    let bytes = Array(page.text.utf8)
    try AtomicFile.write(bytes.rawSpan, to: self["output"], replacing: true)
  }
}

do {
  let arguments = try Arguments(CommandLine.arguments.dropFirst())
  switch arguments.command {
  case "run": try arguments.run()
  case "sparsity": try arguments.measureSparsity()
  case "render": try arguments.render()
  case "render-sparsity": try arguments.renderSparsity()
  default: throw TableError("expected run, sparsity, render or render-sparsity")
  }
} catch {
  note("people-table: error: \(error)")
  exit(1)
}
