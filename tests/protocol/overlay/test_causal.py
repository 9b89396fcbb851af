"""Causal order is kept whatever order letters arrive in, and nothing waits without a bound."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.bounds.overlay import CausalConfig
from cluster.protocol.overlay.causal import CausalOrder
from cluster.protocol.overlay.messages import Dot, Letter, PeerId

AUTHORS = [PeerId(name) for name in ("ann", "bob", "cy", "dee")]
READER = PeerId("reader")


def history(deeds: list[tuple[int, int]]) -> tuple[list[Letter], dict[Dot, frozenset[Dot]]]:
    """Letters, and for each *all* letters before it, kept by the test's own brute bookkeeping.

    A deed (a, k): author a first takes the k-th letter written so far (or nothing), then writes.
    """
    orders = {name: CausalOrder(name, CausalConfig()) for name in AUTHORS}
    seen: dict[PeerId, set[Dot]] = {name: set() for name in AUTHORS}
    letters: list[Letter] = []
    before: dict[Dot, frozenset[Dot]] = {}
    for who, which in deeds:
        name = AUTHORS[who % len(AUTHORS)]
        if letters:
            wanted = letters[which % len(letters)]
            for letter in letters:  # with all it depends on, as causal order brings them
                if letter.dot == wanted.dot or letter.dot in before[wanted.dot]:
                    orders[name].take(letter)
                    seen[name].add(letter.dot)
        dot = Dot(name, sum(letter.dot.author == name for letter in letters) + 1)
        letter = orders[name].write(dot, b"")
        assert letter is not None
        before[dot] = frozenset(seen[name])
        seen[name].add(dot)
        letters.append(letter)
    return letters, before


deeds = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99)), min_size=1, max_size=24)


@settings(deadline=None, derandomize=True)
@given(deeds, st.data())
def test_no_reordering_and_no_repetition_breaks_causal_order(
    deeds_: list[tuple[int, int]], data: st.DataObject
) -> None:
    letters, before = history(deeds_)
    arriving = data.draw(st.permutations(letters * 2))
    order = CausalOrder(READER, CausalConfig())
    read: list[Dot] = []
    for letter in arriving:
        taken = order.take(letter)
        if isinstance(taken, list):
            for free in taken:
                assert before[free.dot] <= set(read)
                read.append(free.dot)
    assert sorted(read) == sorted(letter.dot for letter in letters)
    assert order.waiting == 0


@settings(deadline=None, derandomize=True)
@given(deeds)
def test_a_letter_names_only_what_no_other_it_names_depends_on(
    deeds_: list[tuple[int, int]],
) -> None:
    letters, before = history(deeds_)
    for letter in letters:
        for named in letter.after:
            assert not any(named in before[other] for other in letter.after)
        reached = set(letter.after).union(*(before[named] for named in letter.after))
        assert reached == before[letter.dot]


def test_an_answer_waits_for_its_question() -> None:
    asker, answerer = (CausalOrder(name, CausalConfig()) for name in AUTHORS[:2])
    question = asker.write(Dot(AUTHORS[0], 1), b"why?")
    assert question is not None
    answerer.take(question)
    answer = answerer.write(Dot(AUTHORS[1], 1), b"because")
    assert answer is not None
    reader = CausalOrder(READER, CausalConfig())
    assert reader.take(answer) == []
    assert reader.waiting == 1
    assert reader.take(question) == [question, answer]
    assert reader.take(answer) == "known"


def test_letters_that_do_not_depend_on_each_other_do_not_wait() -> None:
    reader = CausalOrder(READER, CausalConfig())
    letters = [Letter(Dot(name, 1)) for name in AUTHORS]
    assert [reader.take(letter) for letter in letters] == [[letter] for letter in letters]


def test_what_waits_is_bounded_and_what_was_refused_can_come_again() -> None:
    reader = CausalOrder(READER, CausalConfig(waiting_max=2))
    letters = [Letter(Dot(AUTHORS[0], number)) for number in range(1, 5)]
    assert [reader.take(letter) for letter in reversed(letters[1:])] == [[], [], "full"]
    assert (reader.waiting, reader.refused) == (2, 1)
    assert reader.take(letters[0]) == [letters[0]]
    assert reader.take(letters[1]) == letters[1:]


def test_authors_and_what_one_letter_names_are_bounded() -> None:
    reader = CausalOrder(READER, CausalConfig(authors_max=1, after_max=1))
    reader.take(Letter(Dot(AUTHORS[0], 1)))
    assert reader.take(Letter(Dot(AUTHORS[1], 1))) == "stranger"
    long = Letter(Dot(AUTHORS[0], 2), (Dot(AUTHORS[1], 1), Dot(AUTHORS[2], 1)))
    assert reader.take(long) == "long"
    writer = CausalOrder(AUTHORS[3], CausalConfig(after_max=1))
    for name in AUTHORS[:2]:
        writer.take(Letter(Dot(name, 1)))
    assert writer.write(Dot(AUTHORS[3], 1), b"") is None


def test_who_comes_later_is_told_what_was_before() -> None:
    reader = CausalOrder(READER, CausalConfig(), {AUTHORS[0]: 6})
    letter = Letter(Dot(AUTHORS[0], 7))
    assert reader.take(letter) == [letter]
    assert reader.take(Letter(Dot(AUTHORS[0], 6))) == "known"
