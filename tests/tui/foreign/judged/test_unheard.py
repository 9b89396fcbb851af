"""Who does not answer us while the others hold it alive: not asked, lost, refusing, or connected to nobody."""

from __future__ import annotations

from cluster.model.facts import ProcessObserved
from cluster.model.member import Address, MemberState, NodeId
from cluster.model.summary import Telling
from tui.fold import fold
from tui.judge.verdict import verdict
from tui.sources.foreign.seen import Look, Opinion, Row
from tui.sources.foreign.teller import REFUSED, Teller
from tui.text.status import status
from tui.view import OBSERVER, ClusterView

NAMES = tuple(NodeId(f"s{number}") for number in range(1, 4))
LOST = NAMES[2]
PLACE = Address("10.0.0.3:7001")
TELLING = Telling("Serf", 250_000, (), ("round trips",))
SUSPECTLESS = Telling("Erlang", 250_000, ("memory",), suspects=False)


class Watch:
    """Looks at three members of which all hold all alive, four in a second."""

    def __init__(self, telling: Telling = TELLING) -> None:
        self.telling = telling
        self.teller = Teller(1)
        self.view = ClusterView()
        self.at = 100_000_000

    def look(
        self,
        *heard: NodeId,
        silent: dict[NodeId, str] | None = None,
        seconds: float = 0.25,
        lost: MemberState = MemberState.ALIVE,
        filling: tuple[int, ...] = (),
    ) -> str:
        """These answer for so long, the first copies places; what the verdict says then."""
        for _ in range(int(seconds * 4)):
            self.at += 250_000
            rows = {
                name: Row(name, self._held(name, lost), filling=filling if name == heard[0] else ())
                for name in heard
            }
            looked = Look(self.at, 250_000, rows, silent or {}, self.telling)
            facts = self.teller.tell(looked)
            self.view = fold(self.view, facts)
            self.refusals = [
                f for f in facts if isinstance(f.payload, ProcessObserved) and f.node == OBSERVER
            ]
        return verdict(self.view, self.at).text

    def _held(self, name: NodeId, lost: MemberState) -> dict[NodeId, Opinion]:
        return {
            other: Opinion(lost if other == LOST != name else MemberState.ALIVE)
            if other != LOST
            else Opinion(lost if name != LOST else MemberState.ALIVE, PLACE)
            for other in NAMES
        }

    @property
    def fine(self) -> bool:
        """What `status` would exit with."""
        return status(self.view, self.at).fine

    def word(self, name: NodeId) -> str:
        """A member's state as `status` says it."""
        return next(n.state for n in status(self.view, self.at).nodes if n.name == name)


def test_members_that_were_not_asked_are_not_still_coming() -> None:
    watch = Watch()
    said = watch.look(NAMES[0])
    assert said == "s1 holds all 3 alive; s2 and s3 were not asked: add their addresses."
    assert watch.fine
    assert verdict(watch.view, watch.at).tone == "good"
    assert watch.look(NAMES[0], seconds=30) == said


def test_a_member_that_answered_and_does_so_no_more_is_not_still_coming() -> None:
    watch = Watch()
    assert watch.look(*NAMES, seconds=2) == "3 nodes agree."
    said = watch.look(*NAMES[:2], silent={LOST: "the agent hung up"})
    assert said == "s3 does not answer us any more; the others hold it alive."


def test_a_member_that_refuses_us_is_not_well_though_nobody_has_noticed() -> None:
    watch = Watch()
    watch.look(*NAMES, seconds=2)
    said = watch.look(*NAMES[:2], silent={LOST: f"no answer ({REFUSED})"}, seconds=1)
    assert said == "s3 refuses our connection (1.0 s); the others have not noticed yet."
    assert not watch.fine
    (incident,) = watch.view.incidents
    assert incident.subject == LOST
    assert incident.stage("silent").open
    assert watch.view.events[-1].text == "s3 refuses our connection"


def test_what_the_others_notice_later_is_in_the_same_record() -> None:
    watch = Watch()
    watch.look(*NAMES, seconds=2)
    away = {LOST: f"no answer ({REFUSED})"}
    watch.look(*NAMES[:2], silent=away, seconds=1)
    watch.look(*NAMES[:2], silent=away, seconds=1, lost=MemberState.DEAD)
    (incident,) = watch.view.incidents
    assert incident.stage("silent").ended
    assert incident.stage("dead").began
    watch.look(*NAMES, seconds=3)
    (incident,) = watch.view.incidents
    assert incident.ended
    assert watch.word(LOST) == "alive"


def test_one_look_is_enough_to_see_a_refusal_where_others_know_the_place() -> None:
    watch = Watch()
    said = watch.look(*NAMES[:2], silent={NodeId(PLACE): f"no server ({REFUSED})"})
    assert said == "s3 refuses our connection; the others have not noticed yet."
    assert not watch.fine
    assert watch.word(LOST) == "gone"


def test_a_refusal_is_named_before_places_that_are_still_being_copied() -> None:
    watch = Watch()
    away = {NodeId(PLACE): f"no server ({REFUSED})"}
    said = watch.look(*NAMES[:2], silent=away, filling=(1, 2))
    assert said.startswith("s3 refuses our connection; the others have not noticed yet.")


def test_a_refusal_is_told_once_and_its_end_once() -> None:
    watch = Watch()
    watch.look(*NAMES)
    away = {LOST: f"no answer ({REFUSED})"}
    watch.look(*NAMES[:2], silent=away)
    assert [f.payload.state for f in watch.refusals if isinstance(f.payload, ProcessObserved)] == [
        "gone"
    ]
    watch.look(*NAMES[:2], silent=away)
    assert not watch.refusals
    watch.look(*NAMES)
    assert [f.payload.state for f in watch.refusals if isinstance(f.payload, ProcessObserved)] == [
        "running"
    ]
    said = watch.look(*NAMES, seconds=2)
    assert said == "No alarm: s3 was silent for 0.75 s, nobody noticed."
    assert watch.fine


def test_a_refusal_that_nobody_notices_for_long_is_no_longer_said_to_be_new() -> None:
    watch = Watch()
    said = watch.look(*NAMES[:2], silent={NodeId(PLACE): REFUSED}, seconds=40)
    assert said == "s3 refuses our connection; the others hold it alive."


def test_a_port_mapper_that_refuses_is_no_node_that_is_gone() -> None:
    watch = Watch(SUSPECTLESS)
    watch.look(*NAMES, seconds=2)
    said = watch.look(*NAMES[:2], silent={LOST: f"no port mapper ({REFUSED})"})
    assert said == "s3 does not answer us any more; the others hold it alive."
    assert not watch.view.incidents


def test_one_node_that_knows_of_nobody_does_not_tell_whom_it_lost() -> None:
    teller = Teller(1)
    row = Row(NAMES[0], {NAMES[0]: Opinion(MemberState.ALIVE)})
    looked = Look(100_000_000, 250_000, {NAMES[0]: row}, {}, SUSPECTLESS)
    view = fold(ClusterView(), teller.tell(looked))
    said = verdict(view, 100_000_000).text
    assert said == "s1 is connected to nobody; whoever it lost is not known here."
