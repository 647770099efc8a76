import ArgumentParser

/// A count of bytes as `transformers` writes it: `5GB`, `200MB`, `64KB`, in powers of ten, or a number.
struct ByteSize: ExpressibleByArgument, CustomStringConvertible {
  let byteCount: Int

  init(byteCount: Int) { self.byteCount = byteCount }

  init?(argument: String) {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000)]
    let text = argument.uppercased()
    let unit = units.first { text.hasSuffix($0.0) }
    guard let number = Int(text.dropLast(unit?.0.utf8.count ?? 0)), number > 0 else { return nil }
    let (count, overflows) = number.multipliedReportingOverflow(by: unit?.1 ?? 1)
    if overflows { return nil }
    byteCount = count
  }

  var description: String {
    byteCount.isMultiple(of: 1_000_000_000) ? "\(byteCount / 1_000_000_000)GB" : "\(byteCount)"
  }
}
