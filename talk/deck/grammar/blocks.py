"""Markdown into blocks: paragraphs, items, tables, code; what is neither live nor a command.

Decides which Markdown a slide may hold and how it becomes styled lines. Steps and columns are set by
`talk.deck.reading`, which knows where the pauses are.
"""

from __future__ import annotations

from typing import Final

from markdown_it.tree import SyntaxTreeNode

from talk.deck.deck import Block, BlockKind, Run, Style
from talk.deck.grammar.source import Source, shown

OURS: Final = ("live", "cue", "claim")
"""Languages of fenced blocks that are not code."""
_STYLES: Final[dict[str, Style]] = {
    "strong": "strong",
    "em": "em",
    "code_inline": "code",
    "link": "link",
}


def blocks(source: Source, node: SyntaxTreeNode, depth: int = 0) -> list[Block]:
    """The blocks of one piece of Markdown. Raises `DeckError` for what no stage can show."""
    line = line_of(node)
    match node.type:
        case "paragraph":
            return [_text(source, node, "text", depth)]
        case "heading":
            return [_text(source, node, "heading", int(node.tag[1:]) - 1)]
        case "bullet_list" | "ordered_list":
            return _list(source, node, depth)
        case "blockquote":
            return [_quoted(block) for inner in node.children for block in blocks(source, inner)]
        case "table":
            return [Block("table", (), rows=_rows(source, node), line=line)]
        case "fence" | "code_block":
            return [_code(source, node, depth)]
        case "html_block":
            raise source.error(
                line, f"a comment stands on a line of its own, outside of lists: {_start(node)}"
            )
        case "hr":
            raise source.error(line, "a slide cannot end inside of a list or a quotation")
        case _:
            raise source.error(line, f"a slide cannot show this: {_start(node)}")


def line_of(node: SyntaxTreeNode) -> int:
    """Where it begins (from 1)."""
    return node.map[0] + 1 if node.map else 1


def language(node: SyntaxTreeNode) -> str:
    """What stands after the ``` of a fence, up to the first blank or `+`."""
    info = node.info.split()
    return info[0].split("+")[0] if info else ""


def styled(source: Source, node: SyntaxTreeNode) -> tuple[tuple[Run, ...], ...]:
    """The text of a paragraph or a heading: its lines as written, each in runs of one style."""
    lines: list[list[Run]] = [[]]
    line = line_of(node)
    for inline in node.children:
        _inline(source, inline, "", lines, line)
    trimmed = (_joined(runs) for runs in lines)
    return tuple(runs for runs in trimmed if runs)


def plain(lines: tuple[tuple[Run, ...], ...]) -> str:
    """The words alone, in one line."""
    return " ".join("".join(text for text, _ in runs) for runs in lines)


def _inline(
    source: Source, node: SyntaxTreeNode, style: Style, lines: list[list[Run]], line: int
) -> None:
    at = line + len(lines) - 1
    match node.type:
        case "text" | "code_inline":
            lines[-1].append((node.content, _STYLES.get(node.type, style)))
        case "softbreak" | "hardbreak":
            lines.append([])
        case "html_inline":
            raise source.error(
                at, f"{shown(node.content)} stands among words; put it on a line of its own"
            )
        case "image":
            raise source.error(at, "a terminal shows no image; show something live, or use words")
        case _:
            for inner in node.children:
                _inline(source, inner, _STYLES.get(node.type, style), lines, line)


def _joined(runs: list[Run]) -> tuple[Run, ...]:
    """Neighbours of one style as one run, without blanks at either end."""
    found: list[Run] = []
    for text, style in runs:
        if found and found[-1][1] == style:
            found[-1] = (found[-1][0] + text, style)
        elif text:
            found.append((text, style))
    if found:
        found[0] = (found[0][0].lstrip(), found[0][1])
        found[-1] = (found[-1][0].rstrip(), found[-1][1])
    return tuple(run for run in found if run[0])


def _text(source: Source, node: SyntaxTreeNode, kind: BlockKind, depth: int) -> Block:
    return Block(kind, styled(source, node), depth=depth, line=line_of(node))


def _list(source: Source, node: SyntaxTreeNode, depth: int) -> list[Block]:
    ordered = node.type == "ordered_list"
    first = int(node.attrs.get("start", 1)) if ordered else 0
    found: list[Block] = []
    for place, item in enumerate(node.children):
        inner = [block for child in item.children for block in blocks(source, child, depth + 1)]
        kind: BlockKind = "number" if ordered else "item"
        number = first + place if ordered else 0
        lines: tuple[tuple[Run, ...], ...] = ()
        if item.children and item.children[0].type == "paragraph":
            lines = inner.pop(0).lines
        found.append(Block(kind, lines, number=number, depth=depth, line=line_of(item)))
        found.extend(inner)
    return found


def _quoted(block: Block) -> Block:
    return Block("quote", block.lines, rows=block.rows, line=block.line)


def _rows(source: Source, node: SyntaxTreeNode) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(plain(styled(source, cell)) for cell in row.children)
        for part in node.children
        for row in part.children
    )


def _code(source: Source, node: SyntaxTreeNode, depth: int) -> Block:
    said = language(node) if node.type == "fence" else ""
    if said in OURS:
        raise source.error(line_of(node), f"a {said} block stands outside of lists and quotations")
    text = node.content.expandtabs(4).rstrip("\n")
    lines: tuple[tuple[Run, ...], ...] = tuple(((row, "code"),) for row in text.split("\n"))
    return Block("code", lines, depth=depth, language=said, line=line_of(node))


def _start(node: SyntaxTreeNode) -> str:
    return shown(node.content or node.type.replace("_", " "))
