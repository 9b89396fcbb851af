"""`status`, `members`, `ring`: a view as one document with stable names, or as text.

A pure function of the view, like every screen. The names of the document are a promise to
scripts; the text is for people and may change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from cluster.model.incident import Incident
from cluster.model.member import NodeId
from tui.judge.agreement import Agreement, agreement, is_live
from tui.judge.court.crowns import architecture_of, leaders
from tui.judge.exposure import common_ring, places, served
from tui.judge.foreign.returned import apart
from tui.judge.foreign.telling import strangers, telling, tells
from tui.judge.standing import Standing, stand
from tui.judge.verdict import verdict
from tui.judge.wording import joined
from tui.text.plain import clock
from tui.view import ClusterView, NodeView

TROUBLED: Final = frozenset(("refusing", "suspect", "dead", "removed", "gone", "paused", "silent"))
"""Words for a member that is not well and has not left."""
NAMES: Final = re.compile(r"[\w.@-]*\w")
SAID_MAX: Final = 3
"""Of what only an engine has, so much stands in a row."""
AGES: Final = re.compile(r"\d+ min( \d+ s)?|\d+(\.\d+)? s\b")
COUNTS: Final = re.compile(
    r"[\d,]+( of [\d,]+)?(?= (more )?(hints?|places?|answers/s|operations/s)\b)"
)


class RuleStatus(Struct, frozen=True):
    """Whom a node takes for the master."""

    master: str
    """Empty: nobody, or there are no masters."""
    term: int
    leads: bool
    """It acts as master itself."""


class NodeStatus(Struct, frozen=True):
    """One node, as the cluster sees it and as it says itself."""

    name: str
    state: str
    incarnation: int | None
    """None, and so the next, where an engine counts no such thing."""
    epoch: int | None
    share: float | None
    """Of all places on the ring, 0 to 1; None where there is no ring."""
    keys: int | None
    """This and the next three are the node's own word: None when it does not report."""
    hints: int | None
    """Writes it keeps for absent members."""
    filling: int | None
    """Partitions it may not answer reads for yet."""
    faults: list[str] | None
    """In force in its own transport, in words."""
    reporting: bool
    """Whether its own facts reach us."""
    window: str
    seen_by: dict[str, str]
    """What each other reporting node believes of it."""
    rule: RuleStatus | None
    """Whom it takes for the master, in which term, and whether it acts as one; all empty in a
    masterless cluster. None when it does not report."""
    queue: int | None
    """Requests that wait for it, where one process takes them all."""
    says: dict[str, str] = {}
    """What only its engine has, when it is not one of ours: for people, in the engine's own terms."""


class RingStatus(Struct, frozen=True):
    """The ring most nodes use."""

    partitions: int
    n: int
    digest: str
    slots: int = 0
    """Of another engine whose places are finer than partitions: how many there are."""


class Status(Struct, frozen=True):
    """The whole answer."""

    verdict: str
    architecture: str | None
    """None for clusters of other makers."""
    agree: bool
    fine: bool
    """They agree, no member is away, every partition has live owners enough to read and write, and
    where there is a master all follow the same. Faults in force do not count: what they do does."""
    nodes: list[NodeStatus]
    incidents: list[Incident]
    ring: RingStatus | None


def status(view: ClusterView, now: int) -> Status:
    """Everything `status --json` says."""
    judged = agreement(view, now)
    table = common_ring(view.nodes, now)
    held = places(table) if table is not None else {}
    total = sum(held.values())
    digests = {
        node.ring.digest for name in judged.observers if (node := view.nodes[name]).ring is not None
    }
    agree = judged.all and len(digests) <= 1 and len(judged.observers) > 0
    nodes = [
        _node(view, node, judged, now, _share(view, held.get(node.name, 0), total))
        for node in view.nodes.values()
    ]
    troubled = [node for node in nodes if node.state in TROUBLED]
    quorums = _has_quorums(view.nodes, judged, now)
    kind = architecture_of(view)
    said = verdict(view, now).text
    if judged.all and len(digests) > 1:
        said += apart(view, judged.observers, table) or (
            f" {len(digests)} different rings are in use."
        )
    if judged.all and judged.observers and not quorums:
        said += " Some keys have too few owners to be read or written."
    return Status(
        verdict=" ".join([said, *_unnamed(said, troubled)]),
        architecture=kind if telling(view) is None else None,
        agree=agree,
        fine=agree
        and not strangers(view, judged.observers)
        and not troubled
        and quorums
        and (kind == "masterless" or _ruled(view, now)),
        nodes=nodes,
        incidents=list(view.incidents),
        ring=None
        if table is None
        else RingStatus(table.partitions, table.replicas, table.digest, table.slots),
    )


