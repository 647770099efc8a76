public import Training

/// The examples of one request, encoded for one model.
public struct UnlearningData: Sendable {
  /// D_f: what is to be forgotten.
  public var forget: [EncodedExample]
  /// D_r: what is to be kept.
  public var retain: [EncodedExample]
  /// Held-out examples that the model never saw; empty where there are none.
  public var test: [EncodedExample]
  /// For each forget example the answer that is preferred to it; empty where the method has no use for one.
  public var preferred: [EncodedExample]

  /// Puts the sets together.
  public init(
    forget: [EncodedExample], retain: [EncodedExample], test: [EncodedExample] = [],
    preferred: [EncodedExample] = []
  ) {
    self.forget = forget
    self.retain = retain
    self.test = test
    self.preferred = preferred
  }
}
