"""Stories told of real nodes: what followed from an operation, how a member came to be doubted."""

from __future__ import annotations

from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.config import MS, SECOND
from cluster.model.facts import (
    Fact,
    FactId,
    HintStored,
    MemberChanged,
    MessageReceived,
    MessageSent,
    OperationFinished,
    OperationStarted,
    ProbeMissed,
    SuspicionRaised,
)
from cluster.model.member import MemberState, NodeId
from cluster.protocol.messages import GetRequest, PutRequest
from tests.tui.story import DEAD, busy_death, story, view_at
from tests.world import World
from tui.fold import fold
from tui.judge.stories.story import STEPS_MAX, Story, beginnings, chosen, tell
from tui.judge.stories.telling import counts, hidden, long, sentence, short, title
from tui.judge.stories.walk import NOTHING, along, shown, step_beside, story_beside
from tui.judge.stories.weave import Weave
from tui.seen.trace import CHUNK, CHUNKS_MAX, TRACED, Trace, extended
from tui.view import ClusterView

KEY = b"room:7/a1"


@lru_cache(maxsize=1)
def told() -> tuple[tuple[Fact, ...], int]:
    """Five real nodes: a put, a get, then an owner of the key dies and another put is made."""
    world = World(5, seed=6)
    world.until(world.agreed, 20, "one view")
    world.run(2)
    world.call("n1", PutRequest(KEY, b"red"))
    world.run(1)
    world.call("n2", GetRequest(KEY))
    world.run(1)
    partition_owners = next(
        f.payload.owners for f in world.facts if isinstance(f.payload, OperationStarted)
    )
    victim = next(name for name in partition_owners if name not in ("n1", "n2"))
    world.kill(victim)
    world.run(0.05)
    world.call("n1", PutRequest(KEY, b"blue"))
    world.until(lambda: world.all_see(victim, MemberState.DEAD), 20, "dead for all")
    world.run(0.6)
    return tuple(sorted(world.facts, key=lambda fact: fact.at)), world.now


def view() -> tuple[ClusterView, int]:
    facts, now = told()
    return fold(ClusterView(), facts), now


def operations(weave: Weave, now: int) -> list[Story]:
    """Oldest first."""
    found = [f for f in beginnings(weave, now) if isinstance(f.payload, OperationStarted)]
    return [tell(weave, fact, now) for fact in reversed(found)]


def accusation(weave: Weave, now: int) -> Story:
    found = [f for f in beginnings(weave, now) if not isinstance(f.payload, OperationStarted)]
    return tell(weave, found[0], now)


def payloads(story: Story, kind: type) -> list[object]:
    return [step.fact.payload for step in story.steps if isinstance(step.fact.payload, kind)]


# --- causes ---------------------------------------------------------------------------------------


def test_everything_a_put_asked_for_follows_from_its_start() -> None:
    seen, now = view()
    put = operations(Weave(seen.trace), now)[0]
    assert isinstance(put.steps[0].fact.payload, OperationStarted)
    kinds = [arrow.kind for arrow in put.arrows]
    assert kinds.count("replicawrite") == 2
    assert kinds.count("replicawritten") == 2
    assert all(arrow.received is not None for arrow in put.arrows)
    assert len(payloads(put, OperationFinished)) == 1
    assert put.path(put.root) == {step.id for step in put.steps}


def test_a_client_is_told_because_an_answer_came() -> None:
    seen, now = view()
    put = operations(Weave(seen.trace), now)[0]
    (end,) = [s for s in put.steps if isinstance(s.fact.payload, OperationFinished)]
    before = put.before(end.id)
    arrivals = [s for s in put.steps if s.id in before and s.fact.node == put.about
                and isinstance(s.fact.payload, MessageReceived)]  # fmt: skip
    assert arrivals
    assert put.root in before


def test_effects_never_stand_before_their_causes() -> None:
    seen, now = view()
    weave = Weave(seen.trace)
    for each in [*operations(weave, now), accusation(weave, now)]:
        place = {step.id: step.order for step in each.steps}
        for step in each.steps:
            assert all(place[cause] < step.order for cause in step.causes if cause in place)


