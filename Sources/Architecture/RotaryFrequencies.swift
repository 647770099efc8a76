import StrictJSON

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How fast each pair of features turns, from `config.json` as `transformers` 4 and 5 write it.
///
/// Plain (Su et al., 2021), linearly stretched, and Llama 3's stretching of slow pairs; others, which also
/// change the scores' scale, are refused.
struct RotaryFrequencies {
  /// Radians a position, one for each pair.
  let values: [Double]

  init(
    _ config: ConfigReader, headWidth: Int, fractionKeys: [String], defaultFraction: Double
  ) throws(ArchitectureError) {
    let parameters = config["rope_parameters"]
    var theta = 10_000.0
    for key in ["rotary_emb_base", "rope_theta"] { theta = try config.number(key, or: theta) }
    theta = try parameters.number("rope_theta", or: theta)
    var fraction = defaultFraction
    for key in fractionKeys { fraction = try config.number(key, or: fraction) }
    fraction = try parameters.number("partial_rotary_factor", or: fraction)
    guard theta > 1, fraction > 0, fraction <= 1 else {
      throw ArchitectureError(
        "config.json: a rotary base of \(theta) over \(fraction) of a head is no rotation")
    }
    let width = Int(Double(headWidth) * fraction)
    guard width >= 2, width.isMultiple(of: 2) else {
      throw ArchitectureError("config.json: \(width) rotary features are not pairs")
    }
    let plain = stride(from: 0, to: width, by: 2).map { 1 / pow(theta, Double($0) / Double(width)) }
    let scaling = parameters.isPresent ? parameters : config["rope_scaling"]
    let type = try scaling.text("rope_type", or: try scaling.text("type", or: "default"))
    switch type {
    case "default": values = plain
    case "linear":
      let factor = try scaling.number("factor", or: 1)
      guard factor >= 1 else { throw ArchitectureError("config.json: rope factor \(factor)") }
      values = plain.map { $0 / factor }
    case "llama3": values = try Self.stretched(plain, scaling)
    default:
      throw ArchitectureError("config.json: rope_type \"\(type)\" is not supported")
    }
  }

  /// Llama 3.1: pairs that turn slowly are slowed further, those between change smoothly.
  private static func stretched(_ plain: [Double], _ scaling: ConfigReader)
    throws(ArchitectureError) -> [Double]
  {
    let factor = try scaling.number("factor", or: 8)
    let low = try scaling.number("low_freq_factor", or: 1)
    let high = try scaling.number("high_freq_factor", or: 4)
    let length = try scaling.number("original_max_position_embeddings", or: 8192)
    guard factor >= 1, low > 0, high > low, length > 0 else {
      throw ArchitectureError("config.json: the factors of rope_type \"llama3\" do not agree")
    }
    return plain.map { frequency in
      let turns = length * frequency / (2 * .pi)
      if turns > high { return frequency }
      if turns < low { return frequency / factor }
      let share = (turns - low) / (high - low)
      return (1 - share) * frequency / factor + share * frequency
    }
  }
}
