import ArgumentParser
import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON

extension Request {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists requests with the days that are left.")
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.run { surroundings in
        let state = try common.needWorkspace().openLedger(.read).state()
        let now = surroundings.now
        return Console.Answer(
          "request-list",
          ["requests": .array(state.requests.map { .object(RequestText.json($0, now)) })],
          state.requests.isEmpty
            ? ["no requests"] : state.requests.map { RequestText.line($0, now) })
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows a request with everything that was done for it.")
    @OptionGroup var common: CommonOptions
    @Argument(help: "The request, urn:uuid:… or the beginning of the uuid.")
    var request: String

    func run() throws {
      try common.run { surroundings in
        let store = try common.needWorkspace().openLedger(.read)
        let state = try store.state()
        let (found, now) = (try RequestText.find(request, in: state), surroundings.now)
        let leaves = try found.leaves.map { try store.leaf($0) }
        var object = RequestText.json(found, now)
        object["events"] = .array(
          leaves.map {
            .members([
              "leaf": .integer(Int64($0.sequence)), "time": .text($0.time.description),
              "type": .text($0.typeName),
            ])
          })
        var answer = Console.Answer(
          "request-show", [:],
          [RequestText.line(found, now)]
            + leaves.map { "  leaf \($0.sequence)  \($0.time)  \($0.typeName)" })
        answer.fields = object
        return answer
      }
    }
  }
}
