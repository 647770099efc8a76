import Architecture
import Compute
import Patching
import Safetensors
import Storage
import Synchronization
import Transformer

/// The values of a patch as they are in a model, in the types in which the checkpoint stores them.
final class ModelValues: ValueSource, Sendable {
  private let model: Model<Float>
  private let places: [ByteString: Int]
  /// The tensor that was converted last.
  private let last = Mutex<(name: ByteString, bytes: [UInt8])?>(nil)

  init(_ model: Model<Float>) {
    self.model = model
    var places = model.plan.aliases
    for (index, parameter) in model.plan.parameters.enumerated() { places[parameter.name] = index }
    self.places = places
  }

  func forEachPiece<Failure: Error>(
    of tensor: TensorInfo, in range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    let bytes = bytes(of: tensor)
    guard range.upperBound <= bytes.count else { return }
    try body(bytes.rawSpan.extracting(range))
  }

  private func bytes(of tensor: TensorInfo) -> [UInt8] {
    last.withLock { last in
      if let last, last.name == tensor.name { return last.bytes }
      guard let place = places[tensor.name], let stored = StoredFloat(tensor.dtype) else {
        return []
      }
      let bytes = model.parameters[place].bytes(as: stored)
      last = (tensor.name, bytes)
      return bytes
    }
  }
}
