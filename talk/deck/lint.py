"""What makes a slide poor although it can be read: too many words, no way out, nothing to decide by.

Decides what is complained of, and in which words. A complaint is not an error: a deck with some can be
presented. Ignores whether what is claimed will be so, which only `talk --check` finds out, and what
fits a screen, which only a painter knows (`talk.stage.overflow`). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from talk.deck.deck import Act, Deck, Live, Need, Predicate, Run, Say, Show, Slide, Wait
from talk.deck.grammar.predicates import is_node

WORDS_MAX: Final = 18
"""Beside a live picture: more are read instead of looking, or not at all."""

Kind = Literal[
    "words", "overflow", "fallback", "unreachable", "plan", "undecided", "note", "empty", "alone",
    "presenterm",
]  # fmt: skip


class Complaint(Struct, frozen=True):
    """What is poor about one line of a deck."""

    line: int
    sentence: str
    kind: Kind
    path: str = ""
    """The file of the line."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


def lint(deck: Deck) -> list[Complaint]:
    """All complaints of a deck: those about the whole, then slide by slide."""
    found = [replace(said, path=deck.path) for said in (*_whole(deck), *_no_way_out(deck))]
    walk: list[Act] = []
    need = Need()
    for slide in deck.slides:
        if slide.need is not None:
            walk, need = [], slide.need
        walk += acts(slide)
        of_slide = [said for check in CHECKS for said in check(slide)]
        of_slide += _unmoved(slide, walk, need)
        of_slide.sort(key=lambda complaint: complaint.line)
        found += [replace(said, path=slide.path) for said in of_slide]
    return found


def acts(slide: Slide) -> list[Act]:
    """All that a slide does to the cluster."""
    return [step for cue in slide.cues for step in cue.steps if isinstance(step, Act)]


def shown(slide: Slide) -> tuple[Live, ...]:
    """Every picture of a slide: written on it, and shown by its cues."""
    by_cues = [step.live for cue in slide.cues for step in cue.steps if isinstance(step, Show)]
    return (*slide.lives, *by_cues)


def said(line: tuple[Run, ...]) -> str:
    """The words of a line, without their styles."""
    return "".join(text for text, _ in line)


def walked(slide: Slide) -> bool:
    """Whether it is part of the way from the first slide to the last."""
    return not (slide.question or slide.appendix or slide.still)


# --- words -----------------------------------------------------------------------------------------


def _empty(slide: Slide) -> Iterator[Complaint]:
    if not (slide.title or slide.blocks or shown(slide)):
        yield Complaint(slide.line, "this slide shows nothing", "empty")
    if slide.steps and slide.steps > max((block.step for block in slide.blocks), default=0):
        yield Complaint(slide.line, "nothing is revealed by the last pause of this slide", "empty")


def _words(slide: Slide) -> Iterator[Complaint]:
    pictures = shown(slide)
    if not pictures:
        return
    count = sum(len(said(line).split()) for block in slide.blocks for line in block.lines)
    count += sum(len(cell.split()) for block in slide.blocks for row in block.rows for cell in row)
    if count > WORDS_MAX:
        yield Complaint(
            slide.line,
            f"{count} words beside a live picture; {WORDS_MAX} are as many as anybody reads",
            "words",
        )
    if slide.lives and slide.lives[0].place == "whole" and slide.blocks:
        line = slide.blocks[0].line
        yield Complaint(line, "a whole picture leaves no room for words; place it below", "words")


# --- the speaker -----------------------------------------------------------------------------------


def _notes(slide: Slide) -> Iterator[Complaint]:
    if slide.number > 1 and not slide.notes and not slide.still:
        sentence = "nothing is noted for the speaker: <!-- speaker_note: what to say -->"
        yield Complaint(slide.line, sentence, "note")


def _planned(slide: Slide) -> Iterator[Complaint]:
    if walked(slide) and not slide.seconds:
        key = "intro" if slide.number == 1 and slide.line == 1 else "plan"
        yield Complaint(slide.line, f"how long is this slide? talk: {{{key}: 60s}}", "plan")


