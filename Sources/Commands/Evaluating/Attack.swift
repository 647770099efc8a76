import ArgumentParser

struct Attack: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Attacks a model: is what was forgotten gone, or only hidden?",
    discussion: """
      Every attack is made on the model, on the original and on the oracle where they are named, with the same
      settings: a number of the unlearned model says little without theirs.
      """,
    subcommands: [
      AttackRelearn.self, AttackMembership.self, AttackQuantise.self, AttackPrompts.self,
      AttackSample.self,
    ])
}
