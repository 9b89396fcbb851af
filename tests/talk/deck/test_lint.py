"""What makes a slide poor is complained of, on its line; a good slide is not."""

from __future__ import annotations

import pytest

from talk.deck.lint import Complaint, lint
from talk.deck.presenterm import refused
from tests.talk.deck.writing import CUE, fenced, read

HEAD = """\
---
title: x
---
<!--
talk:
  duration: 3min
  intro: 20s
  fallback: x.rec
-->
"""
OF_SLIDE = """\
<!--
talk:
  plan: 60s
-->
<!-- speaker_note: say so -->
"""
GOOD = (
    "Who is alive?\n===\n\nAsk, and ask others to ask.\n\n"
    + fenced("live", "matrix")
    + fenced("cue", CUE)
    + fenced("claim", "all agree: views = 1 within 3s of die")
)


def complaints(body: str, head: str = HEAD, of_slide: str = OF_SLIDE) -> list[Complaint]:
    return lint(read(head + of_slide + body))


def kinds(body: str, head: str = HEAD, of_slide: str = OF_SLIDE) -> set[str]:
    """The kinds of them, of a slide with a title."""
    titled = body if "===" in body else f"T\n===\n\n{body}"
    return {complaint.kind for complaint in complaints(titled, head, of_slide)}


def test_nothing_is_said_against_a_good_slide() -> None:
    assert complaints(GOOD) == []


def test_more_than_eighteen_words_beside_a_picture_are_too_many() -> None:
    eighteen = " ".join(["word"] * 18)
    live = fenced("live", "matrix")
    assert kinds(f"{eighteen}\n\n{live}") == set()
    assert kinds(f"{eighteen} more\n\n{live}") == {"words"}
    assert kinds(f"{eighteen} more\n") == set()


def test_words_beside_a_whole_picture_have_no_room() -> None:
    assert "words" in kinds("some\n\n" + fenced("live", "home"))
    assert kinds("T\n===\n\n" + fenced("live", "home")) == set()


def test_a_wait_without_a_recording_has_no_way_out() -> None:
    bare = HEAD.replace("  fallback: x.rec\n", "")
    assert kinds(GOOD) == set()
    assert kinds(GOOD, bare) == {"fallback"}
    wait = "hold\nwait views = 1 within 3s else fallback"
    (complaint,) = complaints("T\n===\n" + fenced("cue", wait), bare)
    assert "no way out of slide 2" in complaint.sentence


def test_two_cues_do_not_begin_with_one_slide() -> None:
    assert kinds(fenced("cue", "hold") + fenced("cue", "on enter\nhold")) == {"unreachable"}
    assert kinds(fenced("cue", "hold") + fenced("cue", "on key\nhold")) == set()


def test_a_cue_that_waits_for_a_node_which_nothing_befalls_never_begins() -> None:
    waits = fenced("cue", "at suspecting n4 >= 1\nhold")
    assert kinds(waits) == {"unreachable"}
    assert kinds(waits + fenced("cue", "on key\npause n4")) == set()
    assert kinds(waits + fenced("cue", "on key\npartition n1,n2")) == set()
    assert kinds(fenced("cue", "at suspecting n4 = 0\nhold")) == set()


def test_a_caption_stays_until_something_happens() -> None:
    assert kinds(fenced("cue", 'say "a"\nsay "b"')) == {"unreachable"}
    assert kinds(fenced("cue", 'say "a"\nhold\nsay "b"')) == set()


def test_slides_are_planned_and_their_plans_fit_the_talk() -> None:
    assert kinds("x", of_slide="<!-- speaker_note: a -->\n") == {"plan"}
    assert kinds("x", HEAD.replace("  duration: 3min\n", "")) == {"plan"}
    assert kinds("x", HEAD.replace("  intro: 20s\n", "")) == {"plan"}
    assert kinds("x", HEAD.replace("3min", "79s")) == {"plan"}
    assert kinds("x", HEAD.replace("3min", "80s")) == set()


def test_questions_and_the_appendix_take_no_time_of_the_plan_but_need_their_cluster() -> None:
    asked = "<!--\ntalk:\n  question: 5\n-->\n<!-- speaker_note: a -->\n"
    assert kinds(fenced("cue", "start nodes=5\non key\nkill n4"), of_slide=asked) == set()
    assert kinds(fenced("cue", "on key\nkill n4"), of_slide=asked) == {"alone"}


def test_a_claim_is_decided_by_something_on_its_slide() -> None:
    assert kinds(fenced("claim", "agree: views = 1 within 3s")) == {"undecided"}
    assert kinds(fenced("claim", "agree: views = 1 at end")) == {"undecided"}
    assert kinds(fenced("claim", "agree: views = 1 always")) == set()
    assert kinds(fenced("claim", "pair write-one")) == {"undecided"}
    play = fenced("cue", "play write-one")
    assert kinds(play + fenced("claim", "pair write-one")) == set()


def test_a_slide_without_a_note_or_without_anything_is_complained_of() -> None:
    assert kinds("x", of_slide="<!--\ntalk:\n  plan: 60s\n-->\n") == {"note"}
    assert {complaint.kind for complaint in complaints("")} == {"empty"}
    assert kinds("x\n\n<!-- pause -->\n") == {"empty"}


def test_complaints_name_the_file_they_are_about() -> None:
    text = HEAD + "a\n<!-- end_slide -->\n<!-- include: more.md -->\n<!-- end_slide -->\nb\n"
    found = lint(read(text, more="\nc\n"))
    notes = [(said.path, said.line) for said in found if said.kind == "note"]
    assert notes == [("deck.md", 10), ("more.md", 2), ("deck.md", 14)]
    assert str(found[0]).startswith("deck.md:10: ")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("<!--\ntalk: {plan: 60s}\n-->\nx", [2]),
        ("<!--\ntalk:\n  plan: 60s\n-->\nx", []),
        ("x\n\n---\n\ny", [3]),
        ("---\noptions:\n  end_slide_shorthand: true\n---\nx\n\n---\n\ny", []),
        ("```python +exec\nx\n```\n\n```python\nx\n```\n", [1]),
        ("x\n<!-- end_slide -->\ny", []),
    ],
)
def test_what_presenterm_would_refuse_is_complained_of(text: str, lines: list[int]) -> None:
    read(text)
    assert [complaint.line for complaint in refused(text, "deck.md")] == lines
