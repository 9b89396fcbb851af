"""Incidents: the record that the recovery screen draws, asserted on.

The casebook is fed the very facts that a dashboard would be fed, so picture and test cannot
disagree. Decides two things: a crash that nothing else obscures is noticed within its bound, and
once the world is healed every record closes. Ignores data, and wrong clocks: facts are judged by
the moment at which they were stated in this world.
"""

from __future__ import annotations

from msgspec.structs import replace

from cluster.config import SECOND
from cluster.model.casebook import Casebook, advance
from cluster.model.facts import Fact
from cluster.model.incident import Incident
from cluster.sim.check.finding import BrokenPromiseError
from cluster.sim.world import World


class Incidents:
    """The judge of the incident record."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.book = Casebook()
        self.noticed_checked = 0

    def hear(self, fact: Fact) -> None:
        """One more fact."""
        now = self._world.now
        self.book = advance(self.book, fact if fact.at == now else replace(fact, at=now))

    def open(self) -> list[Incident]:
        """Records not closed."""
        return [i for i in self.book.incidents if not i.ended]

    def closed(self) -> None:
        """Every record is closed by now."""
        for incident in self.open():
            waits = [f"{s.name} waits for {s.waiting_on}" for s in incident.stages if s.open]
            raise BrokenPromiseError(
                "incidents",
                f"the incident of {incident.subject} ({incident.fault or 'nobody said why'}) is "
                f"still open although everything is healed: {'; '.join(waits) or 'no stage is open'}",
            )

    def noticed(self, subject: str, killed_at: int, within_us: int) -> None:
        """A crash was suspected, declared and known to everybody in time."""
        found = [i for i in self.book.incidents if i.subject == subject and i.began == killed_at]
        if not found:
            raise BrokenPromiseError("detection", f"the crash of {subject} left no incident")
        self.noticed_checked += 1
        dead = found[-1].stage("dead")
        took = (dead.ended or killed_at + within_us + 1) - killed_at
        if took > within_us:
            raise BrokenPromiseError(
                "detection",
                f"after the crash of {subject} it took more than {within_us / SECOND:g} s "
                f"until every live view had it dead",
            )
