"""A deck told to nobody: everything is seen, and whatever is wrong is in the report with how to see it."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from xml.etree import ElementTree as Xml

import pytest

from cluster.config import SECOND
from talk.checking import Report, SlideReport, order, pairs_of
from talk.report import as_json, as_junit, clean, slide_line, total, troubles
from tests.talk.telling import BAD, GOOD, looked_at, read, tell


@pytest.fixture(name="good", scope="module")
def _good() -> Report:
    return told(GOOD)


@pytest.fixture(name="bad", scope="module")
def _bad() -> Report:
    return told(BAD)


@cache
def told(text: str) -> Report:
    return asyncio.run(tell(read(text)))


def slide(report: Report, number: int) -> SlideReport:
    return next(each for each in report.slides if each.slide.number == number)


def test_a_deck_whose_claims_hold_is_told_to_its_end(good: Report) -> None:
    assert good.code == 0, troubles(good, "again")
    assert [each.slide.number for each in good.slides] == [1, 2, 3, 4]
    assert [len(each.judgements) for each in good.slides] == [0, 3, 1, 0]
    assert all(run.state == "done" for each in good.slides for run in each.runs)
    assert troubles(good, "again") == []
    assert total(good) == "4 of 4 claims held, on simulated nodes"
    assert slide_line(slide(good, 2)).endswith("3 of 3 claims")
    assert slide(good, 2).took_us < 60 * SECOND


def test_whoever_draws_it_sees_each_step_once(good: Report) -> None:
    seen = asyncio.run(looked_at(read(GOOD)))
    assert seen == [(1, 0), (2, 0), (2, 1), (2, 1), (2, 1), (3, 0), (4, 0)], "a hold is a step too"


def test_equal_seeds_give_equal_reports(good: Report) -> None:
    again = asyncio.run(tell(read(GOOD)))
    assert as_json(again, 1) == as_json(good, 1)


def test_what_is_wrong_is_told_with_its_line_its_fact_and_how_to_see_it_again(bad: Report) -> None:
    assert bad.code == 1
    first, second = bad.slides
    assert [j.state for j in first.judgements] == ["broken", "unknown", "broken"]
    said = "\n".join(troubles(bad, "masterless talk deck.md --check --seed 1"))
    for part in (
        "slide 1, Nothing of this is so",
        "✕ they differ  1 of 2 live views",
        "line 17: it had to be views >= 2, always",
        "? nobody moves  nobody could know",
        "cue never of line 7: failed, never: deaths >= 1",
        "cue of line 12: it never began",
        "again: masterless talk deck.md --check --seed 1 --slide 1",
        "slide 2, Too many",
        "cue of line 29: failed, ",
    ):
        assert part in said, said
    assert second.broken == ()
    assert "0 of 3 claims held" in total(bad)


def test_the_fact_that_broke_a_claim_is_named() -> None:
    text = GOOD.replace("n1 is believed in: believing-dead n1 = 0", "nobody dies: deaths = 0")
    report = told(text)
    said = "\n".join(troubles(report, "again"))
    assert "✕ nobody dies  " in said
    assert "decided by fact " in said
    assert "MemberChanged" in said


def test_junit_counts_what_machines_count(good: Report, bad: Report) -> None:
    root = Xml.fromstring(as_junit(good))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("6", "0", "0")
    root = Xml.fromstring(as_junit(bad))
    assert [suite.get("name") for suite in root] == ["1. Nothing of this is so", "2. Too many"]
    cases = {case.get("name"): [part.tag for part in case] for case in root.iter("testcase")}
    assert cases["they differ"] == ["system-out", "failure"]
    assert cases["nobody moves"] == ["system-out", "error"]
    assert cases["cue never of line 7"] == ["failure"]
    assert root.get("failures") == str(sum(1 for _ in root.iter("failure")))
    assert root.get("tests") == str(len(cases))


def test_json_says_all_of_it(bad: Report) -> None:
    document = json.loads(json.dumps(as_json(bad, 7)))
    assert (document["seed"], document["code"], document["held"], document["claims"]) == (
        7,
        1,
        0,
        3,
    )
    first = document["slides"][0]
    assert [claim["state"] for claim in first["claims"]] == ["broken", "unknown", "broken"]
    assert [cue["state"] for cue in first["cues"]] == ["failed", "pending"]


def test_titles_with_characters_that_xml_refuses_are_carried_without_them() -> None:
    assert clean("a\x00b\x1b[1m\ud800\uffffc") == "ab[1mc"


def test_questions_and_the_appendix_come_after_the_last_slide_of_the_way() -> None:
    deck = read(
        "one\n<!-- end_slide -->\ntwo\n\n<!--\ntalk:\n  question: 1\n-->\n"
        "<!-- end_slide -->\n<!-- skip_slide -->\nnever\n<!-- end_slide -->\nthree\n"
    )
    assert [deck.slides[place].number for place in order(deck)] == [1, 4, 2]


def test_pairs_are_known_before_they_are_played() -> None:
    deck = read("a\n\n```claim\npair modulo\n```\n<!-- end_slide -->\nb\n")
    assert pairs_of(deck) == ["modulo"]
    assert pairs_of(deck, 1) == []
