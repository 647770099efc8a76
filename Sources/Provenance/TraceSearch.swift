import Attestation
import Storage

extension Workspace {
  /// Searches all files of the workspace for what should be gone.
  ///
  /// - Parameter found: Makes the error of a trace: its number, the file, the byte.
  func searchFiles(
    for traces: [KeyTraces], _ surroundings: Surroundings,
    found: (Int, String, Int) -> ProvenanceError
  ) throws(ProvenanceError) -> (files: Int, byteCount: Int) {
    let entries = try storing { () throws(StorageError) in try Folder.files(below: path) }
    let total = entries.reduce(0) { $0 + $1.status.byteCount } * traces.count
    for entry in entries {
      let file = Paths.join(path, entry.name)
      for (number, trace) in traces.enumerated() {
        let place: Int?
        do throws(StorageError) {
          place = try trace.firstTrace(inFile: file) {
            surroundings.progress("searching for what should be gone", $0, total)
          }
        } catch {
          // Another process's unfinished file may go meanwhile.
          if error.isNotFound { continue }
          throw ProvenanceError(error)
        }
        if let place { throw found(number, file, place) }
      }
    }
    return (entries.count, entries.reduce(0) { $0 + $1.status.byteCount })
  }
}
