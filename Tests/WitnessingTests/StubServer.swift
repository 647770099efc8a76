import Storage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A server on the loopback that answers one connection with fixed bytes, after a pause.
final class StubServer: Sendable {
  let url: String
  private let socket: Int32
  private let thread: pthread_t

  private final class Work {
    let socket: Int32
    let answer: [UInt8]
    let pause: UInt32

    init(_ socket: Int32, _ answer: [UInt8], _ pause: UInt32) {
      (self.socket, self.answer, self.pause) = (socket, answer, pause)
    }

    func run() {
      let peer = accept(socket, nil, nil)
      guard peer >= 0 else { return }
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      var received: [UInt8] = []
      // The request of these tests ends with an empty line and a note, which ends with a line break.
      while !Self.isWhole(received) {
        let count = recv(peer, &buffer, buffer.count, 0)
        guard count > 0 else { break }
        received += buffer.prefix(count)
      }
      if pause > 0 { usleep(pause) }
      var sent = 0
      while sent < answer.count {
        let count = answer[sent...].withUnsafeBytes {
          send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { break }
        sent += count
      }
      close(peer)
    }

    private static func isWhole(_ bytes: [UInt8]) -> Bool {
      let text = String(decoding: bytes, as: UTF8.self)
      guard let end = text.range(of: "\r\n\r\n"),
        let length = text.range(of: "Content-Length: ")
      else { return false }
      let digits = text[length.upperBound...].prefix { $0.isNumber }
      return text[end.upperBound...].utf8.count >= Int(digits) ?? 0
    }
  }

  init(_ answer: String, pauseMicroseconds: UInt32 = 0) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = socket
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && listen(socket, 1) == 0
          && getsockname(socket, $0, &length) == 0
      }
    }
    guard bound else { throw StorageError(.notRegular, path: "127.0.0.1") }
    url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    // Not a task: a blocked call must not keep a thread of the test runner's pool.
    let work = Unmanaged.passRetained(Work(socket, Array(answer.utf8), pauseMicroseconds))
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        context.map { Unmanaged<Work>.fromOpaque($0).takeRetainedValue().run() }
        return nil
      }, work.toOpaque())
    self.thread = thread
  }

  deinit {
    shutdown(socket, Int32(SHUT_RDWR))
    pthread_join(thread, nil)
    close(socket)
  }
}

extension String {
  fileprivate func range(of word: String) -> Range<String.Index>? { firstRange(of: word) }
}