def _share(view: ClusterView, held: int, total: int) -> float | None:
    """Of all places; None of a cluster of another maker that has none."""
    return held / total if total else 0.0 if telling(view) is None else None


def _ruled(view: ClusterView, now: int) -> bool:
    """Whether exactly one acts as master, and all that are heard follow it."""
    crowned = leaders(view, now)
    masters = {n.rule.master for n in view.nodes.values() if is_live(n, now)}
    return len(crowned) == 1 and masters == set(crowned)


def _unnamed(said: str, troubled: list[NodeStatus]) -> list[str]:
    """Who else is not well: a sentence and an exit code that differ are no answer."""
    words = set(NAMES.findall(said))
    missing: dict[str, list[NodeId]] = {}
    for node in troubled:
        if node.name not in words:
            missing.setdefault(node.state, []).append(NodeId(node.name))
    return [
        f"{joined(names, len(names))} {'is' if len(names) == 1 else 'are'} {state}."
        for state, names in missing.items()
    ]


def _has_quorums(nodes: Mapping[NodeId, NodeView], judged: Agreement, now: int) -> bool:
    """Whether every partition has as many serving owners as a read and a write need."""
    wanted = [max(nodes[name].read_quorum, nodes[name].write_quorum) for name in judged.observers]
    if judged.observers and all(nodes[name].ringless for name in judged.observers):
        return True  # a cluster that places no keys needs none
    counts = served(nodes, judged, now)
    return bool(wanted) and bool(counts) and not any(counts[: max(wanted)])


def _node(
    view: ClusterView, node: NodeView, judged: Agreement, now: int, share: float | None
) -> NodeStatus:
    nodes = view.nodes
    standing: Standing = stand(node, judged, now)
    beliefs = {o: nodes[o].beliefs.get(node.name) for o in judged.observers if o != node.name}
    reporting = node.name in judged.observers
    ours = telling(view) is None
    leads = ours or any(n.rule.leads for n in nodes.values())
    known = [belief for belief in beliefs.values() if belief is not None]
    return NodeStatus(
        name=node.name,
        state=standing.word,
        incarnation=max([node.incarnation, *(belief.incarnation for belief in known)])
        if ours
        else None,
        epoch=max([node.epoch, *(belief.epoch for belief in known)]) if ours else None,
        share=share,
        keys=node.keys if reporting and tells(view, "keys") else None,
        hints=sum(depth.count for depth in node.hints)
        if reporting and tells(view, "hints")
        else None,
        filling=node.filling if reporting else None,
        faults=list(node.faults) if reporting else None,
        reporting=reporting,
        window=node.window,
        seen_by={
            observer: "unknown" if belief is None else belief.state.word
            for observer, belief in beliefs.items()
        },
        rule=RuleStatus(node.rule.master, node.rule.term, node.rule.leads)
        if reporting and leads
        else None,
        queue=node.queue if reporting else None,
        says=dict(node.extras) if reporting else {},
    )


