"""Facts about deleted keys: when their tombstones go, and what keeps them.

A part of the one vocabulary (`cluster.model.facts`, from where everybody takes them).
"""

from __future__ import annotations

from msgspec import Struct


class TombstonesReaped(Struct, frozen=True, array_like=True, tag="tombstone.reap"):
    """Every member has confirmed that nothing older is left, and these keys are forgotten."""

    partition: int
    count: int


class ReapingWaited(Struct, frozen=True, array_like=True, tag="tombstone.wait"):
    """Tombstones past their grace have to stay; says what for. Told when that changes."""

    partition: int
    count: int
    """Tombstones in the batch that waits."""
    waiting_on: str
