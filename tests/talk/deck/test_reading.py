"""What a deck says is what was written: slides, steps, columns, live parts, notes, settings."""

from __future__ import annotations

import pytest

from talk.deck.deck import (
    ALL,
    Act,
    Block,
    Claim,
    Freeze,
    Hold,
    Live,
    Need,
    Predicate,
    Say,
    Show,
    Sleep,
    Trigger,
    Wait,
)
from talk.deck.reading import open_deck
from talk.deck.words import LIVES, VERBS
from tests.talk.deck.writing import CUE, fenced, mistake, read

WHOLE = """\
---
title: The road
sub_title: to no master
author: two speakers
---
<!--
talk:
  duration: 45min
  fallback: rehearsal.rec
  intro: 20s
-->

What happens when a node dies?
===

Each node asks *a few* others
how they `are`.
<!-- pause -->
Silence becomes a **rumour**.

```live
matrix
```
```cue
start nodes=8 architecture=majority rooms=12 answers=40 fresh   # a comment
on enter as die
kill n4
wait suspecting n4 >= 1 within 3s else fallback
say "Nobody said \\"dead\\"."
show ring place=below
freeze
unfreeze
sleep 250ms
hold
```
```cue
at deaths = all as over
undo
```
```claim
# the audience reads these
every answer counts: availability > 99.5% always since die
all agree: views = 1 within 3s of die
short: longest-outage-s <= 1,500ms at end
pair two-masters
```
<!--
talk:
  stage: 3
  plan: 90s
-->
<!--
speaker_note: |
  Nobody is in charge.

  Wait for n7.
-->

<!-- end_slide -->

Second
===
"""


def test_a_whole_slide_is_read_as_it_is_written() -> None:
    deck = read(WHOLE)
    assert (deck.title, deck.sub_title, deck.author) == ("The road", "to no master", "two speakers")
    assert (deck.seconds, deck.fallback, deck.path) == (2700.0, "rehearsal.rec", "deck.md")
    intro, slide, second = deck.slides
    assert (intro.title, intro.middle, intro.seconds) == ("The road", True, 20.0)
    assert (second.title, second.number) == ("Second", 3)
    assert slide.title == "What happens when a node dies?"
    assert [block.step for block in slide.blocks] == [0, 1]
    assert slide.steps == 1
    assert slide.blocks[0].lines == (
        (("Each node asks ", ""), ("a few", "em"), (" others", "")),
        (("how they ", ""), ("are", "code"), (".", "")),
    )
    assert slide.lives == (Live("matrix", place="right", line=22),)
    assert slide.need == Need(8, "majority", 12, 40.0, fresh=True, line=25)
    assert (slide.stage, slide.seconds) == (3, 90.0)
    assert slide.notes == "Nobody is in charge.\n\nWait for n7."


def test_the_steps_of_a_cue_are_read_in_their_order() -> None:
    first, second = read(WHOLE).slides[1].cues
    assert first.trigger == Trigger()
    assert (first.alias, second.alias) == ("die", "over")
    assert first.steps == (
        Act("kill", ("n4",), 27),
        Wait(
            Predicate("suspecting", ("n4",), ">=", 1.0, "suspecting n4 >= 1"), 3_000_000, True, 28
        ),
        Say('Nobody said "dead".', 29),
        Show(Live("ring", place="below", line=30), 30),
        Freeze(True, 31),
        Freeze(False, 32),
        Sleep(250_000, 33),
        Hold(34),
    )
    assert second.trigger == Trigger(
        "at", predicate=Predicate("deaths", (), "=", ALL, "deaths = all")
    )


