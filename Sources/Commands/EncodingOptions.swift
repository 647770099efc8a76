public import Architecture
public import ArgumentParser
import Provenance
import Safetensors
import Storage
import Tokenization
import Training
import Transformer

/// Options that say how examples become tokens.
struct EncodingOptions: ParsableArguments {
  @Option(
    name: .long,
    help: """
      What the model is asked for: language-model, masked-language-model, sequence-classification, \
      token-classification, question-answering or multiple-choice (default: what it was saved for).
      """)
  var task: ModelPlan.Task?
  @Option(
    name: .long, help: "The tokenizer.json (default: the model's own).", completion: .file())
  var tokenizer: String?
  @Option(name: .long, help: "How many tokens a sequence has at most.")
  var length = 512
  @Option(
    name: .long,
    help: """
      How a question becomes a prompt: plain, named, bare, or a text with {question} in it; the answer \
      follows after a space.
      """)
  var prompt = "plain"

  @Flag(
    name: .long,
    help: "No token ends an answer or a text: for models that know running text and no questions.")
  var noEnd = false

  /// The tokenizer's file, where one was named.
  var tokenizerBytes: [UInt8]? {
    get throws {
      try tokenizer.map { try Folder.read($0, limit: Tokenizer.fileByteLimit) }
    }
  }

  /// How questions become prompts.
  var format: PromptFormat {
    get throws {
      let text = prompt.replacing("\\n", with: "\n")
      guard let format = PromptFormat.known[prompt] ?? PromptFormat(template: text, separator: " ")
      else {
        throw ProvenanceError(
          .usage, "--prompt: expected plain, named, bare or a text with {question} in it once")
      }
      return format
    }
  }

  /// The encoder for a model.
  func encoder(for loaded: LoadedModel) throws -> ExampleEncoder {
    guard let path = tokenizer ?? loaded.checkpoint?.fullPath("tokenizer.json") else {
      throw ProvenanceError(.usage, "a new model needs --tokenizer")
    }
    let plan = loaded.model.plan
    guard let task = plan.output?.task else {
      throw ProvenanceError(.usage, "the model ends in hidden states: name a --task")
    }
    guard length >= 2 else { throw ProvenanceError(.usage, "--length must be at least 2") }
    let tokenizer = try Tokenizer(path: path)
    guard tokenizer.vocabularySize <= plan.vocabulary else {
      throw ProvenanceError(
        .invalid,
        "\(path): has \(tokenizer.vocabularySize) tokens, the model \(plan.vocabulary)")
    }
    return ExampleEncoder(
      tokenizer, task: task, limit: min(length, plan.sequenceLimit), format: try format,
      end: task == .languageModel && !noEnd ? try loaded.endToken : nil)
  }
}

extension ModelPlan.Task: ExpressibleByArgument {}
