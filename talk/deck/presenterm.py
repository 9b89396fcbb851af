"""What presenterm would refuse or show otherwise, of a deck that we can read.

Decides by the text alone: what it tells apart is gone once a deck is a value. Known of presenterm
(`builder/comment.rs`, `builder/error.rs`, `code/snippet.rs` of its sources): a comment is trimmed, and
one of a single line that is no command is an error; so is an attribute it does not know after a code
block's language; `---` ends a slide only with an option. Looks at one file, not at what it includes.
"""

from __future__ import annotations

from collections.abc import Iterator

from markdown_it.tree import SyntaxTreeNode

from talk.deck.grammar.blocks import line_of
from talk.deck.grammar.comments import Command, comment, front_matter
from talk.deck.grammar.source import Source, shown
from talk.deck.lint import Complaint
from talk.deck.reading import parse

SHORTHAND = "end_slide_shorthand"


def refused(text: str, path: str) -> list[Complaint]:
    """Complaints by line. The text must be one that `read_deck` reads."""
    source, nodes = Source(path), parse(text).children
    shorthand = any(
        setting.key == "options" and f"{SHORTHAND}=true" in setting.value
        for node in nodes
        if node.type == "front_matter"
        for setting in front_matter(source, node.content)
    )
    return [found for node in nodes for found in _refused(source, node, shorthand=shorthand)]


def _refused(source: Source, node: SyntaxTreeNode, *, shorthand: bool) -> Iterator[Complaint]:
    line = line_of(node)
    match node.type:
        case "html_block":
            for said in comment(source, node.content, line):
                if isinstance(said, Command) and said.one_line:
                    sentence = (
                        "presenterm takes this for a command: put its keys on lines of their own"
                    )
                    yield Complaint(said.line, sentence, "presenterm", source.path)
        case "hr" if not shorthand:
            sentence = (
                "presenterm draws a line here: write <!-- end_slide -->, or set "
                f"`options: {{{SHORTHAND}: true}}` in the front matter"
            )
            yield Complaint(line, sentence, "presenterm", source.path)
        case "fence" if len(node.info.split()) > 1:
            sentence = f"presenterm may not know {shown(node.info)}: write the language alone"
            yield Complaint(line, sentence, "presenterm", source.path)
        case _:
            pass
