extension Tokenizer {
  /// Makes text of tokens; numbers that no token has are left out.
  ///
  /// - Parameter skipsSpecialTokens: Whether special tokens are left out.
  public func decode(
    _ ids: some Sequence<Int32>, skipsSpecialTokens: Bool = true
  ) throws(TokenizerError) -> String {
    var tokens: [[UInt8]] = []
    for id in ids {
      guard let token = added.decoded(id) ?? model.vocabulary.token(id) else { continue }
      if skipsSpecialTokens && added.isSpecial(token) { continue }
      tokens.append(token)
    }
    guard let decoder else {
      return String(decoding: Array(tokens.joined(separator: [0x20])), as: UTF8.self)
    }
    return String(decoding: Array(try decoder.apply(to: tokens).joined()), as: UTF8.self)
  }
}
