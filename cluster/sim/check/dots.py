"""Dots: no (actor, counter) of a key ever names two different writes, anywhere in the world.

Reads what nodes ask their disks to store. This is what makes version vectors sound: a replica that
lost its disk, restarted or was refused a write must never mint a dot again that somebody may hold
(Riak's kv679). Ignores what the values mean.
"""

from __future__ import annotations

from cluster.model.versions import Sibling
from cluster.protocol.effects import Persist, PutRecord
from cluster.sim.check.finding import BrokenPromiseError, shown
from cluster.sim.host import Host

Dot = tuple[str, int]


class Dots:
    """Every dot ever stored, and what it stood for."""

    def __init__(self) -> None:
        self._known: dict[bytes, dict[Dot, Sibling]] = {}
        self.checked = 0

    def store(self, host: Host, persist: Persist) -> None:
        """A node asks its disk to store something."""
        for write in persist.writes:
            if isinstance(write, PutRecord):
                known = self._known.setdefault(write.key, {})
                for sibling in write.record.versions.siblings:
                    self._check(host, write.key, known, sibling)

    def _check(self, host: Host, key: bytes, known: dict[Dot, Sibling], sibling: Sibling) -> None:
        self.checked += 1
        dot = (sibling.actor, sibling.counter)
        before = known.setdefault(dot, sibling)
        if before is not sibling and before != sibling:
            a, b = _text(before), _text(sibling)
            raise BrokenPromiseError(
                "dots",
                f"{host.name} stores {b} under {sibling.actor}:{sibling.counter} of "
                f"{shown(key)}, which already stood for {a}: one of them will be taken as seen",
            )


def _text(sibling: Sibling) -> str:
    return "a tombstone" if sibling.value is None else shown(sibling.value[:40])
