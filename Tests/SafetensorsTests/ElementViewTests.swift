import Safetensors
import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("Elements over borrowed bytes") struct ElementViewTests {
  /// The binary32 patterns of all 8-bit patterns, read at an odd offset.
  private func patterns<Element: NarrowFloat>(_ type: Element.Type) -> [UInt32] {
    let bytes: [UInt8] = [0xAA] + (UInt8.min ... .max)
    let view = ElementView<Element>(bytes.rawSpan.extracting(1..<257))
    return view.indices.map { view[$0].float.bitPattern }
  }

  @Test func `8-bit floats are what ml_dtypes makes of every pattern, NaNs too`() throws {
    let expected = try Fixtures.json("floats.json")
    func check<Element: NarrowFloat>(_ type: Element.Type) throws {
      let name = try #require(Element.dtypes.first?.rawValue)
      let wanted = try expected[name].elements().map { UInt32(try $0.integer()) }
      #expect(wanted.count == 256 && patterns(type) == wanted, "\(name)")
    }
    try check(Float8E5M2Element.self)
    try check(Float8E4M3Element.self)
    try check(Float8E8M0Element.self)
    try check(Float8E4M3FNUZElement.self)
    try check(Float8E5M2FNUZElement.self)
  }

  @Test func `16-bit floats are what numpy and ml_dtypes make of every pattern`() throws {
    let expected = try Fixtures.json("floats.json")
    var bytes: [UInt8] = [0xAA]
    for pattern in UInt16.min ... .max {
      bytes += [UInt8(truncatingIfNeeded: pattern), UInt8(pattern >> 8)]
    }
    let all = bytes
    func check<Element: NarrowFloat>(_ type: Element.Type) throws {
      let view = ElementView<Element>(all.rawSpan.extracting(1..<131_073))
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      for index in view.indices {
        let bits = view[index].float.bitPattern
        for shift in stride(from: 0, to: 32, by: 8) as StrideTo<UInt32> {
          hash = (hash ^ UInt64(bits >> shift & 0xFF)) &* 0x100_0000_01B3
        }
      }
      let name = try #require(Element.dtypes.first?.rawValue)
      let digits = String(hash, radix: 16)
      let padded = String(repeating: "0", count: 16 - digits.count) + digits
      #expect(try expected[name].text() == padded, "\(name)")
    }
    try check(Float16Element.self)
    try check(BFloat16Element.self)
  }

  @Test func `whole numbers and wide floats are little-endian, at any offset`() {
    let bytes: [UInt8] = [0xFF, 0xFE, 0xFF, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88, 0x99]
    for offset in 0...1 {
      let span = bytes.rawSpan.extracting(offset..<offset + 8)
      let word: UInt64 = offset == 0 ? 0x0706_0504_03FF_FEFF : 0x8807_0605_0403_FFFE
      #expect(ElementView<UInt64>(span)[0] == word)
      #expect(ElementView<Int64>(span)[0] == Int64(bitPattern: word))
      #expect(ElementView<Double>(span)[0].bitPattern == word)
      let low = UInt32(truncatingIfNeeded: word)
      #expect(ElementView<UInt32>(span)[0] == low)
      #expect(ElementView<Int32>(span)[1] == Int32(bitPattern: UInt32(word >> 32)))
      #expect(ElementView<Float>(span)[0].bitPattern == low)
      #expect(ElementView<UInt16>(span)[0] == UInt16(truncatingIfNeeded: word))
      #expect(ElementView<Int16>(span)[0] == Int16(truncatingIfNeeded: word))
      #expect(ElementView<Int8>(span)[0] == Int8(truncatingIfNeeded: word))
      let pair = ElementView<ComplexElement>(span)[0]
      #expect(pair.real.bitPattern == low && pair.imaginary.bitPattern == UInt32(word >> 32))
    }
    // What is no whole element is left out.
    #expect(ElementView<UInt64>(bytes.rawSpan).count == 1)
    #expect(ElementView<UInt32>([UInt8]().rawSpan).count == 0)
  }

  @Test func `every type of whole bytes has a view, and only of its own elements`() throws {
    let kinds: [any TensorElement.Type] = [
      UInt8.self, Int8.self, UInt16.self, Int16.self, UInt32.self, Int32.self, UInt64.self,
      Int64.self, Float.self, Double.self, ComplexElement.self, BFloat16Element.self,
      Float16Element.self, Float8E5M2Element.self, Float8E4M3Element.self, Float8E8M0Element.self,
      Float8E4M3FNUZElement.self, Float8E5M2FNUZElement.self,
    ]
    let types = kinds.flatMap { $0.dtypes }
    #expect(Set(types).count == types.count)
    #expect(Set(types) == Set(DType.allCases.filter { $0.byteWidth != nil }))
    let file = try TensorFile(path: Fixtures.path("written/types-none.safetensors"))
    let info = try #require(file.header["t.F32"])
    let bytes = file.bytes(of: info)
    let floats = ElementView<Float>(bytes, of: info.dtype)?.count
    let words = ElementView<Int32>(bytes, of: info.dtype)?.count
    #expect(floats == 8 && words == nil)
  }
}
