public import Storage
import StrictJSON

/// A shard index (`model.safetensors.index.json`), read as untrusted.
///
/// Only `weight_map` counts; `metadata` may be missing or wrong in the wild and decides nothing.
public struct ShardIndex: Hashable, Sendable {
  /// The largest index that is read.
  public static let byteLimit = 10 << 20

  /// The file of each tensor.
  public let fileOfTensor: [ByteString: String]

  /// The files that are named, in byte order.
  public var files: [String] {
    Set(fileOfTensor.values.map { ByteString($0) }).sorted().map(\.text)
  }

  /// Reads an index.
  ///
  /// A file must lie in the index's own folder tree and end in `.safetensors`.
  public init(path: String) throws(TensorFileError) {
    let bytes: [UInt8]
    do throws(StorageError) { bytes = try Folder.read(path, limit: Self.byteLimit) } catch {
      throw .storage(error)
    }
    let document: JSONValue
    do throws(JSONError) {
      document = try JSONValue(parsing: bytes, byteLimit: Self.byteLimit)
    } catch { throw .checkpoint("\(error)", path: path) }
    var map: [ByteString: String] = [:]
    let members: JSONObject
    do throws(JSONFieldError) { members = try JSONField(document)["weight_map"].object() } catch {
      throw .checkpoint("\(error)", path: path)
    }
    for member in members.members {
      guard case .string(let file) = member.value else {
        throw .checkpoint("tensor \"\(member.key)\": its file must be a string", path: path)
      }
      guard Paths.isSafeRelative(file.text), file.bytes.ends(with: ".safetensors") else {
        throw .checkpoint(
          "tensor \"\(member.key)\": \"\(file)\" is not a .safetensors file inside the folder",
          path: path)
      }
      map[member.key] = file.text
    }
    fileOfTensor = map
  }
}

extension [UInt8] {
  fileprivate func ends(with text: String) -> Bool {
    suffix(text.utf8.count).elementsEqual(text.utf8)
  }
}
