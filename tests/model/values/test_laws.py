"""Typed values over diverged replicas: whatever arrives, in any order and twice, all agree.

A machine plays a key as the store does (records that merge, one actor for each holding, deletes)
and beside it the same history by deltas alone. What an honest observer would say is computed from
the history: which changes each change had seen.
"""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cluster.config import DataConfig
from cluster.model.values import amap, aset, counter, lww, register
from cluster.model.values.dots import Dot, Seen, join_seen, seen
from cluster.model.values.typed import Misfit, State, apply, join, plain, typed, updated
from cluster.model.values.update import (
    CounterAdd,
    FieldUpdate,
    LwwSet,
    MapRemove,
    MapUpdate,
    RegisterSet,
    SetAdd,
    SetRemove,
    Update,
)
from cluster.model.versions import EMPTY, Versions, merge, put

REPLICAS = 3
LIMITS = DataConfig()
replicas = st.integers(0, REPLICAS - 1)
letters = st.sampled_from(["a", "b", "c", 1])
groups = st.lists(letters, min_size=1, max_size=3).map(tuple)
amounts = st.integers(-5, 9)
fields = st.sampled_from(["x", "y"])

counter_updates = amounts.map(CounterAdd)
set_updates = groups.map(SetAdd) | groups.map(SetRemove)
register_updates = letters.map(RegisterSet)
field_updates: st.SearchStrategy[FieldUpdate] = counter_updates | set_updates | register_updates
map_updates: st.SearchStrategy[Update] = st.builds(MapUpdate, fields, field_updates) | fields.map(
    MapRemove
)

KINDS: list[tuple[State, st.SearchStrategy[Update]]] = [
    (counter.EMPTY, counter_updates),
    (aset.EMPTY, set_updates),
    (register.EMPTY, register_updates),
    (amap.EMPTY, map_updates),
    (lww.EMPTY, letters.map(LwwSet)),
]


def delta(state: State, update: Update, dot: Dot) -> State:
    match state, update:
        case counter.Counter(), CounterAdd(amount):
            return counter.delta(state, amount, dot)
        case aset.ASet(), SetAdd() | SetRemove():
            return aset.delta(state, update, dot)
        case register.Register(), RegisterSet(value):
            return register.delta(state, value, dot)
        case amap.AMap(), MapUpdate() | MapRemove():
            return amap.delta(state, update, dot)
        case _:
            raise AssertionError("this type has no deltas")


@st.composite
def diverged(draw: st.DrawFn, kind: int) -> list[State]:
    """Three replicas after changes and one-way syncs, each with a history the others half know."""
    empty, updates = KINDS[kind]
    held = [empty] * REPLICAS
    counts = [0] * REPLICAS
    for at, other, update in draw(
        st.lists(st.tuples(replicas, replicas, st.none() | updates), max_size=14)
    ):
        if update is None:
            held[at] = join(held[at], held[other])
        else:
            counts[at] += 1
            held[at] = apply(held[at], update, (f"n{at}", counts[at]), counts[at])
    return held


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_joins_commute_associate_and_are_idempotent(kind: int) -> None:
    @settings(derandomize=True, max_examples=60, deadline=None)
    @given(diverged(kind))
    def holds(held: list[State]) -> None:
        whole = join(join(held[0], held[1]), held[2])
        for a, b, c in permutations(held):
            assert join(a, b) == join(b, a)
            assert join(a, join(b, c)) == whole
        for state in held:
            assert join(state, state) == state
            assert join(state, whole) == whole

    holds()


