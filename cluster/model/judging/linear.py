"""Linearizability, key by key: is there one order of all operations on a register that agrees with
what every client saw and with what ended before what began?

"Yes" only if an order was found. "No" always comes with the name of what went wrong and the few
operations that show it, so that a person can check it. "Undecided" if the search would cost more
than its bound. A history is linearizable if every key is (Herlihy and Wing 1990).

Ignores counters and sets: their keys are left out, and counted.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from cluster.model.judging.anomalies import Anomaly, named, plain
from cluster.model.judging.bounds import JUDGE
from cluster.model.judging.conflicts import contradiction, shrunk
from cluster.model.judging.deeds import Deed
from cluster.model.judging.losses import KeyBook
from cluster.model.judging.order import Answer, find_order, steps_of


class Verdict(Struct, frozen=True):
    """What one key's history is."""

    key: str
    linearizable: Answer
    operations: int
    """Those that were judged: all but refused writes and reads nobody answered."""
    states: int = 0
    """What the search visited."""
    anomaly: Anomaly | None = None
    """Why not. Only and always with "no"."""


class Linearity(Struct, frozen=True):
    """What a whole history is."""

    verdicts: tuple[Verdict, ...]
    left_out: int
    """Keys that are counters or sets."""

    @property
    def answer(self) -> Answer:
        """ "no" if any key is not, else "undecided" if any is."""
        answers: set[Answer] = {verdict.linearizable for verdict in self.verdicts}
        return "no" if "no" in answers else "undecided" if "undecided" in answers else "yes"

    @property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """One for each key that is not linearizable, by the moment in which it showed."""
        found = [v.anomaly for v in self.verdicts if v.anomaly is not None]
        return tuple(sorted(found, key=lambda anomaly: anomaly.shown_at))


def linearity(
    deeds: Iterable[Deed], *, complete: bool = True, states_max: int = JUDGE.states_max
) -> Linearity:
    """Judge a history. Of an incomplete one (`Evidence.complete`) a key is undecided if a read shows
    a value of unknown origin."""
    keys: dict[str, list[Deed]] = {}
    for deed in deeds:
        keys.setdefault(deed.key, []).append(deed)
    registers = {
        key: own
        for key, own in keys.items()
        if all(deed.kind in ("write", "read", "delete") for deed in own)
    }
    verdicts = tuple(
        judge_key(key, own, complete=complete, states_max=states_max)
        for key, own in registers.items()
    )
    return Linearity(verdicts, len(keys) - len(registers))


def judge_key(
    key: str, deeds: list[Deed], *, complete: bool = True, states_max: int = JUDGE.states_max
) -> Verdict:
    """Judge the operations on one register."""
    asked = [d for d in deeds if (d.possible if d.changes else d.outcome == "ok")]
    anomaly = plain(KeyBook(deeds, siblings=False, complete=complete))
    if anomaly is not None:
        return Verdict(key, "no", len(asked), 0, anomaly)
    written = {deed.value for deed in asked if deed.kind == "write"}
    if any(value not in written for deed in asked for value in deed.told):
        return Verdict(key, "undecided", len(asked))
    core = contradiction(asked)
    if core:
        return Verdict(key, "no", len(asked), 0, named(core, asked))
    found = find_order(steps_of(asked), states_max)
    if found.answer == "no":
        core = shrunk(asked, states_max, JUDGE.core_tries_max)
        return Verdict(key, "no", len(asked), found.states, named(core, asked))
    return Verdict(key, found.answer, len(asked), found.states)


def with_final_reads(
    deeds: Iterable[Deed], final: dict[str, tuple[str, ...]], at: int
) -> list[Deed]:
    """The history and a read of each key at its end: what was there is then part of the judgement.

    `at`: a moment after everything; the reads' clients are numbered from -1 down.
    """
    history = list(deeds)
    number = max((deed.number for deed in history), default=0)
    history += [
        Deed(number + place, -place, "read", key, at, at + 1, "ok", told=values)
        for place, (key, values) in enumerate(final.items(), 1)
    ]
    return history
