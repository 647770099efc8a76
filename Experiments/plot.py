"""Curves over steps as SVG: a panel for each title, a line for each name, the range over seeds as a pale band. No
background, and colours of middle lightness, so that it reads on light and on dark pages; lines differ in dashes and marks
besides colour.
"""

from html import escape

# In the order in which names come; the grey ones are for what is compared with.
STYLES = [
    ("#2f81f7", "", "circle"),
    ("#e5534b", "", "triangle"),
    ("#c98a1b", "", "diamond"),
    ("#1a9c6b", "", "square"),
    ("#a371f7", "", "circle"),
    ("#d2569b", "", "square"),
    ("#2f81f7", "5 4", "circle"),
    ("#d2569b", "5 4", "square"),
]
COMPARED = {"oracle": ("#808080", "1 3", "none"), "original": ("#808080", "", "none")}
TEXT = "#808080"
WIDTH, HEIGHT, GAP, LEFT, TOP = 340, 220, 56, 48, 34


def mark(shape, x, y, colour):
    corners = {
        "square": [(-3, -3), (3, -3), (3, 3), (-3, 3)],
        "triangle": [(0, -4), (3.6, 3), (-3.6, 3)],
        "diamond": [(0, -4.4), (4.4, 0), (0, 4.4), (-4.4, 0)],
    }
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{colour}"/>'
    if shape not in corners:
        return ""
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners[shape])
    return f'<polygon points="{points}" fill="{colour}"/>'


def text(x, y, words, anchor="middle", weight=""):
    bold = f' font-weight="{weight}"' if weight else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{TEXT}"{bold}>{escape(words)}</text>'


def line(points, colour, dashes="", width=1.8):
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{corners}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"{dashed}/>'


def band(low, high, colour):
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in low + high[::-1])
    return f'<polygon points="{corners}" fill="{colour}" fill-opacity="0.12"/>'


def styles(names, given):
    plain = iter(STYLES)
    known = COMPARED | given
    return {name: known[name] if name in known else next(plain) for name in names}


def panel(title, x_title, steps, curves, style, left, top):
    out = [text(left + WIDTH / 2, TOP - 14, title, weight="bold")]
    height = lambda share: TOP + HEIGHT * (1 - share / top)
    for fifth in range(6):
        y = height(top * fifth / 5)
        out.append(line([(left, y), (left + WIDTH, y)], TEXT, width=0.3))
        out.append(text(left - 7, y + 4, f"{top * fifth / 5:.1f}", "end"))
    # Steps stand at equal distances, whatever they are: of relearning, most happens in the first.
    places = [left + WIDTH * index / max(1, len(steps) - 1) for index in range(len(steps))]
    out += [text(x, TOP + HEIGHT + 17, str(step)) for x, step in zip(places, steps)]
    out.append(text(left + WIDTH / 2, TOP + HEIGHT + 36, x_title))
    for name, points in curves.items():
        colour, dashes, shape = style[name]
        at = lambda index: [(x, height(point[index])) for x, point in zip(places, points)]
        if any(low != high for _, low, high in points):
            out.append(band(at(1), at(2), colour))
        # What is compared with lies below the others where they meet: wide, and drawn as dots.
        out.append(line(at(0), colour, dashes, 4 if name == "oracle" else 1.8))
        out += [mark(shape, x, y, colour) for x, y in at(0)]
    return out


def draw(path, what, x_title, panels, top=1.0, given=None):
    """Writes a plot: panels are (title, steps, {name: [(mean, least, largest), ...]}), values from 0 to `top`.

    `given`: (colour, dashes, mark) for names that have ones of their own.
    """
    names = list(dict.fromkeys(name for _, _, curves in panels for name in curves))
    # Drawn first what is compared with, so that it hides nothing.
    names.sort(key=lambda name: name not in COMPARED)
    style = styles(names, given or {})
    width = LEFT + len(panels) * (WIDTH + GAP)
    columns = max(1, width // 230)
    height = TOP + HEIGHT + 60 + 24 * -(-len(names) // columns)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12" role="img" aria-label="{escape(what, quote=True)}">'
    ]
    for place, (title, steps, curves) in enumerate(panels):
        ordered = {name: curves[name] for name in names if name in curves}
        out += panel(title, x_title, steps, ordered, style, LEFT + place * (WIDTH + GAP), top)
    for place, name in enumerate(names):
        colour, dashes, shape = style[name]
        x, y = LEFT + place % columns * (width - LEFT) / columns, TOP + HEIGHT + 62 + 24 * (place // columns)
        out.append(line([(x, y), (x + 30, y)], colour, dashes, 4 if name == "oracle" else 1.8))
        out += [mark(shape, x + 15, y, colour), text(x + 37, y + 4, name, "start")]
    path.write_text("\n".join(out + ["</svg>", ""]))
