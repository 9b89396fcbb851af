"""Slots of time: worked out once, and as if they were worked out every time."""

from __future__ import annotations

from random import Random

from msgspec import Struct

from tests.tui.story import DEAD, SECOND
from tui.draw.plots.pane import columns
from tui.driving.dress import CALM_US
from tui.judge.measured.curves import APART_US, LATE_US, SPAN_US, edge
from tui.judge.measured.slots import in_slots
from tui.screens.plots import GAP, WIDE
from tui.view import SAMPLES_US

WIDTH = 1_000


class Told(Struct, frozen=True):
    """Something that was told."""

    at: int
    value: int


def anew(told: list[Told], end: int, columns: int) -> list[list[int] | None]:
    """The same without remembering anything."""
    last = (end - 1) // WIDTH
    slots = [
        [each.value for each in told if each.at < end and each.at // WIDTH == last - back]
        for back in range(columns - 1, -1, -1)
    ]
    return [slot or None for slot in slots]


def test_a_row_is_what_it_would_be_if_nothing_were_remembered() -> None:
    """A history that grows, is forgotten from its beginning, branches, and whose clock steps back."""
    for seed in range(30):
        random = Random(seed)
        branches: list[list[Told]] = [[]]
        for _ in range(120):
            told = random.choice(branches)
            before = told[-1].at if told else 50_000
            at = max(1, before + random.choice((0, 130, 250, 250, 900, 4_000, -700)))
            told.append(Told(at, random.randrange(1_000)))
            while told[0].at < at - 12_000:
                told.pop(0)
            if random.random() < 0.05 and len(branches) < 4:
                branches.append(told.copy())
            end = (at - random.choice((0, 300, 2_000))) // WIDTH * WIDTH
            for count in (1, 5, 10):
                row = in_slots(
                    told, (end, count, WIDTH), "values", lambda slot: [each.value for each in slot]
                )
                assert list(row) == anew(told, end, count), f"seed {seed}"


def test_a_row_in_which_nothing_changed_is_the_same_row_and_nothing_is_worked_out() -> None:
    told = [Told(at, at) for at in range(0, 20_000, 250)]
    made: list[int] = []

    def make(slot: object) -> int:
        made.append(id(slot))
        return len(made)

    first = in_slots(told, (15_000, 10, WIDTH), "counted", make)
    assert len(made) == 10
    told += [Told(at, at) for at in range(20_000, 21_000, 250)]  # later than the row's end
    assert in_slots(told[5:], (15_000, 10, WIDTH), "counted", make) is first
    next_one = in_slots(told[5:], (16_000, 10, WIDTH), "counted", make)
    assert len(made) == 11
    assert next_one[:-1] == first[1:]


def test_plots_that_stand_together_take_their_new_slots_in_different_frames() -> None:
    across = columns((WIDE - 3 - GAP) // 2)
    frames = range(DEAD, DEAD + 10 * SECOND, CALM_US)
    before = [edge(DEAD, across, place) for place in range(3)]
    moved: list[int] = []
    for now in frames:
        after = [edge(now, across, place) for place in range(3)]
        moved.append(sum(a != b for a, b in zip(after, before, strict=True)))
        before = after
    assert max(moved) == 1
    assert sum(moved) >= 3 * 4


def test_a_view_keeps_as_much_as_a_minute_of_slots_needs() -> None:
    """Else the oldest slot would be eaten away while it is shown, and drawn anew with every pulse."""
    for columns_ in range(24, 200):
        late = LATE_US + 2 * APART_US
        assert SPAN_US + SPAN_US // columns_ + late <= SAMPLES_US
