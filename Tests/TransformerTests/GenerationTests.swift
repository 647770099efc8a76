import Architecture
import Compute
import Testing
import Transformer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct GenerationTests {
  static let decoders = Fixture.names.filter {
    [
      "gpt2", "opt", "gpt-neox", "gpt-neox-serial", "phi", "phi3", "llama", "llama-tied", "mistral",
      "qwen2", "qwen3", "gemma",
    ].contains($0)
  }
  private let prompts: [[Int32]] = [[3, 7, 11, 4], [5], [9, 9, 2, 14, 20, 6, 1]]

  /// Token by token without a cache: what a cache must not change.
  private func plain(_ model: Model<Double>, _ prompt: [Int32], count: Int) throws -> [Int32] {
    var tokens = prompt
    for _ in 0..<count {
      let pass = try model.forward(Batch([tokens]))
      let logits = try model.logits(pass, rows: [Int32(tokens.count - 1)]).row(0)
      tokens.append(Int32(logits.indices.max { logits[$0] < logits[$1] } ?? 0))
    }
    return Array(tokens.dropFirst(prompt.count))
  }

  @Test(arguments: decoders) func `a cache changes nothing, alone or in a batch`(name: String)
    throws
  {
    let model = try Fixture(name).model(Double.self)
    var random = RandomNumbers(seed: 1)
    let options = GenerationOptions(limit: 12)
    let together = try model.generate(prompts, options, random: &random)
    for (prompt, result) in zip(prompts, together) {
      #expect(result.tokens == (try plain(model, prompt, count: 12)))
      let alone = try model.generate([prompt], options, random: &random)
      #expect(alone[0].tokens == result.tokens && !result.hasEnded)
    }
  }

  @Test(arguments: decoders) func `log-probabilities are those of a whole pass`(name: String) throws
  {
    let model = try Fixture(name).model(Double.self)
    var random = RandomNumbers(seed: 1)
    let results = try model.generate(prompts, GenerationOptions(limit: 9), random: &random)
    for (prompt, result) in zip(prompts, results) {
      let all = prompt + result.tokens
      let batch = Batch([all])
      var labels = Array(repeating: ignoredLabel, count: all.count)
      for place in prompt.count..<all.count { labels[place] = all[place] }
      let losses = try model.losses(
        model.forward(batch), .nextTokens(batch, labels: labels))
      for (one, other) in zip(losses.logProbabilities, result.logProbabilities) {
        #expect(abs(one - other) < 1e-10)
      }
    }
  }

  @Test func `an end stops its own sequence and no other`() throws {
    let model = try Fixture("llama").model(Float.self)
    var random = RandomNumbers(seed: 1)
    let free = try model.generate(prompts, GenerationOptions(limit: 12), random: &random)
    let end = free[0].tokens[3]
    let stopped = try model.generate(
      prompts, GenerationOptions(limit: 12, ends: [end]), random: &random)
    for (free, stopped) in zip(free, stopped) {
      #expect(stopped.tokens == Array(free.tokens.prefix { $0 != end }))
      #expect(stopped.hasEnded == free.tokens.contains(end))
    }
  }

  @Test func `sampling repeats with its seed, and keeps to its cuts`() throws {
    let model = try Fixture("gpt2").model(Float.self)
    let options = GenerationOptions(.sampled(temperature: 2, top: 3), limit: 10)
    var runs: [[Generated]] = []
    for seed in [1, 1, 2] as [UInt64] {
      var random = RandomNumbers(seed: seed)
      runs.append(try model.generate(prompts, options, random: &random))
    }
    #expect(runs[0] == runs[1] && runs[0] != runs[2])
    for (prompt, result) in zip(prompts, runs[0]) {
      let all = prompt + result.tokens
      let logits = try model.logits(model.forward(Batch([all])))
      for (offset, token) in result.tokens.enumerated() {
        let row = logits.row(prompt.count + offset - 1)
        #expect(row.filter { $0 > row[Int(token)] }.count < 3)
      }
    }
    var random = RandomNumbers(seed: 1)
    let narrow = try model.generate(
      prompts, GenerationOptions(.sampled(mass: 1e-9), limit: 10), random: &random)
    let greedy = try model.generate(prompts, GenerationOptions(limit: 10), random: &random)
    #expect(narrow.map(\.tokens) == greedy.map(\.tokens))
  }

  @Test func `sampled tokens have the model's frequencies`() throws {
    let model = try Fixture("llama").model(Double.self)
    let prompt: [Int32] = [3, 7]
    let pass = try model.forward(Batch([prompt]))
    let logits = try model.logits(pass, rows: [1])
    let expected = (0..<29).map { label in
      Double(model.workers.logSoftmax(logits, labels: [Int32(label)]).logProbabilities[0])
    }
    var random = RandomNumbers(seed: 5)
    let count = 4000
    let drawn = try model.generate(
      Array(repeating: prompt, count: count), GenerationOptions(.sampled(), limit: 1),
      random: &random)
    var seen = Array(repeating: 0, count: 29)
    for result in drawn { seen[Int(result.tokens[0])] += 1 }
    // Pearson's statistic; 28 degrees of freedom exceed 60 once in 2,500 seeds, and the seed is fixed.
    let statistic = (0..<29).reduce(0.0) {
      let mean = exp(expected[$1]) * Double(count)
      return $0 + (Double(seen[$1]) - mean) * (Double(seen[$1]) - mean) / mean
    }
    #expect(statistic < 60)
  }

  @Test func `what does not generate says so`() throws {
    var random = RandomNumbers(seed: 1)
    let encoder = try Fixture("bert-masked").model(Float.self)
    #expect(throws: InputError.self) {
      try encoder.generate([[3]], GenerationOptions(limit: 1), random: &random)
    }
    let decoder = try Fixture("gpt2").model(Float.self)
    #expect(throws: InputError.self) {
      try decoder.generate(
        [Array(repeating: 3, count: 20)], GenerationOptions(limit: 6), random: &random)
    }
    #expect(throws: InputError("sequence 0 is empty")) {
      try decoder.generate([[]], GenerationOptions(limit: 1), random: &random)
    }
    let none = try decoder.generate([[3]], GenerationOptions(limit: 0), random: &random)
    #expect(none[0].tokens.isEmpty && !none[0].hasEnded)
  }
}
