"""Bar charts as SVG text, drawn on the server: no script, no inline style, classes of map.css.

Lengths along the bars are percentages and the rest is in pixels, so a chart fits any width and its
words keep their size.  The figures stand beside the bars and again in the description, because an
image hides its text from a screen reader.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape

LINE = 22
BAR = 14
GAP = 18
# Wider labels would leave a page of 320 pixels.
LABEL_LETTERS = 34


def bar_chart(
    bars: Sequence[tuple[str, int]],
    *,
    title: str,
    description: str,
    unit: str = "",
    name: str = "bars",
) -> str:
    """Horizontal bars, one per (label, value), in the order given; the longest fills the width.

    Values are counts.  Raises ValueError for a negative one.
    """
    if low := [label for label, value in bars if value < 0]:
        raise ValueError(f"the bar {low[0]!r} is below zero; bars show counts")
    most = max((value for _, value in bars), default=0)
    drawn, height = "", 0
    for label, value in bars:
        mark, own = _bar(label, value, most, height)
        drawn, height = drawn + mark, height + own
    figures = "; ".join(f"{label}: {value:,}" for label, value in bars)
    words = f"{description} {figures} {unit}".strip() if bars else f"{description} No figures."
    return (
        f'<svg class="bars" width="100%" height="{max(height - GAP, 1)}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(words)}</desc>{drawn}</svg>'
    )


def _bar(label: str, value: int, most: int, top: int) -> tuple[str, int]:
    """The marks of one bar and the height that they take, gap included."""
    lines = textwrap.wrap(label, LABEL_LETTERS) or [""]
    words = "".join(
        f'<tspan x="0" dy="{LINE if number else 0}">{escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    under = top + LINE * len(lines)
    # A count that is not zero stays visible beside a very large one.
    share = max(100 * value / most, 0.6) if value else 0
    return (
        f'<text y="{top + LINE - 7}">{words}<tspan class="value" dx="8">{value:,}</tspan></text>'
        f'<rect class="track" y="{under}" width="100%" height="{BAR}" rx="3"/>'
        f'<rect class="bar" y="{under}" width="{share:.2f}%" height="{BAR}" rx="3"/>',
        LINE * len(lines) + BAR + GAP,
    )
