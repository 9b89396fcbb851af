"""What the audience sees: the idea, the live picture, one caption, the claims. No keys. Pure.

Decides where words and picture stand at each size. At 100 columns and more the words have the left
half and a picture the right; below that, and for pictures that need the width, one is above the
other. Claims keep their place from the slide's first moment, so that nothing moves when they come true.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from talk.claims.judging import Judgement
from talk.claims.telling import ASCII_MARKS, MARKS, ROLES, found
from talk.deck.deck import Live, Slide
from talk.stage.lettering import Line, lay
from talk.stage.letters import large
from talk.stage.pictures import Playing, picture, put
from tui.draw.chrome import fit
from tui.draw.frame import Frame
from tui.scene import Scene

WIDE: Final = 100
TEXT_MAX: Final = 60
LEFT: Final = 3
FOOT: Final = 2
CLAIMS_MAX: Final = 8
CAPTION_MAX: Final = 2


class Sheet(Struct, frozen=True):
    """One moment of the stage."""

    slide: Slide
    step: int
    total: int
    """How many slides the talk has."""
    scene: Scene
    live: Live | None = None
    caption: str = ""
    judgements: tuple[Judgement, ...] = ()
    playing: Playing = Playing()
    label: str = ""
    """What the picture is of: "live cluster, 5 processes", "simulated", "recorded"."""
    following: str = ""
    """The next slide's title."""
    elapsed_s: int = 0
    """Since the talk's second slide."""
    preparing: str = ""
    """What is being made ready; empty: nothing."""
    notice: str = ""
    typed: str = ""
    """Where the number that is being typed leads; empty: none is."""
    late: str = ""
    """What the slide waits for longer than it meant to, in a sentence; empty: nothing."""
    black: bool = False
    lettered: bool = True
    """Whether a title alone is drawn in large letters, as far as the words beneath leave room."""


def paint(sheet: Sheet, width: int, height: int) -> Frame:
    """The whole stage."""
    frame = Frame(width, height)
    if sheet.black or width < 20 or height < 8:
        return frame
    _foot(frame, sheet)
    y = _title(frame, sheet)
    body = height - FOOT - 1
    if sheet.live is None:
        _words_alone(frame, sheet, y, body)
    elif sheet.live.place == "whole":
        _beneath(frame, sheet, y, body, words=False)
    elif sheet.live.place == "right" and width >= WIDE:
        _beside(frame, sheet, y, body)
    else:
        _beneath(frame, sheet, y, body, words=True)
    return frame


# --- title and foot ------------------------------------------------------------------------------


def _title(frame: Frame, sheet: Sheet) -> int:
    """The title and its line; where the words may begin."""
    slide = sheet.slide
    if not slide.title or slide.middle:
        return 2
    title = fit(slide.title, frame.width - 2 * LEFT)
    after = frame.text(LEFT, 1, title, "title", bold=True)
    if slide.subtitle:
        frame.text(after + 3, 1, fit(slide.subtitle, frame.width - LEFT - after - 3), "muted")
    mark = "=" if sheet.scene.glyphs == "ascii" else "━"
    frame.text(LEFT, 2, mark * len(title), "accent")
    return 4


