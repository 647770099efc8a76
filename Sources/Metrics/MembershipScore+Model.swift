/// Scores that need more of a text or a model than log-probabilities; **lower means member** here too.
extension MembershipScore {
  /// zlib (Carlini et al., 2021): the mean loss over the length of the text's UTF-8 compressed by zlib at level 6.
  ///
  /// A text that is predictable anyway is no member for being so. open-unlearning takes the answer's text alone, without
  /// what a chat template adds, and the loss with the end-of-text token. No text has 8 bytes.
  ///
  /// - Complexity: O(*n*)
  public static func zlib(loss: Double, text: String) throws(Undefined) -> Double {
    try Likelihood.checkLosses([loss], "loss")
    return loss / Double(Zlib.compressedByteCount(of: Array(text.utf8)))
  }

  /// The gradient norm: the mean over tensors of the L2 norm of the loss's gradient, from squared norms.
  ///
  /// As open-unlearning's `gradnorm` with p = 2: the score is the norm itself, lower for members, whose loss has little
  /// left to push (a comment there says "negative", the code does not negate). Of tensors that have a gradient only: one
  /// whose gradient is 0 counts, a frozen one does not. The loss is the mean without the end-of-text token; dropout,
  /// which their code turns on, makes it random.
  public static func gradientNorm(squaredNorms: [Double]) throws(Undefined) -> Double {
    try squaredNorms.checkNumbers("squared gradient norms")
    if let value = squaredNorms.first(where: { $0 < 0 }) {
      throw Undefined(.outOfRange(value), in: "squared gradient norms")
    }
    return squaredNorms.map { $0.squareRoot() }.plainMean
  }
}
