"""What is due, and what was measured: the two columns of sentences on the home screen.

A forecast is a moment that somebody reported (a suspicion's deadline) or that follows from the
profile a node runs with (when the dead are taken off the ring). A claim appears only once
something was measured for it, with its numbers, and is never hidden when it breaks.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.config import PROFILES, SECOND, Config
from cluster.model.judging.reigns import dual_master_us, shared_terms
from cluster.model.member import MemberState, NodeId
from tui.judge.agreement import Agreement, agreement, is_live
from tui.judge.court.crowns import architecture_of
from tui.judge.exposure import common_ring, places, served
from tui.judge.measured.refusals import SPAN_US, refused_share
from tui.judge.tale import audit_was_early
from tui.judge.wording import counted, listed, seconds
from tui.scene import Scene, clock

Mark = Literal["yes", "no", "open", "pending"]
"""Pending: what it promises has not been put to the test yet."""


OUTAGE_BOUND_US = SECOND // 2
"""DESIGN 9: writes are refused no longer than this after any kill."""


class Claim(Struct, frozen=True):
    """A promise, whether it holds, and the numbers that say so."""

    mark: Mark
    text: str
    figure: str
    brief: str
    """For 80 columns."""


def profile_of(scene: Scene) -> Config | None:
    """What the nodes say they run with."""
    names = [node.profile for node in scene.view.nodes.values() if node.profile]
    for known, config in PROFILES.items():
        if names and known == names[0]:
            return config
    return None


# --- what is due ---------------------------------------------------------------------------------


def forecasts(scene: Scene) -> list[str]:
    """What happens next unless something changes, soonest first."""
    view, now = scene.view, scene.now
    judged = agreement(view, now)
    kind = architecture_of(view)
    due: list[tuple[int, str]] = []
    for subject in judged.subjects.values():
        held = {
            n: view.nodes[n].beliefs[subject.name]
            for n in judged.observers
            if subject.name in view.nodes[n].beliefs
        }
        beliefs = held.values()
        suspected = [b.deadline for b in beliefs if b.state is MemberState.SUSPECT and b.deadline]
        dead = [b.since for b in beliefs if b.state is MemberState.DEAD]
        config = profile_of(scene)
        if suspected and not dead:
            at = min(suspected)
            due.append(
                (
                    at,
                    f"{subject.name} is dead {_when(scene, at)} unless it answers{_clock(scene, at)}",
                )
            )
        # `single` and `primary` do not wait for the dead: they hold no second copy.
        if dead and config is not None and kind not in ("single", "primary"):
            at = min(dead) + config.membership.evict_after_us
            whose = [n for n, b in held.items() if b.state is MemberState.DEAD]
            ring = f"the ring of {listed(whose)}" if judged.sides else "the ring"
            text = f"{subject.name} leaves {ring} {_when(scene, at)}{_clock(scene, at)}"
            due.append((at, text))
            rebuild = _rebuild(scene, subject.name, whose) if kind == "masterless" else ""
            if rebuild:
                due.append((at + 1, rebuild))
    waiting: dict[NodeId, int] = {}
    across: dict[NodeId, int] = {}
    for node in view.nodes.values():
        if not is_live(node, now):
            continue
        for depth in node.hints:
            reached = next((s for s in judged.sides if node.name in s), judged.observers)
            there = across if judged.sides and depth.target not in reached else waiting
            there[depth.target] = there.get(depth.target, 0) + depth.count
        if node.filling:
            why = f": {node.waiting_on}" if node.waiting_on else ""
            due.append((now, f"{node.name} fills {counted(node.filling, 'more place')}{why}"))
    due += [_homeward(scene, judged, target, count) for target, count in waiting.items()]
    for target, count in across.items():
        go = "goes" if count == 1 else "go"
        text = f"{counted(count, 'hint')} {go} to {target} once it can be reached again"
        due.append((now + 10**12, text))
    return [text for _, text in sorted(due)]


def _homeward(scene: Scene, judged: Agreement, target: NodeId, count: int) -> tuple[int, str]:
    """What becomes of hints for one that no cut keeps them from, and when."""
    view, now = scene.view, scene.now
    node, state, hints = view.nodes.get(target), judged.state(target), counted(count, "hint")
    if node is not None and is_live(node, now) and state is MemberState.ALIVE:
        return now, f"{hints} {'is' if count == 1 else 'are'} on {_its(count)} way to {target}"
    go = "goes" if count == 1 else "go"
    if state in (MemberState.REMOVED, MemberState.LEFT):
        # Whoever keeps them hands them on at its next retry.
        return (
            now,
            f"{hints} for {target} {go} to who owns {_its(count)} {'place' if count == 1 else 'places'} now",
        )
    return now + 10**12, f"{hints} {go} to {target} once it is back"


def _its(count: int) -> str:
    return "its" if count == 1 else "their"


def _when(scene: Scene, at: int) -> str:
    return "any moment" if at <= scene.now else f"in {seconds(at - scene.now)}"


def _clock(scene: Scene, at: int) -> str:
    return "" if at <= scene.now else f" ({clock(scene, at)[3:]})"


def _rebuild(scene: Scene, name: str, without: list[NodeId]) -> str:
    """What becomes of its copies; in a split they are rebuilt only where `without` it the ring goes on,
    if those are one side, and nodes enough.
    """
    ring = common_ring(scene.view.nodes, scene.now)
    sides = agreement(scene.view, scene.now).sides
    if sides and not any(set(without) <= set(side) for side in sides):
        return ""
    if sides and ring is not None and len(without) < ring.replicas:
        return ""
    held = places(ring) if ring is not None else {}
    count = next((c for n, c in held.items() if n == name), 0)
    if not count:
        return ""
    others = [n for n in held if n != name and is_live(scene.view.nodes[n], scene.now)]
    others = [n for n in others if n in without] if sides else others
    copies = "one copy is" if count == 1 else f"{count} copies are"
    return f"its {copies} rebuilt on {listed(others)}"


# --- what was measured ---------------------------------------------------------------------------


def claims(scene: Scene) -> list[Claim]:
    """Everything that is being measured."""
    found = [_readable(scene)]
    if architecture_of(scene.view) != "masterless":
        found += [_one_master(scene), _kept(scene)]  # first, for where there is no room for all
    found += [_answered(scene), _agreed(scene), _covered(scene), _served(scene)]
    if architecture_of(scene.view) == "masterless":
        found.append(_even(scene))
    return [claim for claim in found if claim is not None]


def _readable(scene: Scene) -> Claim | None:
    load = scene.view.load
    if load is None or load.unreadable < 0 or not load.audited:
        return None
    there = load.audited - load.unreadable
    figure = f"{there:,} of {load.audited:,}"
    return Claim(
        "yes" if not load.unreadable else "open" if audit_was_early(scene.view) else "no",
        "acknowledged answers read back",
        figure,
        f"answers readable {figure}",
    )


def _answered(scene: Scene) -> Claim | None:
    load = scene.view.load
    if load is None or not load.acknowledged:
        return None
    # An answer may have been refused by one node and taken by the next: it is not counted here.
    missed = load.failed + load.maybe
    lacked = "no quorum" if architecture_of(scene.view) == "masterless" else "no answer"
    return Claim(
        "open" if missed else "yes",
        f"quiz answers acknowledged: {load.acknowledged:,}",
        f"{missed:,} got {lacked}" if missed else "0 given up",
        f"{load.acknowledged:,} answers, {missed:,} {lacked if missed else 'given up'}",
    )


def _served(scene: Scene) -> Claim | None:
    """The live figures of the one judge: what `compare` says of a finished run."""
    load = scene.view.load
    if load is None or load.answered < 0:
        return None
    share = f"{load.answered:.1%}"
    refused = refused_share(scene.view, scene.now)
    if refused is not None:
        last = f"{refused} in the last {SPAN_US // SECOND} s"
        text = f"operations answered: {share}"
        return Claim("no", text, last, f"answered {share}, now {refused}")
    outage = max(load.outage_us, load.unwritten_us)
    what = "write outage" if load.unwritten_us > load.outage_us else "longest outage"
    longest = f"{what} {seconds(outage)}"
    tone: Mark = "yes" if outage <= OUTAGE_BOUND_US else "open"
    if tone == "open" and outage <= scene.view.calm_outage_us:
        tone = "pending"  # the bound is one of failures: nothing has failed so far, or cost less
    brief = f"answered {share}, outage {seconds(outage)}"
    return Claim(tone, f"operations answered: {share}", longest, brief)


def _one_master(scene: Scene) -> Claim | None:
    """Not of a fixed master: of that there is never a second."""
    kind, reigns = architecture_of(scene.view), scene.view.court.reigns
    if kind not in ("failover", "majority") or not reigns:
        return None
    if kind == "majority":
        # An old master that has not heard of its end may reign on, and cannot commit.
        twice = shared_terms(reigns)
        figure = (
            counted(len({r.term for r in reigns}), "term") if not twice else f"{len(twice)} shared"
        )
        brief = f"one master a term: {figure}"
        return Claim("no" if twice else "yes", "no term has two masters", figure, brief)
    both = dual_master_us(reigns, scene.now)
    figure = f"{seconds(both)} with two" if both else f"{counted(len(reigns), 'reign')}"
    brief = f"one master: {figure}"
    return Claim("no" if both else "yes", "never two masters at once", figure, brief)


def _kept(scene: Scene) -> Claim | None:
    """What followers threw away; only `failover` throws away what it has acknowledged."""
    if architecture_of(scene.view) != "failover":
        return None
    thrown = sum(discard.count for discard in scene.view.court.discards)
    figure = f"{thrown:,} thrown away" if thrown else "none"
    text = "no acknowledged write thrown away"
    brief = f"{thrown:,} answers thrown away" if thrown else "no answer thrown away"
    return Claim("no" if thrown else "yes", text, figure, brief)


def _agreed(scene: Scene) -> Claim | None:
    judged = agreement(scene.view, scene.now)
    live = len(judged.observers)
    if live < 2:
        return None
    agreeing = live if judged.all else min(judged.agreeing, live)
    figure = f"{agreeing} of {live} views"
    united = not any(subject.dissent for side in judged.columns for subject in side.values())
    if judged.sides and united:  # as the matrix has it: each row agrees with its own side
        sizes = " | ".join(str(len(side)) for side in judged.sides)
        figure = f"{len(judged.sides)} sides: {sizes}"
        return Claim(
            "no",
            "live nodes agree who is alive",
            figure,
            f"views on {len(judged.sides)} sides, {sizes}",
        )
    return Claim(
        "yes" if judged.all else "no" if judged.sides else "open", "live nodes agree who is alive", figure,
        f"views that agree {agreeing}/{live}",
    )  # fmt: skip


def _covered(scene: Scene) -> Claim | None:
    judged = agreement(scene.view, scene.now)
    counts = served(scene.view.nodes, judged, scene.now)
    quorum = max((n.read_quorum for n in scene.view.nodes.values()), default=0)
    if not counts or not quorum or len(counts) <= quorum:
        return None
    total = sum(counts)
    safe = sum(counts[quorum:])
    figure = f"{safe} of {total}"
    return Claim(
        "yes" if safe == total else "no",
        f"partitions with {quorum} or more owners "
        + ("on one side" if judged.sides else "that answer"),
        figure,
        f"partitions with {quorum}+ owners {figure}",
    )


def _even(scene: Scene) -> Claim | None:
    ring = common_ring(scene.view.nodes, scene.now)
    config = profile_of(scene)
    if ring is None or config is None or len(ring.members) <= ring.replicas:
        return None
    held = places(ring)
    mean = sum(held.values()) / len(held)
    most = max(held.values())
    bound = max(config.ring.load_slack, (int(mean * config.ring.load_slack) + 1) / mean)
    figure = f"max {100 * most / sum(held.values()):.1f}%"
    text = f"no node holds over {bound:.2f} × its fair share"
    return Claim("yes" if most <= mean * bound + 1e-9 else "no", text, figure, f"share {figure}")
