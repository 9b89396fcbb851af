"""How a cue is written: what the slide needs, when it begins, and steps one after another.

Decides the grammar of a `cue` block and of what a verb is done to. Whether a node exists on this
slide is `talk.deck.grammar.drafts`'s; what a verb does is a ground's.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, get_args

from msgspec import Struct

from cluster.config import ArchitectureName
from cluster.model.fault import DELAY_MS_MAX, LOST_PERCENT_MAX
from talk.deck.deck import (
    Act,
    Cue,
    DeckError,
    Freeze,
    Hold,
    Need,
    Say,
    Show,
    Sleep,
    Step,
    Trigger,
    Wait,
)
from talk.deck.grammar.lives import live
from talk.deck.grammar.predicates import Measures, is_node, is_room, predicate
from talk.deck.grammar.source import NUMBER, Source, Word, instead, number, shown
from talk.deck.words import KEEPS, MASTER, NOTHING, VERBS, late_ms_of, percent_of

OTHERS: Final = ("wait", "say", "show", "freeze", "unfreeze", "sleep", "hold")
"""Steps that are not done to the cluster."""
TRIGGERS: Final = ("enter", "key", "after", "at")
ARCHITECTURES: Final[tuple[ArchitectureName, ...]] = get_args(ArchitectureName)
NODES_MAX: Final = 30
"""As many nodes as the command starts on one machine."""
COUNT_MAX: Final = 100_000
ROOMS_MAX: Final = 1000
RATE_MAX: Final = 10_000.0
END: Final = "end"
"""No cue may be called so: it means after all of them."""
ALIAS: Final = re.compile(r"[a-z][a-z0-9-]*")


class Context(Struct, frozen=True):
    """What is known while a block is read; None: any name will do."""

    source: Source
    measures: Measures | None = None
    pairs: frozenset[str] | None = None
    mistakes: list[DeckError] | None = None
    """Those found so far, when all are wanted; None: the first one ends the reading."""

    @contextmanager
    def going_on(self) -> Generator[None]:
        """A mistake in here is kept, and what comes after it is read too, when all are wanted."""
        try:
            yield
        except DeckError as error:
            if self.mistakes is None:
                raise
            self.mistakes.append(error)

    @property
    def found(self) -> int:
        """How many mistakes there are so far."""
        return len(self.mistakes or ())


class Written(Struct, frozen=True):
    """What one `cue` block says."""

    cue: Cue | None
    need: Need | None


def cue(context: Context, lines: list[tuple[int, str]], line: int) -> Written:
    """A block: its lines with their numbers, `line` its fence's. Raises `DeckError`."""
    source = context.source
    before = context.found
    said: list[tuple[int, str, list[Word]]] = []
    for at, text in lines:
        with context.going_on():
            if words := source.words(text, at):
                said.append((at, text, words))
    if not said and context.found > before:
        return Written(None, None)
    if not said:
        raise source.error(line, "an empty cue does nothing; write a step in it, or leave it out")
    need: Need | None = None
    if _is_need(said[0][2]):
        at, text, _ = said.pop(0)
        with context.going_on():
            need = _need(source, source.bare(text, at)[1:], at)
        if not said:
            return Written(None, need)
    trigger, alias = Trigger(), ""
    if said[0][2][0].text in ("on", "after", "at"):
        at, text, _ = said.pop(0)
        with context.going_on():
            trigger, alias = _trigger(context, source.bare(text, at), at)
    if not said:
        raise source.error(line, "this cue has no step: say what happens, as in `kill n4`")
    steps: list[Step] = []
    for at, text, words in said:
        with context.going_on():
            steps.append(_step(context, words, text, at))
    return Written(Cue(trigger, tuple(steps), alias, line), need)


# --- before the steps ------------------------------------------------------------------------------


def _is_need(words: list[Word]) -> bool:
    """`start n4` is a step; `start nodes=5` and `start` alone are what a slide needs."""
    rest = [word.text for word in words[1:]]
    return words[0] == Word("start") and all("=" in word or word == "fresh" for word in rest)


