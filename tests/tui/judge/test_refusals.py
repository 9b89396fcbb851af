"""A disk that refuses writes is news, and so are operations that go on being refused."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from cluster.lab.quiz.deeds import Chronicle
from cluster.model.facts import Payload, PersistFailed
from cluster.model.happenings.outside import WorkloadCounted
from cluster.model.member import MemberState, NodeId
from tests.tui.story import MS, QUIET, SECOND, Teller, opening
from tui.fold import fold
from tui.judge.detail.portrait import portrait
from tui.judge.standing import standing
from tui.judge.verdict import verdict
from tui.scene import Scene
from tui.screens.home import paint
from tui.screens.pieces.forecast import claims
from tui.view import LAB, ClusterView

N1, N5 = NodeId("n1"), NodeId("n5")
FULL = "the disk is full: free some space"
SPAN = 12 * SECOND
END = QUIET + SPAN


def count(tried: int, succeeded: int, unwritten_us: int = 0) -> WorkloadCounted:
    return WorkloadCounted(
        5_000,
        0,
        3_488,
        0,
        100,
        250 * MS,
        tried,
        succeeded,
        0.604,
        80 * MS,
        unwritten_us=unwritten_us,
    )


def full(*refusing: str, answered: int = 13, of: int = 13, until: int = END) -> ClusterView:
    """Five quiet nodes; the disks of some refuse every write, and the load is answered so often."""
    teller = Teller()
    opening(teller, QUIET)
    lines: list[tuple[int, NodeId, Payload]] = []
    for at in range(QUIET, END, 250 * MS):
        lines.append((at, LAB, count(of, answered)))
        if at < until:
            refused = PersistFailed(FULL)
            lines += [(at + i * MS, NodeId(n), refused) for n in refusing for i in range(5)]
        teller.beat(at, at + 250 * MS)
    told = {at for at, _, _ in lines}
    teller.facts = [
        f for f in teller.facts
        if not (isinstance(f.payload, WorkloadCounted) and min(told) <= f.at)
    ]  # fmt: skip
    for at, node, payload in lines:
        teller.say(node, at, payload)
    return fold(ClusterView(), teller.sorted())


def lines_about_disks(view: ClusterView) -> Sequence[str]:
    return [f"{line.node}: {line.text}" for line in view.events if "refused" in line.text]


def test_full_disks_are_the_first_thing_said_with_whose_and_why_and_what_it_costs() -> None:
    said = verdict(full("n1", "n2", "n3", answered=3), END)
    assert said.tone == "bad"
    assert said.text.startswith(
        "Writes fail: the disks of n1 n2 n3 refuse them (the disk is full). "
        "Only 23 % of operations answered in 10 s."
    )
    assert said.short.startswith("Writes fail, the disks of n1 n2 n3 refuse")


def test_one_full_disk_of_five_is_said_without_claiming_that_writes_fail() -> None:
    said = verdict(full("n3"), END)
    assert said.tone == "warn"
    assert said.text.startswith("n3's disk refuses writes (the disk is full). 5 nodes agree.")


def test_writes_fail_where_fewer_disks_than_a_write_needs_are_left_though_nobody_counts() -> None:
    view = replace(full("n1", "n2", "n3", "n4"), load=None)
    view = replace(view, court=replace(view.court, tallies=()))
    assert verdict(view, END).text.startswith("Writes fail: the disks of n1 n2 n3 n4 refuse them")


def test_a_node_whose_disk_refuses_is_marked_and_no_longer_so_five_seconds_after_the_last() -> None:
    view = full("n3")
    assert standing(view, NodeId("n3"), END).word == "refusing"
    assert standing(view, NodeId("n1"), END).word == "alive"
    screen = paint(Scene(view, END), 120, 36).lines()
    assert any("n3" in row and "refusing" in row for row in screen)
    assert portrait(view, NodeId("n3"), END).text.startswith(
        "n3 cannot write to its disk (the disk is full)"
    )
    freed = full("n3", until=END - 6 * SECOND)
    assert standing(freed, NodeId("n3"), END).word == "alive"
    assert "refuse" not in verdict(freed, END).text


def test_a_thousand_refusals_are_one_line_of_the_log_with_their_count() -> None:
    assert lines_about_disks(full("n3")) == [f"n3: its disk refused 240 writes: {FULL}"]
    (both,) = lines_about_disks(full("n1", "n3"))
    assert both.endswith("n1 and n3: disks refused 480 writes: the disk is full")


def test_who_is_still_gone_is_said_after_what_fails_for_everybody() -> None:
    view = full("n1", "n2", "n3", answered=3)
    lost = {n: replace(b, state=MemberState.REMOVED) for n, b in view.nodes[N1].beliefs.items()}
    rows = {
        name: replace(node, beliefs={**node.beliefs, N5: lost[N5]}, process=("gone" if name == N5 else "running"))
        for name, node in view.nodes.items()
    }  # fmt: skip
    said = verdict(replace(view, nodes=rows), END).text
    assert said.startswith("Writes fail: the disks of n1 n2 n3 refuse them")
    assert "n5" in said


def test_operations_that_go_on_being_refused_are_news_with_their_number() -> None:
    said = verdict(full(answered=8), END)
    assert (said.tone, "Only 61 % of operations answered in 10 s." in said.text) == ("bad", True)
    well = verdict(full(answered=12), END)
    assert "operations answered" not in well.text


def test_the_claim_about_answers_does_not_hold_while_they_are_refused() -> None:
    def claim(view: ClusterView) -> tuple[str, str]:
        (found,) = (c for c in claims(Scene(view, END)) if c.text.startswith("operations"))
        return found.mark, found.figure

    assert claim(full("n1", answered=3)) == ("no", "23 % in the last 10 s")
    over = full()
    assert claim(over) == ("yes", "longest outage 0.08 s")
    assert over.load is not None
    refused = replace(over, load=replace(over.load, unwritten_us=42 * SECOND))
    assert claim(refused) == ("open", "write outage 42.0 s")


def test_a_load_whose_reads_are_answered_knows_how_long_no_write_was() -> None:
    chronicle = Chronicle(0, 0)
    for at in range(0, 10 * SECOND, SECOND // 10):
        write = at % SECOND != 0
        deed = chronicle.began("write" if write else "read", "k", at)
        chronicle.ended(deed, "failed" if write and at >= SECOND else "ok", at + 5 * MS)
    now = 10 * SECOND
    assert chronicle.running.longest_outage(now).us < 2 * SECOND
    assert chronicle.writing.longest_outage(now).us > 8 * SECOND
