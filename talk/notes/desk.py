"""The presenter's desk: one moment of a performance, as what the presenter needs to see. Pure.

Decides what is said; how it looks is the page's and the twin's. The clock is an argument. Two times are
compared with the talk's: the plan (each slide's own, and an even share for those without one) and what
rehearsals usually took. Somebody is behind only when more time has gone than the slide that is on may
take in all, and ahead only when less has gone than the slides before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from talk.claims.judging import Judgement
from talk.claims.telling import bound, found
from talk.deck.deck import Deck, Slide
from talk.notes.asking import Keys
from talk.notes.following import Follower
from talk.notes.sheet import (
    Against,
    Ahead,
    Card,
    CardKind,
    ClaimLine,
    Clocks,
    Desk,
    Programme,
    Said,
    Way,
)
from talk.notes.telling import lines, plain, shows, space, starts
from talk.pace import Pace, names
from talk.stage.performance import Performance
from tui.judge.verdict import verdict

ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
AHEAD_WORDS: Final = 6
"""Lines of the next slide that are shown."""


def programme(deck: Deck, pace: Pace) -> Programme:
    """What is told once."""
    plans = _plans(deck)
    called = names(deck.slides)
    cards: list[Card] = []
    stage = 0
    answers: dict[int, int] = {}
    for place, slide in enumerate(deck.slides):
        stage = slide.stage or stage
        label = str(slide.number)
        if slide.question:
            # As the slide of questions counts them; those that go on with an answer have a letter.
            more = answers[slide.question] = answers.get(slide.question, 0) + 1
            label = str(slide.question) + (ALPHABET[more - 1] if 1 < more <= len(ALPHABET) else "")
        live = bool(slide.lives)
        usual = pace.usual(called[place])
        cards.append(
            Card(slide.number, slide.title, _kind(slide), live, plans[place], usual, stage, label)
        )
    total = deck.seconds or sum(plans)
    return Programme(deck.title, tuple(cards), total, len(pace.tellings))


def _kind(slide: Slide) -> CardKind:
    if slide.still:
        return "still"
    if slide.question:
        return "question"
    return "appendix" if slide.appendix else "walked"


def _plans(deck: Deck) -> list[float]:
    """Seconds for each slide on the way; the first waits for the audience and has none."""
    walked = [p for p, slide in enumerate(deck.slides) if p and _kind(slide) == "walked"]
    planned = sum(deck.slides[place].seconds for place in walked)
    open_ = [place for place in walked if not deck.slides[place].seconds]
    share = max(0.0, deck.seconds - planned) / len(open_) if open_ else 0.0
    plans = [0.0] * len(deck.slides)
    for place in walked:
        plans[place] = deck.slides[place].seconds or share
    return plans


def desk(
    performance: Performance,
    follower: Follower,
    keys: Keys,
    told: Programme,
    pace: Pace,
    now_s: float,
    *,
    machine: str = "",
    viewers: int = 1,
) -> Desk:
    """This moment. `now_s`: the wall's clock, the one that the follower is told."""
    director, ground = performance.director, performance.ground
    slide = director.slide
    now = ground.now
    judged = verdict(performance.view, now) if performance.view.nodes else None
    return Desk(
        number=slide.number,
        title=slide.title,
        step=director.step,
        steps=slide.steps,
        notes=_paragraphs(slide.notes),
        words=_words(slide, director.step),
        live=shows(director.live) if director.live is not None else "",
        caption=director.caption,
        states=_states(performance, keys),
        preparing=_preparing(performance),
        notice=director.notice or performance.fallback,
        space=space(director),
        following=_following(performance),
        cues=tuple(lines(director, follower, now, ground.stretch)),
        claims=_claims(performance, pace),
        cluster=_cluster(performance),
        verdict=judged.text if judged is not None else "",
        tone=judged.tone if judged is not None else "plain",
        machine=machine,
        clocks=clocks(told, director.place, follower, now_s),
        spent_s=tuple(int(spent) for spent in follower.spent),
        ways=_ways(performance, follower, keys),
        viewers=viewers,
    )


# --- words ---------------------------------------------------------------------------------------


def _paragraphs(notes: str) -> tuple[str, ...]:
    parts = (" ".join(part.split()) for part in notes.split("\n\n"))
    return tuple(part for part in parts if part)


def _words(slide: Slide, step: int) -> tuple[Said, ...]:
    told: list[Said] = []
    for at in range(slide.steps + 1):
        told += [Said(text, at <= step) for text in plain(slide, at) if text]
    return tuple(told)


def _following(performance: Performance) -> Ahead | None:
    slide = performance.director.following
    if slide is None:
        return None
    words = tuple(text for text in plain(slide) if text)[:AHEAD_WORDS]
    live = ", ".join(shows(live) for live in slide.lives)
    return Ahead(slide.number, slide.title, words, live, starts(slide, slide.need))


