/// A `tokenizer.json` that takes each word of a list, and each punctuation mark in it, as a token.
public enum WordTokenizer {
  /// The document; `[PAD]`, `[UNK]`, `[MASK]` and `[END]` are 0 to 3, the words follow in their order.
  public static func json(_ words: [String]) -> [UInt8] {
    let special = ["[PAD]", "[UNK]", "[MASK]", "[END]"]
    let vocabulary = (special + words).enumerated()
      .map { "\"\($0.element)\":\($0.offset)" }.joined(separator: ",")
    let added = special.enumerated().map {
      """
      {"id":\($0.offset),"content":"\($0.element)","single_word":false,"lstrip":false,"rstrip":false,\
      "normalized":false,"special":true}
      """
    }.joined(separator: ",")
    return Array(
      """
      {"version":"1.0","truncation":null,"padding":null,"added_tokens":[\(added)],"normalizer":null,\
      "pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,\
      "model":{"type":"WordLevel","vocab":{\(vocabulary)},"unk_token":"[UNK]"}}
      """.utf8)
  }
}
