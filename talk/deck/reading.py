"""A deck as it is written: Markdown that presenterm can show too, with `live`, `cue` and `claim` blocks.

Decides where slides begin and end, what is revealed when, which commands change a slide, and in which
order what is wrong is said: the first mistake, or all, each with its line and what to write instead. What
one block means is its own module's; what only makes a slide poor is `talk.deck.lint`'s. Reads no disk but in
`open_deck`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.front_matter import front_matter_plugin
from msgspec.structs import replace

from talk.deck.deck import Block, Deck, DeckError, Slide
from talk.deck.grammar.blocks import OURS, blocks, language, line_of, plain, styled
from talk.deck.grammar.comments import Command, Setting, comment, front_matter
from talk.deck.grammar.cues import Context
from talk.deck.grammar.drafts import Draft, Standing
from talk.deck.grammar.predicates import Measures
from talk.deck.grammar.source import US, Source, shown

CHARS_MAX: Final = 1_000_000
"""Of one file. More takes seconds to read, and no talk has it."""
SLIDES_MAX: Final = 500
INCLUDES_MAX: Final = 64
"""Files that a deck may be made of."""

Load = Callable[[str], str]
"""The text of an included file, by its path; raises OSError or UnicodeError."""


def read_deck(
    text: str,
    path: str,
    *,
    measures: Measures | None = None,
    pairs: frozenset[str] | None = None,
    load: Load | None = None,
) -> Deck:
    """A deck. Raises `DeckError`, whatever the text.

    `measures`, `pairs`: those there are; None: any name will do. `load`: how an included file is
    read; None: none can be.
    """
    reader = _Reader(Context(Source(path), measures, pairs), load)
    reader.read(text, path)
    return reader.deck(path)


def open_deck(
    path: str, *, measures: Measures | None = None, pairs: frozenset[str] | None = None
) -> Deck:
    """A deck from the disk, with what it includes. Raises `DeckError`."""
    try:
        text = from_disk(path)
    except (OSError, UnicodeError, ValueError) as error:
        raise DeckError(path, 1, _why(error)) from None
    return read_deck(text, path, measures=measures, pairs=pairs, load=from_disk)


def mistakes(
    path: str, *, measures: Measures | None = None, pairs: frozenset[str] | None = None
) -> list[DeckError]:
    """Every mistake in a deck from the disk that one reading can find, file by file and line by line."""
    found: list[DeckError] = []
    reader = _Reader(Context(Source(path), measures, pairs, found), from_disk)
    try:
        reader.read(from_disk(path), path)
        reader.deck(path)
    except (OSError, UnicodeError, ValueError) as error:
        found.append(DeckError(path, 1, _why(error)))
    except DeckError as error:
        found.append(error)
    files = list(dict.fromkeys([path, *(error.path for error in found)]))
    unique = {str(error): error for error in found}
    return sorted(unique.values(), key=lambda error: (files.index(error.path), error.line))


def from_disk(path: str) -> str:
    """A file's text, or a little more than a deck may have. Raises OSError or UnicodeError."""
    if os.path.isdir(path):
        raise IsADirectoryError(21, "it is a directory, and a deck is a Markdown file", path)
    if os.path.exists(path) and not os.path.isfile(path):
        raise OSError(22, "it is a pipe or a device, and a deck is a Markdown file", path)
    with open(path, encoding="utf-8") as file:
        text = file.read(CHARS_MAX + 1)
    if "\0" in text:
        raise ValueError("a zero byte")
    return text


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"this file cannot be read: {error.strerror or error}"
    return "this file is not text in UTF-8"


