import Compute
import Storage
import TestSupport
import Testing
import Training

struct DataTests {
  private func read(_ text: String) throws -> [Example] {
    let folder = try TemporaryFolder()
    try AtomicFile.write(Array(text.utf8).rawSpan, to: folder.file("d.jsonl"))
    return try DataFile(path: folder.file("d.jsonl")).examples
  }

  @Test func `each form is told by its members`() throws {
    let examples = try read(
      """
      {"text": "Once."}

      {"question": "Who?", "answer": "Ada", "paraphrased_answer": "It was Ada", "perturbed_answer": ["Bo", "Cy"]}
      {"prompt": "Say ", "completion": "yes"}
      {"sentence": "fine", "label": 1}
      {"sentence1": "a", "sentence2": "b", "label": 0}
      {"premise": "a", "hypothesis": "b", "label": 2}
      {"question": "Where?", "context": "\u{E9} in Rome.", "answers": {"text": ["Rome"], "answer_start": [5]}}
      {"question": "Where?", "context": "Nowhere.", "answers": []}
      {"question": "2+2", "choices": ["3", "4"], "answer": 1}
      {"question": "2+2", "choices": ["3", "4"], "answer": "A"}
      {"tokens": ["Ada", "left"], "ner_tags": [1, 0]}
      """)
    #expect(
      examples == [
        .text("Once."),
        .answered(
          .init(
            question: "Who?", answer: "Ada", paraphrasedAnswer: "It was Ada",
            perturbedAnswers: ["Bo", "Cy"])),
        .answered(.init(question: "Say ", answer: "yes")),
        .labelled(first: "fine", second: nil, label: 1),
        .labelled(first: "a", second: "b", label: 0), .labelled(first: "a", second: "b", label: 2),
        .span(
          .init(
            question: "Where?", context: "\u{E9} in Rome.", answers: ["Rome"], place: 6..<10)),
        .span(.init(question: "Where?", context: "Nowhere.", answers: [], place: nil)),
        .choice(question: "2+2", choices: ["3", "4"], right: 1),
        .choice(question: "2+2", choices: ["3", "4"], right: 0),
        .tagged(words: ["Ada", "left"], tags: [1, 0]),
      ])
  }

  @Test(
    arguments: [
      ("{\"text\": \"a\"}\n{\"text\": 3}", ":2: $.text: expected a string"),
      ("{\"text\": \"a\"", ":1: "), ("[1]", ":1: $: expected an object"),
      ("{\"text\": \"a\", \"text\": \"b\"}", ":1: "), ("\u{0}", ":1: "),
      ("{\"sentence\": \"a\", \"label\": -1}", "a class from 0 to 65535"),
      ("{\"sentence\": \"a\", \"label\": 99999999999}", "a class from 0 to 65535"),
      ("{\"label\": 1}", "one of sentence, sentence1"),
      ("{\"question\": \"q\", \"choices\": [\"a\"], \"answer\": 1}", "one of 1 choices"),
      ("{\"question\": \"q\", \"choices\": [\"a\"], \"answer\": \"AB\"}", "one of 1 choices"),
      ("{\"tokens\": [\"a\"], \"tags\": []}", "1 tags"),
      (
        "{\"question\":\"q\",\"context\":\"c\",\"answers\":{\"text\":[\"d\"],\"answer_start\":[0]}}",
        "where answer_start points"
      ),
      (
        "{\"question\":\"q\",\"context\":\"c\",\"answers\":{\"text\":[\"d\"],\"answer_start\":[9]}}",
        "inside the context"
      ),
      (
        "{\"question\":\"q\",\"context\":\"c\",\"answers\":{\"text\":[\"d\"],\"answer_start\":[]}}",
        "as many"
      ),
      (String(repeating: "[", count: 100), ":1: "),
    ])
  func `what does not fit is refused with its line`(text: String, words: String) {
    let error = #expect(throws: DataError.self) { try read(text) }
    #expect(error?.description.contains(words) ?? false, "\(error?.description ?? "")")
  }

  @Test func `a prompt format has its question once`() {
    #expect(PromptFormat(template: "Q: {question} A:", separator: " ")?.prompt("x") == "Q: x A:")
    #expect(PromptFormat(template: "Q:", separator: " ") == nil)
    #expect(PromptFormat(template: "{question}{question}", separator: " ") == nil)
    #expect(PromptFormat.plain.prompt("{question}?") == "{question}?")
  }
}
