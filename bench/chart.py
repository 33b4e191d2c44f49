"""The chart: one panel a figure, one bar a server, drawn as plain SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.goals import Medians
from bench.peers import PEERS
from bench.table import number

WIDTH = 860
MARGIN = 24
LABEL = 118
BAR, GAP = 18, 8
PANEL_HEAD, PANEL_FOOT = 34, 18
VALUE = 84

# (scenario, measure, title, unit)
PANELS = (
    ("paced", "cpu", "One event at a time to 500 streams: CPU per delivery", "µs"),
    ("burst", "cpu", "32 publishers at once to 500 streams: CPU per delivery", "µs"),
    ("latency", "p99", "10 events a second to 1,000 streams: 99th percentile", "ms"),
    ("idle", "memory", "10,000 idle streams: memory of each", "KiB"),
)

STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1f2933 }
.title { font-weight: 600 } .value { fill: #52606d } .head { font-size: 18px; font-weight: 600 }
.sub { fill: #52606d } .bar { fill: #b8c4d0 }
.ours { fill: #12805c } .name.ours { font-weight: 600 }
.paper { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e4e9ee } .value, .sub { fill: #9fb0c0 } .bar { fill: #4a5a6a }
  .ours { fill: #34c08d } .paper { fill: #14191f }
}
"""


@dataclass(frozen=True)
class Bar:
    name: str
    value: float


def chart(medians: Medians) -> str:
    """An SVG document. Panels nothing was measured for are left out."""
    parts: list[str] = []
    top = MARGIN + 52.0
    for scenario, measure, title, unit in PANELS:
        figures = medians.get(scenario, {}).get(measure, {})
        bars = [Bar(peer.name, figures[peer.name]) for peer in PEERS if peer.name in figures]
        if bars:
            parts.append(_panel(top, f"{title} ({unit})", bars))
            top += PANEL_HEAD + len(bars) * (BAR + GAP) + PANEL_FOOT
    height = round(top + MARGIN - PANEL_FOOT)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img" aria-labelledby="t">',
            '<title id="t">Pulso and its peers: what a delivery and a stream cost</title>',
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{height}" rx="8"/>',
            f'<text class="head" x="{MARGIN}" y="{MARGIN + 16}">Pulso and its peers</text>',
            f'<text class="sub" x="{MARGIN}" y="{MARGIN + 37}">'
            "One core for each server; shorter is better</text>",
            *parts,
            "</svg>\n",
        ]
    )


def _panel(top: float, title: str, bars: Sequence[Bar]) -> str:
    longest = max(bar.value for bar in bars) or 1
    room = WIDTH - 2 * MARGIN - LABEL - VALUE
    lines = [f'<text class="title" x="{MARGIN}" y="{top + 18:g}">{escape(title)}</text>']
    for index, bar in enumerate(bars):
        y = top + PANEL_HEAD + index * (BAR + GAP)
        middle = y + BAR / 2 + 4.5
        length = max(1.0, bar.value / longest * room)
        ours = " ours" if bar.name == "pulso" else ""
        lines += [
            f'<text class="name{ours}" x="{MARGIN + LABEL - 10}" y="{middle:g}" '
            f'text-anchor="end">{escape(bar.name)}</text>',
            f'<rect class="bar{ours}" x="{MARGIN + LABEL}" y="{y:g}" width="{length:.1f}" '
            f'height="{BAR}" rx="3"/>',
            f'<text class="value" x="{MARGIN + LABEL + length + 8:.1f}" y="{middle:g}">'
            f"{number(bar.value)}</text>",
        ]
    return "\n".join(lines)
