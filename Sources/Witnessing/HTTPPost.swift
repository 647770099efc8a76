private import CCurl
import Storage

/// One HTTP request, by libcurl.
public struct HTTPPost: Sendable {
  /// What came back.
  public struct Answer: Hashable, Sendable {
    /// The HTTP status.
    public var status: Int
    /// The body.
    public var body: [UInt8]

    /// Makes an answer.
    public init(status: Int, body: [UInt8]) {
      self.status = status
      self.body = body
    }
  }

  /// How long the whole exchange may take, in milliseconds.
  public var milliseconds: Int
  /// How the program names itself.
  public var agent: String

  /// Sets the limits.
  public init(milliseconds: Int, agent: String) {
    self.milliseconds = milliseconds
    self.agent = agent
  }

  /// Posts a body to a URL (http or https) and reads an answer of at most `limit` bytes.
  public func send(_ body: [UInt8], to url: String, limit: Int) throws(WitnessError) -> Answer {
    let bytes = Array(url.utf8)
    guard
      bytes.starts(with: Array("http://".utf8)) || bytes.starts(with: Array("https://".utf8)),
      bytes.count <= 2048, bytes.allSatisfy({ (0x21...0x7E).contains($0) }),
      !bytes.contains(UInt8(ascii: "@"))
    else {
      throw WitnessError(
        .badURL("\(ByteString(url)) is no address of a witness: http:// or https:// and a path"))
    }
    var reply = [UInt8](repeating: 0, count: limit)
    var message = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
    var (count, status) = (0, 0)
    let time = max(1, milliseconds)
    // The buffers are as long as is said, and are only borrowed for the call.
    let outcome = unsafe ccurl_post(
      url, agent, body, body.count, min(time, 10_000), time, &reply, reply.count, &count, &status,
      &message)
    switch ccurl_outcome(UInt32(bitPattern: outcome)) {
    case CCURL_DONE: return Answer(status: status, body: Array(reply.prefix(count)))
    case CCURL_TOO_LARGE: throw WitnessError(.noAnswer("its answer is longer than \(limit) bytes"))
    default:
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw WitnessError(.noAnswer("no answer: \(ByteString(bytes: text))"))
    }
  }
}
