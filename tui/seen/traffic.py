"""Which kinds of messages belong together, so that a handful of curves tells what a network carries.

Every kind is in exactly one family (a test holds it); one that a newer node sends and this version
does not know is counted as the last.
"""

from __future__ import annotations

from typing import Final

FAMILIES: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    (
        "members",
        frozenset({"ping", "ack", "pingreq", "nack", "gossip", "pushpull", "hello"}),
    ),
    ("writes", frozenset({"replicawrite", "replicawritten", "accept", "accepted"})),
    ("reads", frozenset({"replicaread", "replicavalue"})),
    ("passed on", frozenset({"forward", "forwarded", "relay", "relayed"})),
    (
        "repair",
        frozenset(
            {
                *("fetch", "fetchpage", "treeroots", "treeleaves", "leafkeys", "leafrecords"),
                *("leafpush", "drainask", "drainanswer", "reapask", "reapanswer", "reapcommit"),
                *("survey", "surveypage"),
            }
        ),
    ),
    (
        "other",
        frozenset(
            {
                *("spread", "spreaddigest", "deliver", "subscribersask", "subscriberstold"),
                *("roomask", "roomanswer", "roomgive", "roomtaken", "roombring", "roomgone"),
                *("roomrollask", "roomroll", "roomwatch", "flowtell", "flowask", "flowitems"),
                *("herald", "heed", "solicit", "vote", "clientcall", "clientanswer"),
            }
        ),
    ),
)
"""A word, and the kinds it stands for: class names of messages, lower case. "other" is rooms, topics,
pipelines, and who is master."""
_PLACE: Final = {kind: place for place, (_, kinds) in enumerate(FAMILIES) for kind in kinds}
OTHER: Final = len(FAMILIES) - 1


def weigh(kinds: dict[str, int]) -> tuple[int, ...]:
    """The sum of each family; empty when nothing was counted at all."""
    if not kinds:
        return ()
    sums = [0] * len(FAMILIES)
    for kind, count in kinds.items():
        sums[_PLACE.get(kind, OTHER)] += count
    return tuple(sums)
