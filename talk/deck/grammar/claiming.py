"""How a claim is written: a sentence for the audience, a colon, and what must be measured when."""

from __future__ import annotations

from talk.deck.deck import Claim, When
from talk.deck.grammar.cues import ALIAS, Context
from talk.deck.grammar.predicates import predicate
from talk.deck.grammar.source import Source, instead, shown

FORMS = (
    "`SENTENCE: PREDICATE always [since CUE]`, `... within 3s [of CUE]` or `... at CUE|end`"
    ", or `pair NAME`"
)


def claim(context: Context, text: str, line: int) -> Claim | None:
    """One line of a `claim` block; None: nothing but a comment."""
    source = context.source
    text = _without_comment(text).strip()
    if not text:
        return None
    words = text.split()
    if words[0] == "pair" and ":" not in text:
        return _pair(context, words, line)
    sentence, colon, rest = text.rpartition(": ")
    if not colon or not sentence.strip() or not rest.strip():
        raise source.error(line, f"a claim is written {FORMS}, not {shown(text)}")
    when, alias, within, measured = _when(source, rest.split(), line)
    what = predicate(source, " ".join(measured), line, context.measures)
    return Claim(sentence.strip().strip('"'), what, when, alias, within, line=line)


def _pair(context: Context, words: list[str], line: int) -> Claim:
    if len(words) != 2:
        raise context.source.error(line, "say which: `pair two-masters`")
    if context.pairs is not None and words[1] not in context.pairs:
        hint = instead(words[1], sorted(context.pairs))
        raise context.source.error(line, f"there is no pair {shown(words[1])}; {hint}")
    return Claim("", None, "at", "end", pair=words[1], line=line)


def _when(source: Source, words: list[str], line: int) -> tuple[When, str, int, list[str]]:
    match words:
        case [*measured, "always"]:
            return "always", "", 0, measured
        case [*measured, "always", "since", alias]:
            return "always", _alias(source, alias, line), 0, measured
        case [*measured, "within", time]:
            return "within", "", _within(source, time, line), measured
        case [*measured, "within", time, "of", alias]:
            within = _within(source, time, line)
            return "within", _alias(source, alias, line), within, measured
        case [*measured, "at", alias]:
            return "at", _alias(source, alias, line), 0, measured
        case _:
            raise source.error(
                line, f"say when it must be so: {FORMS}; {shown(' '.join(words))} says neither"
            )


def _within(source: Source, text: str, line: int) -> int:
    us = source.duration(text, line, "the time a claim has")
    if not us:
        raise source.error(line, "within no time nothing can be measured; write `within 3s`")
    return us


def _alias(source: Source, text: str, line: int) -> str:
    if not ALIAS.fullmatch(text):
        raise source.error(line, f"{shown(text)} is not the name of a cue")
    return text


def _without_comment(text: str) -> str:
    if text.lstrip().startswith("#"):
        return ""
    return text.split(" # ")[0]
