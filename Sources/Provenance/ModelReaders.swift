import Patching
import Safetensors
import Storage

extension Workspace {
  /// Warns where other processes have files open or mapped that are about to change under them.
  func warnOfReaders(_ target: PatchTarget, _ surroundings: Surroundings) {
    let paths = target.shardNames.map { target.checkpoint.fullPath($0) }
    for user in FileUser.find(paths) {
      let files = user.paths.map { Paths.name(of: $0) }.joined(separator: ", ")
      surroundings.warn(
        "process \(user.process) (\(user.name)) has \(files) open or mapped and will see the change as it is written; `apply --output DIR` makes a copy instead and leaves these files alone"
      )
    }
  }
}