def test_claims_are_read_with_their_bounds_in_the_measures_unit() -> None:
    claims = read(WHOLE).slides[1].claims
    assert claims[0] == Claim(
        "every answer counts",
        Predicate("availability", (), ">", 99.5, "availability > 99.5%"),
        "always",
        "die",
        line=42,
    )
    assert (claims[1].when, claims[1].alias, claims[1].within_us) == ("within", "die", 3_000_000)
    short = claims[2].predicate
    assert short is not None
    assert short.bound == 1.5
    assert (claims[3].pair, claims[3].predicate) == ("two-masters", None)


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_verb_can_be_written(name: str) -> None:
    verb = VERBS[name]
    samples = {
        "NODE": ("n1", "n2"),
        "NODE,NODE": ("n1,n2",),
        "COUNT": ("20",),
        "ROOM": ("room-7",),
        "PAIR": ("two-masters",),
        "SHARE": ("20%",),
        "TIME": ("2s",),
        "KEEP": ("heir",),
    }
    kinds = verb.takes.split()
    args = [samples[kind][place if len(set(kinds)) == 1 else 0] for place, kind in enumerate(kinds)]
    text = " ".join((name, *args))
    (cue,) = read(fenced("cue", f"start rooms=12\non key\n{text}")).slides[0].cues
    assert cue.steps == (Act(name, tuple(args), 4),)
    assert "write `" in mistake(fenced("cue", f"{text} n3 n4 n5")).sentence


@pytest.mark.parametrize("name", sorted(LIVES))
def test_every_picture_can_be_written(name: str) -> None:
    kind = LIVES[name]
    subject = {"NAME": "two-masters", "[WAVE]": "calm"}.get(kind.takes, "")
    assert bool(subject) == bool(kind.takes)
    (live,) = read(fenced("live", f"{name} {subject} nodes=9 place=whole")).slides[0].lives
    assert live == Live(name, subject, {"nodes": "9"}, "whole", 2)
    (plain,) = read(fenced("live", f"{name} {subject}")).slides[0].lives
    assert plain.place == kind.place


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on enter", Trigger("enter")),
        ("on key", Trigger("key")),
        ("after 1.5s", Trigger("after", delay_us=1_500_000)),
        ("on after 2min", Trigger("after", delay_us=120_000_000)),
        ("at views = 1", Trigger("at", predicate=Predicate("views", (), "=", 1.0, "views = 1"))),
    ],
)
def test_a_cue_begins_in_one_of_four_ways(written: str, meant: Trigger) -> None:
    for alias in ("", "later"):
        line = f"{written} as {alias}" if alias else written
        (cue,) = read(fenced("cue", f"{line}\nhold")).slides[0].cues
        assert (cue.trigger, cue.alias) == (meant, alias)


def test_start_with_a_node_is_a_step_and_start_alone_is_a_need() -> None:
    (slide,) = read(fenced("cue", "start\nstart n4")).slides
    assert slide.need == Need(line=2)
    assert slide.cues[0].steps == (Act("start", ("n4",), 3),)
    (slide,) = read(fenced("cue", "start nodes=9")).slides
    assert (slide.need, slide.cues) == (Need(nodes=9, line=2), ())


def test_items_of_an_incremental_list_come_one_by_one_and_what_follows_after_them() -> None:
    (slide,) = read("<!-- incremental_lists: true -->\nx\n\n1. a\n   - b\n2. c\n\ny\n").slides
    assert [(block.kind, block.step, block.depth, block.number) for block in slide.blocks] == [
        ("text", 0, 0, 0),
        ("number", 1, 0, 1),
        ("item", 2, 1, 0),
        ("number", 3, 0, 2),
        ("text", 4, 0, 0),
    ]
    assert slide.steps == 4


def test_columns_hold_what_stands_in_them() -> None:
    text = (
        "above\n<!-- column_layout: [3, 2] -->\n<!-- column: 0 -->\nleft\n"
        "<!-- column: 1 -->\nright\n<!-- reset_layout -->\nbelow\n"
    )
    (slide,) = read(text).slides
    assert [block.column for block in slide.blocks] == [0, 1, 2, 0]
    assert slide.columns == (3, 2)


