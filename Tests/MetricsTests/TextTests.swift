import Metrics
import StrictJSON
import Testing

@Suite("Text metrics") struct TextTests {
  @Test func `stems equal NLTK's`() throws {
    for row in try Fixture.rows("stems") {
      let (word, stem) = (try row[0].text(), try row[1].text())
      #expect(PorterStemmer.stem(word) == stem, "\(word)")
    }
  }

  @Test func `ROUGE equals rouge_score bit for bit`() throws {
    for row in try Fixture.rows("rouge") {
      let (prediction, reference) = (try row[0].text(), try row[1].text())
      var expected = try row[2...].map { try $0.number() }[...]
      for stems in [true, false] {
        for overlap in ROUGE.Overlap.allCases {
          let score = ROUGE(overlap, stems: stems)
            .score(prediction: prediction, reference: reference)
          let (r, p) = (expected.removeFirst(), expected.removeFirst())
          #expect(score.recall == r && score.precision == p, "\(prediction) / \(reference)")
          #expect(score.f1 == (p + r > 0 ? 2 * p * r / (p + r) : 0))
        }
      }
    }
  }

  @Test func `variant names say overlap, part and stemming`() {
    #expect(ROUGE(.rougeL, stems: true).variant(.recall) == "rougeL.recall(stem)")
    #expect(ROUGE(.rouge1, stems: false).variant(.f1) == "rouge1.f1(no-stem)")
  }

  @Test func `swapping the texts swaps recall and precision`() {
    let (a, b) = ("the cat sat on the mat", "a cat sat there")
    for overlap in ROUGE.Overlap.allCases {
      let there = ROUGE(overlap, stems: true).score(prediction: a, reference: b)
      let back = ROUGE(overlap, stems: true).score(prediction: b, reference: a)
      #expect(there[.recall] == back[.precision] && there[.precision] == back[.recall])
      #expect(there[.f1] == back[.f1])
    }
  }

  @Test func `answers are normalised as SQuAD's script does`() throws {
    for row in try Fixture.rows("normalized") {
      let text = try row[0].text()
      let tokens = AnswerScore.normalizedTokens(text).map { String(decoding: $0, as: UTF8.self) }
      #expect(
        tokens.map { Array($0.utf8) } == (try row[1].texts().map { Array($0.utf8) }), "\(text)")
    }
  }

  @Test func `exact match and token F1 equal SQuAD's rules`() throws {
    for row in try Fixture.rows("squad") {
      let (prediction, golds) = (try row[0].text(), try row[1].texts())
      for (rule, column) in [(AnswerScore.Rule.squad1, 2), (.squad2, 4)] {
        let score = try AnswerScore(prediction: prediction, golds: golds, rule: rule)
        #expect(score.isExactMatch == (try row[column].integer() == 1), "\(prediction) \(golds)")
        #expect(abs(score.f1 - (try row[column + 1].number())) < 1e-15, "\(prediction) \(golds)")
      }
    }
  }

  @Test func `no answer is right only under the rule of SQuAD 2`() throws {
    let silent = try AnswerScore(prediction: "", golds: [], rule: .squad2)
    #expect(silent.isExactMatch && silent.f1 == 1)
    let talking = try AnswerScore(prediction: "Paris", golds: ["", "the"], rule: .squad2)
    #expect(!talking.isExactMatch && talking.f1 == 0)
    expectUndefined("empty") { () throws(Undefined) in
      try AnswerScore(prediction: "", golds: [], rule: .squad1)
    }
  }
}
