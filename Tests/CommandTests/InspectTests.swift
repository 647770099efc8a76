import SampleModels
import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("Looking at models") struct InspectTests {
  private func json(_ text: String) throws -> JSONField {
    JSONField(try JSONValue(parsing: Array(text.utf8), byteLimit: 1 << 20))
  }

  @Test func `statistics tell of every tensor, of a model and of a file`() throws {
    let bench = try Bench(.llama(), shardCount: 3)
    let model = try json(try bench.succeed("inspect", "model", "--statistics", "--json"))
    let tensors = try model["statistics"].elements()
    #expect(try tensors.count == model["tensors"].integer())
    let names = try tensors.map { try $0["name"].text() }
    #expect(names == names.sorted())
    for tensor in tensors {
      let least = try #require(Double(try tensor["minimum"].text()))
      let greatest = try #require(Double(try tensor["maximum"].text()))
      let mean = try #require(Double(try tensor["mean_magnitude"].text()))
      // The sample's numbers are of either sign and below 1.
      #expect(least < 0 && greatest > 0 && mean > 0 && max(-least, greatest) < 1)
      #expect(try tensor["nans"].integer() == 0 && tensor["count"].integer() > 0)
    }
    let file = "model/model-00001-of-00003.safetensors"
    let answer = try json(try bench.succeed("inspect", file, "--statistics", "--json"))
    let part = try answer["statistics"].elements()
    #expect(try part.count == answer["tensors"].elements().count)
    #expect(try names.contains(part[0]["name"].text()))
    #expect(try bench.succeed("inspect", file, "--statistics").contains("mean|x|"))
    #expect(try !bench.succeed("inspect", file).contains("mean|x|"))
  }

  @Test func `digests are those of the files`() throws {
    let bench = try Bench(.bert(), shardCount: 3)
    let model = try json(try bench.succeed("inspect", "model", "--digests", "--json"))
    let files = try model["digests"].elements()
    let names = try files.map { try $0["name"].text() }
    #expect(names == (try bench.contents("model").keys.sorted()))
    let verified = try bench.succeed("inspect", "base", "--digests", "--json")
    #expect(try json(verified)["root"].text() == model["root"].text())
  }
}