def _need(source: Source, words: list[str], line: int) -> Need:
    fields: dict[str, str] = {}
    fresh = False
    for word in words:
        key, _, value = word.partition("=")
        if word == "fresh":
            fresh = True
        elif key not in ("nodes", "architecture", "rooms", "answers"):
            hint = instead(key, ("nodes", "architecture", "rooms", "answers", "fresh"))
            raise source.error(line, f"a slide cannot start with {shown(word)}; {hint}")
        elif key in fields:
            raise source.error(line, f"{key} is given twice")
        else:
            fields[key] = value
    base = Need()
    return Need(
        nodes=_whole(source, fields.get("nodes", str(base.nodes)), 1, NODES_MAX, "nodes", line),
        architecture=_architecture(source, fields.get("architecture", base.architecture), line),
        rooms=_whole(source, fields.get("rooms", str(base.rooms)), 0, ROOMS_MAX, "rooms", line),
        answers_per_s=_rate(source, fields.get("answers", f"{base.answers_per_s:g}"), line),
        fresh=fresh,
        line=line,
    )


def _architecture(source: Source, text: str, line: int) -> ArchitectureName:
    for name in ARCHITECTURES:
        if name == text:
            return name
    hint = instead(text, ARCHITECTURES)
    raise source.error(line, f"there is no architecture {shown(text)}; {hint}")


