import Evaluation
import Compute
import Testing
import Training
import Transformer

struct RelearningTests {
  private let attack = RelearningAttack(rate: 5e-3, batchSize: 2, steps: [8, 3, 3, 0, -1], seed: 7)

  @Test func `steps ascend from 0 and each comes once`() {
    #expect(attack.steps == [0, 3, 8])
    #expect(RelearningAttack(steps: []).steps == [0])
    #expect(attack.variant == "adamw(rate=0.005,batch=2,seed=7)")
  }

  @Test func `examples are parted, both parts have one where there are two`() throws {
    let examples = try Towns().encoded(Towns.forget + Towns.retain)
    let (leaked, held) = attack.split(examples, leakedShare: 0.5)
    #expect(leaked.count == 2 && Set(leaked + held) == Set(examples))
    #expect(attack.split(examples, leakedShare: 0.5).leaked == leaked)
    #expect(attack.split(examples, leakedShare: 1).held.count == 1)
    #expect(attack.split(examples, leakedShare: 0).leaked.count == 1)
    #expect(attack.split(Array(examples.prefix(1)), leakedShare: 0.5).held.isEmpty)
    #expect(attack.split([], leakedShare: .nan).leaked.isEmpty)
  }

  @Test func `the course is the trainer's own, and the same again`() throws {
    let towns = try Towns()
    let model = try Towns.blank()
    let (leaked, held) = (try towns.encoded(Towns.forget), try towns.encoded(Towns.retain))
    let course = try attack.course(of: model, leaked: leaked, held: held)
    #expect(course.steps == [0, 3, 8] && course.leaked.count == 3 && course.held.count == 3)
    #expect(course.leaked[0] == (try ExampleScores(of: model, on: leaked)))
    #expect(course.leaked[2].loss < course.leaked[1].loss)
    #expect(course.leaked[1].loss < course.leaked[0].loss)
    #expect(course == (try attack.course(of: model, leaked: leaked, held: held)))
    var options = TrainingOptions(
      decay: 0, rate: 5e-3, shape: .constant, epochs: 8, examples: 2, batchSize: 2, clip: nil,
      seed: 7)
    options.schedule.steps = 8
    var trainer = try Trainer(
      model, training: .everything(of: model.plan), on: leaked, options)
    for _ in 0..<3 { _ = try trainer.step() }
    #expect(course.held[1] == (try ExampleScores(of: trainer.model, on: held)))
  }

  @Test func `a model whose outputs are no numbers can't be attacked`() throws {
    let towns = try Towns()
    #expect(throws: ComputationError.self) {
      try attack.course(
        of: try Towns.broken(), leaked: try towns.encoded(Towns.forget),
        held: try towns.encoded(Towns.retain))
    }
  }
}
