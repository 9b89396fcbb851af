"""How numbers, names and durations read in a sentence; what a phrase is.

Ignores what the sentences say (`tui.judge.phrases` and its neighbours).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from cluster.model.member import NodeId

Tone = Literal["plain", "good", "warn", "bad", "muted"]


class Phrase(NamedTuple):
    """A sentence and how serious it is."""

    text: str
    tone: Tone = "plain"


@lru_cache(maxsize=4_096)
def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts n2 before n10."""
    parts: list[tuple[int, int, str]] = []
    digits = ""
    for char in name + "\0":
        if char.isdigit():
            digits += char
            continue
        if digits:
            parts.append((0, int(digits), ""))
            digits = ""
        parts.append((1, 0, char))
    return tuple(parts)


def seconds(us: int) -> str:
    """A duration as the screens say it: 3 ms, 0.34 s, 3.2 s, 42 s, 3 min 20 s."""
    us = max(0, us)
    if 0 < us < 5_000:  # "0.00 s" would say that there was nothing
        return f"{max(1, us // 1_000)} ms"
    if us < 995_000:
        return f"{us / 1e6:.2f} s"
    if us < 59_950_000:
        return f"{us / 1e6:.1f} s"
    minutes, rest = divmod(us // 1_000_000, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def listed(names: tuple[NodeId, ...] | list[NodeId], most: int = 5) -> str:
    """Names in a sentence; more than `most` are counted."""
    return " ".join(names) if len(names) <= most else f"{len(names)} nodes"


def joined(names: tuple[NodeId, ...] | list[NodeId], most: int = 5) -> str:
    """Names as a sentence's subject: "n3 and n4"; more than `most` are counted."""
    if len(names) < 2 or len(names) > most:
        return listed(names, most)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def counted(count: int, one: str, many: str = "") -> str:
    """A number and its noun: "1 hint", "1,204 hints", "2 copies"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def millis(us: int) -> str:
    """A short duration: 0.4 ms, 12 ms, 500 ms, then seconds."""
    if us >= 1_000_000:
        return seconds(us)
    return f"{us / 1000:.1f} ms" if us < 9_950 else f"{us / 1000:.0f} ms"


def brief(names: Iterable[str], room: int) -> dict[str, str]:
    """Names of the form NAME@HOST or HOST:PORT cut to what tells them apart; empty if none does."""
    known = list(names)

    def tail(name: str) -> str:
        return _before(name)[-room:]

    for cut in (_whole, _before, _behind, _port, tail):
        shorter = [cut(name) for name in known]
        if max(map(len, shorter), default=0) <= room and len({*shorter}) == len(known):
            return dict(zip(known, shorter, strict=True))
    return {}


def _whole(name: str) -> str:
    return name


def _before(name: str) -> str:
    return name.partition("@")[0]


def _behind(name: str) -> str:
    return name.rpartition("@")[2]


def _port(name: str) -> str:
    return name.rpartition(":")[2]
