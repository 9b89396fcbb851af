"""How a person walks through a story: along its steps, to causes and effects, to another story.

Pure: a look and a view in, a look out. Choosing anything holds the story, so that a live picture
does not take it away; a held story is kept whole, because the trace forgets.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from cluster.model.facts import FactId
from tui.judge.stories.story import Story, beginnings, chosen, tell
from tui.judge.stories.weave import Weave
from tui.view import ClusterView


class Look(Struct, frozen=True):
    """What somebody looks at on the flow screen."""

    story: Story | None = None
    """The story that is held; None: the most telling one of the moment."""
    step: FactId | None = None
    """The chosen step."""


NOTHING = Look()


def shown(view: ClusterView, now: int, look: Look) -> Story | None:
    """The story to draw: the held one, told anew while its beginning is still kept."""
    weave = Weave(view.trace)
    held = look.story
    if held is None or held.began > now:
        return chosen(weave, now)
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
    return Look(story, names[place])


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
    return Look(story, links[0] if links else here.id)


def story_beside(view: ClusterView, now: int, look: Look, step: int) -> Look:
    """The story that began after the drawn one, or (-1) before it."""
    weave = Weave(view.trace)
    story = shown(view, now, look)
    roots = beginnings(weave, now)[::-1]
    if not roots:
        return look
    names = [fact.id for fact in roots]
    if story is None:
        place = len(roots) - 1
    elif story.root in names:
        place = min(max(0, names.index(story.root) + step), len(roots) - 1)
    else:  # forgotten: it is older than all of these
        place = 0
    return Look(tell(weave, roots[place], now))
