"""The relearning curves as SVG: a panel for each set, a line for each model, no background, so that it reads on light and
on dark pages. Lines differ in colour, dashes and marks.
"""

from html import escape

# Of middle lightness: each stands out from white as from black.
STYLES = {
    "original": ("#808080", "", "none"),
    "oracle": ("#808080", "1 3", "none"),
    "learned mask, 10%": ("#2f81f7", "", "circle"),
    "learned, warm start": ("#2f81f7", "5 4", "circle"),
    "of the retain term": ("#d2569b", "", "circle"),
    "of the retain term, warm start": ("#d2569b", "5 4", "circle"),
    "learned, heads alone": ("#a371f7", "", "square"),
    "learned, filters alone": ("#1a9c6b", "", "square"),
    "random mask, 10%": ("#e5534b", "", "triangle"),
    "all units": ("#c98a1b", "", "diamond"),
}
TEXT = "#808080"
WIDTH, HEIGHT, GAP, LEFT, TOP, LEGEND = 320, 220, 56, 44, 34, 108


def mark(shape, x, y, colour):
    points = {
        "square": [(-3, -3), (3, -3), (3, 3), (-3, 3)],
        "triangle": [(0, -4), (3.6, 3), (-3.6, 3)],
        "diamond": [(0, -4.4), (4.4, 0), (0, 4.4), (-4.4, 0)],
    }
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{colour}"/>'
    if shape in points:
        corners = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in points[shape])
        return f'<polygon points="{corners}" fill="{colour}"/>'
    return ""


def text(x, y, words, anchor="middle", **more):
    attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{TEXT}"{attributes}>{escape(words)}</text>'


def line(points, colour, dashes, width):
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{corners}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"{dashed}/>'


def panel(title, curves, steps, left):
    out = [text(left + WIDTH / 2, TOP - 14, title, font_weight="bold")]
    height = lambda share: TOP + HEIGHT * (1 - share)
    for tenth in range(0, 11, 2):
        y = height(tenth / 10)
        out.append(line([(left, y), (left + WIDTH, y)], TEXT, "", 0.3))
        out.append(text(left - 7, y + 4, f"{tenth / 10:.1f}", "end"))
    # Steps stand at equal distances: most happens in the first.
    places = [left + WIDTH * index / (len(steps) - 1) for index in range(len(steps))]
    out += [text(x, TOP + HEIGHT + 17, str(step)) for x, step in zip(places, steps)]
    out.append(text(left + WIDTH / 2, TOP + HEIGHT + 36, "steps of relearning"))
    for name, shares in curves.items():
        colour, dashes, shape = STYLES[name]
        points = [(x, height(share)) for x, share in zip(places, shares)]
        # The oracle's lies below most others at the end of the panel: wide, and drawn first.
        out.append(line(points, colour, dashes, 5 if name == "oracle" else 1.8))
        out += [mark(shape, x, y, colour) for x, y in points]
    return out


def svg(panels, steps):
    """Panels by title; each has the accuracies of each model, one for each number of steps."""
    width = LEFT + len(panels) * (WIDTH + GAP)
    height = TOP + HEIGHT + 50 + LEGEND
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12" role="img" aria-label="Accuracy on held-out forget facts by steps of relearning">'
    ]
    for index, (title, curves) in enumerate(panels.items()):
        out += panel(f"{title}: accuracy on held-out forget facts", curves, steps, LEFT + index * (WIDTH + GAP))
    columns = 3
    drawn = [name for name in STYLES if any(name in curves for curves in panels.values())]
    for index, name in enumerate(drawn):
        colour, dashes, shape = STYLES[name]
        x = LEFT + (index % columns) * (width - LEFT) / columns
        y = TOP + HEIGHT + 66 + 24 * (index // columns)
        out.append(line([(x, y), (x + 30, y)], colour, dashes, 5 if name == "oracle" else 1.8))
        out.append(mark(shape, x + 15, y, colour))
        out.append(text(x + 37, y + 4, name, "start"))
    return "\n".join(out + ["</svg>", ""])
