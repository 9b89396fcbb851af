"""Every mistake is found on its own line, and the sentence says what to write instead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talk.deck.deck import DeckError
from talk.deck.grammar.comments import COMMANDS
from talk.deck.reading import mistakes, open_deck
from talk.deck.words import LIVES, VERBS
from tests.talk.deck.writing import CUE, MEASURES, fenced, mistake, read

COMMENTS = [
    ("x\n\n<!-- paus -->\n", 3, "did you mean pause?"),
    ("<!-- zebra -->", 1, ", ".join(COMMANDS)),
    ("<!--  -->", 1, "is no command"),
    ("<!-- pause: 3 -->", 1, "stands alone"),
    ("<!-- column_layout -->", 1, "column_layout: [1, 1]"),
    ("<!-- column_layout: [1, 1, 1] -->", 1, "two columns"),
    ("<!-- column_layout: [0, 1] -->", 1, "two columns"),
    ("<!-- column: 0 -->", 1, "column_layout: [1, 1]"),
    ("<!-- column_layout: [1, 1] -->\n<!-- column: 2 -->", 2, "0 and 1"),
    ("<!-- column_layout: [1, 1] -->\n<!-- column: 1 -->\n<!-- column: 1 -->", 3, "already"),
    ("<!-- column_layout: [1, 1] -->\nwords", 2, "<!-- column: 0 -->"),
    ("<!-- incremental_lists: maybe -->", 1, "true or false"),
    ("<!-- include: none.md -->", 1, "No such file"),
    ("<!-- include: [a, b] -->", 1, "include one file"),
    ("<!-- speaker_note: a: b -->", 1, "in quotes"),
    ("a\n<!-- pause", 2, "never closed"),
    ("a\n<!-- pause --> b", 2, "lines of its own"),
    ("a\nb <!-- pause -->", 2, "line of its own"),
    ("- a\n  <!-- pause -->", 2, "outside of lists"),
    ("<div>\nhi\n</div>", 1, "HTML is not shown"),
    ("<!--\ntalk:\n  plam: 90s\n-->", 3, "did you mean plan?"),
    ("<!--\ntalk:\n  stage: 3\n  plan: 90\n-->\nx", 4, "as in 90s"),
    ("<!--\ntalk:\n  stage: 8\n-->\nx", 3, "from 1 to 7"),
    ("<!--\ntalk: 5\n-->", 2, "key: value"),
    ("x\n<!--\ntalk:\n  duration: 45min\n-->", 4, "before any slide"),
    ("<!--\ntalk:\n  plan: 9s\n-->\n<!--\ntalk:\n  plan: 9s\n-->\n", 7, "twice"),
    ("<!--\ntalk: {stage: [}\n-->", 2, "not YAML"),
    ("---\ntitle: x\nautor: y\n---\n", 3, "did you mean author?"),
    ("---\ntitle: x\n\nwords\n", 1, "not closed"),
    ("---\ntitle: {a: b}\n---\n", 2, "one value"),
]

MARKDOWN = [
    ("", 1, "at least one slide"),
    ("One\n===\nwords\n\nTwo\n===\n", 5, "end_slide"),
    ("words\n\nmore\n---\nwords", 3, "empty line above"),
    ("a ![b](c.png)", 1, "no image"),
    ("a\nb ![b](c.png)", 2, "no image"),
    ("- ```cue\n  kill n4\n  ```\n", 1, "outside of lists"),
    ("> ---\n", 1, "inside of a list"),
    ("```cue +exec\nkill n4\n```", 1, "goes into the block"),
]

CUES = [
    ("", 1, "an empty cue"),
    ("# only this", 1, "an empty cue"),
    ("on key", 1, "no step"),
    ("kil n4", 2, "did you mean kill?"),
    ("kill", 2, "write `kill NODE`"),
    ("kill n4 n5", 2, "write `kill NODE`"),
    ("kill four", 2, "as in n4"),
    ("kill n9", 2, "n1 to n5"),
    ("kill n0", 2, "as in n4"),
    ('kill "n4"', 2, "without quotes"),
    ("heal n4", 2, "write `heal` alone"),
    ("cut n1 n1", 2, "two different"),
    ("partition n1;n2", 2, "as in n1,n2"),
    ("partition n1,n7", 2, "n1 to n5"),
    ("put many", 2, "whole number"),
    ("lose", 2, "write `lose SHARE`"),
    ("lose 20", 2, "1% to 90% of all packets, or `lose nothing`"),
    ("lose 0%", 2, "1% to 90%"),
    ("lose 91%", 2, "1% to 90%"),
    ("lose 5.5%", 2, "1% to 90%"),
    ("lose ²%", 2, "1% to 90%"),
    ("lose n4", 2, "1% to 90%"),
    ("slow n4", 2, "write `slow NODE TIME`"),
    ("slow n4 2", 2, "a time up to 60s, as in 2s or 300ms, or `nothing`"),
    ("slow n4 61s", 2, "a time up to 60s"),
    ("slow n4 0ms", 2, "a time up to 60s"),
    ("slow master n4", 2, "a time up to 60s"),
    ("slow mistress 1s", 2, "a node, as in n4, or `master`"),
    ("crash room7", 2, "as in room-7"),
    ("crash room-13", 2, "12 rooms"),
    ("fill room-13", 2, "write `fill ROOM KEEP`"),
    ("fill room-13 hair", 2, "did you mean heir?"),
    ("count room-13", 2, "12 rooms"),
    ("wait answers-in n1 = 1 within 2s", 2, "of a room, as in room-7"),
    ("wait answers-in room-13 = 1 within 2s", 2, "12 rooms"),
    ("play two-master", 2, "did you mean two-masters?"),
    ("say hello", 2, "in quotes"),
    ('say "hello', 2, "never closed"),
    ('say ""', 2, "says nothing"),
    ("show rung", 2, "did you mean ring?"),
    ("show", 2, "say what is shown"),
    ("sleep", 2, "sleep 2s"),
    ("sleep 2", 2, "as in 2s"),
    ("sleep 99999min", 2, "longer than a day"),
    ("hold on", 2, "stands alone"),
    ("wait views = 1", 2, "within 3s"),
    ("wait views = 1 within 3", 2, "as in 3s"),
    ("wait views = 1 within 0s", 2, "always late"),
    ("wait view = 1 within 3s", 2, "did you mean views?"),
    ("wait views 1 within 3s", 2, "compares nothing"),
    ("wait views == 1 within 3s", 2, "write ="),
    ("wait views ≥ 1 within 3s", 2, "write >="),
    ("wait views = one within 3s", 2, "a bound is a number"),
    ("wait views = within 3s", 2, "a bound is a number"),
    ("wait views = 3s within 3s", 2, "bare number"),
    ("wait availability > 3s within 3s", 2, "measured in %"),
    ("wait suspecting >= 1 within 3s", 2, "write `suspecting NODE`"),
    ("wait suspecting all >= 1 within 3s", 2, "as in n4"),
    ("wait suspecting n9 >= 1 within 3s", 2, "n1 to n5"),
    ("wait = 1 within 3s", 2, "begins with what is measured"),
    ("wait > within 3s", 2, "begins with what is measured"),
    ("on entry\nhold", 2, "on enter"),
    ("on\nhold", 2, "on enter"),
    ("after\nhold", 2, "after 2s"),
    ("on key as End\nhold", 2, "small letters"),
    ("on key as end\nhold", 2, "small letters"),
    ("kill n4\non key", 3, "open another"),
    ("kill n4\nstart nodes=5", 3, "stands first"),
    ("start nodes=99\nhold", 2, "from 1 to 30"),
    ("start nodes=five\nhold", 2, "from 1 to 30"),
    ("start nods=5\nhold", 2, "did you mean nodes?"),
    ("start nodes=5 nodes=6\nhold", 2, "twice"),
    ("start answers=-1\nhold", 2, "a second"),
    ("start architecture=masterles\nhold", 2, "did you mean masterless?"),
]

LIVE = [
    ("", 1, "say what is shown"),
    ("rign", 2, "did you mean ring?"),
    ("zebra", 2, ", ".join(LIVES)),
    ("ring\nmatrix", 3, "one picture a block"),
    ("ring place=left", 2, "right, below, whole"),
    ("ring n4", 2, "no place for"),
    ("ring =4", 2, "key=value"),
    ("ring a=1 a=2", 2, "twice"),
    ("pair", 2, "pair NAME"),
    ("pair nobody", 2, "there is no pair"),
    ("overlay clam", 2, "there is no wave"),
]

CLAIMS = [
    ("", 1, "leave the block out"),
    ("all agree", 2, "SENTENCE: PREDICATE"),
    ("all agree: views = 1", 2, "say when"),
    ("all agree: views = 1 within", 2, "say when"),
    ("all agree: views = 1 within 3", 2, "as in 3s"),
    ("all agree: views = 1 within 0s", 2, "no time"),
    ("all agree: views = 1 within 3s of dye", 2, "did you mean die?"),
    ("all agree: views = 1 always since End", 2, "not the name of a cue"),
    ("all agree: views = 1 at enf", 2, "did you mean end?"),
    ("all agree: vews = 1 always", 2, "did you mean views?"),
    ("n9 is seen: suspecting n9 = 0 always", 2, "n1 to n5"),
    ("fine: views = 1 always\n# remark\npair", 4, "pair two-masters"),
    ("pair two-maters", 2, "did you mean two-masters?"),
]


@pytest.mark.parametrize(("text", "line", "said"), COMMENTS + MARKDOWN)
def test_a_mistake_in_the_markdown_is_said_with_its_line(text: str, line: int, said: str) -> None:
    found(mistake(text), line, said)


@pytest.mark.parametrize(("body", "line", "said"), CUES)
def test_a_mistake_in_a_cue_is_said_with_its_line(body: str, line: int, said: str) -> None:
    need = fenced("cue", "start nodes=5 rooms=12") + "\n---\n\n"
    before = need.count("\n")
    found(mistake(need + fenced("cue", body)), before + line, said)


@pytest.mark.parametrize(("body", "line", "said"), LIVE)
def test_a_mistake_in_a_picture_is_said_with_its_line(body: str, line: int, said: str) -> None:
    found(mistake(fenced("live", body)), line, said)


@pytest.mark.parametrize(("body", "line", "said"), CLAIMS)
def test_a_mistake_in_a_claim_is_said_with_its_line(body: str, line: int, said: str) -> None:
    cue = fenced("cue", CUE)
    found(mistake(cue + fenced("claim", body)), cue.count("\n") + line, said)


def test_two_cues_of_one_slide_have_two_names() -> None:
    found(mistake(fenced("cue", CUE) + fenced("cue", "on key as die\nhold")), 7, "two cues")


def test_what_a_slide_needs_is_said_once_and_first() -> None:
    found(mistake(fenced("cue", CUE) + fenced("cue", "start nodes=3")), 8, "stands first")


def test_an_error_reads_as_path_line_and_sentence() -> None:
    assert str(mistake("x\n<!-- bogus -->")).startswith("deck.md:2: “bogus” is no command; ")


def found(error: DeckError, line: int, said: str) -> None:
    assert (error.line, said in error.sentence) == (line, True), str(error)


# --- any text --------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *(f"<!-- {name} -->" for name in COMMANDS),
        *(f"<!-- {name}: [1, 1] -->" for name in COMMANDS),
        *(f"<!-- {name}: 0 -->" for name in COMMANDS),
        *("```live", "```cue", "```claim", "```", "---", "===", "-->", "<!--", "talk: {a: [b}"),
        *("title: x", "- a", "  1. b", "> c", "| a | b |", "|---|---|", "", "    x", "&a [*a]"),
        *(f"{name} n1" for name in VERBS),
        *(f"{name} nodes=1" for name in LIVES),
        *(f"wait {name} n4 >= 1 within 3s" for name in MEASURES),
        *(f"so: {name} < all at end" for name in MEASURES),
        *("on enter as x", "after 3s", "at views = 1", 'say "x"', "start nodes=5", "hold", "\x00"),
        *("talk:", "  stage: 3", "  plan: 3s", "speaker_note: |", "<b>", "![a](b)", "*a `b"),
    ]
)


@settings(derandomize=True, max_examples=400, deadline=None)
@given(st.lists(PIECES | st.text(max_size=30), max_size=14).map("\n".join))
def test_no_text_raises_anything_but_a_deck_error(text: str) -> None:
    error = tried(text)
    if error is not None:
        assert 1 <= error.line <= text.count("\n") + text.count("\r") + 1
        assert error.sentence.strip()


def test_deep_nesting_is_a_mistake_or_a_deck_but_never_a_crash() -> None:
    for text in ("<!--\ntalk: " + "[" * 5000 + "\n-->", "> " * 3000 + "x", "- " * 3000 + "x"):
        error = tried(text)
        assert error is None or error.line


def tried(text: str) -> DeckError | None:
    """What is wrong with a text; None: it is a deck."""
    try:
        deck = read(text)
    except DeckError as error:
        return error
    assert deck.slides
    return None


MANY = """\
One
===
```live
rinng
```
```cue
start nodes=3 archtecture=majority
on kee as die
kil n4
kill n9
```
```claim
no colon here
x: viewz = 1 always
```