def test_a_write_that_an_owner_missed_shows_the_loss_and_who_keeps_it() -> None:
    seen, now = view()
    put = operations(Weave(seen.trace), now)[-1]
    lost = [arrow for arrow in put.arrows if arrow.lost]
    assert lost
    kept = payloads(put, HintStored)
    assert [h.target for h in kept if isinstance(h, HintStored)] == [lost[0].to]
    said = sentence(put)
    assert f"{lost[0].to} never answered" in said.text
    assert "keeps it for" in said.text
    assert said.tone == "warn"


def test_an_accusation_holds_the_probe_the_doubts_and_who_learned_of_them() -> None:
    seen, now = view()
    about = accusation(Weave(seen.trace), now)
    assert about.subject == "accusation"
    assert payloads(about, ProbeMissed)
    assert payloads(about, SuspicionRaised)
    learned = {s.fact.node for s in about.steps if isinstance(s.fact.payload, MemberChanged)
               and s.fact.payload.claim.state is MemberState.DEAD}  # fmt: skip
    assert len(learned) == 4
    assert "Dead at 4 nodes" in sentence(about).text


def test_a_probe_nobody_answered_led_to_the_suspicion() -> None:
    facts, _ = told()
    by_id = {fact.id: fact for fact in facts}
    own = [
        f for f in facts if isinstance(f.payload, SuspicionRaised) and f.payload.accuser == f.node
    ]
    assert own
    for fact in own:
        causes = [by_id[c].payload for c in fact.causes]
        assert any(isinstance(cause, ProbeMissed | MessageSent) for cause in causes)


# --- what is inferred -----------------------------------------------------------------------------


def test_a_message_is_lost_only_when_its_arrival_had_time_to_be_told() -> None:
    seen, now = view()
    weave = Weave(seen.trace)
    root = next(f for f in beginnings(weave, now) if isinstance(f.payload, OperationStarted))
    early = tell(weave, root, root.at + 10 * MS)
    assert not any(arrow.lost for arrow in early.arrows)
    assert "under way" in " ".join(long(step, early) for step in early.steps)
    late = tell(weave, root, root.at + SECOND)
    words = " ".join(long(step, late) for step in late.steps)
    assert "not known to have arrived (inferred)" in words


# --- choosing and walking -------------------------------------------------------------------------


def test_one_story_is_told_for_a_while_and_a_death_goes_before_writes() -> None:
    seen, now = view()
    first = chosen(Weave(seen.trace), now)
    assert first is not None
    assert first.subject == "accusation"
    quiet = [f for f in told()[0] if not isinstance(f.payload, MemberChanged | ProbeMissed)
             and not isinstance(f.payload, SuspicionRaised)]  # fmt: skip
    calm = fold(
        ClusterView(), [f for f in quiet if type(f.payload).__name__ != "SuspicionConfirmed"]
    )
    second = chosen(Weave(calm.trace), now)
    assert second is not None
    assert second.subject == "operation"


def test_walking_along_effects_and_back_along_causes_returns() -> None:
    seen, now = view()
    look = step_beside(seen, now, NOTHING, +1)
    assert look.story is not None
    assert look.step == look.story.steps[0].id
    operation = operations(Weave(seen.trace), now)[0]
    look = type(look)(operation, operation.root)
    there = along(seen, now, look, +1)
    assert there.step != operation.root
    assert along(seen, now, there, -1).step == operation.root
    assert along(seen, now, look, -1).step == operation.root  # nothing led to it: stay


def test_every_step_can_be_reached_and_walking_ends_where_it_began() -> None:
    seen, now = view()
    look = step_beside(seen, now, NOTHING, +1)
    assert look.story is not None
    visited: list[FactId | None] = []
    for _ in look.story.steps:
        visited.append(look.step)
        look = step_beside(seen, now, look, +1)
    assert visited == [step.id for step in look.story.steps]  # pyright: ignore[reportOptionalMemberAccess]
    assert look.step == visited[0]


