"""Where partitions have masters: a dead one is replaced, and that is a part of its record."""

from __future__ import annotations

import pytest

from cluster.model.incident import LED, STAGES, Incident
from cluster.model.member import MemberState, NodeId
from cluster.model.summary import RingTable, Rule, Telling
from tests.tui.picture import assert_golden
from tui.fold import fold
from tui.judge.agreement import agreement
from tui.judge.exposure import served
from tui.judge.verdict import verdict
from tui.scene import Scene
from tui.screens import matrix, recovery, ring
from tui.sources.foreign.seen import Look, Opinion, Row
from tui.sources.foreign.teller import REFUSED, Teller
from tui.text.status import status
from tui.view import ClusterView

M1, M2, S1 = NodeId("m1"), NodeId("m2"), NodeId("s1")
NAMES = (M1, M2, S1)
ALIVE, SUSPECT, DEAD = MemberState.ALIVE, MemberState.SUSPECT, MemberState.DEAD
WHOLE = RingTable("whole", NAMES, 4, 2, ((0, 2), (0, 2), (1,), (1,)), 16_384, led=True)
"""m1 leads two partitions that s1 copies, m2 leads two that nobody copies."""
AFTER = RingTable("after", (M2, S1), 4, 1, ((1,), (1,), (0,), (0,)), 16_384, led=True)


TELLING = Telling("Redis", 100_000, ("ring", "keys", "operations", "heard", "memory"))


class Story:
    """Looks at three nodes, a tenth of a second after another."""

    def __init__(self) -> None:
        self.teller = Teller(1)
        self.view = ClusterView()
        self.at = 1_000_000
        self.rules: dict[NodeId, Rule] = {}
        """Whom somebody follows, where that is not told by who it is."""
        self.why = "no answer"

    def look(
        self,
        state: MemberState = ALIVE,
        tables: dict[NodeId, RingTable] | None = None,
        *,
        silent: bool = True,
        started: int = 500_000,
        filling: tuple[int, ...] = (),
        still_answers: bool = False,
    ) -> None:
        """What the others hold of m1, and by which tables; it is silent unless all is well."""
        self.at += 100_000
        held = tables or {}
        rows = {
            name: Row(
                name,
                {n: Opinion(state if n == M1 != name else ALIVE) for n in NAMES},
                started_at=started if name == M1 else 500_000,
                heard=dict.fromkeys(NAMES, 1000000),
                ring=held.get(name, WHOLE),
                filling=filling if name == M1 else (),
                rule=self.rules.get(name, Rule(name, 1, leads=name != S1)),
            )
            for name in NAMES
            if name != M1 or still_answers or (state is ALIVE and not silent)
        }
        away = {} if M1 in rows else {M1: self.why}
        self.view = fold(self.view, self.teller.tell(Look(self.at, 100_000, rows, away, TELLING)))

    @property
    def record(self) -> Incident:
        """The only one."""
        (incident,) = self.view.incidents
        return incident

    def stages(self) -> dict[str, str]:
        """How each stage that is shown stands."""
        shown = (self.record.stage(name) for name in self.record.rows)
        return {
            s.name: "skipped"
            if s.skipped
            else "over"
            if s.ended
            else "open"
            if s.began
            else "to come"
            for s in shown
        }


def fallen() -> Story:
    story = Story()
    story.look(silent=False)
    story.look(SUSPECT)
    story.look(DEAD)
    return story


def test_a_master_that_fails_is_replaced_when_a_table_says_so() -> None:
    story = fallen()
    assert story.stages()["promoted"] == "open"
    assert story.record.stage("promoted").waiting_on == "a replica of m1 to be elected"
    story.look(DEAD, {S1: AFTER})
    promoted = story.record.stage("promoted")
    assert (promoted.ended, promoted.witness, promoted.count) == (story.at, S1, 2)
    assert story.record.stage("covered").waiting_on == "m2 still sends clients to m1"
    story.look(DEAD, {S1: AFTER, M2: AFTER})
    assert story.stages() == {
        **dict.fromkeys(("silent", "suspected", "dead", "promoted", "covered"), "over"),
        **dict.fromkeys(("back", "one view"), "to come"),
    }


def test_partitions_of_a_dead_master_are_not_served_by_its_copies() -> None:
    story = fallen()
    judged = agreement(story.view, story.at)
    assert served(story.view.nodes, judged, story.at) == (2, 2, 0)
    assert "2 of 4 partitions have no owner that answers." in verdict(story.view, story.at).text
    story.look(DEAD, {S1: AFTER, M2: AFTER})
    judged = agreement(story.view, story.at)
    assert served(story.view.nodes, judged, story.at) == (0, 4)
    assert "s1 leads what it led." in verdict(story.view, story.at).text


