/// The name and version of this software, as records give it.
public enum Tool {
  /// The version.
  public static let version = "0.1.0"
  /// Name and version.
  public static let nameAndVersion = "unlearn-patch/\(version)"
}
