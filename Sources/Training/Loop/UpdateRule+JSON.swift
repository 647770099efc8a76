import Storage
public import StrictJSON
public import Transformer

extension UpdateRule {
  /// The rule as it stands in a record: `optimizer` and its numbers, as texts.
  public var json: JSONObject {
    switch self {
    case .adamW(let beta1, let beta2, let epsilon):
      JSONObject([
        ("optimizer", "adamw"), ("beta1", .text("\(beta1)")), ("beta2", .text("\(beta2)")),
        ("epsilon", .text("\(epsilon)")),
      ])
    case .momentum(let momentum, let isNesterov):
      JSONObject([
        ("optimizer", "sgd"), ("momentum", .text("\(momentum)")), ("nesterov", .bool(isNesterov)),
      ])
    case .sophia(let beta1, let beta2, let gamma, let epsilon):
      JSONObject([
        ("optimizer", "sophia"), ("beta1", .text("\(beta1)")), ("beta2", .text("\(beta2)")),
        ("gamma", .text("\(gamma)")), ("epsilon", .text("\(epsilon)")),
      ])
    }
  }
}
