"""Times and stretches in few characters, for the presenter's view in a terminal. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from talk.notes.sheet import Against, Card, Clocks

LATE_S: Final = 120
"""Behind by more than this is bad; by less, only to be known."""


def minutes(seconds: int) -> str:
    """A time of the talk's clock: 12:40."""
    return f"{seconds // 60}:{seconds % 60:02}"


def behind(clock: Clocks, *, long: bool) -> tuple[str, str]:
    """How far from the plan or the rehearsals we are, and its role."""
    against: Against = clock.against
    if not against:
        return "", ""
    the = f" the {against}" if long else ""
    if clock.behind_s > 0:
        role = "bad" if clock.behind_s > LATE_S else "warn"
        return f"{minutes(clock.behind_s)} behind{the}", role
    if clock.behind_s < 0:
        return f"{minutes(-clock.behind_s)} ahead{' of' + the if long else ''}", "good"
    return f"on {against}" if against == "plan" else "as rehearsed", "good"


def rounded(card: Card) -> str:
    """A slide's minutes, for the strip."""
    planned = card.usual_s if card.usual_s is not None else card.plan_s
    return f"{planned / 60:.0f}" if planned >= 57 else f"{planned / 60:.1f}"[1:] if planned else ""


def name_of(card: Card) -> str:
    """What a slide is called on the strip: its number, or the question's, as one would type it."""
    return f"?{card.label}" if card.kind == "question" else card.label


def around(cells: Sequence[int], here: int, room: int) -> tuple[int, int]:
    """The stretch of cells around one that fits: first, and behind the last."""
    first, last, used = here, here + 1, cells[here]
    while True:
        grown = False
        if last < len(cells) and used + cells[last] <= room:
            used, last, grown = used + cells[last], last + 1, True
        if first and used + cells[first - 1] <= room:
            used, first, grown = used + cells[first - 1], first - 1, True
        if not grown:
            return first, last


def clipped(text: str, room: int) -> str:
    """As much as fits; what is cut off ends with a sign of it."""
    if len(text) <= room:
        return text
    return text[: room - 1] + "…" if room > 1 else ""