def _foot(frame: Frame, sheet: Sheet) -> None:
    y, width = frame.height - 1, frame.width
    rule = "-" if sheet.scene.glyphs == "ascii" else "─"
    frame.text(LEFT, y - 1, rule * (width - 2 * LEFT), "faint")
    number = f"{sheet.slide.number} / {sheet.total}"
    minutes, seconds = divmod(sheet.elapsed_s, 60)
    right = f"{number:>9}   {minutes}:{seconds:02}"
    frame.right(width - LEFT, y, right, "muted")
    end = frame.text(
        LEFT, y, sheet.label, "suspect" if sheet.label.startswith("recorded") else "muted"
    )
    room = width - LEFT - len(right) - end - 6
    middle = sheet.typed or sheet.preparing or sheet.notice
    bright = sheet.typed or sheet.preparing
    if not middle and sheet.following:
        middle = f"{'>' if sheet.scene.glyphs == 'ascii' else '▶'} next: {sheet.following}"
    if room > 12 and middle:
        x = end + 3 + max(0, (room - len(middle)) // 2)
        frame.text(x, y, fit(middle, room), "accent" if bright else "muted")


# --- words and picture ---------------------------------------------------------------------------


def _words_alone(frame: Frame, sheet: Sheet, y: int, end: int) -> None:
    """No picture: the words have the whole width, in the middle if the slide says so."""
    width = frame.width - 2 * LEFT
    slide = sheet.slide
    if slide.middle:
        _in_the_middle(frame, sheet, end)
        return
    claims = _claims(sheet, width)
    bottom = end - len(claims) - (1 if claims else 0)
    if any(block.column for block in slide.blocks):
        _columns(frame, sheet, y, bottom)
    else:
        lines = lay(slide.blocks, sheet.step, min(width, 100), airy=True)
        if len(lines) > bottom - y:
            lines = lay(slide.blocks, sheet.step, min(width, 100))
        _lines(frame, lines, LEFT, y, bottom)
    _lines(frame, claims, LEFT, bottom + 1, end)


def _columns(frame: Frame, sheet: Sheet, y: int, end: int) -> None:
    """Two columns, with what stands before them above and what stands after them beneath."""
    slide = sheet.slide
    first = next(place for place, block in enumerate(slide.blocks) if block.column)
    above = slide.blocks[:first]
    below = [block for block in slide.blocks[first:] if not block.column]
    width = frame.width - 2 * LEFT
    if above:
        y = _lines(frame, lay(above, sheet.step, min(width, 100)), LEFT, y, end) + 1
    one, two = slide.columns
    left = (width - 4) * one // (one + two)
    ends = [y]
    for column, x, room in ((1, LEFT, left), (2, LEFT + left + 4, width - 4 - left)):
        mine = [block for block in slide.blocks if block.column == column]
        ends.append(_lines(frame, lay(mine, sheet.step, room), x, y, end))
    _lines(frame, lay(below, sheet.step, min(width, 100)), LEFT, max(ends) + 1, end)


def _in_the_middle(frame: Frame, sheet: Sheet, end: int) -> None:
    slide = sheet.slide
    width = frame.width - 2 * LEFT
    lines = lay(slide.blocks, sheet.step, min(width, 72))
    head = _headline(sheet, width, end - len(lines) - (2 if slide.subtitle else 0) - 3)
    if slide.subtitle:
        head += [[], [(slide.subtitle, "accent")]]
    everything = head + ([[]] if head and lines else []) + lines
    y = max(1, (end - len(everything)) // 2)
    for place, line in enumerate(everything):
        if y + place < end:
            length = sum(len(text) for text, _ in line)
            frame.runs(max(LEFT, (frame.width - length) // 2), y + place, line)


def _headline(sheet: Sheet, width: int, height: int) -> list[Line]:
    """The title in large letters, where there is room for them."""
    title = sheet.slide.title
    lettered = sheet.lettered and sheet.scene.glyphs != "ascii"
    drawn = large(title, width, height) if lettered else None
    if drawn is None:
        return [[(title, "title")]] if title else []
    return [*([(row, "title")] for row in drawn), []]


def _beside(frame: Frame, sheet: Sheet, y: int, end: int) -> None:
    """Words left, picture right."""
    assert sheet.live is not None
    side = min(2 * (end - 1), frame.width - 44)
    text = min(TEXT_MAX, frame.width - side - LEFT - 3)
    x = frame.width - side - 1
    claims = _claims(sheet, text)
    caption = _caption(sheet, text)
    bottom = end - len(claims) - len(caption) - (1 if claims else 0) - (1 if caption else 0)
    lines = lay(sheet.slide.blocks, sheet.step, text)
    _lines(frame, lines, LEFT, y, max(y, bottom))
    at = min(bottom + 1, max(y + len(lines) + 2, end - 18)) if frame.height > 30 else bottom + 1
    at = _lines(frame, claims, LEFT, at, end)
    _lines(frame, caption, LEFT, at + 1, end)
    put(frame, _picture(sheet, sheet.live, side, end - 1), x, 1)


def _beneath(frame: Frame, sheet: Sheet, y: int, end: int, *, words: bool) -> None:
    """Words above, picture beneath, claims and caption at the foot."""
    assert sheet.live is not None
    width = frame.width - 2 * LEFT
    if words:
        lines = lay(sheet.slide.blocks, sheet.step, min(width, 100))
        y = _lines(frame, lines, LEFT, y, end - 8) + 1
    claims = _claims(sheet, width)
    caption = _caption(sheet, width)
    foot = len(claims) + len(caption) + (1 if claims or caption else 0)
    rows = end - foot - y
    if rows < 8 and len(claims) > 3:
        claims = _claims(sheet, width, most=3)
        foot = len(claims) + len(caption) + 1
        rows = end - foot - y
    put(frame, _picture(sheet, sheet.live, width, max(0, rows)), LEFT, y)
    at = _lines(frame, caption, LEFT, end - foot + 1, end)
    _lines(frame, claims, LEFT, at, end)


def _picture(sheet: Sheet, live: Live, width: int, height: int) -> Frame:
    """A pair's claims are painted once: with the slide's, where it claims them."""
    claimed = any(judgement.claim.pair for judgement in sheet.judgements)
    return picture(live, sheet.scene, sheet.playing, width, height, claimed=claimed)


def _lines(frame: Frame, lines: list[Line], x: int, y: int, end: int) -> int:
    """Write lines until `end`; where the next would be."""
    for line in lines:
        if y >= end:
            break
        frame.runs(x, y, line)
        y += 1
    return y


def _caption(sheet: Sheet, width: int) -> list[Line]:
    """At most two lines, in quotes: what the narrator says of what is seen. What is late is said instead,
    without: nobody narrates that."""
    said = sheet.late or sheet.caption
    if not said:
        return []
    words = said.split()
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width - 2:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > CAPTION_MAX:
        lines = [*lines[: CAPTION_MAX - 1], lines[CAPTION_MAX - 1][: width - 4] + "…"]
    if sheet.late:
        return [[(text, "suspect")] for text in lines]
    lines[0] = "“" + lines[0]
    lines[-1] += "”"
    return [[((" " if place else "") + text, "accent")] for place, text in enumerate(lines)]


def _claims(sheet: Sheet, width: int, most: int = CLAIMS_MAX) -> list[Line]:
    """One line each where that fits, the worst first where not all fit."""
    ordered = list(sheet.judgements)
    if len(ordered) > most:
        rank = {"broken": 0, "unknown": 1, "pending": 2, "held": 3}
        ordered.sort(key=lambda j: rank[j.state])
    marks = ASCII_MARKS if sheet.scene.glyphs == "ascii" else MARKS
    lines: list[Line] = []
    for judgement in ordered[:most]:
        role = ROLES[judgement.state]
        said = found(judgement, sheet.scene.now)
        room = width - 2
        text = judgement.text
        if len(text) + len(said) + 2 <= room:
            gap = " " * (room - len(text) - len(said))
            lines.append([(marks[judgement.state] + " ", role), (text + gap, ""), (said, role)])
        else:
            lines.append([(marks[judgement.state] + " ", role), (text[:room], "")])
            lines.append([("  " + said[:room].rjust(room), role)])
    if len(sheet.judgements) > most:
        held = sum(j.state == "held" for j in sheet.judgements)
        lines.append([(f"  {held} of {len(sheet.judgements)} claims hold", "muted")])
    return lines