class _Reader:
    """Goes through one deck and all it includes."""

    def __init__(self, context: Context, load: Load | None) -> None:
        self._context = context
        self._load = load
        self._settings: dict[str, Setting] = {}
        self._front: dict[str, Setting] = {}
        self._slides: list[Slide] = []
        self._draft = Draft(context, 1)
        self._standing = Standing()
        self._open: list[str] = []
        self._included = 0

    # --- files -------------------------------------------------------------------------------------

    def read(self, text: str, path: str) -> None:
        """One file, here."""
        source = self._context.source
        if len(text) > CHARS_MAX:
            raise source.error(1, f"this file is longer than {CHARS_MAX:,} characters")
        self._open.append(os.path.normpath(path))
        for node in parse(text).children:
            with self._context.going_on():
                self._node(node)
        self._open.pop()

    def _include(self, value: str, line: int) -> None:
        outer = self._context
        path = os.path.normpath(os.path.join(os.path.dirname(outer.source.path), value))
        self._included += 1
        if path in self._open:
            raise outer.source.error(line, f"{shown(value)} includes itself")
        if self._included > INCLUDES_MAX:
            raise outer.source.error(line, f"a deck is made of at most {INCLUDES_MAX} files")
        if self._load is None:
            raise outer.source.error(line, "here no other file can be included")
        try:
            text = self._load(path)
        except (OSError, UnicodeError, ValueError) as error:
            raise outer.source.error(line, f"{shown(value)}: {_why(error)}") from None
        self._context = replace(outer, source=Source(path))
        self._draft.context = self._context
        self.read(text, path)
        self._context = self._draft.context = outer

    # --- what stands in them -----------------------------------------------------------------------

    def _node(self, node: SyntaxTreeNode) -> None:
        source, line = self._context.source, line_of(node)
        match node.type:
            case "front_matter":
                self._front_matter(node, line)
            case "hr":
                if line == 1 and not self._slides and len(self._open) == 1:
                    raise source.error(
                        1, "the front matter that begins here is not closed; end it with ---"
                    )
                self._end(line)
            case "html_block":
                self._draft.begin(line)
                for said in comment(source, node.content, line, self._context.going_on):
                    with self._context.going_on():
                        self._said(said)
            case "heading" if node.markup in ("=", "-"):
                self._draft.begin(line)
                self._title(plain(styled(source, node)), line, node.markup)
            case "fence" if language(node) in OURS:
                self._draft.begin(line)
                self._ours(node, line)
            case _:
                self._draft.begin(line)
                self._draft.words(blocks(source, node), line)

    def _title(self, text: str, line: int, underlined: str) -> None:
        try:
            self._draft.title(text, line, underlined)
        except DeckError as error:
            # Read on as it was meant: this begins a slide, and the one before it was not ended.
            with self._context.going_on():
                raise error
            self._end(line)
            self._draft.begin(line)
            self._draft.title(text, line, underlined)

    def _front_matter(self, node: SyntaxTreeNode, line: int) -> None:
        source = self._context.source
        if len(self._open) > 1:
            raise source.error(line, "a file that is included has no front matter of its own")
        for setting in front_matter(source, node.content, self._context.going_on):
            self._front[setting.key] = setting

    def _ours(self, node: SyntaxTreeNode, line: int) -> None:
        source, name = self._context.source, language(node)
        if node.info.strip() != name:
            raise source.error(
                line, f"nothing stands after ```{name}; every parameter goes into the block"
            )
        lines = [(line + 1 + n, text) for n, text in enumerate(node.content.split("\n"))]
        match name:
            case "live":
                self._draft.live(lines, line)
            case "cue":
                self._draft.cue(lines, line)
            case _:
                self._draft.claims_of(lines, line)

    def _said(self, said: Command | Setting) -> None:
        source = self._context.source
        if isinstance(said, Command):
            match said.name:
                case "end_slide":
                    self._end(said.line)
                case "include":
                    if not isinstance(said.value, str):
                        raise source.error(said.line, "include one file: <!-- include: more.md -->")
                    self._include(said.value, said.line)
                case _:
                    self._draft.command(said)
        elif said.key in ("duration", "fallback", "intro"):
            if self._slides or self._draft.said:
                raise source.error(said.line, f"{said.key} is the deck's: say it before any slide")
            self._settings[said.key] = said
        else:
            self._draft.setting(said)

    # --- slides, the deck --------------------------------------------------------------------------

    def _end(self, line: int) -> None:
        if len(self._slides) >= SLIDES_MAX:
            raise self._context.source.error(line, f"a deck has at most {SLIDES_MAX} slides")
        number = len(self._slides) + 1 + self._has_intro
        draft, self._draft = self._draft, Draft(self._context, line + 1)
        with self._context.going_on():
            self._slides.append(draft.slide(number, self._standing))

    @property
    def _has_intro(self) -> int:
        """presenterm shows one as soon as the front matter names a title or an author."""
        return int(any(key not in ("options", "theme") for key in self._front))

    def deck(self, path: str) -> Deck:
        """All that was read, as a deck."""
        source = self._context.source
        if self._draft.begun:
            self._end(self._draft.line)
        if not self._slides and not self._has_intro and not self._context.found:
            raise source.error(1, "a deck has at least one slide; write some words")
        seconds, fallback = 0.0, ""
        duration = self._settings.get("duration")
        if duration is not None:
            seconds = _seconds(source, duration)
        if "fallback" in self._settings:
            fallback = _one(self._settings["fallback"])
        intro = (self._intro(),) if self._has_intro else ()
        front = {key: _one(self._front[key]) for key in self._front if key != "options"}
        title = front.get("title", "") or next((s.title for s in self._slides if s.title), "")
        author = front.get("author", "") or front.get("authors", "")
        return Deck(
            title,
            intro + tuple(self._slides),
            front.get("sub_title", ""),
            author,
            seconds,
            fallback,
            path,
        )

    def _intro(self) -> Slide:
        source = self._context.source
        front = {key: _one(self._front[key]) for key in self._front if key != "options"}
        below = (
            front.get("author", ""),
            front.get("authors", ""),
            ", ".join(front[key] for key in ("event", "location", "date") if front.get(key)),
        )
        words = tuple(Block("text", (((text, ""),),), line=1) for text in below if text)
        planned = self._settings.get("intro")
        return Slide(
            1,
            front.get("title", ""),
            front.get("sub_title", ""),
            words,
            middle=True,
            seconds=_seconds(source, planned) if planned else 0.0,
            line=1,
            path=source.path,
        )


def parse(text: str) -> SyntaxTreeNode:
    """A text as a tree of Markdown."""
    markdown = MarkdownIt("commonmark").enable("table").use(front_matter_plugin)
    return SyntaxTreeNode(markdown.parse(text))


def _one(setting: Setting) -> str:
    """Its value; several are named one after another."""
    return setting.value if isinstance(setting.value, str) else ", ".join(setting.value)


def _seconds(source: Source, setting: Setting) -> float:
    text = _one(setting)
    return source.duration(text, setting.line, setting.key) / US["s"]
