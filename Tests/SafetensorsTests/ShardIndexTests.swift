import Safetensors
import Storage
import TestSupport
import Testing

@Suite("A shard index is untrusted") struct ShardIndexTests {
  private static let one = "model-00001-of-00002.safetensors"
  private static let two = "model-00002-of-00002.safetensors"

  private func read(_ json: String) throws -> ShardIndex {
    let folder = try folder(json)
    return try ShardIndex(path: folder.file(ShardIndex.fileName))
  }

  private func folder(_ json: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try TemporaryFolder.write(Array(json.utf8), to: folder.file(ShardIndex.fileName))
    return folder
  }

  /// What the refusal of an index says.
  private func refusal(_ json: String) throws -> String {
    let folder = try folder(json)
    do throws(TensorFileError) {
      _ = try ShardIndex(path: folder.file(ShardIndex.fileName))
      return "accepted"
    } catch { return error.description }
  }

  @Test(
    arguments: [
      "", #""metadata":null,"#, #""metadata":{},"#, #""metadata":[],"#, #""metadata":"x","#,
      #""metadata":{"total_size":null},"#, #""metadata":{"total_size":1.5e9},"#,
      #""metadata":{"total_size":-1},"#, #""metadata":{"total_size":"12"},"#,
      #""metadata":{"total_size":99999999999999999999},"#, #""more":{"weight_map":1},"#,
    ])
  func `metadata decides nothing`(metadata: String) throws {
    let index = try read(#"{\#(metadata)"weight_map":{"a":"x.safetensors"}}"#)
    #expect(index.fileOfTensor == ["a": "x.safetensors"])
  }

  @Test(arguments: ["null", "1", "true", #"["x.safetensors"]"#, #"{"file":"x.safetensors"}"#])
  func `a file must be a string`(file: String) throws {
    let words = try refusal(#"{"weight_map":{"a":\#(file)}}"#)
    #expect(words.contains("tensor \"a\"") && words.contains("must be a string"))
  }

  @Test(
    arguments: [
      "../x.safetensors", "a/../../x.safetensors", "/x.safetensors", "..", "", ".safetensors/..",
      #"C:\\x.safetensors"#, #"..\\x.safetensors"#, "C:x.safetensors", "x.bin", "x.safetensors.bin",
      "a//x.safetensors", "./x.safetensors", "x\\u0000.safetensors",
    ])
  func `a file must be a safetensors file inside the folder`(file: String) throws {
    let words = try refusal(#"{"weight_map":{"a":"\#(file)"}}"#)
    #expect(words.contains("is not a .safetensors file inside the folder"), "\(words)")
  }

  @Test(
    arguments: [
      "{}", #"{"weight_map":null}"#, #"{"weight_map":[]}"#, "[]", "", "{", "null",
      #"{"weight_map":{}}{}"#,
    ])
  func `the map must be an object, and the text one value`(json: String) throws {
    #expect(try refusal(json) != "accepted")
  }

  @Test(
    arguments: [
      #"{"weight_map":{"a":"x.safetensors","a":"y.safetensors"}}"#,
      #"{"weight_map":{"a":"x.safetensors","\u0061":"x.safetensors"}}"#,
      #"{"weight_map":{"a":"x.safetensors"},"weight_map":{"a":"y.safetensors"}}"#,
    ])
  func `a key that comes twice is refused`(json: String) throws {
    #expect(try refusal(json) != "accepted")
  }

  @Test func `names that differ only by normalisation are two tensors`() throws {
    let index = try read(
      #"{"weight_map":{"\u00e9":"x.safetensors","e\u0301":"y.safetensors"}}"#)
    #expect(index.fileOfTensor.count == 2)
    #expect(index.fileOfTensor["e\u{301}"] == "y.safetensors")
    #expect(index.files == ["x.safetensors", "y.safetensors"])
  }

  @Test func `an index of more than 10 MiB is refused, one of that size is read`() throws {
    let json = #"{"weight_map":{"a":"x.safetensors"}}"#
    let spaces = ShardIndex.byteLimit - json.utf8.count
    #expect(try read(json + String(repeating: " ", count: spaces)).files == ["x.safetensors"])
    let words = try refusal(json + String(repeating: " ", count: spaces + 1))
    #expect(words.contains("too large"))
  }

  /// A file of one byte.
  private static func shard(_ tensor: String) -> [UInt8] {
    let json = #"{"\#(tensor)":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
    return HeaderTests.file(json, data: 1)
  }

  /// A folder of two shards with one tensor each, "a" and "b", and what opening it says.
  private func open(_ map: String, second: String = "b", stray: Bool = false) throws -> String {
    let folder = try TemporaryFolder()
    try TemporaryFolder.write(Self.shard("a"), to: folder.file(Self.one))
    try TemporaryFolder.write(Self.shard(second), to: folder.file(Self.two))
    if stray { try TemporaryFolder.write(Self.shard("c"), to: folder.file("model.safetensors")) }
    try TemporaryFolder.write(
      Array(#"{"weight_map":{\#(map)}}"#.utf8), to: folder.file(ShardIndex.fileName))
    do throws(TensorFileError) {
      let checkpoint = try Checkpoint(path: folder.path)
      let (shards, files) = (checkpoint.shards.map(\.name), checkpoint.files.map(\.name))
      return "\(shards.count) shards, \(files.count) files, \(checkpoint.tensorNames)"
    } catch { return error.description }
  }

  @Test func `index and shards must name the same tensors in the same files`() throws {
    let (one, two) = (Self.one, Self.two)
    #expect(try open(#""a":"\#(one)","b":"\#(two)""#) == "2 shards, 3 files, [a, b]")
    let missing = try open(#""a":"\#(one)","b":"\#(two)","c":"\#(two)""#)
    #expect(missing.contains(#"tensor "c" in \#(two), which lacks it"#))
    let elsewhere = try open(#""a":"\#(two)","b":"\#(two)""#)
    #expect(!elsewhere.contains("shards,"))
    let twice = try open(#""a":"\#(one)","b":"\#(two)""#, second: "a")
    #expect(twice.contains(#"tensor "a" is in \#(one) and in \#(two)"#))
  }

  @Test func `a tensor that the index does not name is refused`() throws {
    let folder = try TemporaryFolder()
    try TemporaryFolder.write(
      HeaderTests.file(
        #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
        data: 2), to: folder.file("x.safetensors"))
    try TemporaryFolder.write(
      Array(#"{"weight_map":{"a":"x.safetensors"}}"#.utf8), to: folder.file(ShardIndex.fileName))
    #expect(
      throws: TensorFileError.checkpoint(
        #"tensor "b" is in x.safetensors but not in the index"#, path: folder.path)
    ) { try Checkpoint(path: folder.path) }
  }

  @Test func `a file beside the shards is no shard, but a file of the model`() throws {
    let (one, two) = (Self.one, Self.two)
    #expect(
      try open(#""a":"\#(one)","b":"\#(two)""#, stray: true) == "2 shards, 4 files, [a, b]")
  }

  @Test func `a thousand shards are opened`() throws {
    let folder = try TemporaryFolder()
    var map: [String] = []
    for shard in 0..<1000 {
      let name = ShardPlan.fileName(shard, of: 1000)
      try TemporaryFolder.write(
        HeaderTests.file(
          #"{"t.\#(shard)":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: 8),
        to: folder.file(name))
      map.append(#""t.\#(shard)":"\#(name)""#)
    }
    let index = #"{"weight_map":{\#(map.joined(separator: ","))}}"#
    try TemporaryFolder.write(Array(index.utf8), to: folder.file(ShardIndex.fileName))
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.shards.count == 1000 && checkpoint.parameterCount == 2000)
    #expect(checkpoint["t.999"]?.shard == 999)
  }
}
