"""What a judge says when a promise was broken. It is raised where it is found, and ends the world."""

from __future__ import annotations

from cluster.model.versions import Context


class BrokenPromiseError(Exception):
    """One sentence. `judge` names who found it: a shrunk run must break the same promise."""

    def __init__(self, judge: str, sentence: str) -> None:
        super().__init__(sentence)
        self.judge = judge
        self.sentence = sentence


def covers(context: Context, other: Context) -> bool:
    """Whether a context knows everything that another knows."""
    return all(context.get(actor, 0) >= counter for actor, counter in other.items())


def shown(key: bytes) -> str:
    """A key or value in a sentence."""
    return key.decode("latin-1")