def test_older_and_newer_stories_can_be_looked_at_up_to_both_ends() -> None:
    seen, now = view()
    roots = [fact.id for fact in reversed(beginnings(Weave(seen.trace), now))]
    assert len(roots) >= 4
    look = NOTHING
    for _ in roots:
        look = story_beside(seen, now, look, -1)
    visited: list[FactId | None] = []
    for _ in roots:
        visited.append(look.story.root if look.story else None)
        look = story_beside(seen, now, look, +1)
    assert visited == roots
    assert look.story is not None
    assert look.story.root == roots[-1]


def test_a_held_story_outlives_the_trace() -> None:
    seen, now = view()
    look = step_beside(seen, now, NOTHING, +1)
    assert shown(ClusterView(), now + 60 * SECOND, look) == look.story
    assert shown(ClusterView(), now, NOTHING) is None


# --- words ----------------------------------------------------------------------------------------


def test_titles_and_counts_say_what_is_there() -> None:
    seen, now = view()
    weave = Weave(seen.trace)
    first, second, *_ = operations(weave, now)
    assert title(first) == "put room:7/a1"
    assert title(second) == "get room:7/a1"
    assert "replicawrite 2" in counts(first)
    assert "safe on" in sentence(first).text
    assert "asks" in sentence(second).text
    assert isinstance(hidden(weave, first), str)


def test_every_kept_kind_has_a_long_sentence() -> None:
    seen, now = view()
    weave = Weave(seen.trace)
    for each in [*operations(weave, now), accusation(weave, now)]:
        for step in each.steps:
            assert long(step, each).startswith(step.fact.node)
            assert len(short(step.fact)) < 60


# --- the trace ------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 33, 500])
def test_batches_do_not_matter(batch: int) -> None:
    facts = [f for f in story() if f.at <= DEAD]
    folded = ClusterView()
    for start in range(0, len(facts), batch):
        folded = fold(folded, facts[start : start + batch])
    told = list(Weave(folded.trace).between(0, DEAD))
    assert told == list(Weave(view_at(DEAD).trace).between(0, DEAD))
    assert len(told) == len(Weave(folded.trace)) > 100


def test_what_is_between_two_moments_is_found_without_looking_at_everything_else() -> None:
    weave = Weave(view_at(DEAD).trace)
    every = list(weave.between(0, DEAD))
    for since, until in ((DEAD - SECOND, DEAD), (every[50].at, every[50].at), (0, every[0].at - 1)):
        assert list(weave.between(since, until)) == [f for f in every if since <= f.at <= until]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 700), max_size=12))
def test_the_trace_keeps_the_last_facts_in_order_and_is_bounded(batches: list[int]) -> None:
    facts = [f for f in story() if type(f.payload) in TRACED]
    trace = Trace()
    given_: list[Fact] = []
    for size in batches:
        batch = [facts[(len(given_) + i) % len(facts)] for i in range(size)]
        given_ += batch
        trace = extended(trace, batch)
    kept = [fact for chunk in trace.chunks for fact in chunk.facts()] + list(trace.tail)
    assert kept == given_[len(given_) - len(kept) :]
    assert len(trace.tail) < CHUNK
    assert len(trace.chunks) <= CHUNKS_MAX
    if len(trace.chunks) < CHUNKS_MAX:
        assert kept == given_


def test_packed_facts_are_small() -> None:
    trace = Trace()
    for start in range(0, 20_000, 256):
        trace = extended(trace, [f for f in busy_death()[start : start + 256]
                                 if type(f.payload) in TRACED])  # fmt: skip
    assert trace.chunks
    assert sum(len(chunk.blob) for chunk in trace.chunks) / (CHUNK * len(trace.chunks)) < 40


def test_a_story_is_bounded() -> None:
    seen, now = view()
    weave = Weave(seen.trace)
    assert all(len(each.steps) <= STEPS_MAX for each in operations(weave, now))
    assert NodeId("n1") in accusation(weave, now).lanes
