"""How a person walks through a story: along its steps, to causes and effects, to another story.

Pure: a look and a view in, a look out. Choosing anything holds the story, so that a live picture
does not take it away; a held story is kept whole, because the trace forgets.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.model.facts import Fact, FactId, MessageReceived, MessageSent
from cluster.model.member import NodeId
from tui.judge.stories.story import (
    LATE_US,
    ONLY_MAX,
    SETTLED_US,
    Story,
    Topic,
    beginnings,
    chosen,
    tell,
    topic_of,
)
from tui.judge.stories.weave import Weave
from tui.view import ClusterView


class Look(Struct, frozen=True):
    """What somebody looks at on the flow screen."""

    story: Story | None = None
    """The story that is held; None: the most telling one of the moment."""
    step: FactId | None = None
    """The chosen step."""
    only: Topic | None = None
    """Only stories of one key, or of the doubts about one node; None: all."""
    gossip: bool = False
    """Gossip of the same time is drawn too, though it is no part of the story."""
    turned: bool = False
    """Time runs down, a row for each moment, however long it took."""
    zoom: int = 0
    """How many times the picture was narrowed around the chosen step; 0: all of the story."""


NOTHING = Look()
GOSSIP: Final = ("gossip", "pushpull", "hello")
ZOOMS: Final = 3
"""Ways to look: all, and two times narrower."""
ZOOM: Final = 3
"""So much of the steps is left out each time."""
ZOOM_LEAST: Final = 5
"""Fewer steps are not looked at more closely."""


def let_go(look: Look) -> Look | None:
    """What escape gives up: the story that is held, then what it is only about; None: nothing."""
    if look.story is not None or look.step is not None:
        return replace(look, story=None, step=None)
    return replace(look, only=None, zoom=0) if look.only or look.zoom else None


def narrowed(view: ClusterView, now: int, look: Look) -> Look:
    """Only stories about what is drawn now; or all again."""
    if look.only is not None:
        return replace(look, only=None)
    story = shown(view, now, look)
    return look if story is None else replace(look, only=topic_of(story))


def closer(view: ClusterView, now: int, look: Look) -> Look:
    """A narrower look at the chosen step, at last all again. Holds the story."""
    story = shown(view, now, look)
    if story is None:
        return look
    zoom = (look.zoom + 1) % ZOOMS
    if len(story.steps) // ZOOM**zoom < ZOOM_LEAST and zoom > 1:
        zoom = 0
    step = look.step or (story.steps[0].id if zoom else None)
    return replace(look, story=story, step=step, zoom=zoom)


def window(story: Story, look: Look, most: int = 0) -> tuple[int, int]:
    """Which steps are drawn, from place to place: all, or those around the chosen one. `most`: no
    more than so many; 0: as many as there are."""
    count = len(story.steps)
    wanted = max(ZOOM_LEAST, count // ZOOM**look.zoom) if look.zoom else count
    wanted = min(wanted, count, most or count)
    names = [step.id for step in story.steps]
    place = names.index(look.step) if look.step is not None and look.step in names else 0
    first = min(max(0, place - wanted // 2), count - wanted)
    return first, first + wanted


def shown(view: ClusterView, now: int, look: Look) -> Story | None:
    """The story to draw: the held one, told anew while its beginning is still kept."""
    weave = Weave(view.trace)
    held = look.story
    if held is None or held.began > now:
        return chosen(weave, now) if look.only is None else _latest(weave, now, look.only)
    root = weave.fact(held.root)
    if root is None:
        return held
    told = tell(weave, root, now)
    # The trace forgets from its old end, so an older telling may be the fuller one.
    return told if len(told.steps) >= len(held.steps) else held


def held(view: ClusterView, now: int, look: Look) -> Look:
    """The same look, with whatever is drawn now held."""
    return replace(look, story=shown(view, now, look))


def step_beside(view: ClusterView, now: int, look: Look, step: int) -> Look:
    """The next step in time, or the one before; round at the ends."""
    story = shown(view, now, look)
    if story is None:
        return look
    names = [each.id for each in story.steps]
    if look.step is not None and look.step in names:
        place = (names.index(look.step) + step) % len(names)
    else:
        place = 0 if step > 0 else -1
    return replace(look, story=story, step=names[place])


def along(view: ClusterView, now: int, look: Look, step: int) -> Look:
    """To what the chosen step led to, or (-1) to what led to it; where there is none, stay."""
    story = shown(view, now, look)
    here = story.step(look.step) if story is not None else None
    if story is None or here is None:
        return step_beside(view, now, look, step)
    if step > 0:
        links = [each.id for each in story.steps if here.id in each.causes]
    else:
        known = {each.id for each in story.steps}
        links = [cause for cause in here.causes if cause in known][-1:]
    return replace(look, story=story, step=links[0] if links else here.id)


def story_beside(view: ClusterView, now: int, look: Look, step: int) -> Look:
    """The story that began after the drawn one, or (-1) before it."""
    weave = Weave(view.trace)
    story = shown(view, now, look)
    roots = _about(weave, now, look.only)[::-1]
    if not roots:
        return look
    names = [fact.id for fact in roots]
    if story is None:
        place = len(roots) - 1
    elif story.root in names:
        place = min(max(0, names.index(story.root) + step), len(roots) - 1)
    else:  # forgotten: it is older than all of these
        place = 0
    return replace(look, story=tell(weave, roots[place], now), step=None)


def _about(weave: Weave, now: int, only: Topic | None) -> list[Fact]:
    """Beginnings of the stories that are wanted, newest first."""
    return beginnings(weave, now) if only is None else beginnings(weave, now, ONLY_MAX, only)


def _latest(weave: Weave, now: int, only: Topic) -> Story | None:
    """The latest story about this of which all that belongs to it has been heard."""
    roots = _about(weave, now - SETTLED_US, only)
    return tell(weave, roots[0], now) if roots else None


class Whisper(Struct, frozen=True):
    """A message beside a story."""

    sent: Fact
    to: NodeId
    received: Fact | None
    lost: bool


WHISPERS_MAX: Final = 60
"""More would hide the story."""


def beside(weave: Weave, story: Story, now: int) -> list[Whisper]:
    """Traced gossip between the story's lanes in its time, as it was folded."""
    drawn = {step.id for step in story.steps}
    found: list[Whisper] = []
    for fact in weave.between(story.began, max(step.fact.at for step in story.steps)):
        if len(found) >= WHISPERS_MAX:
            break
        if fact.id in drawn or fact.node not in story.lanes:
            continue
        match fact.payload:
            case MessageSent(to=to, kind=kind) if kind in GOSSIP and to in story.lanes:
                arrival = next(
                    (e for e in weave.effects(fact) if isinstance(e.payload, MessageReceived)), None
                )
                lost = arrival is None and now - fact.at > LATE_US
                found.append(Whisper(fact, to, arrival, lost))
            case _:
                pass
    return found