Two
===
<!-- paus -->
```cue
start nodes=3
kill n5
kill n7
```
```claim
y: views = 1 within 3s of dy
```
<!-- end_slide -->
<!-- include: more.md -->
"""
MORE = """\
> ---

<!-- end_slide -->
<!--
talk:
  plam: 9s
  plan: 9
  stage: {a: b}
  durration: 5min
-->
last
"""
EVERY = [
    ("many.md", 4, "did you mean ring?"),
    ("many.md", 7, "did you mean architecture?"),
    ("many.md", 8, "a cue begins"),
    ("many.md", 9, "did you mean kill?"),
    ("many.md", 13, "a claim is written"),
    ("many.md", 14, "did you mean views?"),
    ("many.md", 17, "end_slide"),
    ("many.md", 19, "did you mean pause?"),
    ("many.md", 22, "there is no n5 here"),
    ("many.md", 23, "there is no n7 here"),
    ("many.md", 26, "no cue of this slide is called"),
    ("more.md", 1, "inside of a list"),
    ("more.md", 6, "did you mean plan?"),
    ("more.md", 7, "as in 9s"),
    ("more.md", 8, "stage is one value"),
    ("more.md", 9, "did you mean duration?"),
]


def test_every_mistake_is_said_and_none_that_only_follows_from_another(tmp_path: Path) -> None:
    (tmp_path / "many.md").write_text(MANY)
    (tmp_path / "more.md").write_text(MORE)
    found = mistakes(str(tmp_path / "many.md"), measures=MEASURES, pairs=frozenset())
    said = [(Path(error.path).name, error.line) for error in found]
    assert said == [(name, line) for name, line, _ in EVERY]
    for error, (_, _, words) in zip(found, EVERY, strict=True):
        assert words in error.sentence


@pytest.mark.parametrize("kind", ["binary", "zero", "pipe", "directory", "nothing"])
def test_what_is_no_deck_is_one_sentence_and_never_waited_for(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "deck.md"
    match kind:
        case "binary":
            path.write_bytes(bytes(range(256)))
        case "zero":
            path.write_bytes(b"One\n===\n\0\n")
        case "pipe":
            os.mkfifo(path)
        case "directory":
            path.mkdir()
        case _:
            pass
    with pytest.raises(DeckError, match=r"not text in UTF-8|cannot be read: ") as caught:
        open_deck(str(path))
    assert mistakes(str(path))[0].sentence == caught.value.sentence


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(set(MANY.splitlines()))), max_size=25))
def test_all_mistakes_begin_with_the_first_and_there_are_none_where_there_is_no_first(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "shuffled.md"
    path.write_text("\n".join(lines))
    found = mistakes(str(path), measures=MEASURES, pairs=frozenset())
    first: list[DeckError] = []
    try:
        open_deck(str(path), measures=MEASURES, pairs=frozenset())
    except DeckError as error:
        first.append(error)
    assert bool(first) == bool(found)
    assert {(error.path, error.line) for error in first} <= {(e.path, e.line) for e in found}
