import Compute
import Metrics
import Tokenization
import Training
import Transformer

/// MUSE's verbatim and knowledge memorisation.
extension EffectEvaluation {
  mutating func addContinuations(_ models: [Named], _ sets: EvaluationSets)
    throws(ComputationError)
  {
    let rouge = ROUGE(.rougeL, stems: false)
    for (subject, model) in models {
      for set in sets.continuations {
        var random = RandomNumbers(seed: 0)
        let questions = set.questions.questions
        let answers = try model.answers(
          to: questions, end: set.questions.end, newTokens: set.kind.newTokens,
          tokensPerPass: options.tokensPerPass, .greedy, random: &random)
        var scores: [Double] = []
        for (question, tokens) in zip(questions, answers) {
          var text = ""
          do throws(TokenizerError) { text = try set.questions.tokenizer.decode(tokens) } catch {
            throw .mismatch("an answer can't be decoded: \(error)")
          }
          scores.append(
            rouge.score(
              prediction: set.kind.cut(text), reference: question.golds.first ?? ""
            ).f1)
        }
        enter(mean: scores, set.kind.rawValue, set.variant, subject, set.part)
      }
    }
  }
}
