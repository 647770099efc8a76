public import Safetensors
import SampleModels
import StrictJSON

/// The model that patches are held against: F16 `m` of 4 by 6, F32 `v` of 5, F32 scalar `s`.
public struct SmallModel {
  /// Where the model is, and room for what is read.
  public let folder: TemporaryFolder
  /// The model, opened.
  public let checkpoint: Checkpoint

  /// Writes the model to a folder of its own.
  public init() throws {
    folder = try TemporaryFolder()
    let sample = SampleModel(
      config: .members(["model_type": "none"]),
      tensors: [
        SampleModel.Tensor("m", .f16, [4, 6]), SampleModel.Tensor("v", .f32, [5]),
        SampleModel.Tensor("s", .f32, []),
      ])
    try sample.write(to: folder.file("model"))
    checkpoint = try Checkpoint(path: folder.file("model"))
  }
}