def _states(performance: Performance, keys: Keys) -> tuple[str, ...]:
    director = performance.director
    states = {
        "black": keys.black,
        "frozen": director.frozen,
        "without its live part": keys.stilled and director.live is not None,
    }
    return tuple(name for name, so in states.items() if so)


def _preparing(performance: Performance) -> str:
    if not performance.director.preparing:
        return ""
    return performance.said[-1] if performance.said else "the cluster is being made ready"


def _cluster(performance: Performance) -> str:
    director = performance.director
    if director.trouble:
        return f"no cluster: {director.trouble}"
    if director.need is None:
        return "no cluster yet"
    said = [performance.ground.label()]
    if performance.ground.stretch >= 1.05:
        said.append(f"this machine takes {performance.ground.stretch:.1f}× as long as planned")
    return ", ".join(said)


# --- claims, ways out ----------------------------------------------------------------------------


def _claims(performance: Performance, pace: Pace) -> tuple[ClaimLine, ...]:
    now = performance.ground.now
    told = [_claim(judgement, now, pace) for judgement in performance.judgements]
    docket = performance.docket
    waiting = docket.expected if docket is not None else []
    told += [
        ClaimLine("pending", f"the claims of {name}", "not played yet", "") for name in waiting
    ]
    return tuple(told)


def _claim(judgement: Judgement, now: int, pace: Pace) -> ClaimLine:
    usual = pace.waits(judgement.text) if judgement.claim.when == "within" else ()
    return ClaimLine(
        judgement.state, judgement.text, found(judgement, now), bound(judgement), usual
    )


def _ways(performance: Performance, follower: Follower, keys: Keys) -> tuple[Way, ...]:
    director = performance.director
    recording, can = _recording(performance)
    anew = "this slide from its beginning"
    if director.needed(director.place) is not None:
        anew += ", on a new cluster"
        if follower.readies:
            anew += f", about {median(follower.readies):.1f} s"
    still = "show the live part again" if keys.stilled else "leave the live part away"
    return (
        Way("R", recording, can),
        Way("N", anew),
        Way("S", still, director.live is not None),
        Way("B", "show the stage again" if keys.black else "black screen"),
    )


def _recording(performance: Performance) -> tuple[str, bool]:
    """What R does, and whether it can be done."""
    if performance.ground.makes:
        if performance.recording is None:
            return "there is no recording of this talk: --rehearse makes one", False
        return "go on from the recording, same moment: the audience sees “recorded”", True
    if performance.ground is performance.recording:
        return "back to the cluster, with this slide from its beginning", True
    return "this is the recording, and there is no cluster", False


# --- time ----------------------------------------------------------------------------------------


def clocks(told: Programme, place: int, follower: Follower, now_s: float) -> Clocks:
    """Where the talk is, against its plan or its rehearsals."""
    elapsed = follower.elapsed(now_s)
    card = told.cards[max(0, place)]
    against: Against = "" if not follower.running or card.kind != "walked" else "plan"
    if against and told.rehearsals and card.usual_s is not None:
        against = "rehearsal"
    # Who begins later than with the second slide has skipped what comes before, and is not ahead by it.
    first = max(1, min(follower.first, place))
    skipped = sum(card.plan_s for card in told.cards[:first])
    total = max(0.0, told.total_s - skipped)
    before, here = 0.0, 0.0
    for other in told.cards[first : place + 1]:
        if other.kind == "walked":
            before += here
            here = _lasts(other, against)
    if against == "plan" and not told.total_s:
        against = ""
    behind = max(0.0, elapsed - before - here) - max(0.0, before - elapsed)
    spent = follower.spent[max(0, place)]
    length = max(total, sum(card.plan_s for card in told.cards[first:]))
    done = _told(told.cards, first, place, spent)
    return Clocks(
        elapsed_s=int(elapsed),
        total_s=int(total),
        slide_s=int(spent),
        planned_s=int(card.plan_s),
        behind_s=int(behind) if against else 0,
        against=against,
        due=min(1.0, elapsed / length) if length else 0.0,
        here=min(1.0, done / length) if length else 0.0,
        running=follower.running,
    )


def _lasts(card: Card, against: Against) -> float:
    if against == "rehearsal" and card.usual_s is not None:
        return card.usual_s
    return card.plan_s


def _told(cards: Sequence[Card], first: int, place: int, spent: float) -> float:
    """How much of the plan is behind us: all slides since `first`, and of this one what has gone."""
    before = sum(card.plan_s for card in cards[first:place])
    card = cards[max(0, place)]
    return before + min(spent, card.plan_s)
