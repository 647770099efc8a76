import Ledger
import PatchRecords
import Patching
import Storage

/// Says what a model's files are where they are not those of the head of its chain.
struct FileComparison {
  /// The files of each state that is known, oldest first, with the leaf that began and the one that ended it.
  let states: [(from: Int, until: Int?, files: ModelDigest)]

  /// What differs from the last state, in words; nil where nothing does.
  func problem(_ found: ModelDigest) -> String? {
    guard let head = states.last?.files, found != head else { return nil }
    if let missing = head.files.first(where: { found[$0.name] == nil }) {
      if let renamed = found.files.first(where: {
        head[$0.name] == nil && $0.digest == missing.digest
      }) {
        return "\(missing.name) has the name \(renamed.name)"
      }
      return "\(missing.name) is missing"
    }
    if let extra = found.files.first(where: { head[$0.name] == nil }) {
      return "\(extra.name) is not one of its files"
    }
    let different = found.files.filter { head[$0.name] != $0.digest }
    if let names = swapped(different, head) { return names }
    let told = different.map { (file: $0, words: formerState(of: $0)) }
    if let stranger = told.first(where: { $0.words == nil })?.file {
      return
        "\(stranger.name) is as in no state of the chain: expected sha256 \(head[stranger.name]?.hex ?? "none"), found \(stranger.digest)"
    }
    let words = told.prefix(8).map { "\($0.file.name) \($0.words ?? "")" }.joined(separator: ", ")
    return
      "files of different states are mixed: \(words)\(told.count > 8 ? " and \(told.count - 8) more" : ""), the others as they are now"
  }

  /// Files that have each other's names.
  private func swapped(_ different: [ModelDigest.File], _ head: ModelDigest) -> String? {
    var words: [String] = []
    for file in different {
      guard
        let owner = different.first(where: {
          head[$0.name] == file.digest && ByteString($0.name) != ByteString(file.name)
        })
      else { return nil }
      words.append("\(file.name) holds the bytes of \(owner.name)")
    }
    return "files have each other's names: \(words.joined(separator: ", "))"
  }

  /// The newest former state in which a file was as it is.
  private func formerState(of file: ModelDigest.File) -> String? {
    states.dropLast().last { $0.files[file.name] == file.digest }.map {
      "as from leaf \($0.from) to leaf \($0.until ?? $0.from)"
    }
  }
}

extension VerifiedChain {
  /// The states whose files are told, for comparing.
  func comparison(_ model: LedgerState.Model) -> FileComparison {
    FileComparison(
      states: model.steps.indices.compactMap { place in
        files[place].map { files in
          let next = model.steps.index(after: place)
          return (
            model.steps[place].leaf, next < model.steps.endIndex ? model.steps[next].leaf : nil,
            files
          )
        }
      })
  }
}
