"""A process takes its time to start: gossip is not blamed for that."""

from __future__ import annotations

from cluster.model.casebook import Casebook, advance
from cluster.model.facts import FaultHealed, NodeStarted, ProcessObserved
from cluster.model.member import Address, MemberState
from tests.tui.story import KILLED, MS, N4, SECOND, STARTED, Teller, fall, mourn, opening
from tui.view import LAB

SPOKE = STARTED + 4_800 * MS
"""The first word of the new process: so long did it take on a busy machine."""


def test_the_return_is_measured_from_the_first_word_of_the_new_process() -> None:
    teller = Teller()
    opening(teller, KILLED)
    fall(teller)
    mourn(teller, KILLED + 750 * MS, STARTED)
    teller.say(LAB, STARTED, FaultHealed("kill", N4))
    teller.say(LAB, STARTED, ProcessObserved(N4, "starting", 0, Address("")))
    teller.beat(STARTED, STARTED + 4 * SECOND)
    book = Casebook()
    for fact in teller.sorted():
        book = advance(book, fact)
    (launched,) = book.incidents
    assert not launched.stage("back").began
    assert launched.stage("back").waiting_on == "the first word of n4's new process"

    before = len(teller.facts)
    teller.start(N4, SPOKE)
    alive = teller.claim(N4, MemberState.ALIVE)
    steps = [(0, "n1", "n4"), (57, "n3", "n4"), (88, "n2", "n1"), (91, "n5", "n3")]
    teller.spread(SPOKE + 200 * MS, alive, steps, "pushpull")
    teller.beat(SPOKE + 250 * MS, SPOKE + SECOND)
    word = min(f.at for f in teller.facts[before:] if isinstance(f.payload, NodeStarted))
    book = Casebook()
    for fact in teller.sorted():
        book = advance(book, fact)
    back = book.incidents[0].stage("back")
    assert (back.began, back.ended - back.began) == (word, SPOKE + 291 * MS - word)