def test_a_master_that_comes_back_first_is_replaced_by_nobody() -> None:
    story = fallen()
    for _ in range(30):
        story.look(silent=False)
    assert story.stages()["back"] == "over"
    assert story.record.stage("promoted").overtaken
    assert story.stages()["covered"] == "skipped"
    assert story.record.ended


def test_who_led_nothing_needs_no_replacement() -> None:
    story = Story()
    story.look(silent=False, tables=dict.fromkeys(NAMES, AFTER))
    story.look(DEAD, dict.fromkeys(NAMES, AFTER))
    assert story.stages()["promoted"] == "skipped"
    assert story.record.rows == LED


def test_the_record_of_a_cluster_without_masters_holds_no_promotion() -> None:
    nobody = Incident(M1, 1, 1, "", ())
    assert nobody.rows == STAGES
    assert nobody.stage("promoted").skipped


def test_a_process_that_began_anew_is_one_life_for_all() -> None:
    story = fallen()
    story.look(silent=False, started=9_000_000)
    assert {story.view.nodes[n].beliefs[M1].epoch for n in (M2, S1)} == {2}
    story.look(silent=False, started=9_000_000)
    assert story.record.stage("back").ended, "nobody holds it alive in its earlier life"
    assert agreement(story.view, story.at).all


def test_who_heard_of_a_return_before_we_did_takes_the_new_life_too() -> None:
    story = fallen()
    story.look(ALIVE)  # the others reach it, we do not yet
    story.look(silent=False, started=9_000_000)
    assert {story.view.nodes[n].beliefs[M1].epoch for n in (M2, S1)} == {2}


def replaced() -> Scene:
    """A second after s1 has taken over; m2 took half of that to hear of it."""
    story = fallen()
    for _ in range(10):
        story.look(DEAD)
    for _ in range(5):
        story.look(DEAD, {S1: AFTER})
    for _ in range(5):
        story.look(DEAD, {S1: AFTER, M2: AFTER})
    return Scene(story.view, story.at, source="redis://10.0.0.1:6379", selected=M1)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
def test_the_recovery_screen_shows_who_was_promoted_and_nothing_that_is_not_told(
    size: tuple[int, int],
) -> None:
    frame = recovery.paint(replaced(), *size)
    text = "\n".join(frame.lines())
    assert "promoted" in text
    assert "hints" not in text
    assert_golden(f"foreign-led-recovery-{size[0]}x{size[1]}", frame)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
def test_before_a_first_failure_the_stages_of_a_failover_are_listed(size: tuple[int, int]) -> None:
    story = Story()
    story.look(silent=False)
    frame = recovery.paint(Scene(story.view, story.at, source="redis://10.0.0.1:6379"), *size)
    rows = [line[2:30].strip() for line in frame.lines()]
    first = next(y for y, row in enumerate(rows) if row.startswith("stage"))
    last = next(y for y, row in enumerate(rows) if row.startswith("Redis is polled"))
    heads = [row[2:] for row in rows[first + 1 : last] if row]
    words = ("silent", "PFAIL", "FAIL", "promoted", "follow", "back", "one view")
    assert all(word in head for word, head in zip(words, heads, strict=True)), heads


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
def test_the_ring_screen_crowns_masters_and_says_what_flies_unseen(size: tuple[int, int]) -> None:
    frame = ring.paint(replaced(), *size)
    text = "\n".join(frame.lines())
    assert "Redis tells no messages" in text
    assert ("16,384 slots" in text) == (size[0] > 100), "there is no room for it beside the time"
    assert_golden(f"foreign-led-ring-{size[0]}x{size[1]}", frame)


def test_the_last_sign_of_life_is_our_own_last_answer_when_the_nodes_heard_it_earlier() -> None:
    assert fallen().record.began == 1_100_000, "we asked it then, and its last pong is older"


def test_a_node_that_still_answers_us_was_last_heard_when_the_nodes_say() -> None:
    story = Story()
    story.look(silent=False)
    story.look(SUSPECT, still_answers=True)
    assert story.record.began == 1_000_000


