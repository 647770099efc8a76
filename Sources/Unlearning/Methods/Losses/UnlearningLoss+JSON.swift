import Storage
public import StrictJSON

extension UnlearningLoss {
  /// The loss as it stands in a record; numbers that are not whole are texts.
  ///
  /// A steering vector is named by its length and not listed: it comes again from the run's seed.
  public var json: JSONValue {
    var object = JSONObject()
    switch forget {
    case .nothing: object["forget"] = "nothing"
    case .ascent: object["forget"] = "ascent"
    case .negativePreference(let beta):
      object["forget"] = "negative-preference"
      object["beta"] = .text("\(beta)")
    case .simplePreference(let beta, let margin):
      object["forget"] = "simple-preference"
      object["beta"] = .text("\(beta)")
      object["margin"] = .text("\(margin)")
    case .directPreference(let beta):
      object["forget"] = "direct-preference"
      object["beta"] = .text("\(beta)")
    case .refusal: object["forget"] = "refusal"
    case .steering(let steering):
      object["forget"] = "steering"
      object["layer"] = .integer(Int64(steering.layer))
      object["coefficient"] = .text("\(steering.coefficient)")
      object["features"] = .integer(Int64(steering.direction.count))
      object["places"] = .text(steering.places.rawValue)
    }
    object["forget_weight"] = .text("\(forgetWeight)")
    object["forget_limit"] = forgetLimit.map { .text("\($0)") } ?? .null
    switch retain {
    case .nothing: object["retain"] = "nothing"
    case .likelihood: object["retain"] = "likelihood"
    case .divergence(let places):
      object["retain"] = "divergence"
      object["retain_places"] = .text(places.rawValue)
    case .activations(let layer, let places):
      object["retain"] = "activations"
      object["retain_layer"] = .integer(Int64(layer))
      object["retain_places"] = .text(places.rawValue)
    }
    object["retain_weight"] = .text("\(retainWeight)")
    object["sparsity"] = .text("\(sparsity)")
    return .object(object)
  }
}
