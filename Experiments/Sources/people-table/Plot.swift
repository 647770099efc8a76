/// Line plots side by side over the same places, as SVG.
struct Plot {
  /// One line; nil where it has no number.
  struct Curve {
    var name: String
    var values: [Double?]
  }

  struct Panel {
    var title: String
    var curves: [Curve]
  }

  var places: [String]
  var axis: String
  var panels: [Panel]

  private let width = 360.0
  private let height = 260.0
  private let left = 48.0
  private let right = 64.0
  private let top = 32.0
  private let bottom = 44.0
  private let colours = ["#1b6ca8", "#c2571a", "#3b7d3b", "#7a4fa3"]

  var svg: String {
    let total = width * Double(panels.count)
    var lines = [
      #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(number(total)) \#(number(height))" width="\#(number(total))" height="\#(number(height))" font-family="sans-serif" font-size="11">"#,
      #"<rect width="100%" height="100%" fill="white"/>"#,
    ]
    for (index, panel) in panels.enumerated() {
      lines.append(#"<g transform="translate(\#(number(width * Double(index))) 0)">"#)
      lines += draw(panel)
      lines.append("</g>")
    }
    lines.append("</svg>")
    return lines.joined(separator: "\n") + "\n"
  }

  private func draw(_ panel: Panel) -> [String] {
    let most = panel.curves.flatMap { $0.values.compactMap { $0 } }.max() ?? 1
    let step = Self.step(for: most)
    let ceiling = max(step, (most / step).rounded(.up) * step)
    func x(_ place: Int) -> Double {
      let gap = (width - left - right) / Double(max(1, places.count - 1))
      return left + gap * Double(place)
    }
    func y(_ value: Double) -> Double {
      height - bottom - (height - top - bottom) * value / ceiling
    }
    var lines = [text(panel.title, left, 18, "start")]
    var level = 0.0
    while level <= ceiling + step / 2 {
      lines.append(
        #"<line x1="\#(number(left))" x2="\#(number(width - right))" y1="\#(number(y(level)))" y2="\#(number(y(level)))" stroke="gainsboro"/>"#
      )
      lines.append(text(fixed(level, step < 1 ? 1 : 0), left - 6, y(level) + 4, "end"))
      level += step
    }
    for (place, name) in places.enumerated() {
      lines.append(text(name, x(place), height - bottom + 16, "middle"))
    }
    lines.append(text(axis, (left + width - right) / 2, height - 10, "middle"))
    var labels: [Double] = []
    for (index, curve) in panel.curves.enumerated() {
      let points = curve.values.enumerated().compactMap { place, value in
        value.map { (x(place), y($0)) }
      }
      guard let last = points.last else { continue }
      let colour = colours[index % colours.count]
      let path = points.map { "\(number($0.0)),\(number($0.1))" }.joined(separator: " ")
      lines.append(
        #"<polyline points="\#(path)" fill="none" stroke="\#(colour)" stroke-width="1.5"/>"#)
      for point in points {
        lines.append(
          #"<circle cx="\#(number(point.0))" cy="\#(number(point.1))" r="2.5" fill="\#(colour)"/>"#
        )
      }
      // Names of curves that end together stand one above the other.
      var place = last.1 + 4
      while labels.contains(where: { abs($0 - place) < 12 }) { place -= 12 }
      labels.append(place)
      lines.append(text(curve.name, last.0 + 8, place, "start", colour))
    }
    return lines
  }

  /// The distance of lines: 1, 2 or 5 times a power of ten, so that there are four to ten.
  private static func step(for most: Double) -> Double {
    guard most.isFinite, most > 0 else { return 1 }
    var power = 0.1
    while true {
      for factor in [1.0, 2, 5] where most / (factor * power) <= 8 { return factor * power }
      power *= 10
    }
  }

  private func text(
    _ words: String, _ x: Double, _ y: Double, _ anchor: String, _ colour: String = "#333"
  ) -> String {
    #"<text x="\#(number(x))" y="\#(number(y))" text-anchor="\#(anchor)" fill="\#(colour)">\#(words)</text>"#
  }

  private func number(_ value: Double) -> String { fixed(value, 1) }
}
