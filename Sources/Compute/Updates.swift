extension Workers {
  /// One step of AdamW (Loshchilov & Hutter, 2019): the decay is decoupled from the gradient.
  ///
  /// `step` counts from 1.
  public func adamW<Element>(
    _ theta: inout Matrix<Element>, gradient: Matrix<Element>, first m: inout Matrix<Element>,
    second v: inout Matrix<Element>, step: Int, rate: Double, beta1: Double, beta2: Double,
    epsilon: Double, decay: Double
  ) {
    precondition(theta.count == gradient.count && m.count == theta.count && v.count == theta.count)
    let scale1 = Element(1 / (1 - power(beta1, step)))
    let scale2 = Element(1 / (1 - power(beta2, step)))
    let (p, g) = unsafe (theta.mutablePointer(), gradient.pointer)
    let (first, second) = unsafe (m.mutablePointer(), v.mutablePointer())
    split(theta.count, cost: 4) { part in
      let at = part.lowerBound
      unsafe Element.kernels.adamW(
        p + at, g + at, first + at, second + at, Element(beta1), Element(beta2), Element(rate),
        scale1, scale2, Element(epsilon), Element(decay), part.count)
    }
  }

  /// One step of gradient descent with momentum, as in PyTorch's `SGD` (its decay is part of the gradient).
  public func momentum<Element>(
    _ theta: inout Matrix<Element>, gradient: Matrix<Element>, velocity m: inout Matrix<Element>,
    rate: Double, momentum: Double, isNesterov: Bool, decay: Double
  ) {
    precondition(theta.count == gradient.count && m.count == theta.count)
    let (p, g) = unsafe (theta.mutablePointer(), gradient.pointer)
    let first = unsafe m.mutablePointer()
    split(theta.count, cost: 3) { part in
      let at = part.lowerBound
      unsafe Element.kernels.momentum(
        p + at, g + at, first + at, Element(momentum), isNesterov ? 1 : 0, Element(rate),
        Element(decay), part.count)
    }
  }

  /// One step of Sophia (Liu et al., 2023): `θ −= rate · clip(m / max(γ h, ε), 1)`, after a decoupled decay.
  public func sophia<Element>(
    _ theta: inout Matrix<Element>, gradient: Matrix<Element>, first m: inout Matrix<Element>,
    curvature h: Matrix<Element>, rate: Double, beta1: Double, gamma: Double, epsilon: Double,
    decay: Double
  ) {
    precondition(theta.count == gradient.count && m.count == theta.count && h.count == theta.count)
    let (p, g, curvature) = unsafe (theta.mutablePointer(), gradient.pointer, h.pointer)
    let first = unsafe m.mutablePointer()
    split(theta.count, cost: 4) { part in
      let at = part.lowerBound
      unsafe Element.kernels.sophia(
        p + at, g + at, first + at, curvature + at, Element(beta1), Element(rate), Element(gamma),
        Element(epsilon), Element(decay), part.count)
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    // By squaring: the same on every platform.
    var (result, factor, left) = (1.0, base, exponent)
    while left > 0 {
      if left & 1 == 1 { result *= factor }
      factor *= factor
      left >>= 1
    }
    return result
  }
}
