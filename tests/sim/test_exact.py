"""The judge of counters and sets: each rule finds what breaks it, and lets what is right pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cluster.config import DataConfig
from cluster.model.member import NodeId
from cluster.model.values.typed import updated
from cluster.model.values.update import CounterAdd, SetAdd, SetRemove, Update
from cluster.model.versions import EMPTY, Context, Versions
from cluster.protocol.messages import ReadResponse, WriteResponse
from cluster.sim.check.exact import Exact
from cluster.sim.check.finding import BrokenPromiseError
from cluster.sim.load.history import History, Op, OpKind

PROOF = (NodeId("n1"), NodeId("n2"))
COUNTER, SET = b"c0", b"s1"


def nothing_lost(_node: NodeId, _since: int, _key: bytes) -> bool:
    return False


def made(*updates: Update) -> Versions:
    """What a key holds after these updates."""
    held = EMPTY
    for update in updates:
        after = updated(held, "n1.1.1", update, 0, DataConfig())
        assert isinstance(after, Versions)
        held = after
    return held


class Story:
    """Updates by hand, and the judge that hears of them."""

    def __init__(self, lost: Callable[[NodeId, int, bytes], bool] = nothing_lost) -> None:
        self.history = History()
        self.judge = Exact(self.history, 2, lost)

    def did(
        self, kind: OpKind, *, amount: int = 1, value: bytes = b"", after: Context | None = None
    ) -> Op:
        """One update; acknowledged with what its record had seen, or of unknown outcome."""
        key = COUNTER if kind == "count" else SET
        op = self.history.begin(1, kind, key, 0, amount=amount, value=value)
        op.outcome = "maybe"
        if after is not None:
            op.outcome, op.proof = "ok", PROOF
            self.judge.wrote(op, WriteResponse("ok", PROOF, 2, after, 1))
        return op

    def counts(self, total: int) -> None:
        self.judge.judge(COUNTER, made(CounterAdd(total)) if total else EMPTY, "n3")

    def holds(self, *elements: str) -> None:
        self.judge.judge(SET, made(SetAdd(elements)) if elements else EMPTY, "n3")


def finds(act: Callable[[], object], what: str) -> None:
    with pytest.raises(BrokenPromiseError) as caught:
        act()
    assert caught.value.judge == "exact"
    assert what in caught.value.sentence


# --- counters --------------------------------------------------------------------------------------


def test_a_counter_that_lost_or_doubled_an_acknowledged_addition_is_found() -> None:
    story = Story()
    story.did("count", amount=3, after={"a": 1})
    story.did("count", amount=4, after={"a": 2})
    story.counts(7)
    for total in (0, 3, 4, 6, 8, 10):
        finds(lambda total=total: story.counts(total), "from 7 to 7")


def test_additions_of_unknown_outcome_widen_both_ends_by_their_sign() -> None:
    story = Story()
    story.did("count", amount=5, after={"a": 1})
    story.did("count", amount=2)
    story.did("count", amount=-4)
    for total in (1, 3, 5, 7):
        story.counts(total)
    for total in (0, 8):
        finds(lambda total=total: story.counts(total), "from 1 to 7")


def test_an_addition_that_was_answered_with_not_written_does_not_count() -> None:
    story = Story()
    story.did("count", amount=5, after={"a": 1})
    story.did("count", amount=2).outcome = "failed"
    finds(lambda: story.counts(7), "from 5 to 5")


def test_a_read_under_load_that_shows_more_than_anybody_added_is_found_at_once() -> None:
    story = Story()
    story.did("count", amount=5, after={"a": 1})
    read = story.history.begin(1, "get", COUNTER, 1)

    def told(total: int) -> None:
        story.judge.was_told(read, ReadResponse(made(CounterAdd(total)), PROOF, 2))

    told(5)
    told(1)  # a replica may be behind while the load runs
    finds(lambda: told(6), "from 0 to 5")


def test_additions_that_lost_all_their_proofs_are_excused_and_counted() -> None:
    story = Story(lambda _node, _since, _key: True)
    story.did("count", amount=5, after={"a": 1})
    story.did("add", after={"a": 1})
    story.counts(0)
    story.holds()
    assert story.judge.excused == 2
    finds(lambda: story.counts(6), "from 0 to 5")


# --- sets ------------------------------------------------------------------------------------------


def test_an_acknowledged_element_that_is_gone_is_found() -> None:
    story = Story()
    op = story.did("add", amount=2, after={"a": 1})
    story.holds(*op.elements)
    finds(lambda: story.holds(op.elements[0]), "is gone at n3")


def test_an_element_may_be_gone_only_by_a_removal_that_may_have_seen_it() -> None:
    story = Story()
    op = story.did("add", after={"a": 1})
    story.did("remove", value=op.value, after={"b": 1})
    finds(story.holds, "no removal that may have happened had seen it")
    story.did("remove", value=op.value).outcome = "failed"
    finds(story.holds, "no removal that may have happened had seen it")
    story.did("remove", value=op.value)
    story.holds()
    story.holds(*op.elements)


def test_an_element_whose_acknowledged_removal_had_seen_it_stays_away() -> None:
    story = Story()
    op = story.did("add", after={"a": 1})
    story.did("remove", value=op.value, after={"b": 1})
    story.holds(*op.elements)  # not seen: an addition wins over a concurrent removal
    story.did("remove", value=op.value, after={"a": 1, "b": 2})
    story.holds()
    finds(lambda: story.holds(*op.elements), "is back in the set s1")


def test_an_element_of_unknown_outcome_may_be_there_or_not() -> None:
    story = Story()
    op = story.did("add")
    story.did("remove", value=op.value, after={"b": 1})
    story.holds()
    story.holds(*op.elements)


def test_an_element_that_nobody_added_is_found() -> None:
    story = Story()
    story.did("add", after={"a": 1})
    finds(lambda: story.holds("w1", "w9"), "shows w9 in the set s1: nobody added it")


def test_an_element_that_was_answered_with_not_written_is_found_also_in_earlier_reads() -> None:
    story = Story()
    op = story.did("add")
    read = story.history.begin(1, "get", SET, 1)
    story.judge.was_told(read, ReadResponse(made(SetAdd(op.elements)), PROOF, 2))
    story.holds()
    op.outcome = "failed"
    finds(story.holds, "read 2 shows it")
    finds(lambda: story.holds(*op.elements), '"not written"')


def test_a_counter_that_shows_something_else_is_found() -> None:
    story = Story()
    story.did("count", amount=1, after={"a": 1})
    finds(lambda: story.judge.judge(COUNTER, made(SetAdd(("w1",))), "n3"), "shows a set in c0")


def test_what_the_model_makes_of_a_set_satisfies_the_judge() -> None:
    story = Story()
    first = story.did("add", amount=2)
    second = story.did("add")
    changes = (SetAdd(first.elements), SetAdd(second.elements), SetRemove((first.elements[0],)))
    removal = story.did("remove", value=first.value)
    for op, end in zip((first, second, removal), (1, 2, 3), strict=True):
        op.outcome, op.proof = "ok", PROOF
        context = made(*changes[:end]).context
        story.judge.wrote(op, WriteResponse("ok", PROOF, 2, context, 1))
    story.judge.judge(SET, made(*changes), "n3")
    finds(lambda: story.judge.judge(SET, made(*changes[:2]), "n3"), "is back")
