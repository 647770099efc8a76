import Storage
import StrictJSON

extension FuzzTarget {
  /// JSON text.
  static let json = FuzzTarget("json") {
    { input in
      guard
        let value = try reading({ () throws(JSONError) in
          try JSONValue(parsing: input, byteLimit: 1 << 20)
        })
      else { return }
      let shown = try CanonicalJSON.encodeForPeople(value, keepsNumbers: true)
      try require(
        try JSONValue(parsing: shown, byteLimit: .max) == value, "changed by writing for people")
      let canonical: [UInt8]
      do throws(CanonicalJSON.EncodingError) { canonical = try CanonicalJSON.encode(value) } catch {
        return
      }
      let again = try JSONValue(parsing: canonical, byteLimit: .max)
      try require(again == value, "changed by writing")
      try require(try CanonicalJSON.encode(again) == canonical, "the canonical form is not one")
    }
  }
}