@pytest.mark.parametrize("kind", range(len(KINDS) - 1))
def test_deltas_in_any_order_and_twice_make_the_whole_state(kind: int) -> None:
    @settings(
        derandomize=True,
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.large_base_example],
    )
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        empty, updates = KINDS[kind]
        held = [empty] * REPLICAS
        counts = [0] * REPLICAS
        deltas: list[State] = []
        steps = st.lists(st.tuples(replicas, replicas, st.none() | updates), max_size=12)
        for at, other, update in data.draw(steps):
            if update is None:
                held[at] = join(held[at], held[other])
                continue
            counts[at] += 1
            change = delta(held[at], update, (f"n{at}", counts[at]))
            whole = join(held[at], change)
            assert whole == apply(held[at], update, (f"n{at}", counts[at]), 0)
            held[at] = whole
            deltas.append(change)
        by_deltas = empty
        for change in data.draw(st.permutations(deltas + deltas[:3])):
            by_deltas = join(by_deltas, change)
        by_states = join(join(held[0], held[1]), held[2])
        assert plain(by_deltas) == plain(by_states)
        assert by_deltas == by_states

    holds()


def test_a_gap_in_what_was_seen_waits_and_closes() -> None:
    late = seen([("a", 3), ("a", 1), ("b", 2)])
    assert late == Seen({"a": 1}, (("a", 3), ("b", 2)))
    assert not late.covers(("a", 2))
    assert late.covers(("a", 3))
    assert join_seen(late, seen([("a", 2)])) == Seen({"a": 3}, (("b", 2),))


class Key(RuleBasedStateMachine):
    """One key of the store with counter changes, and what each change and delete had seen."""

    def __init__(self) -> None:
        super().__init__()
        self.held = [EMPTY] * REPLICAS
        self.serial = 0
        self.mine = [""] * REPLICAS
        self.added: dict[int, int] = {}
        """Every addition ever acknowledged, by its number."""
        self.knows: list[frozenset[int]] = [frozenset()] * REPLICAS
        """Which of them each replica knows of."""
        self.deleted: set[int] = set()
        """Those that a delete has seen."""

    def _actor(self, at: int) -> str:
        if not self.mine[at]:
            self.serial += 1
            self.mine[at] = f"n{at}.1.{self.serial:x}"
        return self.mine[at]

    @rule(at=replicas, amount=amounts)
    def add(self, at: int, amount: int) -> None:
        after = updated(self.held[at], self._actor(at), CounterAdd(amount), 1, LIMITS)
        assert isinstance(after, Versions)
        self.held[at] = after
        number = len(self.added)
        self.added[number] = amount
        self.knows[at] |= {number}

    @rule(at=replicas, to=replicas)
    def sync(self, at: int, to: int) -> None:
        self.held[to] = merge(self.held[to], self.held[at])
        self.knows[to] |= self.knows[at]

    @rule(at=replicas)
    def restart_or_forget(self, at: int) -> None:
        self.mine[at] = ""

    def read(self) -> int:
        whole = merge(merge(self.held[0], self.held[1]), self.held[2])
        found = typed(whole)
        if found is None:
            assert all(s.value is None for s in whole.siblings)
            return 0
        kind, value = found
        assert kind == "counter"
        assert isinstance(value, int)
        return value

    @invariant()
    def the_sum_is_exact(self) -> None:
        assert self.read() == sum(self.added.values())

    @invariant()
    def nobody_sees_more_or_less_than_it_knows(self) -> None:
        for at in range(REPLICAS):
            found = typed(self.held[at])
            assert (found[1] if found else 0) == sum(self.added[n] for n in self.knows[at])


class KeyWithDeletes(Key):
    """The same with deletes of what one replica shows: nothing unseen may be lost."""

    @rule(at=replicas)
    def delete(self, at: int) -> None:
        context = self.held[at].context
        self.held[at] = put(self.held[at], context, self._actor(at), None, "", 1)
        self.deleted |= self.knows[at]

    @invariant()
    def the_sum_is_exact(self) -> None:
        # What an actor had added comes back with its concurrent additions (see `counter`), so the
        # amounts are judged only where all are positive: nothing unseen is lost, nothing invented.
        if any(amount < 0 for amount in self.added.values()):
            return
        unseen = sum(a for n, a in self.added.items() if n not in self.deleted)
        assert unseen <= self.read() <= sum(self.added.values())

    @invariant()
    def nobody_sees_more_or_less_than_it_knows(self) -> None:
        return


