"""What a comment of a deck says: presenterm's commands, our `talk:` settings, or nothing.

Decides which commands there are and what they take. Like presenterm, a comment of one line that is
no command is an error, and a longer one that is none is a remark. Ignores what a command does to a
slide, which is `talk.deck.reading`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, TypeGuard

import yaml
from msgspec import Struct

from talk.deck.grammar.source import Source, instead, shown

COMMANDS: Final = (
    "pause",
    "end_slide",
    "incremental_lists",
    "column_layout",
    "column",
    "reset_layout",
    "jump_to_middle",
    "include",
    "skip_slide",
    "speaker_note",
)
NO_EFFECT: Final = (
    "alignment",
    "font_size",
    "list_item_newlines",
    "new_line",
    "new_lines",
    "newline",
    "newlines",
    "no_footer",
)
"""presenterm's, about looks that a stage decides itself: read past."""
TALK: Final = ("duration", "fallback", "intro", "stage", "question", "appendix", "plan")
"""What `talk:` may set. The first three are the deck's."""
DECKS: Final = ("duration", "fallback", "intro")
FRONT: Final = ("title", "sub_title", "author", "authors", "event", "location", "date")
FRONT_NO_EFFECT: Final = ("options", "theme")
BARE: Final = frozenset({"pause", "end_slide", "reset_layout", "jump_to_middle", "skip_slide"})

Value = str | list[str]
GoingOn = Callable[[], AbstractContextManager[None]]
"""What a mistake with one key is met with: it ends the reading, or is kept and the next key is read."""


class Command(Struct, frozen=True):
    """One command and what it is given: text, or a list of texts."""

    name: str
    value: Value = ""
    line: int = 0
    one_line: bool = False
    """Of `talk:`: presenterm would refuse it."""


class Setting(Struct, frozen=True):
    """One key of a `talk:` comment or of the front matter."""

    key: str
    value: Value
    line: int


def comment(
    source: Source, text: str, line: int, going_on: GoingOn = nullcontext
) -> list[Command | Setting]:
    """What an HTML block says, whose first line is `line`."""
    body = text.strip()
    if not body.startswith("<!--"):
        raise source.error(line, f"HTML is not shown: {shown(body)}; write Markdown")
    inside, end, after = body[4:].partition("-->")
    if not end:
        raise source.error(line, "this comment is never closed; end it with -->")
    if after.strip():
        raise source.error(
            line + (body[:4] + inside).count("\n"),
            f"a comment stands on lines of its own; move {shown(after)} to the next line",
        )
    said = inside.strip()
    first = line + inside[: len(inside) - len(inside.lstrip())].count("\n")
    if "\n" not in said:
        return _one_line(source, said, first, going_on)
    if said.startswith(("talk:", "speaker_note:")):
        return _parsed(source, said, first, going_on)
    return []


def front_matter(source: Source, text: str, going_on: GoingOn = nullcontext) -> list[Setting]:
    """The keys between the first two `---`."""
    known = (*FRONT, *FRONT_NO_EFFECT)
    return _map(source, text, 2, "front matter", known, going_on, loose=True)


def _one_line(source: Source, said: str, line: int, going_on: GoingOn) -> list[Command | Setting]:
    if said.startswith("vim:") or said in ("{{{", "}}}"):
        return []
    return _parsed(source, said, line, going_on)


def _parsed(source: Source, said: str, line: int, going_on: GoingOn) -> list[Command | Setting]:
    name, colon, _ = said.partition(":")
    name = name.strip()
    if name == "talk" and colon:
        talk = _map(source, said, line, "talk", TALK, going_on)
        return [Command("talk", line=line, one_line="\n" not in said), *talk]
    if name not in COMMANDS and name not in NO_EFFECT:
        hint = instead(name, (*COMMANDS, "talk"))
        raise source.error(line, f"{shown(said)} is no command; {hint}")
    if name in NO_EFFECT:
        return []
    if name in BARE:
        if colon:
            raise source.error(line, f"{name} stands alone: <!-- {name} -->")
        return [Command(name, line=line)]
    if not colon:
        raise source.error(line, f"{name} needs a value: <!-- {name}: {_example(name)} -->")
    loaded = _load(source, said, line)
    value = loaded.get(name) if _is_map(loaded) and len(loaded) == 1 else None
    if isinstance(value, str):
        return [Command(name, value, line)]
    if _is_texts(value):
        return [Command(name, list(value), line)]
    raise source.error(line, f"{name} is written <!-- {name}: {_example(name)} -->")


def _example(name: str) -> str:
    return {
        "incremental_lists": "true",
        "column_layout": "[1, 1]",
        "column": "0",
        "include": "more.md",
        "speaker_note": "Wait for n7.",
    }[name]


def _map(
    source: Source,
    text: str,
    line: int,
    what: str,
    known: Sequence[str],
    going_on: GoingOn,
    *,
    loose: bool = False,
) -> list[Setting]:
    """The settings of a map; `loose`: values of any shape are let through where they are unused."""
    whole = _load(source, text, line)
    loaded = whole if loose or not _is_map(whole) else whole.get(what)
    if loaded in ("", None):
        return []
    if not _is_map(loaded):
        raise source.error(line, f"{what} is written `key: value`, not {shown(str(loaded))}")
    found: list[Setting] = []
    for key, value in loaded.items():
        at = line + _offset(text, str(key))
        with going_on():
            if not isinstance(key, str) or key not in known:
                hint = instead(str(key), known)
                raise source.error(at, f"{what} has no {shown(str(key))}; {hint}")
            found += _setting(source, key, value, at)
    return found


def _setting(source: Source, key: str, value: object, at: int) -> list[Setting]:
    if isinstance(value, str):
        return [Setting(key, value, at)]
    if _is_texts(value):
        return [Setting(key, list(value), at)]
    if key == "options" and _is_map(value):
        return [Setting(key, [f"{name}={on}" for name, on in value.items()], at)]
    if key in FRONT_NO_EFFECT:
        return []
    raise source.error(at, f"{key} is one value, not {shown(str(value))}")


def _offset(text: str, key: str) -> int:
    """On which line of a text a key is."""
    return next((n for n, said in enumerate(text.split("\n")) if f"{key}:" in said), 0)


def _load(source: Source, text: str, line: int) -> object:
    """YAML whose scalars stay text: no dates, no sexagesimal numbers, nothing is built."""
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark.line if error.problem_mark else 0
        why = error.problem or "it cannot be read"
        raise source.error(
            line + at, f"this is not YAML ({why}); put a text with a colon in it in quotes"
        ) from None
    except (yaml.YAMLError, RecursionError):
        raise source.error(line, f"this is not YAML: {shown(text)}") from None


def _is_map(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_texts(value: object) -> TypeGuard[Sequence[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)  # pyright: ignore[reportUnknownVariableType]
