import Compute

/// Which examples each step has: a new order every epoch, known from the seed alone, so that a run goes on
/// from any step without keeping anything.
package struct ExampleOrder: Sendable {
  package let count: Int
  package let batchSize: Int
  package let seed: UInt64

  /// Describes the order of so many examples.
  package init(count: Int, batchSize: Int, seed: UInt64) {
    self.count = count
    self.batchSize = batchSize
    self.seed = seed
  }

  package var stepsPerEpoch: Int { (count + batchSize - 1) / batchSize }

  /// The examples of a step, counted from 0 through all epochs.
  package func examples(ofStep step: Int) -> [Int] {
    let (epoch, place) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
    var random = RandomNumbers(seed: seed &+ 0x9E37_79B9 &* UInt64(epoch + 1))
    let order = random.permutation(count)
    return Array(order[place * batchSize..<min((place + 1) * batchSize, count)])
  }

  /// Random numbers of one example in one epoch.
  func random(ofExample example: Int, inStep step: Int) -> RandomNumbers {
    let epoch = UInt64(step / stepsPerEpoch)
    return RandomNumbers(seed: (seed ^ epoch << 40) &+ 0xD1B5_4A32_D192_ED03 &* UInt64(example + 1))
  }
}
