"""What the judge is told: who asked for what, when, and how it ended; who reigned; what is left.

Decides the meaning of an outcome and the order in which two operations may have happened. Ignores
who ran them: clients of a simulated world and players of a real one are both told this way
(`cluster.sim.load.deeds`, `cluster.lab.quiz.deeds`).

Time is microseconds of one clock, the clients' own: an order between two clients is claimed only
where one operation had ended before the other began (Herlihy and Wing, "Linearizability", 1990).
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct, field

from cluster.model.member import NOBODY, NodeId

Kind = Literal["write", "read", "delete", "count", "add", "remove"]
"""`write`, `read` and `delete` are a register's. `count` adds to a counter, `add` and `remove`
change a set: those are judged for availability, and counters for what they lack."""
Outcome = Literal["ok", "failed", "maybe"]
"""`ok`: it was done. `failed`: it was certainly not done. `maybe`: nobody knows."""

NEVER: Final = 2**62
"""The end of what nobody knows the end of, where moments are compared."""


class Deed(Struct, frozen=True):
    """One thing that one client wanted, however often it had to try."""

    number: int
    """Unique in its history."""
    client: int
    """One client does one thing at a time."""
    kind: Kind
    key: str
    invoked: int
    ended: int = 0
    """When the client knew how it ended, or gave up. 0: never, as far as anybody knows."""
    outcome: Outcome = "maybe"
    value: str = ""
    """What a write wrote: unique among the writes of its key, or the judge takes the kindest
    reading. What a `count` added, as a whole number."""
    told: tuple[str, ...] = ()
    """What a read that is `ok` showed: the values of all siblings. None: the key was absent."""
    node: NodeId = NOBODY
    """Who was asked last."""
    saw: tuple[int, ...] = ()
    """The writes and deletes whose values its client had read before it wrote, by number. What
    those had seen need not be repeated. Only asked where siblings are kept."""

    again: bool = False
    """It was tried more than once, and an earlier try may still happen: once more, at any time
    after the acknowledgement."""

    @property
    def changes(self) -> bool:
        """Whether it changes its key."""
        return self.kind != "read"

    @property
    def possible(self) -> bool:
        """Whether its effect may be found."""
        return self.outcome != "failed"

    @property
    def surely_over(self) -> int:
        """When it had certainly happened for the last time: at its acknowledgement. `NEVER` for what
        may still happen later."""
        return self.ended if self.outcome == "ok" and not self.again else NEVER


class Reign(Struct, frozen=True):
    """A span in which one process acted as master. It ran all the while: deaths and pauses are cut
    out by who tells of it, for a stopped process masters nobody."""

    node: NodeId
    term: int
    """0 where the architecture has no terms."""
    began: int
    ended: int = 0
    """0: it still reigns."""


class Evidence(Struct, frozen=True):
    """Everything there is to judge of one run."""

    deeds: tuple[Deed, ...]
    reigns: tuple[Reign, ...] = ()
    final: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """What each key held when all was healed and settled. A key that nobody could read is missing
    here; one that was read and is absent holds no values."""
    totals: dict[str, int] = field(default_factory=dict[str, int])
    """What each counter showed then."""
    owners_before: dict[str, tuple[NodeId, ...]] = field(
        default_factory=dict[str, tuple[NodeId, ...]]
    )
    """Who held each key before the members changed."""
    owners_after: dict[str, tuple[NodeId, ...]] = field(
        default_factory=dict[str, tuple[NodeId, ...]]
    )
    siblings: bool = False
    """The cluster keeps siblings: a write replaces only what its client had seen, and all else must
    still be there. Otherwise the last write wins, in any order that the clients allow."""
    complete: bool = True
    """No operation is missing. In an incomplete history a value of unknown origin accuses nobody."""
    began: int = 0
    """When the run began; 0: with the first operation."""
    until: int = 0
    """When it ended; 0: with the last."""