def test_a_replica_that_copies_its_data_is_no_owner_and_its_failure_is_not_over() -> None:
    story = fallen()
    story.at = 4_000_000
    swapped = RingTable("swapped", NAMES, 4, 2, ((2, 0), (2, 0), (1,), (1,)), 16_384, led=True)
    tables = dict.fromkeys(NAMES, swapped)
    for _ in range(30):
        story.look(silent=False, started=3_500_000, tables=tables, filling=(0, 1))
    judged = agreement(story.view, story.at)
    assert served(story.view.nodes, judged, story.at) == (0, 4, 0)
    assert not story.record.ended
    assert story.record.stage("one view").waiting_on == "m1 to copy 2 partitions from its master"
    assert "2 of 2 owners" not in verdict(story.view, story.at).text
    story.look(silent=False, started=3_500_000, tables=tables)
    assert story.view.nodes[M1].filling_partitions == ()
    for _ in range(12):
        story.look(silent=False, started=3_500_000, tables=tables)
    assert story.record.ended


def test_a_node_that_begins_to_copy_while_it_is_watched_says_which_places() -> None:
    story = Story()
    story.look(silent=False)
    story.look(silent=False, filling=(1,))
    assert story.view.nodes[M1].filling_partitions == (1,)
    story.look(silent=False)
    assert story.view.nodes[M1].filling == 0


def lines(story: Story) -> list[str]:
    """The event lines, each with its node."""
    return [f"{line.node} {line.text}" for line in story.view.events]


def test_lines_say_who_leads_what_another_led() -> None:
    story = fallen()
    story.look(DEAD, {S1: AFTER})
    story.look(DEAD, {S1: AFTER, M2: AFTER})
    assert lines(story)[-6:] == [
        "m2 m1 is suspect",
        "s1 m1 is suspect",
        "m2 holds m1 dead",
        "s1 holds m1 dead",
        "s1 leads what m1 led",
        "m2 sees s1 lead what m1 led",
    ]


def test_a_master_that_returns_is_back_as_a_replica_and_has_not_joined() -> None:
    story = fallen()
    story.at = 9_000_000
    story.look(DEAD, dict.fromkeys(NAMES, AFTER))
    swapped = RingTable("swapped", NAMES, 4, 2, ((2, 0), (2, 0), (1,), (1,)), 16_384, led=True)
    story.rules[M1] = Rule(S1, 2)
    tables = dict.fromkeys(NAMES, swapped)
    for _ in range(20):
        story.look(silent=False, started=8_500_000, tables=tables, filling=(0, 1))
    said = verdict(story.view, story.at).text
    assert said.startswith(
        "m1 is back as a replica of s1, all see it. Still: m1 to copy 2 partitions"
    )
    told = lines(story)
    assert "m2 m1 is back with a new process" in told
    assert "m2 takes m1 for a replica of s1" in told
    assert "m1 follows s1 in term 2: it copies it now" in told
    for _ in range(130):
        story.look(silent=False, started=8_500_000, tables=tables)
        assert "joined" not in verdict(story.view, story.at).text


def test_a_process_that_was_started_again_before_anybody_noticed_is_back() -> None:
    story = Story()
    story.look(silent=False)
    story.at = 9_000_000
    for _ in range(20):
        story.look(silent=False, started=8_500_000)
    said = verdict(story.view, story.at).text
    assert said.startswith("m1 is back as a master, 3 nodes agree.")


def test_of_one_look_a_young_process_has_only_started() -> None:
    story = Story()
    story.at = 9_000_000
    story.rules[M1] = Rule(S1, 2)
    story.look(silent=False, started=5_000_000)
    said = verdict(story.view, story.at).text
    assert said.startswith("m1 started 4 s ago as a replica of s1, 3 nodes agree.")


def test_a_node_that_is_held_alive_again_though_it_refuses_us_is_not_unheard_of() -> None:
    story = fallen()
    story.why = f"no answer ({REFUSED})"
    story.look(DEAD)
    story.look(ALIVE)  # the others reach it, we do not yet
    said = verdict(story.view, story.at).text
    assert "2 of 2 peers hold it alive again." in said
    assert "have not heard" not in said


def test_who_has_another_table_of_masters_is_named() -> None:
    story = Story()
    story.look(silent=False, tables={S1: AFTER})
    said = status(story.view, story.at).verdict
    assert said.endswith(" s1 has another table of who leads which slots.")
    assert "rings" not in said


def test_between_two_looks_nobody_knows_who_knew_first() -> None:
    frame = matrix.paint(replaced(), 120, 36)
    said = "\n".join(frame.lines())
    assert "in < 0.10 s" in said
    assert " 0 ms" not in said
    assert "0.0 ms" not in said
