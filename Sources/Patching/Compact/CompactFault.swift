/// What is wrong in a piece of a compact patch; who reads the piece knows where it is.
struct CompactFault: Error, Hashable, Sendable {
  let what: String

  init(_ what: String) { self.what = what }
}
