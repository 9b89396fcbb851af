"""Where everything of a story is drawn: a lane per node, and time along it or down.

Time runs to the right in proportion, but for its cuts; turned, it runs down and every moment has a
row of its own, however long it took until the next. Lanes that do not fit are folded. Draws nothing
(`tui.screens.spacetime.lanes`).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from msgspec import Struct

from cluster.model.facts import Fact
from cluster.model.member import NodeId
from tui.judge.stories.story import Step, Story
from tui.judge.stories.walk import window
from tui.scene import Scene
from tui.screens.spacetime.axis import Axis, axis_of

AT_ONCE_US: Final = 50
SPREAD: Final = 7
"""Rows from one lane to the next, at most."""
TIMES: Final = 12
"""Columns for the times beside lanes that run down."""
LANE_LEAST: Final = 9
LANE_MOST: Final = 26
"""Columns from one lane that runs down to the next."""


class Order(Struct, frozen=True):
    """An axis of moments instead of time: each has a place, one after the other."""

    times: tuple[int, ...]
    first: int
    each: int
    """Rows from one to the next."""

    def column(self, at: int) -> int:
        """The place of a moment, or of the last before it."""
        return self.first + self.each * max(0, bisect_right(self.times, at) - 1)

    def covers(self, at: int) -> bool:
        """Whether a moment is among those drawn."""
        return self.times[0] <= at <= self.times[-1]

    @property
    def began(self) -> int:
        """The first moment."""
        return self.times[0]

    @property
    def last(self) -> int:
        """The place of the last moment."""
        return self.column(self.times[-1])


class Picture(Struct, frozen=True):
    """Where everything is."""

    axis: Axis | Order
    rows: dict[NodeId, int]
    """The row of each lane that is drawn; its column when lanes run down."""
    folded: tuple[NodeId, ...]
    steps: tuple[Step, ...]
    """Those that are drawn."""
    shown: tuple[int, int]
    """Their places in the story."""
    top: int
    bottom: int
    """The rows of lanes and slopes, both included."""

    @property
    def turned(self) -> bool:
        """Whether lanes run down."""
        return isinstance(self.axis, Order)

    def cell(self, along: int, across: int) -> tuple[int, int]:
        """(x, y) of a place on the axis and one across the lanes."""
        return (across, along) if self.turned else (along, across)


def moment_of(fact: Fact) -> int:
    """When a fact is drawn. What one input brings about happens at once, though it is numbered."""
    return fact.hlc // AT_ONCE_US * AT_ONCE_US


def moment(step: Step) -> int:
    """When a step is drawn."""
    return moment_of(step.fact)


def lay(scene: Scene, story: Story, place: tuple[int, int], size: tuple[int, int]) -> Picture:
    """Lay the lanes and the axis out in a box at (x, y) of (width, height) cells."""
    if scene.look.turned:
        return _down(scene, story, place, size)
    (x, y), (width, height) = place, size
    rows = max(1, height - 1)
    taking = _taking(scene, story)
    drawn = _busiest(story, taking, max(1, (rows + 1) // 2))
    gap = max(1, min(SPREAD, (rows - 1) // (len(drawn) - 1))) if len(drawn) > 1 else 1
    wide = width >= 100
    end = max(x + 12, x + width - (20 if wide else 12))
    first, after = window(story, scene.look)
    steps = story.steps[first:after]
    times = [moment(step) for step in steps]
    axis = axis_of(times, x + 8, end, 12 if wide else 8, 14 if wide else 9)
    lanes = {name: y + 1 + place * gap for place, name in enumerate(drawn)}
    folded = tuple(name for name in taking if name not in lanes)
    ends = min(lanes.values()), max(lanes.values())
    return Picture(axis, lanes, folded, steps, (first, after), *ends)


def _down(scene: Scene, story: Story, place: tuple[int, int], size: tuple[int, int]) -> Picture:
    """Lanes beside each other; as many moments as there are rows, around the chosen step."""
    (x, y), (width, height) = place, size
    rows = max(1, height - 1)
    taking = _taking(scene, story)
    room = max(1, width - TIMES - 2)
    drawn = _busiest(story, taking, max(1, room // LANE_LEAST))
    gap = min(LANE_MOST, room // len(drawn))
    first, after = window(story, scene.look)
    while after - first > 1 and len(_moments(story, first, after)) > rows:
        first, after = window(story, scene.look, after - first - 1)
    times = _moments(story, first, after)
    each = max(1, min(3, (rows - 1) // max(1, len(times) - 1)))
    axis = Order(times, y + 1, each)
    lanes = {name: x + TIMES + place * gap for place, name in enumerate(drawn)}
    folded = tuple(name for name in taking if name not in lanes)
    return Picture(
        axis, lanes, folded, story.steps[first:after], (first, after), y + 1, axis.last
    )  # fmt: skip


def _moments(story: Story, first: int, after: int) -> tuple[int, ...]:
    return tuple(sorted({moment(step) for step in story.steps[first:after]}))


def _taking(scene: Scene, story: Story) -> list[NodeId]:
    taking = [name for name in scene.view.nodes if name in story.lanes]
    return taking + [name for name in story.lanes if name not in taking]


def _busiest(story: Story, names: list[NodeId], most: int) -> list[NodeId]:
    """The lanes that are drawn, in the order of the names: those with the most steps."""
    if len(names) <= most:
        return names
    steps = dict.fromkeys(names, 0)
    for step in story.steps:
        steps[step.fact.node] += 1
    ranked = sorted(names, key=lambda name: (name != story.about, -steps[name]))[:most]
    return [name for name in names if name in ranked]
