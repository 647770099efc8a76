import Safetensors
import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("Models of several files") struct ShardPlanTests {
  @Test func `tensors are split as huggingface_hub splits them`() throws {
    let cases = try Fixtures.json("splits.json").elements()
    #expect(cases.count == 67)
    for item in cases {
      let sizes = try item["sizes"].elements().map { try $0.integer() }
      let entries = sizes.enumerated().map {
        Layout.Entry(name: ByteString("t\($0.offset)"), dtype: .u8, shape: [UInt64($0.element)])
      }
      let plan = try ShardPlan(entries, byteLimit: try item["limit"].integer())
      let expected = try item["files"].object()
      #expect(plan.shards.count == expected.members.count)
      for (index, positions) in plan.shards.enumerated() {
        let name = ShardPlan.fileName(index, of: plan.shards.count)
        let tensors = try item["files"][name].elements().map { try $0.text() }
        #expect(positions.map { "t\($0)" } == tensors, "\(sizes)")
      }
    }
  }

  @Test func `files and index are those of transformers, byte for byte`() throws {
    let checkpoint = try Checkpoint(path: Fixtures.path("sharded"), mode: .strict)
    let names = try Fixtures.json("sharded/order.json").elements().map { try $0.bytes() }
    let infos = try names.map { try #require(checkpoint[$0]?.info) }
    let entries = infos.map { Layout.Entry(name: $0.name, dtype: $0.dtype, shape: $0.shape) }
    let plan = try ShardPlan(entries, byteLimit: 300)
    #expect(plan.shards.count == 4)
    var shards: [(file: String, layout: Layout)] = []
    for (index, positions) in plan.shards.enumerated() {
      let file = ShardPlan.fileName(index, of: plan.shards.count)
      let layout = try Layout(positions.map { entries[$0] }, metadata: [("format", "pt")])
      let expected = try Fixtures.bytes("sharded/\(file)")
      #expect(expected.starts(with: layout.headerBytes) && expected.count == layout.fileByteCount)
      shards.append((file, layout))
    }
    let index = String(decoding: ShardIndex.encode(shards), as: UTF8.self)
    let expected = try Fixtures.bytes("sharded/\(ShardIndex.fileName)")
    #expect(index == String(decoding: expected, as: UTF8.self))
  }

  @Test func `nothing is one file, and names count to any number`() throws {
    #expect(try ShardPlan([]).shards == [[]])
    #expect(ShardPlan.fileName(0, of: 1) == "model.safetensors")
    #expect(ShardPlan.fileName(9, of: 72) == "model-00010-of-00072.safetensors")
    #expect(ShardPlan.fileName(99_999, of: 123_456) == "model-100000-of-123456.safetensors")
    #expect(
      ShardIndex.encode([])
        == Array(
          """
          {
            "metadata": {
              "total_parameters": 0,
              "total_size": 0
            },
            "weight_map": {}
          }

          """.utf8))
  }

  @Test func `sizes that overflow are errors or files of their own`() throws {
    let huge = Layout.Entry(name: "a", dtype: .u8, shape: [.max, .max])
    #expect(throws: HeaderError.self) { try ShardPlan([huge]) }
    #expect(ShardPlan(byteCounts: [.max, .max], byteLimit: .max).shards == [[0], [1]])
    #expect(ShardPlan(byteCounts: [.max, 1, .max], byteLimit: 5).shards == [[0], [2], [1]])
  }
}
