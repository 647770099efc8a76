// Writes a sample checkpoint: make-checkpoint FOLDER [LAYERS HEADS HIDDEN FILTERS VOCABULARY].
import SampleModels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

let arguments = CommandLine.arguments.dropFirst()
let numbers = arguments.dropFirst().compactMap { Int($0) }
guard let folder = arguments.first, numbers.isEmpty || numbers.count == 5,
  numbers.allSatisfy({ $0 > 0 })
else {
  print("usage: make-checkpoint FOLDER [LAYERS HEADS HIDDEN FILTERS VOCABULARY]")
  exit(2)
}
var sizes = SampleModel.Sizes()
if numbers.count == 5 {
  sizes.layers = numbers[0]
  sizes.heads = numbers[1]
  sizes.hidden = numbers[2]
  sizes.filters = numbers[3]
  sizes.vocabulary = numbers[4]
}
do throws(SampleError) {
  try SampleModel.bert(sizes).write(to: folder)
} catch {
  print("make-checkpoint: \(error)")
  exit(5)
}
