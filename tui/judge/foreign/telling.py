"""What an engine does not tell is said in one sentence, never drawn as zeros.

Our own clusters tell everything. Of others the adapter says what they tell (`Telling`), and every
screen asks here before it draws a figure that nobody reported. Nothing here knows an engine by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cluster.model.member import NodeId
from cluster.model.summary import Telling, Told
from tui.view import ClusterView, NodeView

WITHOUT: Final[dict[Told, str]] = {
    "ring": "There is no ring in {}: its members own no partitions.",
    "keys": "{} tells no number of keys.",
    "copies": "{} tells nothing of single keys, so there are no copies to compare.",
    "messages": "{} tells no messages.",
    "operations": "{} tells no operations of clients.",
    "latencies": "{} tells no latencies.",
    "hints": "{} keeps no hints that it tells of.",
    "heard": "{} does not tell when a member was last heard.",
    "rooms": "{} tells of no rooms.",
    "lag": "{} does not tell how late its loops run.",
    "memory": "{} does not tell how much memory it takes.",
    "network": "{} does not tell its bytes.",
    "disk": "{} does not tell what it writes to disk.",
    "uptime": "{} does not tell since when it runs.",
    "round trips": "{} tells no round trips.",
}
NAMED: Final[tuple[Told, ...]] = (
    "ring",
    "keys",
    "messages",
    "operations",
    "latencies",
    "hints",
    "rooms",
)
"""What the home screen would show of a cluster that told all."""


def telling(view: ClusterView) -> Telling | None:
    """How a cluster of another maker is read; None: it is one of ours."""
    return telling_of(view.nodes)


def telling_of(nodes: Mapping[NodeId, NodeView]) -> Telling | None:
    """The same of nodes that are not in a view yet."""
    return next((node.telling for node in nodes.values() if node.telling is not None), None)


def tells(view: ClusterView, what: Told) -> bool:
    """Whether the cluster can tell this at all."""
    told = telling(view)
    return told is None or what in told.tells


def without(view: ClusterView, what: Told) -> str:
    """Why this cannot be shown, in one sentence; empty when it can."""
    told = telling(view)
    return WITHOUT[what].format(told.engine) if told is not None and what not in told.tells else ""


def untold(told: Telling) -> str:
    """Everything that the home screen leaves out, in one sentence; empty when that is nothing."""
    missing = [what for what in NAMED if what not in told.tells]
    if not missing:
        return ""
    *first, last = missing
    return f"{told.engine} tells no {', '.join(first) + ' or ' if first else ''}{last}."


def sampling(told: Telling) -> str:
    """How exact the times are."""
    every = f"{told.every_us / 1e6:g} s"
    return f"polled every {every}: times ± {every}"


def strangers(view: ClusterView, observers: Sequence[NodeId]) -> str:
    """What to say of nodes of which none holds anything of another; empty when that is not so.

    They contradict each other in nothing, and are no cluster all the same.
    """
    alone = len(observers) > 1 and not any(view.nodes[name].beliefs for name in observers)
    if not alone or telling(view) is None:
        return ""
    return f"{len(observers)} nodes are up, and none knows of another"