def _whole(source: Source, text: str, least: int, most: int, what: str, line: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise source.error(
            line, f"{what} is a whole number from {least} to {most}, not {shown(text)}"
        )
    return int(text)


def _rate(source: Source, text: str, line: int) -> float:
    if not re.fullmatch(NUMBER, text) or number(text) > RATE_MAX:
        raise source.error(
            line, f"answers is how many a second, from 0 to {RATE_MAX:g}, not {shown(text)}"
        )
    return number(text)


def _trigger(context: Context, words: list[str], line: int) -> tuple[Trigger, str]:
    source, alias = context.source, ""
    if len(words) >= 2 and words[-2] == "as":
        alias, words = words[-1], words[:-2]
        if not ALIAS.fullmatch(alias) or alias == END:
            raise source.error(
                line, f"{shown(alias)} is no name for a cue; write a word in small letters"
            )
    if words[0] == "on":
        words = words[1:]
    kind, rest = (words[0], words[1:]) if words else ("", [])
    match kind, rest:
        case "enter", []:
            return Trigger("enter"), alias
        case "key", []:
            return Trigger("key"), alias
        case "after", [time]:
            delay = source.duration(time, line, "when a cue begins")
            return Trigger("after", delay_us=delay), alias
        case "at", [_, *_]:
            what = predicate(source, " ".join(rest), line, context.measures)
            return Trigger("at", predicate=what), alias
        case _:
            raise source.error(
                line,
                "a cue begins `on enter`, `on key`, `after 2s` or `at PREDICATE`, "
                f"each perhaps `as NAME`, not {shown(' '.join(words) or 'on')}",
            )


# --- steps -----------------------------------------------------------------------------------------


def _step(context: Context, words: list[Word], text: str, line: int) -> Step:
    source, first = context.source, words[0].text
    if _is_need(words):
        raise source.error(line, "what a slide needs stands first in its first cue")
    if first == "say":
        return Say(_caption(source, words[1:], line), line)
    bare = source.bare(text, line)
    rest = bare[1:]
    match first:
        case "wait":
            return _wait(context, rest, line)
        case "show":
            return Show(live(source, rest, line, context.pairs), line)
        case "sleep":
            if len(rest) != 1:
                raise source.error(line, "say how long: `sleep 2s`")
            return Sleep(source.duration(rest[0], line, "sleep"), line)
        case "freeze" | "unfreeze" | "hold":
            if rest:
                raise source.error(line, f"{first} stands alone on its line")
            if first == "hold":
                return Hold(line)
            return Freeze(first == "freeze", line)
        case _:
            return _act(context, bare, line)


def _act(context: Context, words: list[str], line: int) -> Act:
    source, name, args = context.source, words[0], words[1:]
    verb = VERBS.get(name)
    if verb is None:
        raise source.error(line, _no_step(name))
    if not verb.least <= len(args) <= verb.most:
        takes = f"`{name} {verb.takes}`" if verb.takes else f"`{name}` alone"
        raise source.error(line, f"write {takes}, not {shown(' '.join(words))}")
    for arg, kind in zip(args, verb.takes.split(), strict=False):
        _argument(context, name, arg, kind.strip("[]"), line)
    if len(set(args)) < len(args):
        raise source.error(line, f"{name} is of two different nodes, not {shown(' '.join(args))}")
    return Act(name, tuple(args), line)


def _no_step(name: str) -> str:
    if name in ("on", "after", "at"):
        return "a cue begins in one way: open another ```cue for another beginning"
    return f"{shown(name)} is no step; {instead(name, (*VERBS, *OTHERS))}"


def _argument(context: Context, name: str, arg: str, kind: str, line: int) -> None:
    source = context.source
    match kind:
        case "NODE":
            if arg != MASTER and not is_node(arg):
                why = f"{name} takes a node, as in n4, or `{MASTER}`, not {shown(arg)}"
                raise source.error(line, why)
        case "NODE,NODE":
            nodes = arg.split(",")
            if not all(is_node(node) for node in nodes) or len(set(nodes)) < len(nodes):
                raise source.error(
                    line, f"{name} takes nodes with commas between, as in n1,n2, not {shown(arg)}"
                )
        case "COUNT":
            _whole(source, arg.replace(",", ""), 1, COUNT_MAX, f"{name}'s count", line)
        case "ROOM":
            if not is_room(arg):
                raise source.error(line, f"{name} takes a room, as in room-7, not {shown(arg)}")
        case "PAIR":
            if context.pairs is not None and arg not in context.pairs:
                hint = instead(arg, sorted(context.pairs))
                raise source.error(line, f"there is no pair {shown(arg)}; {hint}")
        case _:
            _amount(source, name, arg, kind, line)


def _amount(source: Source, name: str, arg: str, kind: str, line: int) -> None:
    match kind:
        case "SHARE":
            if percent_of(arg) < 0:
                raise source.error(
                    line,
                    f"{name} takes 1% to {LOST_PERCENT_MAX}% of all packets, or `{name} {NOTHING}`, "
                    f"not {shown(arg)}",
                )
        case "KEEP":
            if arg not in KEEPS:
                raise source.error(line, f"{name}: {shown(arg)} is no keep; {instead(arg, KEEPS)}")
        case "TIME":
            if late_ms_of(arg) < 0:
                most = f"{DELAY_MS_MAX // 1_000}s"
                raise source.error(
                    line,
                    f"{name} takes a time up to {most}, as in 2s or 300ms, or `{NOTHING}`, "
                    f"not {shown(arg)}",
                )
        case _:
            pass


def _wait(context: Context, words: list[str], line: int) -> Wait:
    source, fallback = context.source, False
    if words[-2:] == ["else", "fallback"]:
        words, fallback = words[:-2], True
    if len(words) < 3 or words[-2] != "within":
        raise source.error(
            line, "say how long at most: `wait PREDICATE within 3s`, perhaps `else fallback`"
        )
    what = predicate(source, " ".join(words[:-2]), line, context.measures)
    within = source.duration(words[-1], line, "the longest wait")
    if not within:
        raise source.error(line, "a wait within no time is always late; write `within 3s`")
    return Wait(what, within, fallback, line)


def _caption(source: Source, words: list[Word], line: int) -> str:
    if len(words) != 1 or not words[0].quoted:
        raise source.error(line, 'a caption stands in quotes: say "Nobody is in charge."')
    text = words[0].text.replace("\\n", "\n").strip()
    if not text:
        raise source.error(line, "an empty caption says nothing; write it, or leave the line out")
    return text
