"""The page itself: every step's picture, what is said of it, and the claims with what was measured. Pure.

One file without a reference to any other: it can be mailed, opened from a disk, printed (one step a
page). Arrows and space turn the pages as on the stage; without JavaScript everything stands below
one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Final

from talk.checking import Report, SlideReport
from talk.claims.telling import MARKS, bound, found
from talk.export.shots import Shot
from talk.report import total

STATES: Final = {
    "held": "it held",
    "pending": "still pending",
    "broken": "it is broken",
    "unknown": "nobody could know",
}


def page(report: Report, shots: Sequence[Shot], *, seed: int, notes: bool = False) -> str:
    """The whole page."""
    style = files("talk.export").joinpath("page.css").read_text("utf-8")
    script = files("talk.export").joinpath("page.js").read_text("utf-8")
    title = escape(report.deck.title or "A talk")
    said = escape(f"{total(report)}, seed {seed}")
    slides = [_slide(slide, report, shots, notes=notes) for slide in report.slides]
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header><h1>{title}</h1><p>{escape(report.deck.sub_title)}</p><p class="run">{said}</p></header>
<main>
{"".join(slides)}</main>
<nav><button type="button" id="back" aria-label="back">◀</button> <output id="where"></output> \
<button type="button" id="next" aria-label="next">▶</button></nav>
<script>
{script}</script>
</body>
</html>
"""


def _slide(report: SlideReport, whole: Report, shots: Sequence[Shot], *, notes: bool) -> str:
    slide = report.slide
    mine = [shot for shot in shots if whole.deck.slides[shot.place].number == slide.number]
    title = escape(slide.title or "(no title)")
    parts: list[str] = []
    for number, shot in enumerate(mine, 1):
        last = number == len(mine)
        caption = f"<p class='caption'>“{escape(shot.caption)}”</p>" if shot.caption else ""
        said = f"<aside><pre>{escape(slide.notes)}</pre></aside>" if notes and slide.notes else ""
        parts.append(
            f'<section class="step" data-slide="{slide.number}" data-step="{number}">\n'
            f"<h2>{slide.number}. {title}</h2>\n{_figure(shot)}\n{caption}"
            f"{_claims(report) if last else ''}{said if last else ''}</section>\n"
        )
    return "".join(parts)


def _figure(shot: Shot) -> str:
    kind = ' class="film"' if len(shot.frames) > 1 else ""
    return f"<figure{kind}>{''.join(shot.frames)}</figure>"


def _claims(report: SlideReport) -> str:
    if not report.judgements:
        return ""
    rows = [
        f'<tr class="{j.state}"><td title="{STATES[j.state]}">{MARKS[j.state]}</td>'
        f"<td>{escape(j.text)}</td><td>{escape(found(j))}</td><td>{escape(bound(j))}</td></tr>"
        for j in report.judgements
    ]
    head = "<tr><th></th><th>claim</th><th>measured</th><th>it had to be</th></tr>"
    return f"<table class='claims'>{head}{''.join(rows)}</table>\n"
