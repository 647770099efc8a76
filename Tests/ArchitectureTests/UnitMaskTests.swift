import Architecture
import SampleModels
import Safetensors
import StrictJSON
import TestSupport
import Testing

@Suite("Masks of units") struct UnitMaskTests {
  private func counts(_ layers: Int = 3, _ heads: Int = 4, _ filters: Int = 130) throws
    -> UnitCounts
  {
    try UnitCounts(layers: layers, heads: heads, filters: filters)
  }

  private func mask(_ text: String, _ counts: UnitCounts) throws -> UnitMask {
    let units = try text.split(separator: " ").map { try #require(Unit(String($0))) }
    return try UnitMask(units, of: counts)
  }

  @Test func `counts, indices and units agree`() throws {
    let mask = try mask("L2.F129 L0.H3 L0.F0 L0.F63 L0.F64 L2.H0", counts())
    #expect(mask.count == 6 && mask.count(.head) == 2 && mask.count(.filter) == 4)
    #expect(mask.count(layer: 0, kind: .filter) == 3 && mask.count(layer: 1, kind: .head) == 0)
    #expect(mask.indices(layer: 0, kind: .filter) == [0, 63, 64])
    #expect(
      mask.units.map(\.description) == ["L0.H3", "L0.F0", "L0.F63", "L0.F64", "L2.H0", "L2.F129"])
    #expect(mask.contains(Unit(layer: 2, kind: .filter, index: 129)))
    #expect(!mask.contains(Unit(layer: 2, kind: .filter, index: 130)))
    #expect(!mask.contains(Unit(layer: 3, kind: .head, index: 0)))
    #expect(mask.sparsity(of: .head) == 1 - 2.0 / 12)
    let all = UnitMask(all: try counts())
    #expect(all.count == all.counts.total && all.sparsity == 0)
    #expect(UnitMask(none: try counts()).sparsity == 1)
  }

  @Test func `units come and go`() throws {
    var mask = UnitMask(none: try counts())
    let unit = Unit(layer: 1, kind: .filter, index: 77)
    mask[unit] = true
    mask[unit] = true
    #expect(mask[unit] && mask.count == 1)
    mask[unit] = false
    #expect(mask == UnitMask(none: try counts()))
  }

  @Test func `units that the model does not have are refused`() throws {
    for text in ["L3.H0", "L0.H4", "L0.F130"] {
      #expect(throws: ArchitectureError.self) { try self.mask(text, counts()) }
    }
    for (layers, heads, filters) in [
      (0, 1, 1), (1, 0, 1), (1, 1, 0), (4097, 1, 1), (1, 1 << 25, 1), (4096, 1 << 24, 1),
    ] {
      #expect(throws: ArchitectureError.self) { try counts(layers, heads, filters) }
    }
  }

  @Test func `overlap is shared over either, for all units and each kind`() throws {
    let counts = try counts()
    let a = try mask("L0.H0 L0.H1 L1.F5", counts)
    let b = try mask("L0.H1 L2.H2 L1.F5", counts)
    #expect(a.overlap(with: b) == 0.5)
    #expect(a.overlap(with: b, of: .head) == 1.0 / 3)
    #expect(a.overlap(with: b, of: .filter) == 1)
    #expect(UnitMask(none: counts).overlap(with: UnitMask(none: counts)) == 1)
    #expect(a.overlap(with: UnitMask(none: counts)) == 0)
    #expect(a.union(b) == (try mask("L0.H0 L0.H1 L2.H2 L1.F5", counts)))
    #expect(a.intersection(b) == (try mask("L0.H1 L1.F5", counts)))
    #expect(a.subtracting(b) == (try mask("L0.H0", counts)))
  }

  @Test func `a mask owns what its units' slices hold`() throws {
    for sample in [SampleModel.bert(), .gpt2(), .llama()] {
      let folder = try TemporaryFolder()
      try sample.write(to: folder.path)
      let checkpoint = try Checkpoint(path: folder.path)
      let map = try UnitMap(checkpoint)
      let counts = try UnitCounts(map.dimensions)
      let mask = try mask("L0.H1 L1.H0 L1.F3 L1.F4 L1.F23", counts)
      var sum = 0
      for unit in mask.units {
        for slice in map.slices(of: unit) {
          let shape = try #require(checkpoint[slice.tensor]).info.shape.map { Int($0) }
          sum += slice.count * (slice.axis == .elements ? 1 : shape[slice.axis == .rows ? 1 : 0])
        }
      }
      #expect(mask.parameterCount(in: map) == sum && sum > 0)
    }
  }

  @Test func `BERT-base's heads and filters own what the paper's model has`() throws {
    var sizes = SampleModel.Sizes()
    (sizes.layers, sizes.heads, sizes.hidden, sizes.filters) = (1, 12, 768, 3072)
    let folder = try TemporaryFolder()
    try SampleModel.bert(sizes, dtype: .u8).write(to: folder.path)
    let map = try UnitMap(Checkpoint(path: folder.path))
    #expect(map.parameterCount(of: Unit(layer: 0, kind: .head, index: 11)) == 196_800)
    #expect(map.parameterCount(of: Unit(layer: 0, kind: .filter, index: 0)) == 1537)
    #expect(map.parameterCount(of: Unit(layer: 1, kind: .filter, index: 0)) == 0)
  }