def test_slides_end_at_either_mark_and_an_empty_end_is_none() -> None:
    deck = read("a\n<!-- end_slide -->\nb\n\n---\n\nc\n<!-- end_slide -->\n\n")
    assert [slide.number for slide in deck.slides] == [1, 2, 3]
    assert [slide.line for slide in deck.slides] == [1, 3, 7]


def test_tables_quotations_and_code_keep_what_they_say() -> None:
    text = "| a | *b* |\n|---|---|\n| 1 | 2 |\n\n> said\n\n```python\nx = 1\n```\n# small\n"
    (slide,) = read(text).slides
    table, quote, code, heading = slide.blocks
    assert table.rows == (("a", "b"), ("1", "2"))
    assert quote == Block("quote", ((("said", ""),),), line=5)
    assert (code.language, code.lines) == ("python", ((("x = 1", "code"),),))
    assert (heading.kind, slide.title) == ("heading", "")


def test_titles_stand_over_either_line_and_a_second_is_the_subtitle() -> None:
    (slide,) = read("One\n===\nand two\n---\nwords\n").slides
    assert (slide.title, slide.subtitle) == ("One", "and two")


def test_flags_and_settings_of_a_slide_are_kept() -> None:
    (slide,) = read(
        "<!-- jump_to_middle -->\n<!-- skip_slide -->\nx\n<!-- speaker_note: one -->\n"
        "<!-- speaker_note: two -->\n<!--\ntalk: {question: 5,\n  appendix: true}\n-->\n"
    ).slides
    assert (slide.middle, slide.still, slide.question, slide.appendix) == (True, True, 5, True)
    assert slide.notes == "one\ntwo"


def test_remarks_and_looks_of_presenterm_are_read_past() -> None:
    text = "<!-- font_size: 2 -->\n<!-- vim: sw=2 -->\n<!--\na remark:\nof two lines\n-->\nx\n"
    (slide,) = read(text).slides
    assert len(slide.blocks) == 1


def test_what_is_included_stands_where_it_is_included() -> None:
    deck = read("a\n<!-- include: more.md -->\nb\n", more="c\n<!-- end_slide -->\nd\n")
    said = [[block.lines[0][0][0] for block in slide.blocks] for slide in deck.slides]
    assert said == [["a", "c"], ["d", "b"]]


def test_a_mistake_in_what_is_included_names_that_file() -> None:
    error = mistake("a\n<!-- include: more.md -->\n", more="c\n\n<!-- bogus -->\n")
    assert (error.path, error.line) == ("more.md", 3)
    assert "includes itself" in mistake("<!-- include: deck.md -->", deck="x").sentence
    both = mistake("<!-- include: a.md -->", a="<!-- include: b.md -->", b="<!-- include: a.md -->")
    assert (both.path, both.line) == ("b.md", 1)


def test_nodes_that_were_added_may_be_named_afterwards() -> None:
    more = fenced("cue", "on key\nkill n6")
    assert "n1 to n5" in mistake(fenced("cue", CUE) + "\n---\n\n" + more).sentence
    deck = read(fenced("cue", CUE + "add") + "\n---\n\n" + more)
    assert len(deck.slides) == 2


def test_a_deck_is_opened_from_the_disk_or_says_why_not(tmp_path: pytest.TempPathFactory) -> None:
    folder = str(tmp_path)
    with open(f"{folder}/a.md", "w", encoding="utf-8") as file:
        file.write("<!-- include: b.md -->\n")
    with pytest.raises(Exception, match=r"b\.md.*No such file"):
        open_deck(f"{folder}/a.md")
    with open(f"{folder}/b.md", "w", encoding="utf-8") as file:
        file.write("words\n")
    assert len(open_deck(f"{folder}/a.md").slides) == 1
    with pytest.raises(Exception, match="cannot be read"):
        open_deck(f"{folder}/none.md")
    with open(f"{folder}/c.md", "wb") as file:
        file.write(b"\xff\xfe")
    with pytest.raises(Exception, match="UTF-8"):
        open_deck(f"{folder}/c.md")
