public import Safetensors
public import Storage
public import StrictJSON

/// Random bits that are the same for the same seed (SplitMix64).
public struct SeededBits: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Starts at a seed.
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

/// Why a sample could not be written.
public enum SampleError: Error, Sendable {
  /// Two tensors have one name, or a size overflows.
  case layout(HeaderError)
  /// The file system refused.
  case storage(StorageError)
  /// The configuration has no canonical form.
  case config(CanonicalJSON.EncodingError)
}

extension SampleModel {
  /// Writes the model's folder: configuration, one file or several shards, and the index that shards need.
  ///
  /// - Parameters:
  ///   - shardCount: Over how many files the tensors are spread.
  ///   - seed: Decides every bit.
  public func write(to folder: String, shardCount: Int = 1, seed: UInt64 = 1) throws(SampleError) {
    var random = SeededBits(seed: seed)
    let json: [UInt8]
    do throws(CanonicalJSON.EncodingError) {
      json = try CanonicalJSON.encodeForPeople(config)
    } catch { throw .config(error) }
    do throws(StorageError) {
      try Folder.create(folder)
      try AtomicFile.write(json.rawSpan, to: Paths.join(folder, "config.json"), replacing: true)
    } catch { throw .storage(error) }
    var shards: [(file: String, layout: Layout)] = []
    for shard in 0..<shardCount {
      let name = ShardPlan.fileName(shard, of: shardCount)
      let part = tensors.enumerated().filter { $0.offset % shardCount == shard }.map(\.element)
      shards.append((name, try Self.write(part, to: Paths.join(folder, name), &random)))
    }
    if shardCount == 1 { return }
    let index = ShardIndex.encode(shards)
    do throws(StorageError) {
      try AtomicFile.write(
        index.rawSpan, to: Paths.join(folder, ShardIndex.fileName), replacing: true)
    } catch { throw .storage(error) }
  }

  private static func write(_ tensors: [Tensor], to path: String, _ random: inout SeededBits)
    throws(SampleError) -> Layout
  {
    let layout: Layout
    do throws(HeaderError) {
      layout = try Layout(
        tensors.map {
          Layout.Entry(
            name: ByteString($0.name), dtype: $0.dtype, shape: $0.shape.map { UInt64($0) })
        }, metadata: [("format", "pt")])
    } catch { throw .layout(error) }
    do throws(StorageError) {
      var file = try TensorFileWriter(path: path, layout: layout, replacing: .ownFile)
      for tensor in layout.tensors {
        var left = tensor.byteCount
        while left > 0 {
          let bytes = noise(tensor.dtype, byteCount: min(left, 1 << 16), &random)
          try file.append(bytes.rawSpan)
          left -= bytes.count
        }
      }
      try file.commit()
    } catch { throw .storage(error) }
    return layout
  }

  /// Small numbers of either sign for floats, any bits for the rest.
  private static func noise(_ dtype: DType, byteCount: Int, _ random: inout SeededBits) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount + 8)
    while bytes.count < byteCount {
      let bits = random.next()
      switch dtype {
      case .f32:
        let value = Float(Int32(truncatingIfNeeded: bits) >> 8) / 16_777_216
        for shift in stride(from: 0, to: 32, by: 8) {
          bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift)))
        }
      case .f16, .bf16:
        // Sign and fraction are free; the exponent stays below that of 1.
        let pattern = UInt16(truncatingIfNeeded: bits) & 0xBBFF
        bytes.append(UInt8(truncatingIfNeeded: pattern))
        bytes.append(UInt8(truncatingIfNeeded: pattern >> 8))
      default:
        for shift in stride(from: 0, to: 64, by: 8) {
          bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
      }
    }
    return Array(bytes.prefix(byteCount))
  }
}