  @Test func `a document has one form`() throws {
    let mask = try mask("L0.H0 L0.H1 L0.H3 L2.F5 L2.F6 L2.F7 L2.F9", counts())
    let bytes = try CanonicalJSON.encode(mask.json)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(
      text
        == #"{"layers":[{"filters":[],"heads":[[0,1],3],"layer":0},{"filters":[[5,7],9],"heads":[],"layer":2}],"model":{"filtersPerLayer":130,"headsPerLayer":4,"layers":3},"schema":"unlearn-patch/mask/v1"}"#
    )
    #expect(try UnitMask(parsing: bytes, of: counts()) == mask)
  }

  @Test func `documents come back`() throws {
    let counts = try counts(4, 7, 200)
    var state: UInt64 = 9
    for density: UInt64 in [0, 1, 3, 8, 15, 16] {
      var mask = UnitMask(none: counts)
      for unit in UnitMask(all: counts).units {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        if (state >> 33) % 16 < density { mask[unit] = true }
      }
      let bytes = try CanonicalJSON.encodeForPeople(mask.json)
      #expect(try UnitMask(parsing: bytes, of: counts) == mask)
    }
  }

  private static let model = #""model":{"filtersPerLayer":130,"headsPerLayer":4,"layers":3}"#
  private static let schema = #""schema":"unlearn-patch/mask/v1""#

  @Test(
    "is refused at its place",
    arguments: [
      ("[]", "$"), ("{}", "$.schema"),
      (#"{"schema":"unlearn-patch/mask/v2",\#(model),"layers":[]}"#, "$.schema"),
      (#"{\#(schema),\#(model),"layers":[],"more":1}"#, "$"),
      (#"{\#(schema),"layers":[]}"#, "$.model"),
      (
        #"{\#(schema),"model":{"layers":3,"headsPerLayer":5,"filtersPerLayer":130},"layers":[]}"#,
        "$.model.headsPerLayer"
      ),
      (
        #"{\#(schema),"model":{"layers":9223372036854775807,"headsPerLayer":4,"filtersPerLayer":130},"layers":[]}"#,
        "$.model.layers"
      ),
      (#"{\#(schema),\#(model),"layers":{}}"#, "$.layers"),
      (layer(#""layer":3,"heads":[0],"filters":[]"#), "$.layers[0].layer"),
      (layer(#""layer":-1,"heads":[0],"filters":[]"#), "$.layers[0].layer"),
      (layer(#""layer":0,"heads":[],"filters":[]"#), "$.layers[0]"),
      (layer(#""layer":0,"heads":[0]"#), "$.layers[0].filters"),
      (layer(#""layer":0,"heads":[0],"filters":[],"biases":[]"#), "$.layers[0]"),
      (layer(#""layer":0,"heads":[4],"filters":[]"#), "$.layers[0].heads[0]"),
      (layer(#""layer":0,"heads":[-1],"filters":[]"#), "$.layers[0].heads[0]"),
      (layer(#""layer":0,"heads":[1,0],"filters":[]"#), "$.layers[0].heads[1]"),
      (layer(#""layer":0,"heads":[1,1],"filters":[]"#), "$.layers[0].heads[1]"),
      (layer(#""layer":0,"heads":[0,1],"filters":[]"#), "$.layers[0].heads[1]"),
      (layer(#""layer":0,"heads":[[0,1],2],"filters":[]"#), "$.layers[0].heads[1]"),
      (layer(#""layer":0,"heads":[[2,2]],"filters":[]"#), "$.layers[0].heads[0]"),
      (layer(#""layer":0,"heads":[[3,2]],"filters":[]"#), "$.layers[0].heads[0]"),
      (layer(#""layer":0,"heads":[[0]],"filters":[]"#), "$.layers[0].heads[0]"),
      (layer(#""layer":0,"heads":[[0,9223372036854775807]],"filters":[]"#), "$.layers[0].heads[0]"),
      (layer(#""layer":0,"heads":[],"filters":[[0,130]]"#), "$.layers[0].filters[0]"),
      (layer(#""layer":0,"heads":[],"filters":["1"]"#), "$.layers[0].filters[0]"),
      (layer(#""layer":0,"heads":[],"filters":[1.0]"#), "$.layers[0].filters[0]"),
      (
        #"{\#(schema),\#(model),"layers":[{"layer":1,"heads":[0],"filters":[]},{"layer":1,"heads":[1],"filters":[]}]}"#,
        "$.layers[1].layer"
      ),
    ])
  func refused(_ text: String, _ path: String) throws {
    let counts = try counts()
    do throws(JSONDocumentError) {
      _ = try UnitMask(parsing: Array(text.utf8), of: counts)
      Issue.record("accepted")
    } catch {
      #expect("\(error)".hasPrefix(path + ": "), "\(error)")
    }
  }

  private static func layer(_ text: String) -> String {
    #"{\#(schema),\#(model),"layers":[{\#(text)}]}"#
  }

  @Test func `text that is no JSON, or too deep, is refused`() throws {
    let counts = try counts()
    for text in ["", "{", "{}{}", String(repeating: "[", count: 1000), "{\"a\":1,\"a\":1}"] {
      #expect(throws: JSONDocumentError.self) {
        try UnitMask(parsing: Array(text.utf8), of: counts)
      }
    }
  }

  @Test func `the drawing shows the share of each layer and kind`() throws {
    let mask = try mask("L0.H0 L0.H1 L0.H2 L0.H3 L1.F0 L1.F1 L1.F64 L2.H2", counts())
    #expect(
      mask.drawing(width: 8) == [
        "updated 5 of 12 heads, 3 of 390 filters",
        "        heads filters",
        "  L0    ####  ........  4/4 (100.0%), 0/130 (0.0%)",
        "  L1    ....  +..+....  0/4 (0.0%), 3/130 (2.3%)",
        "  L2    ..#.  ........  1/4 (25.0%), 0/130 (0.0%)",
      ])
  }
}
