public import Transformer

/// Why something could not be computed with a model and examples.
public enum ComputationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The model refused an input.
  case input(InputError)
  /// Something that is needed was not given.
  case missing(String)
  /// A hyper-parameter, a size or a count that does not fit.
  case mismatch(String)
  /// What was asked is not defined for this kind of target or this layer.
  case unsupported(String)

  /// What does not fit, in one line.
  public var description: String {
    switch self {
    case .input(let error): error.description
    case .missing(let what), .mismatch(let what), .unsupported(let what): what
    }
  }
}

/// Runs a step that computes with the model, and gives its error this module's type.
package func computing<Value>(_ body: () throws(InputError) -> Value) throws(ComputationError)
  -> Value
{
  do throws(InputError) { return try body() } catch { throw .input(error) }
}
