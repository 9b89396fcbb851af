"""What came of a deck that was told to nobody: as lines for people, JUnit XML for CI, JSON for programs.

Decides the words and the order, nothing else: one line a slide as it is left, then all that went wrong,
each with the line of its deck, the fact that decided it, and the command that plays it again. A claim
that nobody could judge is wrong too. JUnit has one suite a slide, one case a claim and a cue.
"""

from __future__ import annotations

from typing import Any, Final
from xml.etree import ElementTree as Xml

from talk.checking import Report, SlideReport
from talk.claims.judging import Judgement
from talk.claims.telling import bound, document, found, line
from talk.stage.orders import Run

TITLE: Final = 56
"""Columns of a slide's title."""


def slide_line(slide: SlideReport) -> str:
    """One slide: its number, its title, how many of its claims held, how late it was."""
    held = sum(j.state == "held" for j in slide.judgements)
    claims = f"{held} of {len(slide.judgements)} claims" if slide.judgements else ""
    late = f"  {len(slide.late)} cue{'s' * (len(slide.late) > 1)} late" if slide.late else ""
    title = slide.slide.title or "(no title)"
    return f"{slide.slide.number:>3}  {title:<{TITLE}.{TITLE}}  {claims}{late}".rstrip()


def troubles(report: Report, rerun: str) -> list[str]:
    """All that went wrong, and how to see it again; empty when nothing did. `rerun`: the command."""
    lines: list[str] = []
    for slide in report.slides:
        wrong = _wrong(slide)
        if not wrong:
            continue
        lines += ["", f"slide {slide.slide.number}, {slide.slide.title or '(no title)'}", *wrong]
        lines.append(f"    again: {rerun} --slide {slide.slide.number}")
    return lines


def total(report: Report) -> str:
    """The last line."""
    held = sum(j.state == "held" for j in report.claims)
    late = sum(len(slide.late) for slide in report.slides)
    cues = sum(len(slide.runs) for slide in report.slides)
    said = f"{held} of {len(report.claims)} claims held, on {report.ground}"
    return f"{said}; {late} of {cues} cues came late" if late else said


def _wrong(slide: SlideReport) -> list[str]:
    lines: list[str] = []
    for judgement in slide.broken:
        lines.append(f"  {line(judgement)}")
        lines.append(f"      line {judgement.claim.line}: it had to be {_had(judgement)}")
        if said := _fact(judgement):
            lines.append(f"      decided by {said}")
    lines += [f"  {_cue(run)}: {_late(run)}" for run in slide.late]
    if slide.stuck:
        lines.append(f"  never came: {slide.stuck}")
    return lines


def _had(judgement: Judgement) -> str:
    claim = judgement.claim
    when = {
        "always": "always",
        "within": f"within {claim.within_us / 1e6:g} s",
        "at": "once",
    }[claim.when]
    if claim.alias:
        when += " at the end" if claim.alias == "end" else f" of {claim.alias}"
    return f"{bound(judgement)}{'' if claim.pair else ', ' + when}" or claim.text


def _fact(judgement: Judgement) -> str:
    """The fact that decided it, as it can be looked up."""
    fact = judgement.measured.fact if judgement.measured is not None else None
    if fact is None:
        return ""
    kind = type(fact.payload).__name__
    return f"fact {fact.seq} of {fact.node} in life {fact.epoch}: {kind}"


def _cue(run: Run) -> str:
    name = f" {run.cue.alias}" if run.cue.alias else ""
    return f"cue{name} of line {run.cue.line}"


def _late(run: Run) -> str:
    if run.state == "done":
        return f"{run.late_by / 1e6:.1f} s late"
    said = f", {run.said}" if run.said else ""
    return "it never began" if run.state == "pending" else f"{run.state}{said}"


# --- for machines ----------------------------------------------------------------------------------


def as_json(report: Report, seed: int) -> dict[str, Any]:
    """All of it as one document. Times in seconds."""
    return {
        "deck": report.deck.title,
        "path": report.deck.path,
        "ground": report.ground,
        "seed": seed,
        "code": report.code,
        "claims": len(report.claims),
        "held": sum(j.state == "held" for j in report.claims),
        "slides": [_slide_document(slide) for slide in report.slides],
    }


def _slide_document(slide: SlideReport) -> dict[str, Any]:
    return {
        "number": slide.slide.number,
        "title": slide.slide.title,
        "took_s": slide.took_us / 1e6,
        "stuck": slide.stuck,
        "claims": [document(judgement) for judgement in slide.judgements],
        "cues": [
            {
                "line": run.cue.line,
                "alias": run.cue.alias,
                "state": run.state,
                "late_s": run.late_by / 1e6,
                "said": run.said,
            }
            for run in slide.runs
        ],
    }


def as_junit(report: Report) -> str:
    """JUnit XML, which CI servers read."""
    root = Xml.Element("testsuites", name=clean(report.deck.title))
    for slide in report.slides:
        name = clean(f"{slide.slide.number}. {slide.slide.title or '(no title)'}")
        suite = Xml.SubElement(root, "testsuite", name=name, time=f"{slide.took_us / 1e6:.3f}")
        for judgement in slide.judgements:
            _claim_case(suite, name, judgement)
        for run in slide.runs:
            case = _case(suite, name, _cue(run))
            if run in slide.late:
                _bad(case, "failure", "late", _late(run))
        if slide.stuck:
            _bad(_case(suite, name, "it comes to its end"), "error", "stuck", slide.stuck)
        _count(suite)
    _count(root)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _claim_case(suite: Xml.Element, name: str, judgement: Judgement) -> None:
    case = _case(suite, name, judgement.text)
    Xml.SubElement(case, "system-out").text = clean(f"{found(judgement)}; {_had(judgement)}")
    if judgement.state == "held":
        return
    kind = "failure" if judgement.state == "broken" else "error"
    said = f"{line(judgement)}\n{_fact(judgement)}".strip()
    _bad(case, kind, judgement.state, said)


def _case(suite: Xml.Element, slide: str, name: str) -> Xml.Element:
    return Xml.SubElement(suite, "testcase", classname=slide, name=clean(name))


def _bad(case: Xml.Element, kind: str, sort: str, said: str) -> None:
    Xml.SubElement(case, kind, type=sort, message=clean(said.split("\n")[0])).text = clean(said)


def _count(suite: Xml.Element) -> None:
    for counted, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        suite.set(counted, str(sum(1 for _ in suite.iter(tag))))


def clean(text: str) -> str:
    """Without what XML cannot carry: control characters, halves of characters."""
    return "".join(
        c
        for c in text
        if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c < "\ufffe")
    )
