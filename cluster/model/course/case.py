"""One incident while it is brought up to date: its stages, and what every live view holds of its subject.

How a stage is opened, closed, skipped and made to wait, once each. When that is done is decided by
`cluster.model.course.stages`.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from cluster.model.facts import Fact, FactId
from cluster.model.incident import Incident, Stage, StageName
from cluster.model.lives import Lives
from cluster.model.member import MemberState, NodeId

CAUSES_MAX: Final = 4
NOBODY: Final = NodeId("")
SUSPECT: Final = MemberState.SUSPECT
REMOVED: Final = MemberState.REMOVED


class Case:
    """An incident being brought up to date. `stages` keeps their order."""

    def __init__(self, incident: Incident, lives: Lives, fact: Fact) -> None:
        self.incident = incident
        self.lives = lives
        self.fact = fact
        self.subject = incident.subject
        self.stages: dict[StageName, Stage] = {stage.name: stage for stage in incident.stages}
        self.views = lives.observers(incident.subject)
        self.ended = incident.ended
        self.false_alarm = incident.false_alarm
        self.accusing = {n: o for n, o in self.views.items() if SUSPECT <= o.state <= REMOVED}
        """The views that hold it suspect, dead or removed, of whichever life."""
        accusers = len(self.accusing)
        self.confirmed = incident.confirmed or accusers > len(self.views) - accusers + 1

    def __getitem__(self, name: StageName) -> Stage:
        return self.stages[name]

    def begin(
        self, name: StageName, at: int, witness: NodeId, causes: tuple[FactId, ...] = ()
    ) -> None:
        """Open a stage, once. Its cause is this fact, if the witness tells it, or `causes`."""
        if not self.stages[name].began and not self.stages[name].skipped:
            causes = causes or self._causes(witness)
            self._put(replace(self.stages[name], began=at, witness=witness, causes=causes))

    def end(
        self, name: StageName, at: int, witness: NodeId = NOBODY, *, overtaken: bool = False
    ) -> None:
        """Close an open stage, once."""
        stage = self.stages[name]
        if not stage.open:
            return
        self._put(
            replace(
                stage,
                ended=max(at, stage.began),
                witness=witness or stage.witness,
                causes=self._causes(witness) or stage.causes,
                waiting_on="",
                overtaken=overtaken,
                due=0,
            )
        )

    def skip(self, *names: StageName) -> None:
        """What has not begun will not happen."""
        for name in names:
            if not self.stages[name].began:
                self._put(replace(self.stages[name], skipped=True, waiting_on=""))

    def wait(self, name: StageName, sentence: str, due: int = 0) -> None:
        """Say what a stage that is not over waits for."""
        stage = self.stages[name]
        if not stage.settled and (stage.waiting_on, stage.due) != (sentence, due):
            self._put(replace(stage, waiting_on=sentence, due=due))

    def count(self, name: StageName, number: int) -> None:
        """Set a stage's count."""
        if self.stages[name].count != number:
            self._put(replace(self.stages[name], count=number))

    def finish(self, at: int, *, false_alarm: bool = False) -> None:
        """Close the record: open stages end, the rest is skipped."""
        for name in list(self.stages):
            self.end(name, at, overtaken=True)
            self.skip(name)
        self.ended = at
        self.false_alarm = false_alarm

    def result(self) -> Incident:
        """The record as it is now; the same object when nothing changed."""
        stages = tuple(self.stages.values())
        old = self.incident
        if (stages, self.ended, self.confirmed) == (old.stages, old.ended, old.confirmed):
            return old
        return replace(
            old,
            stages=stages,
            ended=self.ended,
            false_alarm=self.false_alarm,
            confirmed=self.confirmed,
        )

    def _put(self, stage: Stage) -> None:
        self.stages[stage.name] = stage

    def _causes(self, witness: NodeId) -> tuple[FactId, ...]:
        if witness != self.fact.node:
            return ()
        return (self.fact.id, *self.fact.causes)[:CAUSES_MAX]