def to_json(value: Any) -> str:
    """One JSON document on one line."""
    return msgspec.json.encode(value).decode()


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as they must be, two blanks between them."""
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def status_text(said: Status) -> list[str]:
    """The verdict and a row per node."""
    ruled = said.architecture not in (None, "masterless")
    foreign = said.architecture is None
    rows = [["node", "state", "inc", "follows" if ruled else "share", "keys", "hints", "seen by"]]
    rows += [
        [
            node.name,
            node.state,
            "-" if node.incarnation is None else str(node.incarnation),
            _follows(node.rule)
            if ruled
            else "-"
            if node.share is None
            else f"{100 * node.share:.1f}%",
            "-" if node.keys is None else str(node.keys),
            "-" if node.hints is None else str(node.hints),
            _seen(node),
        ]
        for node in said.nodes
    ]
    if foreign:  # a column that its engine tells nothing of is none
        told = [column for column in range(7) if column < 2 or column == 6 or _has(rows, column)]
        rows = [[row[column] for column in told] for row in rows]
        rows[0].append("says")
        for row, node in zip(rows[1:], said.nodes, strict=True):
            row.append(
                ", ".join(f"{what} {much}" for what, much in [*node.says.items()][:SAID_MAX])
            )
    lines = [said.verdict, *table(rows)]
    if ruled:
        lines.append(f"architecture {said.architecture}")
    if said.ring is not None:
        ring = said.ring
        each = f" of {ring.slots // ring.partitions} slots" if ring.slots else ""
        lines.append(
            f"ring {ring.digest}: {ring.partitions} partitions{each}, {ring.n} owners each"
        )
    lines += [
        f"faults in force at {node.name}: {'; '.join(node.faults)}"
        for node in said.nodes
        if node.faults
    ]
    return lines


def _has(rows: list[list[str]], column: int) -> bool:
    return any(row[column] not in ("-", "0.0%") for row in rows[1:])


def _follows(rule: RuleStatus | None) -> str:
    """A crown in plain letters: who is one, or whom it follows."""
    if rule is None:
        return "-"
    term = f", term {rule.term}" if rule.term else ""
    if rule.leads:
        return f"MASTER{term}"
    return f"{rule.master}{term}" if rule.master else "nobody"


def meaning(said: Status) -> object:
    """The verdict without what only counts (seconds, hints), and each node's word."""
    words = COUNTS.sub("N", AGES.sub("N", said.verdict))
    return words, said.agree, said.fine, [(node.name, node.state) for node in said.nodes]


class Watch:
    """`status --watch`: a block each time that the answer means something else."""

    def __init__(self) -> None:
        self._last: object = None
        self._blocks = 0

    def is_news(self, said: Status) -> bool:
        """Whether it means something else than the last one asked about."""
        before, self._last = self._last, meaning(said)
        return self._last != before

    def block(self, said: Status, now: int) -> list[str]:
        """With its time, and a blank line after the one before."""
        self._blocks += 1
        return [*([""] if self._blocks > 1 else []), clock(now), *status_text(said)]


def _seen(node: NodeStatus) -> str:
    """ "alive by 4", or the observers that differ by name."""
    by: dict[str, list[str]] = {}
    for observer, state in node.seen_by.items():
        by.setdefault(state, []).append(observer)
    if len(by) == 1:
        state, observers = next(iter(by.items()))
        return f"{state} by {len(observers)}"
    return ", ".join(f"{state} by {' '.join(observers)}" for state, observers in by.items()) or "-"


def members(view: ClusterView, now: int) -> dict[str, dict[str, str]]:
    """The matrix: per observer, per subject, the state."""
    judged = agreement(view, now)
    return {
        observer: {
            subject: belief.state.word for subject, belief in view.nodes[observer].beliefs.items()
        }
        for observer in judged.observers
    }


def members_text(matrix: dict[str, dict[str, str]], names: Sequence[str]) -> list[str]:
    """One row per observer, one column per subject."""
    rows = [["", *names]]
    for observer, row in matrix.items():
        cells = ["·" if name == observer else row.get(name, "unknown") for name in names]
        rows.append([observer, *cells])
    return table(rows)


def ring(view: ClusterView, now: int) -> dict[str, Any]:
    """Who owns what."""
    found = common_ring(view.nodes, now)
    if found is None:
        return {"partitions": 0, "n": 0, "digest": "", "members": [], "owners": []}
    return {
        "partitions": found.partitions,
        "n": found.replicas,
        "digest": found.digest,
        "members": list(found.members),
        "owners": [[found.members[index] for index in owners] for owners in found.owners],
    }


def ring_text(found: dict[str, Any]) -> list[str]:
    """One line per partition."""
    return [
        f"ring {found['digest']}: {found['partitions']} partitions, {found['n']} owners each",
        *(f"{number:>5}  {' '.join(owners)}" for number, owners in enumerate(found["owners"])),
    ]
