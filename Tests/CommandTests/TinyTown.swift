import Storage
import TestSupport
import Testing

/// A small model that has read where a few people live, with the sets to unlearn one of them.
enum TinyTown {
  /// A workspace with the model `town`, `forget.jsonl` and `retain.jsonl`.
  static func bench(forget: (question: String, answer: String), words: [String]) throws -> Bench {
    let bench = try Bench()
    let known = ["where", "lives", "?", "in", ".", "ada", "rome", "bo", "oslo"] + words
    try bench.write(String(decoding: WordTokenizer.json(known), as: UTF8.self), "tokenizer.json")
    try bench.write(
      """
      {"model_type": "gpt2", "n_layer": 2, "n_head": 4, "n_embd": 32, "n_positions": 16,
       "vocab_size": \(4 + known.count), "n_inner": 64, "eos_token_id": 3}
      """, "config.json")
    func line(_ question: String, _ answer: String) -> String {
      #"{"question": "\#(question)", "answer": "\#(answer)"}"# + "\n"
    }
    let retain = line("where lives ada ?", "in rome .") + line("where lives bo ?", "in oslo .")
    try bench.write(line(forget.question, forget.answer), "forget.jsonl")
    try bench.write(retain, "retain.jsonl")
    try bench.write(line(forget.question, forget.answer) + retain, "train.jsonl")
    try bench.succeed(
      "finetune", "--config", "config.json", "--tokenizer", "tokenizer.json", "--data",
      "train.jsonl", "--epochs", "3", "--threads", "1", "-o", "town")
    return bench
  }

  /// Makes the patch `p.patch.safetensors`, with what was measured.
  static func createPatch(_ bench: Bench, for request: String) throws {
    try bench.succeed(
      "create", "--model", "town", "--forget", "forget.jsonl", "--retain", "retain.jsonl",
      "--method", "npo", "--steps", "2", "--threads", "1", "--rate", "0.01", "--request", request,
      "-o", "p.patch.safetensors")
  }
}
