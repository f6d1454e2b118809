"""Charts as data: static/web/charts.js draws them, a table says the same to those who cannot see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from vedette.web.errors import Text
from vedette.web.viewer import Tone

WIDTH, HEIGHT = 200.0, 40.0


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One part of a donut; `href` opens what it counts."""

    label: Text
    value: int
    tone: Tone
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Donut:
    """Parts of a whole. `unit` stands under the total, for example "devices"."""

    title: Text
    unit: Text
    slices: Sequence[Slice]

    @property
    def total(self) -> int:
        """Sum of all parts."""
        return sum(part.value for part in self.slices)

    def data(self) -> dict[str, Any]:
        """Return what the script reads."""
        parts = [{"label": str(part.label), "value": part.value, "tone": part.tone} for part in self.slices]
        return {"kind": "donut", "title": str(self.title), "unit": str(self.unit), "slices": parts}


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line or stack of bars; one value per point of the axis."""

    name: Text
    tone: Tone
    values: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Values over time; `stacked` draws bars on top of each other."""

    title: Text
    axis: Sequence[str]
    series: Sequence[Series]
    stacked: bool = False

    def data(self) -> dict[str, Any]:
        """Return what the script reads."""
        kind = "bars" if self.stacked else "lines"
        series = [{"name": str(s.name), "tone": s.tone, "values": list(s.values)} for s in self.series]
        return {"kind": kind, "title": str(self.title), "axis": list(self.axis), "series": series}

    def rows(self) -> list[tuple[str, list[int]]]:
        """Return each point of the axis with its values, for the table."""
        return [(point, [s.values[i] for s in self.series]) for i, point in enumerate(self.axis)]


def sparkline(values: Sequence[float], tone: Tone) -> SafeString:
    """Return a small line as SVG, drawn on the server; fewer than two values draw nothing."""
    if len(values) < 2:  # noqa: PLR2004 - a line needs two points
        return SafeString("")
    low, high = min(values), max(values)
    span, step = (high - low) or 1.0, WIDTH / (len(values) - 1)
    points = [(i * step, HEIGHT - 3 - (value - low) / span * (HEIGHT - 8)) for i, value in enumerate(values)]
    line = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return format_html(
        '<svg class="v-spark v-tone-{}" viewBox="0 0 200 40" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="v-spark-area" d="{} L200 40 L0 40 Z"/><path class="v-spark-line" d="{}"/></svg>',
        tone,
        line,
        line,
    )
