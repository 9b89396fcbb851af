"""A performance on simulated nodes: one cluster at a time, nothing of a slide that was left, no way to hang."""

from __future__ import annotations

import asyncio

import pytest

from cluster.config import MS, SECOND
from talk.deck.deck import Act, Claim, Deck, Need, Predicate, Slide, Wait
from talk.grounds.ground import Done, GroundError, Tell
from talk.grounds.simulated import SimGround
from talk.stage.performance import Performance
from tests.talk.stage.boards import KEY, cue, deck, slide

THREE = Need(nodes=3, answers_per_s=0)


class Gated(SimGround):
    """A simulated ground whose clusters and acts are ready when the test says so."""

    def __init__(self) -> None:
        super().__init__(1)
        self.open = asyncio.Event()
        self.making = self.doing = self.most = 0
        self.made: list[int] = []
        self.trouble: Exception | None = None

    async def prepare(self, need: Need, *, fresh: bool, tell: Tell, slide: int = 0) -> bool:
        self.making += 1
        self.most = max(self.most, self.making + self.doing)
        try:
            await self.open.wait()
            if self.trouble is not None:
                raise self.trouble
            self.made.append(need.nodes)
            return await super().prepare(need, fresh=fresh, tell=tell, slide=slide)
        finally:
            self.making -= 1

    async def perform(self, act: Act, tell: Tell) -> Done:
        self.doing += 1
        self.most = max(self.most, self.making + self.doing)
        try:
            await self.open.wait()
            if self.trouble is not None:
                raise self.trouble
            return await super().perform(act, tell)
        finally:
            self.doing -= 1


async def turns(performance: Performance, count: int = 5) -> None:
    """Let what can go on go on."""
    for _ in range(count):
        await asyncio.sleep(0)
        performance.tick()


async def test_slides_that_are_hurried_through_make_one_cluster_after_the_other() -> None:
    ground = Gated()
    hurried = Performance(
        deck(*(slide(n, need=Need(nodes=n, answers_per_s=0)) for n in (1, 2, 3))), ground
    )
    hurried.go(0)
    await turns(hurried)
    hurried.go(1)
    hurried.go(2)
    await turns(hurried)
    ground.open.set()
    await hurried.settled()
    assert ground.most == 1, "two clusters were made at once"
    assert ground.made == [1, 3], "nobody looks at the second any more"
    assert not hurried.director.preparing
    hurried.tick()
    assert hurried.docket is not None
    assert len(hurried.view.nodes) == 3
    await hurried.stop()


async def test_a_cluster_is_not_replaced_while_something_is_done_to_it() -> None:
    ground = Gated()
    told = Performance(
        deck(slide(1, cue(Act("kill", ("n3",)), on=KEY), need=THREE), slide(2, need=Need(nodes=2))),
        ground,
    )
    ground.open.set()
    told.go(0)
    await told.settled()
    ground.open.clear()
    told.forward()
    await turns(told)
    told.go(1)
    await turns(told)
    assert ground.making == 0, "it waits for what is being done"
    ground.open.set()
    await told.settled()
    assert ground.most == 1
    assert told.director.slide.number == 2
    assert told.director.runs == []
    await told.stop()


async def test_what_takes_long_is_left_with_its_slide() -> None:
    ground = Gated()
    told = Performance(
        deck(slide(1, cue(Act("audit"), on=KEY), need=THREE), slide(2, need=Need(nodes=2))), ground
    )
    ground.open.set()
    told.go(0)
    await told.settled()
    ground.open.clear()
    told.forward()
    await turns(told)
    assert ground.doing == 1
    told.go(1)
    await turns(told)
    assert ground.doing == 0
    ground.open.set()
    await told.settled()
    assert told.director.slide.number == 2
    await told.stop()


async def test_an_act_of_the_slide_before_does_not_end_one_of_this() -> None:
    ground = Gated()
    again = Performance(
        deck(slide(1, cue(Act("play", ("modulo",)), Act("heal"))), slide(2)), ground
    )
    again.go(0)
    again.tick()
    assert ground.doing == 0
    await asyncio.sleep(0)
    assert ground.doing == 1
    again.go(1)
    again.go(0)
    again.tick()
    await asyncio.sleep(0)
    assert ground.doing == 2
    assert again.director.runs[0].at == 0
    ground.trouble = GroundError("no")
    ground.open.set()
    await again.settled()
    assert again.director.runs[0].state == "failed"
    await again.stop()


@pytest.mark.parametrize("error", [GroundError("no room for it"), OSError(12, "no memory")])
async def test_whatever_goes_wrong_is_said_and_the_talk_goes_on(error: Exception) -> None:
    ground = Gated()
    ground.open.set()
    ground.trouble = error
    told = Performance(deck(slide(1, need=THREE), slide(2, cue(Act("heal"))), slide(3)), ground)
    told.go(0)
    await told.settled()
    assert str(error) in told.director.notice
    assert str(error) in told.fallback
    told.forward()
    for _ in range(2):  # a cluster is tried for again; then the act
        await told.settled()
        told.tick()
    await told.settled()
    assert told.director.runs[0].state == "failed"
    assert str(error) in told.director.notice
    told.forward()
    assert told.director.slide.number == 3
    await told.stop()


async def test_a_new_cluster_begins_with_an_empty_view() -> None:
    told = Performance(deck(slide(1, need=THREE), slide(2, need=Need(nodes=2))), SimGround(1))
    told.go(0)
    await told.settled()
    told.tick()
    assert len(told.view.nodes) == 3
    told.forward()
    await told.settled()
    assert sorted(told.view.nodes) == ["n1", "n2"]
    assert told.renewed == 2
    await told.stop()


async def test_what_was_so_while_an_act_let_time_pass_is_not_missed() -> None:
    # 400 answers take well over a second of the world; n3 is suspected and dead within it.
    claims = (
        Claim("n3 is seen", Predicate("suspecting", ("n3",), "=", 0.0, ""), "always", line=1),
        Claim("soon", Predicate("suspecting", ("n3",), ">=", 1.0, ""), "within", "die", 4 * SECOND),
    )
    acts = (Act("kill", ("n3",)), Act("put", ("1000",)), Act("start", ("n3",)))
    whole = Slide(
        1,
        cues=(cue(*acts, Wait(Predicate("views", (), "=", 1.0), 30 * SECOND), alias="die"),),
        claims=claims,
        need=THREE,
    )
    told = Performance(Deck("", (whole,)), SimGround(1), alone=True)
    told.go(0)
    for _ in range(2_000):
        await told.settled()
        told.tick()
        if not told.busy and told.director.waits_for() == "end":
            break
        await told.ground.pass_time(50 * MS)
    told.finish()
    judged = told.shown[-1].judgements
    assert judged[0].state == "broken", "it was suspected, whatever is so in the end"
    assert judged[1].state == "held"
    assert 0 < judged[1].at - judged[1].since < 4 * SECOND
    await told.stop()


async def test_stopping_in_the_middle_ends_everything() -> None:
    ground = Gated()
    told = Performance(deck(slide(1, cue(Act("heal")), need=THREE)), ground)
    told.go(0)
    await turns(told)
    assert told.busy
    await told.stop()
    assert not told.busy
    assert ground.making == 0
