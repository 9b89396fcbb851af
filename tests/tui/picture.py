"""Golden frames: a screen's text kept as a file, so that a change of a picture is read in review.

Rewrite them with `UPDATE_GOLDEN=1 pytest tests/tui`, then look at the diff.
"""

from __future__ import annotations

import os
from difflib import unified_diff
from pathlib import Path

from tui.draw.frame import Frame, ink_at
from tui.draw.theme import known

GOLDEN = Path(__file__).parent / "golden"


def assert_golden(name: str, frame: Frame) -> None:
    """The frame's text is what the file says, and every role it uses has a colour."""
    path = GOLDEN / f"{name}.txt"
    text = "\n".join(frame.lines()) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: UPDATE_GOLDEN=1 writes it"
    kept = path.read_text(encoding="utf-8")
    difference = "\n".join(unified_diff(kept.splitlines(), text.splitlines(), "kept", "now", n=0))
    assert not difference, difference
    assert_known_roles(frame)


def assert_known_roles(frame: Frame) -> None:
    """No painter names a role that the theme does not know."""
    used = {ink_at(index) for row in frame.inks for index in row}
    assert all(known(ink.fg) and (not ink.bg or known(ink.bg)) for ink in used)
