"""Cues in a presenter's words: what each step is, what came of it, what the one key does now. Pure."""

from __future__ import annotations

from typing import Final

from talk.claims.telling import number
from talk.deck.deck import Act, Cue, Freeze, Hold, Live, Need, Say, Show, Slide, Step, Wait
from talk.notes.following import Follower, Passed
from talk.notes.sheet import Line, LineState
from talk.stage.director import Director
from talk.stage.orders import Run

CUES_MAX: Final = 60
"""Lines of cues on one slide; a deck cannot make the page endless."""


def phrase(step: Step) -> str:
    """One step, as the presenter says it."""
    match step:
        case Act(verb=verb, args=args):
            return " ".join((verb, *args))
        case Wait(predicate=predicate):
            return f"wait until {predicate.text}"
        case Hold():
            return "hold"
        case Say(text=text):
            return f"caption “{text}”"
        case Show(live=live):
            return f"show {shows(live)}"
        case Freeze(on=on):
            return "freeze the picture" if on else "let the picture go on"
        case _:
            return f"let {seconds(step.us)} pass"


def shows(live: Live) -> str:
    """A live picture's name."""
    return f"{live.kind} {live.subject}".rstrip()


def seconds(us: int) -> str:
    """A duration, as short as it can be said: "41 ms", "0.72 s", "12 s"."""
    if us < 100_000:
        return f"{us / 1_000:.0f} ms"
    return f"{us / 1e6:.2f} s" if us < 10_000_000 else f"{us / 1e6:.0f} s"


def lines(director: Director, follower: Follower, now: int, stretch: float) -> list[Line]:
    """Every step of every cue of the slide that is on. `now`: the cluster's clock."""
    told: list[Line] = []
    ahead = False
    for place, run in enumerate(director.runs):
        passed = follower.steps[place] if place < len(follower.steps) else {}
        for at, step in enumerate(run.cue.steps):
            line = _line(run, at, step, passed.get(at), now, stretch)
            if line.state == "then" and not run.over:
                line = _coming(director, run, at, step, first=not ahead)
                ahead = True
            told.append(line)
    return told[:CUES_MAX]


def _coming(director: Director, run: Run, at: int, step: Step, *, first: bool) -> Line:
    state: LineState = "next" if first else "then"
    if run.state == "pending" and at == 0:
        return Line(state, phrase(step), begins(run.cue, back=director.came_back))
    return Line(state, phrase(step), "you press space" if isinstance(step, Hold) else _bound(step))


def _bound(step: Step) -> str:
    return f"within {number(step.within_us / 1e6)} s" if isinstance(step, Wait) else ""


def begins(cue: Cue, *, back: bool) -> str:
    """When a cue begins."""
    trigger = cue.trigger
    if back or trigger.kind == "key":
        return "you press space"
    if trigger.kind == "after":
        return f"{number(trigger.delay_us / 1e6)} s after the slide is entered"
    if trigger.predicate is not None:
        return f"once {trigger.predicate.text}"
    return "with the slide"


def _line(run: Run, at: int, step: Step, passed: Passed | None, now: int, stretch: float) -> Line:
    """A step that is over, or on; "then" for one that has not begun."""
    text = phrase(step)
    began = passed.began_s if passed is not None else -1.0
    if run.state == "pending" or at > run.at:
        return Line("skipped" if run.over else "then", text, "not done" if run.over else "")
    if at < run.at:
        return _over(step, text, began, passed.took_us if passed is not None else 0, stretch)
    match run.state:
        case "failed":
            return Line("failed", text, run.said or "it could not be done", began)
        case "skipped":
            return Line("skipped", text, "you went on without it", began)
        case "holding":
            return Line("now", text, "you press space", began)
        case "waiting" | "late":
            state: LineState = "late" if run.state == "late" else "now"
            return Line(state, text, _waited(step, now - run.step_began, stretch), began)
        case _:
            return Line("now", text, seconds(max(0, now - run.step_began)), began)


def _over(step: Step, text: str, began: float, took: int, stretch: float) -> Line:
    match step:
        case Act():
            return Line("done", text, f"done in {seconds(took)}", began)
        case Wait(within_us=within):
            late = took > within * stretch
            said = f"{seconds(took)}, bound {number(within / 1e6)} s"
            return Line("late" if late else "done", text, f"late: {said}" if late else said, began)
        case Hold():
            return Line("done", text, f"held {seconds(took)}", began)
        case _:
            return Line("done", text, "", began)


def _waited(step: Step, waited: int, stretch: float) -> str:
    so_far = f"{max(0, waited) / 1e6:.1f} s"
    if not isinstance(step, Wait):
        return so_far
    allowed = f"{number(step.within_us / 1e6)} s"
    if stretch >= 1.05:
        allowed += f" × {stretch:.1f} on this machine"
    return f"{so_far} of {allowed}"


def space(director: Director) -> str:
    """What the presenter's one key does now, as `Director.forward` would."""
    if director.preparing:
        return "nothing yet: the cluster is being made ready"
    runs = director.runs
    for run in runs:
        if run.state == "holding":
            then = run.cue.steps[run.at + 1 : run.at + 2]
            return f"goes on: {phrase(then[0])}" if then else "lets go of the hold"
    if director.step < director.slide.steps:
        return f"shows: {_revealed(director.slide, director.step + 1)}"
    for run in runs:
        if run.state == "pending" and (director.came_back or run.cue.trigger.kind == "key"):
            return f"does: {phrase(run.cue.steps[0])}" if run.cue.steps else "begins a cue"
    for run in runs:
        if run.state in ("running", "waiting", "late"):
            what = phrase(run.step) if run.step is not None else "a cue"
            return f"twice goes on without “{what}”"
    following = director.following
    if following is None:
        return "nothing: this is the last slide"
    return f"next slide: {following.title}"


def _revealed(slide: Slide, step: int) -> str:
    for block in slide.blocks:
        if block.step == step:
            return plain(slide, step)[0] if plain(slide, step) else "more"
    return "more"


def plain(slide: Slide, step: int | None = None) -> list[str]:
    """A slide's words without their looks; `step`: only those that this step shows."""
    told: list[str] = []
    for block in slide.blocks:
        if step is not None and block.step != step:
            continue
        if block.kind == "table":
            told += ["  ".join(row) for row in block.rows]
            continue
        texts = ["".join(text for text, _ in runs) for runs in block.lines]
        if block.kind == "code":
            told += texts
            continue
        mark = f"{block.number}. " if block.kind == "number" else "▸ "
        said = " ".join(texts)
        told.append(mark + said if block.kind in ("item", "number") else said)
    return told


def starts(slide: Slide, need: Need | None) -> str:
    """What entering a slide does to the cluster."""
    parts: list[str] = []
    if slide.need is not None and need is not None:
        parts.append(f"{need.nodes} nodes, {need.architecture}")
    for cue in slide.cues:
        acts = [step for step in cue.steps if isinstance(step, Act)]
        if cue.trigger.kind == "enter" and acts:
            parts.append(phrase(acts[0]))
    return "; ".join(parts)
