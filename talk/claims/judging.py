"""Whether a slide's claims are so: held, pending with a deadline, broken by a fact, or unknown. Pure.

A claim counts from a moment: when its slide was entered, or when the cue it names had done its last
act. `always` is looked at every time facts come; one moment at which it is not so breaks it for good.
`within` is held by one moment at which it is so, and broken by its deadline. `at` is looked at once.
A claim that nothing could be measured for is unknown, never held: an experiment in which nothing
happened cannot pass. Bounds stretch with the measured lag of the machine, and say so.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from cluster.model.facts import Fact
from cluster.sim.pairs.record import Checked, Played
from talk.claims.evidence import Evidence, Measured, Since
from talk.claims.measures import MEASURES
from talk.deck.deck import ALL, Claim, Predicate, Relation, Slide
from tui.view import ClusterView

State = Literal["held", "pending", "broken", "unknown"]
END: Final = "end"
_HOLDS: Final[dict[Relation, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<=": operator.le,
    "<": operator.lt,
    "=": operator.eq,
}


class Judgement(Struct, frozen=True):
    """One claim, as it stands."""

    claim: Claim
    state: State = "pending"
    text: str = ""
    """The sentence on the slide."""
    measured: Measured | None = None
    """What was measured last, or what broke it."""
    unit: str = ""
    since: int = 0
    """The moment it counts from; 0: that has not come."""
    deadline: int = 0
    """When it breaks, if it is one that waits; 0: it does not."""
    looks: int = 0
    """At how many moments it was looked at."""
    at: int = 0
    """When it was decided."""
    stretch: float = 1.0
    """By how much its bound was stretched."""
    pair: Checked | None = None
    """Of a pair: what was counted there."""

    @property
    def settled(self) -> bool:
        """Whether nothing that happens can change it."""
        return self.state in ("held", "broken") and self.claim.when != "always"


def measured(predicate: Predicate, evidence: Evidence) -> Measured:
    """What its measure says now. Raises KeyError for a measure that is none."""
    return MEASURES[predicate.measure].read(evidence, predicate.args)


def is_met(predicate: Predicate, found: Measured) -> bool | None:
    """Whether it is so; None where nobody can know: also of nothing, nothing is so."""
    if found.value is None or not found.of:
        return None
    bound = float(found.of) if predicate.bound == ALL else predicate.bound
    return _HOLDS[predicate.relation](found.value, bound)


class Docket:
    """The claims of one slide while it is on."""

    def __init__(self, slide: Slide, view: ClusterView, now: int) -> None:
        self.slide = slide
        self.entered = Since(view, now)
        """Everything since the slide was entered: what cues wait for is measured by this."""
        self._from: dict[str, Since] = {}
        """The same since each named cue."""
        self.judgements: list[Judgement] = [
            Judgement(claim, text=claim.text) for claim in slide.claims if not claim.pair
        ]
        self._pairs = {claim.pair: claim for claim in slide.claims if claim.pair}
        self._played: set[str] = set()

    @property
    def open(self) -> list[Judgement]:
        """What still waits for something."""
        return [j for j in self.judgements if j.state == "pending"]

    @property
    def expected(self) -> list[str]:
        """Pairs whose claims are on this slide and that have not been played."""
        return [name for name in self._pairs if name not in self._played]

    def met(self, predicate: Predicate, view: ClusterView, now: int) -> bool | None:
        """Whether something is so now, since the slide was entered."""
        return is_met(predicate, measured(predicate, Evidence(view, now, self.entered)))

    def finished(self, alias: str, view: ClusterView, now: int) -> None:
        """A cue has done what it is about: claims that name it count from now."""
        if alias:
            self._from[alias] = Since(view, now)

    def hear(self, facts: Sequence[Fact], view: ClusterView, now: int, stretch: float) -> None:
        """Facts came, or time went by."""
        self.entered.hear(facts)
        for since in self._from.values():
            since.hear(facts)
        self.judgements = [self._judged(j, view, now, stretch) for j in self.judgements]

    def close(self, view: ClusterView, now: int) -> None:
        """All cues of the slide are over, or it is left: what counts at its end counts now."""
        evidence = Evidence(view, now, self.entered)
        self.judgements = [self._at_end(j, evidence) for j in self.judgements]

    def played(self, record: Played) -> None:
        """A pair was played: what it counted are claims of this slide, if the slide says so."""
        claim = self._pairs.get(record.name)
        if claim is None or record.name in self._played:
            return
        self._played.add(record.name)
        self.judgements = [*self.judgements, *(of_pair(claim, c) for c in record.claims)]

    # --- one claim -------------------------------------------------------------------------------

    def _judged(self, had: Judgement, view: ClusterView, now: int, stretch: float) -> Judgement:
        claim, predicate = had.claim, had.claim.predicate
        if predicate is None or had.settled or had.state == "broken":
            return had
        if claim.alias == END:
            # What it says so far is shown; it is judged when all cues are over.
            found = measured(predicate, Evidence(view, now, self.entered))
            unit = MEASURES[predicate.measure].unit
            known = found if found.value is not None else had.measured
            return replace(had, measured=known, unit=unit) if had.state == "pending" else had
        since = self._from.get(claim.alias) if claim.alias else self.entered
        if since is None:
            return had  # what it counts from has not happened
        found = measured(predicate, Evidence(view, now, since))
        so = is_met(predicate, found)
        had = replace(
            had,
            measured=found if found.value is not None else had.measured,
            unit=MEASURES[predicate.measure].unit,
            since=since.at,
            looks=had.looks + (so is not None),
            stretch=max(had.stretch, stretch),
        )
        match claim.when:
            case "always":
                return self._always(had, so, now)
            case "within":
                return self._within(had, so, now)
            case "at":
                if so is None:
                    return had
                return replace(had, state="held" if so else "broken", at=now)

    def _always(self, had: Judgement, so: bool | None, now: int) -> Judgement:
        if so is None:
            return had
        if so:
            return replace(had, state="held", at=now)
        return replace(had, state="broken", at=now)

    def _within(self, had: Judgement, so: bool | None, now: int) -> Judgement:
        deadline = had.since + round(had.claim.within_us * had.stretch)
        had = replace(had, deadline=deadline)
        if so and now <= deadline:
            return replace(had, state="held", at=now)
        if now > deadline:
            return replace(had, state="broken", at=now)
        return had

    def _at_end(self, had: Judgement, evidence: Evidence) -> Judgement:
        predicate = had.claim.predicate
        if predicate is None or had.state in ("held", "broken"):
            return had
        if had.claim.alias != END:
            # A deadline that lies ahead is not the claim's fault; to be decided by who waits for it.
            return had if had.deadline > evidence.now else replace(had, state="unknown")
        found = measured(predicate, evidence)
        so = is_met(predicate, found)
        state: State = "unknown" if so is None else "held" if so else "broken"
        unit = MEASURES[predicate.measure].unit
        return replace(had, state=state, measured=found, unit=unit, at=evidence.now, looks=1)


def of_pair(claim: Claim, checked: Checked) -> Judgement:
    """What a pair counted, as a judgement."""
    state: State = "held" if checked.held else "broken" if checked.of else "unknown"
    found = Measured(checked.measured, checked.of, checked.of_what)
    return Judgement(claim, state, checked.text, found, checked.unit, pair=checked, looks=1)
