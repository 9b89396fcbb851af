"""`--plain`: what happens, one line each with its time, no escape codes.

The verdict is repeated when its words change; when only its numbers run, every few seconds. Event
lines are the log's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from time import localtime, strftime

from tui.judge.verdict import verdict
from tui.view import ClusterView, EventLine

NUMBERS_PERIOD_US = 5_000_000
NUMBERS = re.compile(r"\d+(\.\d+)?")


class Plain:
    """Prints what is new in each next view."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._shown: frozenset[EventLine] = frozenset()
        self._words = ""
        self._verdict = ""
        self._verdict_at = 0

    def show(self, view: ClusterView, now: int) -> None:
        """Print what this view has and the last one had not."""
        for event in view.events:
            if event not in self._shown:
                self._say(f"{clock(event.at)}  {event.node}  {event.text}")
        self._shown = frozenset(view.events)
        said = verdict(view, now).text
        words = NUMBERS.sub("N", said)
        if words != self._words or (
            said != self._verdict and now >= self._verdict_at + NUMBERS_PERIOD_US
        ):
            self._words = words
            self._verdict = said
            self._verdict_at = now
            self._say(f"{clock(now)}  --  {said}")


def clock(at: int) -> str:
    """Local time of day with milliseconds."""
    return strftime("%H:%M:%S", localtime(at // 1_000_000)) + f".{at // 1_000 % 1_000:03d}"
