"""How the stages of one incident begin, end and wait (DESIGN 6), given what every node has said.

Each rule looks at the whole of `Lives`, never at a single fact alone, so that it does not matter
which node's word arrived first. "Every live view" means the nodes whose process runs and whose
facts reach us: what the silent believe is nobody's knowledge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cluster.model.course.case import NOBODY, Case
from cluster.model.course.milestones import noted
from cluster.model.facts import Fact, HintsDelivered, PartitionFilled
from cluster.model.incident import Incident
from cluster.model.lives import Lives, Opinion
from cluster.model.member import MemberState, NodeId

UNNOTICED_US: Final = 1_000_000
"""A fault that ended and was noticed by nobody for this long was never an alarm."""


def progress(incident: Incident, lives: Lives, fact: Fact) -> Incident:
    """The incident after this fact, which `lives` already contains."""
    case = Case(noted(incident, lives, fact), lives, fact)
    _counts(case)
    _noticed(case)
    _hints(case)
    _rebuilt(case)
    if _gone_for_good(case):
        return case.result()
    _back(case)
    if _false_alarm(case):
        return case.result()
    _returned(case)
    _trees(case)
    _one_view(case)
    return case.result()


def names(who: list[NodeId] | set[NodeId] | dict[NodeId, int]) -> str:
    """Names in a sentence: "n1 n2 n5"; more than five are counted."""
    if len(who) > 5:
        return f"{len(who)} nodes"
    return " ".join(sorted(who, key=lambda name: (len(name), name)))


def _verb(who: list[NodeId], one: str, many: str) -> str:
    return f"{names(who)} {one if len(who) == 1 else many}"


def _counts(case: Case) -> None:
    payload = case.fact.payload
    if isinstance(payload, PartitionFilled) and case["rebuilt"].open:
        case.count("rebuilt", case["rebuilt"].count + 1)
    elif (
        isinstance(payload, HintsDelivered)
        and payload.target == case.subject
        and payload.delivered
        and case["back"].began
    ):
        case.begin("returned", case.fact.at, case.fact.node)
        case.count("returned", case["returned"].count + payload.delivered)


def _noticed(case: Case) -> None:
    """silent, suspected, dead: from the accusations of this life."""
    epoch = case.incident.epoch
    told = case.incident.milestone("fault").causes
    case.begin("silent", case.incident.began, NOBODY, told)
    case.wait("silent", "nobody has noticed yet")
    accused = {n: o for n, o in case.accusing.items() if o.epoch == epoch}
    if not accused or (len(accused) < len(case.views) and not _fresh(case, accused)):
        return
    if case["silent"].open or not case["suspected"].began:
        first, since = _first(_fresh(case, accused) or accused)
        case.end("silent", since, first)
        case.begin("suspected", max(since, case.incident.began), first)
    suspected = case["suspected"]
    dead = {n: o for n, o in accused.items() if o.state >= MemberState.DEAD}
    if not dead:
        due = min((o.due for o in accused.values() if o.due), default=0)
        waiting = f"{case.subject} to answer; {_verb(list(accused), 'suspects', 'suspect')} it"
        case.wait("suspected", waiting, due)
        return
    if suspected.open or not case["dead"].began:
        killer = min(_fresh(case, dead) or dead, key=lambda n: (dead[n].since, n))
        case.end("suspected", dead[killer].since, killer)
        case.begin("dead", max(dead[killer].since, suspected.began), killer)
    unaware = [n for n in case.views if n not in dead]
    if unaware:
        case.wait("dead", f"{_verb(unaware, 'has', 'have')} not heard yet")
    elif not case["dead"].settled:
        last = max(dead, key=lambda n: (dead[n].since, n))
        case.end("dead", dead[last].since, last)


def _fresh(case: Case, accused: dict[NodeId, Opinion]) -> dict[NodeId, Opinion]:
    """The accusations of this failure: of an earlier one in the same life some may still accuse it."""
    return {n: o for n, o in accused.items() if o.since >= case.incident.began}


def _first(who: Mapping[NodeId, Opinion]) -> tuple[NodeId, int]:
    """Whose opinion is the oldest, and since when it is held or was doubted before."""
    since, name = min((opinion.doubted or opinion.since, name) for name, opinion in who.items())
    return name, since


def _hints(case: Case) -> None:
    """Writes kept for the subject, from the first until it is back or off the ring."""
    keepers = case.lives.hints_for(case.subject)
    total = sum(keepers.values())
    if not total:
        return
    if not case["back"].began:
        first = case.incident.milestone("fallback write")
        most = max(keepers, key=lambda n: keepers[n])
        case.begin("hints", first.at or case.fact.at, first.witness or most, first.causes)
    if case["hints"].began:
        case.count("hints", max(case["hints"].count, total + case["returned"].count))
        case.wait("hints", f"{total:,} kept for {case.subject} at {names(keepers)}")


def _rebuilt(case: Case) -> None:
    """The ring goes on without the subject, and the others fill its places."""
    # Of this life: whoever has not heard of it yet may still hold an earlier one removed.
    removed = {n: o for n, o in case.accusing.items() if o.state is MemberState.REMOVED}
    off = {n: o for n, o in removed.items() if o.epoch >= case.incident.epoch}
    if off:
        first = min(off, key=lambda n: (off[n].since, n))
        case.end("hints", off[first].since, first)
        case.begin("rebuilt", off[first].since, first)
    if not case["rebuilt"].open:
        return
    lives = case.lives
    late = [n for n in case.views if n not in off]
    filling = {n: lives.life(n).filling for n in case.views if lives.life(n).filling}
    rings = {lives.life(n).ring for n in case.views}
    stale = [n for n in case.views if lives.life(n).pulsed <= case["rebuilt"].began]
    if late:
        case.wait("rebuilt", f"{_verb(late, 'keeps', 'keep')} {case.subject} on the ring")
    elif filling:
        left = sum(filling.values())
        case.wait(
            "rebuilt",
            f"{_verb(list(filling), 'fills', 'fill')} {left} more {'place' if left == 1 else 'places'}",
        )
    elif len(rings) > 1 or stale:
        case.wait("rebuilt", "all to follow the new ring")
    else:
        case.end("rebuilt", case.fact.at, case.fact.node)


def _gone_for_good(case: Case) -> bool:
    """It left on purpose while nobody heard: the ring goes on without it, and it will not return."""
    life = case.lives.life(case.subject)
    if not life.departed or life.epoch != case.incident.epoch or not case["rebuilt"].ended:
        return False
    case.finish(case.fact.at)
    return True


def _back(case: Case) -> None:
    """Its process returned, until every live view has it alive."""
    incident, lives = case.incident, case.lives
    life = lives.life(case.subject)
    reborn = life.epoch > incident.epoch
    if not case["back"].began:
        at = _returned_at(case, reborn)
        if not at:
            case.wait("back", _missing(case))
            return
        case.begin("back", at, case.subject)
    wanted = life.epoch if reborn else incident.epoch
    well = {
        n: o for n, o in case.views.items() if o.state is MemberState.ALIVE and o.epoch >= wanted
    }
    missing = [n for n in case.views if n not in well]
    if not lives.live(case.subject):
        case.wait("back", f"{case.subject} to report")
    elif missing:
        case.wait("back", f"{_verb(missing, 'does', 'do')} not see it alive yet")
    elif well and case["back"].open and _noticed_or_old(case):
        last = max(well, key=lambda n: (well[n].since, n))
        at = max(case["back"].began, well[last].since)
        if reborn or case["dead"].began or not case["suspected"].began:
            for name in ("silent", "suspected", "dead"):
                case.end(name, min(at, case["back"].began), overtaken=True)
        case.end("hints", at)
        case.skip("suspected", "dead", "hints", "rebuilt")
        case.end("back", at, last)


def _noticed_or_old(case: Case) -> bool:
    """A fault that nobody noticed is given a moment: a probe may still be about to fail."""
    return bool(
        case["suspected"].began
        or case.lives.life(case.subject).epoch > case.incident.epoch
        or case.lives.at >= case["back"].began + UNNOTICED_US
    )


def _returned_at(case: Case, reborn: bool) -> int:
    """When the subject came back, 0 if it has not."""
    lives, incident = case.lives, case.incident
    life = lives.life(case.subject)
    seen = [o for o in case.views.values() if o.state is MemberState.ALIVE]
    again = [o.since for o in seen if o.epoch > incident.epoch]
    if case["suspected"].began:
        again += [o.since for o in seen if o.since > case["suspected"].began]
    moments = [at for at in again if at > incident.began]
    if reborn:
        moments.append(life.started_at)
    if life.present and life.present_since > incident.began:
        moments.append(life.present_since)
    if not moments and incident.fault and life.present and lives.fault_on(case.subject) is None:
        moments.append(case.fact.at)
    if not life.present or not moments:
        return 0
    return max(incident.began, min(moments))


def _missing(case: Case) -> str:
    life = case.lives.life(case.subject)
    match case.incident.fault:
        case "kill" if not life.present and case.lives.fault_on(case.subject) is None:
            return f"the first word of {case.subject}'s new process"
        case "kill":
            return f"{case.subject} to be started again"
        case "pause":
            return f"{case.subject} to be resumed"
        case "cut" | "partition" | "isolate" | "loss" | "delay":
            return "the links to be mended"
        case _:
            return f"{case.subject} to {'answer' if life.present else 'be started again'}"


def _false_alarm(case: Case) -> bool:
    """The subject answered in the same life before anyone declared it dead."""
    life = case.lives.life(case.subject)
    doubted = bool(case.accusing)
    if (
        not case["suspected"].began
        or case["dead"].began
        or doubted
        or not case.views
        or not life.present
        or life.epoch > case.incident.epoch
        or (case.incident.fault and not case["back"].began)
    ):
        unnoticed = case["back"].ended and case["suspected"].skipped
        if unnoticed and life.epoch == case.incident.epoch:
            return _alarm_over(case, case["back"].ended)
        if case.false_alarm:  # doubted again, or gone: that is another story
            case.finish(case.fact.at, false_alarm=True)
            return True
        return False
    last = max(case.views, key=lambda n: (case.views[n].since, n))
    at = max(case.views[last].since, case["suspected"].began)
    case.end("suspected", at, last)
    if case["hints"].began:
        case.begin("back", at, last)
    case.end("back", at, last)
    return _alarm_over(case, at)


def _alarm_over(case: Case, at: int) -> bool:
    """Close a false alarm, once the writes that were kept meanwhile have been given back."""
    case.false_alarm = True
    if case["hints"].began:
        case.end("hints", max(at, case["hints"].began))
        _returned(case)
        if not case["returned"].settled:
            return True
        at = case["returned"].ended
    case.finish(at, false_alarm=True)
    return True


def _returned(case: Case) -> None:
    """Hints flow back, and its own places are filled again."""
    if not case["back"].ended or case["returned"].settled:
        return
    lives, subject = case.lives, case.subject
    if not case["hints"].began and not case["rebuilt"].began and not case["returned"].began:
        case.skip("returned")
        return
    case.begin("returned", case["back"].ended, case["back"].witness)
    keepers = lives.hints_for(subject)
    left, total = sum(keepers.values()), case["hints"].count
    own = lives.life(subject).filling
    fresh = all(
        lives.life(n).pulsed > case["back"].ended for n in (*case.views, subject) if lives.live(n)
    )
    if left:
        case.wait("returned", f"hints: {left:,} of {max(left, total):,} at {names(keepers)}")
    elif own:
        case.wait("returned", f"{subject} fills {own} more {'place' if own == 1 else 'places'}")
    elif not fresh:
        case.wait("returned", "fresh reports")
    else:
        case.end("returned", case.fact.at, case.fact.node)


def _trees(case: Case) -> None:
    """Its copies were compared with those of every other owner, and nothing differs."""
    if not case["back"].ended or not case["returned"].settled or case["trees clean"].settled:
        return
    lives, subject = case.lives, case.subject
    since = max(case["back"].ended, case["returned"].ended)
    live = [name for name in lives.nodes if lives.live(name)]
    stale = [n for n in live if lives.life(n).pulsed <= since]
    pairs = [
        (name, like)
        for name in live
        for like in lives.life(name).trees
        if like.shared and subject in (name, like.peer) and lives.live(like.peer)
    ]
    if not pairs:
        if stale:
            case.wait("trees clean", f"the next report of {names(stale)}")
        else:
            case.skip("trees clean")  # nobody compares copies with it
        return
    case.begin("trees clean", since, case["back"].witness)
    late = {n if n != subject else like.peer for n, like in pairs if like.at <= since}
    unlike = {n if n != subject else like.peer for n, like in pairs if not like.clean}
    if late:
        case.wait("trees clean", f"{names(late)} to compare trees with {subject}")
    elif unlike:
        case.wait("trees clean", f"copies that differ between {subject} and {names(unlike)}")
    elif stale:
        case.wait("trees clean", f"the next report of {names(stale)}")
    else:
        case.end("trees clean", case.fact.at, case.fact.node)


def _one_view(case: Case) -> None:
    """All live nodes agree on members and ring."""
    lives = case.lives
    home = bool(case["back"].ended) and case["returned"].settled
    alone = bool(case["rebuilt"].ended) and not case["back"].began
    if not home and not alone:
        return
    since = case["back"].ended if home else case["rebuilt"].ended
    case.begin("one view", max(since, case["returned"].ended), case.fact.node)
    live = [name for name in lives.nodes if lives.live(name)]
    views = {lives.life(name).view for name in live}
    rings = {lives.life(name).ring for name in live}
    stale = [n for n in live if lives.life(n).pulsed < case["one view"].began]
    own = lives.life(case.subject)
    if len(views) > 1:
        case.wait("one view", f"{len(views)} different views of {len(live)} nodes")
    elif len(rings) > 1:
        case.wait("one view", f"{len(rings)} different rings")
    elif home and own.table is not None and own.filling:  # it follows a master, and lacks its data
        what = "1 partition" if own.filling == 1 else f"{own.filling} partitions"
        case.wait("one view", f"{case.subject} to copy {what} from its master")
    elif stale:
        case.wait("one view", f"the next report of {names(stale)}")
    elif live:
        case.end("one view", case.fact.at, case.fact.node)
    if not case["one view"].ended:
        return
    if not home:
        case.ended = case["one view"].ended
    elif case["trees clean"].settled:
        case.finish(max(case["one view"].ended, case["trees clean"].ended))
