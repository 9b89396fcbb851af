"""Along which links a topic's messages are pushed: one tree over the members, computed by each node.

Plumtree (Leitao, Pereira, Rodrigues 2007, section 3) lets a tree emerge by pruning links that
bring duplicates. Here every node knows every member (SWIM), so the tree is computed instead: no
duplicate ever has to teach it, and two nodes with one view always have one tree. While views
differ some links lead nowhere; what is missed then is found by the digests (`topics`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cluster.model.member import NodeId


def tree_links(
    names: Sequence[NodeId], me: NodeId, topic: str, branches: int
) -> tuple[NodeId, ...]:
    """The neighbours of `me` in the tree of a topic: its parent, then its children.

    `names` are the members, sorted, with `me` among them. Each topic starts at another member, so
    that no member is the root of all. The longest way is 2 * ceil(log(n) / log(branches)) links.
    """
    if me not in names:
        return ()
    count = len(names)
    digest = hashlib.blake2b(topic.encode(), digest_size=8).digest()
    root = int.from_bytes(digest, "big") % count
    place = (names.index(me) - root) % count
    places = [(place - 1) // branches] if place else []
    places += range(branches * place + 1, min(count, branches * place + branches + 1))
    return tuple(names[(root + at) % count] for at in places)