def _whole(deck: Deck) -> Iterator[Complaint]:
    planned = sum(slide.seconds for slide in deck.slides if walked(slide))
    if not deck.seconds:
        yield Complaint(1, "how long is this talk? talk: {duration: 45min}", "plan")
    elif planned > deck.seconds:
        yield Complaint(
            1,
            f"the slides are planned for {planned / 60:.1f} minutes, the talk for "
            f"{deck.seconds / 60:.1f}",
            "plan",
        )


def _alone(slide: Slide) -> Iterator[Complaint]:
    if (slide.question or slide.appendix) and slide.cues and slide.need is None:
        sentence = "this slide is jumped to: say which cluster it needs, `start nodes=5`"
        yield Complaint(slide.cues[0].line, sentence, "alone")


# --- cues and claims -------------------------------------------------------------------------------


def _no_way_out(deck: Deck) -> Iterator[Complaint]:
    waiting = [slide for slide in deck.slides if any(_waits(slide))]
    if waiting and not deck.fallback:
        numbers = ", ".join(str(slide.number) for slide in waiting)
        sentence = (
            f"when nothing comes of it, there is no way out of slide {numbers}: "
            "name a recording, talk: {fallback: x.rec}"
        )
        yield Complaint(1, sentence, "fallback")


def _waits(slide: Slide) -> Iterator[Wait]:
    return (step for cue in slide.cues for step in cue.steps if isinstance(step, Wait))


def _cues(slide: Slide) -> Iterator[Complaint]:
    entering = [cue for cue in slide.cues if cue.trigger.kind == "enter"]
    for cue in entering[1:]:
        sentence = "two cues begin with this slide and would act at once: make them one"
        yield Complaint(cue.line, sentence, "unreachable")
    for cue in slide.cues:
        for before, step in zip(cue.steps, cue.steps[1:], strict=False):
            if isinstance(step, Say) and isinstance(before, Say):
                sentence = "this caption replaces the one before it at once: wait between them"
                yield Complaint(step.line, sentence, "unreachable")


def _claims(slide: Slide) -> Iterator[Complaint]:
    names = {cue.alias for cue in slide.cues if cue.alias}
    played = {act.args[0] for act in acts(slide) if act.verb == "play" and act.args}
    for claim in slide.claims:
        if claim.pair:
            if claim.pair not in played:
                sentence = f"nothing on this slide plays {claim.pair}: write `play {claim.pair}`"
                yield Complaint(claim.line, sentence, "undecided")
        elif claim.when == "at" and claim.alias == "end" and not slide.cues:
            sentence = "no cue of this slide comes to an end, so nothing decides this"
            yield Complaint(claim.line, sentence, "undecided")
        elif claim.alias and claim.alias != "end" and claim.alias not in names:
            sentence = f"no cue of this slide is called {claim.alias}, so nothing decides this"
            yield Complaint(claim.line, sentence, "undecided")
        elif claim.when == "within" and not slide.cues:
            sentence = "within that time nothing is done on this slide: what should make it so?"
            yield Complaint(claim.line, sentence, "undecided")


def _unmoved(slide: Slide, walk: list[Act], need: Need) -> Iterator[Complaint]:
    """Cues that begin when something befalls a node which nothing ever befalls."""
    broad = any(act.verb in ("partition", "undo", "heal") for act in walk)
    touched = {name for act in walk for arg in act.args for name in arg.split(",")}
    for cue in slide.cues:
        what = cue.trigger.predicate
        for name in _nodes(what) if what and not broad else ():
            if name not in touched and is_node(name) <= need.nodes and _bad(what):
                sentence = f"this cue waits for {name}, to which nothing is done"
                yield Complaint(cue.line, sentence, "unreachable")


def _nodes(what: Predicate | None) -> Iterator[str]:
    return (arg for arg in (what.args if what else ()) if is_node(arg))


def _bad(what: Predicate | None) -> bool:
    """Whether it can only become so by something happening: a count above nothing."""
    return what is not None and what.relation in (">", ">=", "=") and what.bound != 0


CHECKS: Final = (_empty, _words, _notes, _planned, _alone, _cues, _claims)
"""Of one slide by itself."""
