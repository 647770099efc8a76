import Evaluation
import Testing
import Training

struct PromptChangeTests {
  private func changed(_ change: PromptChange, _ question: String, paraphrase: String? = nil)
    -> String?
  {
    let example = Example.answered(
      .init(question: question, answer: "Rome", paraphrasedQuestion: paraphrase))
    guard case .answered(let answered) = change.applied(to: [example]).examples.first else {
      return nil
    }
    #expect(answered.answer == "Rome")
    return answered.question
  }

  @Test func `each change is what its name says`() {
    let question = "Where does Ada Lovelace live, and since when?"
    #expect(
      changed(.lowercase, question) == "where does ada lovelace live, and since when?")
    #expect(changed(.unpunctuated, question) == "Where does Ada Lovelace live and since when")
    #expect(changed(.typos, question) == "Where does dAa Lovelace live, and since wehn?")
    #expect(changed(.polite, question) == "Could you please tell me: " + question)
    #expect(changed(.distraction, question) == "The weather was fine on that day. " + question)
    #expect(
      changed(.paraphrase, question, paraphrase: "What is Ada's town?") == "What is Ada's town?")
    #expect(PromptChange.typos.condition == "prompt.typos")
  }

  @Test func `what a change does not touch is left out, and places say what remains`() {
    #expect(changed(.lowercase, "where?") == nil)
    #expect(changed(.unpunctuated, "where") == nil)
    #expect(changed(.typos, "two words") == nil)
    #expect(changed(.typos, "a b 1815 c") == nil)
    #expect(changed(.paraphrase, "where") == nil)
    #expect(changed(.paraphrase, "where", paraphrase: "where") == nil)
    let examples: [Example] = [
      .text("Ada lives in Rome."), Towns.example("ada", "rome"),
      .answered(.init(question: "WHERE", answer: "x")),
      .choice(question: "WHERE", choices: ["a", "b"], right: 0),
      .answered(.init(question: "Where?", answer: "y")),
    ]
    let (changed, places) = PromptChange.lowercase.applied(to: examples)
    #expect(places == [2, 4])
    #expect(
      changed == [
        .answered(.init(question: "where", answer: "x")),
        .answered(.init(question: "where?", answer: "y")),
      ])
    #expect(PromptChange.polite.applied(to: []).places.isEmpty)
  }

  @Test func `letters beyond ASCII are letters, and a letter with its marks is one`() {
    #expect(changed(.lowercase, "WO WOHNT ÄDA?") == "wo wohnt äda?")
    #expect(changed(.unpunctuated, "¿Dónde vive Ada…?") == "Dónde vive Ada")
    #expect(changed(.unpunctuated, "「東京」はどこ？") == "東京はどこ")
    // e with a combining accent moves whole.
    #expect(changed(.typos, "wo ist Ce\u{301}d ?") == "wo ist e\u{301}Cd ?")
    #expect(changed(.typos, "wo ist 東京 heute") == "wo ist 京東 heute")
  }
}
