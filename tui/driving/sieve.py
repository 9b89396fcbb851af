"""The filter: which lines, nodes and rooms are shown while one is set. Pure.

Words are ANDed, case does not matter, `!` before a word inverts it. What is hidden is only not
shown: nothing that is counted or judged changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from tui.judge.agreement import agreement
from tui.judge.standing import stand
from tui.scene import Scene
from tui.view import EventLine, NodeView

Name = TypeVar("Name", bound=str)


@lru_cache(maxsize=64)
def _words(sieve: str) -> tuple[tuple[str, bool], ...]:
    words = [(word.removeprefix("!"), not word.startswith("!")) for word in sieve.lower().split()]
    return tuple((word, wanted) for word, wanted in words if word)


def keeps(sieve: str, text: str) -> bool:
    """Whether a filter lets this text through."""
    if not sieve:
        return True
    text = text.lower()
    return all((word in text) == wanted for word, wanted in _words(sieve))


def kept_lines(scene: Scene, lines: Iterable[EventLine]) -> list[EventLine]:
    """The lines of a log that are shown: who said them counts as well as what."""
    if not scene.sieve:
        return list(lines)
    return [line for line in lines if keeps(scene.sieve, f"{line.node} {line.text}")]


def kept_nodes(scene: Scene) -> list[NodeView]:
    """The nodes of a table that are shown: by name and by state's word."""
    nodes = list(scene.view.nodes.values())
    if not scene.sieve:
        return nodes
    judged = agreement(scene.view, scene.now)
    return [
        node for node in nodes
        if keeps(scene.sieve, f"{node.name} {stand(node, judged, scene.now).word}")
    ]  # fmt: skip


def kept_names(scene: Scene, names: Iterable[Name]) -> list[Name]:
    """The names (of rooms) that are shown."""
    return [name for name in names if keeps(scene.sieve, name)]


def hidden(shown: int, of: int) -> str:
    """How many a filter hides, in words; empty: none."""
    return f"{of - shown:,} of {of:,} hidden" if shown < of else ""