TestACounterIsExact = Key.TestCase
TestACounterIsExact.settings = settings(
    derandomize=True, max_examples=60, stateful_step_count=30, deadline=None
)
TestADeleteLosesNothingUnseen = KeyWithDeletes.TestCase
TestADeleteLosesNothingUnseen.settings = TestACounterIsExact.settings


class SetKey(RuleBasedStateMachine):
    """A set in the store. The oracle: an addition stands until something that saw it removes it."""

    def __init__(self) -> None:
        super().__init__()
        self.held = [EMPTY] * REPLICAS
        self.adds: list[dict[int, object]] = [{} for _ in range(REPLICAS)]
        """By replica: the additions it knows to stand, number -> element."""
        self.gone: list[set[int]] = [set() for _ in range(REPLICAS)]
        self.number = 0

    @rule(at=replicas, elements=groups)
    def add(self, at: int, elements: tuple[str | int, ...]) -> None:
        self._change(at, SetAdd(elements))
        for element in dict.fromkeys(elements):
            self._drop(at, element)
            self.number += 1
            self.adds[at][self.number] = element

    @rule(at=replicas, elements=groups)
    def remove(self, at: int, elements: tuple[str | int, ...]) -> None:
        self._change(at, SetRemove(elements))
        for element in elements:
            self._drop(at, element)

    @rule(at=replicas)
    def delete(self, at: int) -> None:
        context = self.held[at].context
        self.held[at] = put(self.held[at], context, f"n{at}.1.1", None, "", 1)
        for element in set(self.adds[at].values()):
            self._drop(at, element)

    @rule(at=replicas, to=replicas)
    def sync(self, at: int, to: int) -> None:
        self.held[to] = merge(self.held[to], self.held[at])
        self.gone[to] |= self.gone[at]
        both = {**self.adds[to], **self.adds[at]}
        self.adds[to] = {n: e for n, e in both.items() if n not in self.gone[to]}

    def _change(self, at: int, update: SetAdd | SetRemove) -> None:
        after = updated(self.held[at], f"n{at}.1.1", update, 1, LIMITS)
        assert isinstance(after, Versions)
        self.held[at] = after

    def _drop(self, at: int, element: object) -> None:
        for number in [n for n, e in self.adds[at].items() if e == element]:
            del self.adds[at][number]
            self.gone[at].add(number)

    @invariant()
    def everybody_shows_exactly_what_stands(self) -> None:
        for at in range(REPLICAS):
            found = typed(self.held[at])
            shown = found[1] if found is not None else []
            assert isinstance(shown, list)
            if found is None or not any(s.value is None for s in self.held[at].siblings):
                assert set(map(repr, shown)) == {repr(e) for e in self.adds[at].values()}


TestASetIsAddWins = SetKey.TestCase
TestASetIsAddWins.settings = TestACounterIsExact.settings


def test_an_addition_wins_over_a_concurrent_removal() -> None:
    a = aset.apply(aset.EMPTY, SetAdd(("x",)), ("a", 1))
    removed = aset.apply(a, SetRemove(("x",)), ("b", 1))
    again = aset.apply(a, SetAdd(("x",)), ("a", 2))
    assert aset.elements(removed.members) == []
    assert aset.elements(aset.join(removed, again).members) == ["x"]


def test_an_update_of_a_field_wins_over_its_concurrent_removal() -> None:
    a = amap.apply(amap.EMPTY, MapUpdate("tags", SetAdd(("old",))), ("a", 1))
    removed = amap.apply(a, MapRemove("tags"), ("b", 1))
    updated_field = amap.apply(a, MapUpdate("tags", SetAdd(("new",))), ("a", 2))
    assert amap.fields(removed) == {}
    assert amap.fields(amap.join(removed, updated_field)) == {"tags": ["new"]}


