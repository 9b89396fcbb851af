"""A node that fails again before it has recovered: two records, and no screen calls it back."""

from __future__ import annotations

from random import Random

import pytest

from cluster.config import MS, SECOND
from cluster.model.casebook import Casebook, advance
from cluster.model.facts import Fact
from cluster.model.member import MemberState, NodeId
from cluster.sim.watch.orders import Act, Play, Setup
from cluster.sim.watch.worker import Theatre
from cluster.sim.world import START
from tests.tui.story import (
    DEAD_STATE,
    KILLED,
    N4,
    STARTED,
    SUSPECT,
    Teller,
    fall,
    mourn,
    opening,
)
from tests.tui.story import MS as STORY_MS
from tui.fold import fold
from tui.judge.agreement import agreement, is_live
from tui.judge.recap import summary
from tui.judge.verdict import Verdict, verdict
from tui.view import ClusterView

AGAIN = STARTED + 600 * STORY_MS
"""All see n4 back, and its hints are still to return."""


def back_with_hints() -> Teller:
    """n4 was killed and is back; its hints wait."""
    teller = Teller()
    opening(teller, KILLED)
    fall(teller)
    mourn(teller, KILLED + 750 * STORY_MS, STARTED)
    teller.start(N4, STARTED)
    alive = teller.claim(N4, MemberState.ALIVE)
    steps = [(0, "n1", "n4"), (57, "n3", "n4"), (88, "n2", "n1"), (139, "n5", "n3")]
    teller.spread(STARTED + 260 * STORY_MS, alive, steps, "pushpull")
    teller.beat(STARTED + 250 * STORY_MS, AGAIN)
    return teller


def booked(facts: tuple[Fact, ...]) -> Casebook:
    book = Casebook()
    for fact in facts:
        book = advance(book, fact)
    return book


def said(facts: tuple[Fact, ...]) -> Verdict:
    view = fold(ClusterView(), list(facts))
    return verdict(view, view.at)


def test_a_kill_while_hints_return_in_the_same_life_is_a_failure_of_its_own() -> None:
    teller = back_with_hints()
    teller.kill(N4, AGAIN)
    teller.beat(AGAIN, AGAIN + 250 * STORY_MS)
    teller.kill(N4, AGAIN + 300 * STORY_MS)  # told twice, it is still one
    first, second = booked(teller.sorted()).incidents
    assert first.interrupted
    assert (first.ended, second.began, second.fault) == (AGAIN, AGAIN, "kill")
    assert second.stage("silent").waiting_on == "nobody has noticed yet"
    assert summary(first, AGAIN).endswith("was back, and failed again after 6.6 s")
    assert "n4 was killed" in said(teller.sorted()).text
    assert "back" not in said(teller.sorted()).text


def test_a_node_declared_dead_again_has_a_second_record_from_its_suspicion_on() -> None:
    teller = back_with_hints()
    heard = len(booked(teller.sorted()).incidents)
    teller.deaf[N4] = AGAIN
    teller.down.add(N4)
    everybody = [(0, "n2", ""), (50, "n1", "n2"), (80, "n5", "n2"), (120, "n3", "n1")]
    teller.spread(AGAIN + 100 * STORY_MS, teller.claim(N4, SUSPECT, "n2"), everybody)
    teller.beat(AGAIN, AGAIN + 500 * STORY_MS)
    assert len(booked(teller.sorted()).incidents) == heard, "a suspicion may pass"
    teller.spread(AGAIN + 900 * STORY_MS, teller.claim(N4, DEAD_STATE, "n2"), everybody)
    teller.beat(AGAIN + 500 * STORY_MS, AGAIN + 2_000 * STORY_MS)
    first, second = booked(teller.sorted()).incidents
    assert first.interrupted
    assert second.stage("suspected").began == AGAIN + 100 * STORY_MS
    assert second.stage("dead").began == AGAIN + 900 * STORY_MS
    assert second.stage("dead").ended == AGAIN + 1_020 * STORY_MS
    assert "is back" not in said(teller.sorted()).text


@pytest.mark.parametrize("seed", range(6))
def test_nobody_who_is_dead_is_called_back_or_left_out(seed: int) -> None:
    rng = Random(seed)
    nodes = 5 + 2 * (seed % 2)
    theatre = Theatre(Setup(seed, nodes, "calm", 90 * SECOND))
    view, at, then = ClusterView(), START, START + 8 * SECOND
    while at < START + 45 * SECOND:
        at += 250 * MS
        behind = True
        while behind:
            answer = theatre.answer(Play(at, 10_000_000, 1))
            view, behind = fold(view, answer.facts), answer.behind
        if at >= then:
            subject = f"n{rng.randint(1, nodes)}"
            verb = rng.choice(("partition", "heal", "heal", "kill", "start", "isolate", "pause"))
            view = fold(view, theatre.answer(Act(verb, subject)).facts)  # some are refused
            then = at + rng.randint(1, 12) * 500 * MS
        _check(view, view.at)


def _check(view: ClusterView, now: int) -> None:
    judged = agreement(view, now)
    gone: list[NodeId] = []
    for name, node in view.nodes.items():
        held = {
            view.nodes[other].beliefs[name].state
            for other in judged.observers
            if other != name and name in view.nodes[other].beliefs
        }
        off = bool(held) and held <= {MemberState.DEAD, MemberState.REMOVED}
        if (off and not is_live(node, now)) or (node.process == "gone" and node.epoch):
            gone.append(name)
    said = verdict(view, now)
    for text in (said.text, said.short) if gone and judged.observers else ():
        assert said.tone != "good", text
        for name in gone:
            assert f"{name} is back" not in text, text
            assert name in text or f"{len(gone)} nodes are" in text, (name, text)
