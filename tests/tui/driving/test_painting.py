"""Painters are read before they are needed."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

from tui.driving.painting import PAINTERS, TextScreen

READS_ALL = """
import sys
from tui.driving.painting import LATE, PAINTERS, read_ahead
steps = 1
while read_ahead():
    steps += 1
assert steps <= len(PAINTERS) + len(LATE), steps
assert all(module in sys.modules for module in (*PAINTERS.values(), *LATE))
"""


def test_every_screen_of_text_has_a_painter_to_read_ahead() -> None:
    assert set(PAINTERS) == set(get_args(TextScreen))


def test_one_painter_a_time_is_read_until_none_is_left() -> None:
    """In a process of its own: this one has read them all."""
    done = subprocess.run(
        [sys.executable, "-c", READS_ALL], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
