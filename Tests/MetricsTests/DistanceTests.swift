import Metrics
import StrictJSON
import Testing

@Suite("Distance to the oracle") struct DistanceTests {
  @Test func `divergences and moments equal SciPy's`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("divergences") {
      let (p, q) = (try row[0].numbers(), try row[1].numbers())
      deviation.add(try Divergence.kullbackLeibler.value(p.span, q.span), try row[2].number())
      deviation.add(try Divergence.jensenShannon.value(p.span, q.span), try row[3].number())
      deviation.add(
        try Divergence.jensenShannon.value(p.span, q.span),
        try Divergence.jensenShannon.value(q.span, p.span))
      deviation.add(try Divergence.kullbackLeibler.mean([p, p], [q, p]), try row[2].number() / 2)
    }
    deviation.check(within: 1e-13, "divergences")
    var single = Deviation()
    for row in try Fixture.rows("divergences") {
      let (p, q) = (try row[0].numbers().map { Float($0) }, try row[1].numbers().map { Float($0) })
      single.add(try Divergence.kullbackLeibler.value(p.span, q.span), try row[2].number())
      let moments = try MembershipScore.moments(p.span)
      single.add(moments.mean, try row[4].number())
      single.add(moments.variance, try row[5].number())
    }
    single.check(within: 1e-6, "binary32")
  }

  @Test func `distributions apart have the largest divergence, equal ones none`() throws {
    let (left, right) = ([0, -Double.infinity], [-Double.infinity, 0])
    #expect(try Divergence.kullbackLeibler.value(left.span, right.span) == .infinity)
    #expect(
      abs(try Divergence.jensenShannon.value(left.span, right.span) - 0.6931471805599453) < 1e-15)
    for divergence in Divergence.allCases {
      #expect(try divergence.value(left.span, left.span) == 0)
    }
  }

  @Test func `logits, NaN and lists of other lengths are refused`() {
    let (logits, nan, one) = ([2.0, 1], [Double.nan, 0], [0.0])
    for divergence in Divergence.allCases {
      expectUndefined("not-a-distribution") { () throws(Undefined) in
        try divergence.value(logits.span, logits.span)
      }
      expectUndefined("not-a-number") { () throws(Undefined) in
        try divergence.value(nan.span, nan.span)
      }
      expectUndefined("counts-differ") { () throws(Undefined) in
        try divergence.value(nan.span, one.span)
      }
      expectUndefined("empty") { () throws(Undefined) in try divergence.mean([], []) }
    }
  }

  @Test func `distances of parts add up to that of the whole`() throws {
    let (a, b): ([Double], [Double]) = ([3, 4, 0, 1], [0, 0, 0, 3])
    let whole = try VectorDistance(a.span, reference: b.span)
    #expect(whole.l2 == 29.0.squareRoot() && whole.referenceNorm == 3)
    #expect(abs(try whole.relative() - 29.0.squareRoot() / 3) < 1e-15)
    let parts = try VectorDistance([
      VectorDistance(Array(a[..<2]).span, reference: Array(b[..<2]).span),
      VectorDistance(Array(a[2...]).span, reference: Array(b[2...]).span),
    ])
    #expect(abs(parts.l2 - whole.l2) < 1e-15 && parts.referenceNorm == 3)
    let zeros: [Float] = [0, 0]
    let none = try VectorDistance(zeros.span, reference: zeros.span)
    #expect(none.l2 == 0)
    expectUndefined("zero-denominator") { () throws(Undefined) in try none.relative() }
    let infinite: [Float] = [0, .infinity]
    expectUndefined("infinite") { () throws(Undefined) in
      try VectorDistance(infinite.span, reference: zeros.span)
    }
  }

  @Test func `agreement is the share of equal predictions`() throws {
    #expect(try Proportion(agreementOf: [1, 2, 3, 4], [1, 2, 0, 0]).value == 0.5)
    expectUndefined("counts-differ") { () throws(Undefined) in
      try Proportion(agreementOf: [1], [1, 2])
    }
  }
}