def test_two_types_of_one_field_made_apart_are_both_shown() -> None:
    a = amap.apply(amap.EMPTY, MapUpdate("x", CounterAdd(2)), ("a", 1))
    b = amap.apply(amap.EMPTY, MapUpdate("x", SetAdd(("e",))), ("b", 1))
    assert amap.fields(amap.join(a, b)) == {"x": {"counter": 2, "set": ["e"]}}


def test_a_later_setting_wins_over_what_it_saw_however_wrong_the_clocks_are() -> None:
    ahead = lww.apply(lww.EMPTY, "ahead", ("a", 1), 9_000)
    behind = lww.apply(ahead, "behind", ("b", 1), 5)
    assert lww.join(ahead, behind).value == "behind"
    assert lww.join(behind, ahead).value == "behind"


def update(held: Versions, change: Update, actor: str = "n1.1.1") -> Versions:
    after = updated(held, actor, change, 1, LIMITS)
    assert isinstance(after, Versions), after
    return after


def test_one_key_holds_one_type_until_a_put_with_its_context_replaces_it() -> None:
    counted = update(EMPTY, CounterAdd(2))
    refused = updated(counted, "n1.1.1", SetAdd(("x",)), 1, LIMITS)
    assert isinstance(refused, Misfit)
    assert refused.why.startswith("the key holds a counter, not a set")
    replaced = put(counted, counted.context, "n1.1.1", b"plain", "text/plain", 1)
    assert typed(replaced) is None
    assert isinstance(updated(replaced, "n1.1.1", CounterAdd(1), 1, LIMITS), Misfit)
    deleted = put(replaced, replaced.context, "n1.1.1", None, "", 1)
    assert typed(update(deleted, SetAdd(("x",)))) == ("set", ["x"])


def test_two_types_made_apart_are_a_conflict_and_not_one_of_them() -> None:
    both = merge(update(EMPTY, CounterAdd(1)), update(EMPTY, SetAdd(("x",)), "n2.1.1"))
    assert typed(both) is None
    refused = updated(both, "n1.1.1", CounterAdd(1), 1, LIMITS)
    assert isinstance(refused, Misfit)
    assert "values in conflict" in refused.why


def test_bytes_under_a_type_of_ours_that_are_no_state_are_no_typed_value() -> None:
    for blob in (b"", b"\xc1", b"\x92\x81\xa1x\x01\x92\x80\x90"):
        forged = put(EMPTY, {}, "n1.1.1", blob, "application/vnd.masterless.counter", 1)
        assert typed(forged) is None


def test_what_would_grow_past_its_limits_is_refused_and_taking_away_never_is() -> None:
    limits = DataConfig(set_elements_max=3, map_fields_max=2, value_bytes_max=400)
    full = update(EMPTY, SetAdd((1, 2, 3)))
    refused = updated(full, "n1.1.1", SetAdd((4,)), 1, limits)
    assert refused == Misfit("a set has at most 3 elements")
    fatter = merge(full, update(EMPTY, SetAdd((7, 8)), "n2.1.1"))
    assert isinstance(updated(fatter, "n1.1.1", SetRemove((1,)), 1, limits), Versions)
    fields_full = update(
        update(EMPTY, MapUpdate("a", CounterAdd(1))), MapUpdate("b", CounterAdd(1))
    )
    third = updated(fields_full, "n1.1.1", MapUpdate("c", CounterAdd(1)), 1, limits)
    assert third == Misfit("a map has at most 2 fields")
    long = updated(EMPTY, "n1.1.1", RegisterSet("x" * 500), 1, limits)
    assert isinstance(long, Misfit)
    assert long.why.startswith("a value has at most 400 bytes")


def test_a_counter_that_would_not_fit_the_wire_is_refused() -> None:
    held = EMPTY
    for _ in range(512):
        after = updated(held, "n1.1.1", CounterAdd(2**53), 1, LIMITS)
        assert isinstance(after, Versions)
        held = after
    assert isinstance(updated(held, "n1.1.1", CounterAdd(2**53), 1, LIMITS), Misfit)
