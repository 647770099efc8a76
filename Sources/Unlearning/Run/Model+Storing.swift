import Architecture
import Storage
public import Compute
public import Safetensors
public import Transformer

extension Model<Float> {
  /// The model with what was trained rounded to the types in which a checkpoint stores it: what a loader of the
  /// patched checkpoint computes with, and so what is measured.
  public func rounded(
    like checkpoint: Checkpoint, _ trainable: Trainable
  ) -> Model<Float> {
    var model = self
    for parameter in trainable.parameters {
      guard let place = checkpoint[plan.parameters[parameter].name],
        let stored = StoredFloat(place.info.dtype), stored != .f32
      else { continue }
      let matrix = parameters[parameter]
      let bytes = matrix.bytes(as: stored)
      model.parameters[parameter] = Matrix(
        rows: matrix.rows, columns: matrix.columns, bytes.rawSpan, as: stored)
    }
    return model
  }
}
