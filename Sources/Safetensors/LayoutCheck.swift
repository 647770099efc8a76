import Storage

/// Checks that tensors, in the order of their data, cover the file without hole or overlap, and are each as long
/// as type and shape ask for: the reference's checks in its order.
struct LayoutCheck {
  let table: TensorTable
  let dataOffset: Int
  let fileByteCount: Int

  /// Stops at the first fault if `report` throws it.
  func run(
    looksAtRanges: Bool = true, _ report: (HeaderError) throws(HeaderError) -> Void
  ) throws(HeaderError) {
    var covered: UInt64 = 0
    for position in table.indices {
      let record = table.records[position]
      if looksAtRanges, record.begin != covered || record.end < record.begin {
        try report(
          fault(
            .invalidOffset(expectedBegin: covered, begin: record.begin, end: record.end), position))
      }
      covered = max(covered, record.end)
      let byteCount: UInt64
      do throws(HeaderError.Reason) { byteCount = try table.byteCount(at: position) } catch {
        try report(fault(error, position))
        continue
      }
      guard record.end >= record.begin else { continue }
      let found = record.end - record.begin
      if byteCount != found {
        try report(fault(.sizeMismatch(expected: byteCount, found: found), position))
      }
    }
    guard looksAtRanges, covered != UInt64(fileByteCount - dataOffset) else { return }
    let (expected, overflow) = covered.addingReportingOverflow(UInt64(dataOffset))
    let end = HeaderError(
      .dataNotCovered(expectedFileByteCount: overflow ? nil : expected, found: fileByteCount),
      at: overflow ? fileByteCount : Int(min(expected, UInt64(fileByteCount))))
    try report(table.isEmpty ? end : end.about(table.name(at: table.count - 1)))
  }

  /// Notes every fault.
  ///
  /// - Parameter isWhole: Whether every entry is in the table.
  func collect(into faults: inout HeaderFaults, isWhole: Bool) {
    var found = faults
    do throws(HeaderError) {
      try run(looksAtRanges: isWhole) { (fault) throws(HeaderError) in found.add(fault) }
    } catch { found.add(error) }
    faults = found
  }

  private func fault(_ reason: HeaderError.Reason, _ position: Int) -> HeaderError {
    HeaderError(reason, at: table.entryOffset(at: position)).about(table.name(at: position))
  }
}
