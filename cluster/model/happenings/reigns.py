"""Facts about masters: who is believed to be one, who acts as one, what that costs.

A part of the one vocabulary (`cluster.model.facts`, from where everybody takes them). A cluster
without masters never states any of them.
"""

from __future__ import annotations

from msgspec import Struct

from cluster.model.member import NodeId


class MasterChosen(Struct, frozen=True, array_like=True, tag="master.chosen"):
    """This node now takes `master` for the master (empty: nobody), in `term` (0: there are none)."""

    master: NodeId
    term: int
    why: str


class ReignBegan(Struct, frozen=True, array_like=True, tag="reign.begin"):
    """This node now acts as master: it accepts writes."""

    term: int


class ReignEnded(Struct, frozen=True, array_like=True, tag="reign.end"):
    """This node acts as master no more."""

    term: int
    why: str


class WritesDiscarded(Struct, frozen=True, array_like=True, tag="reign.discard"):
    """This node threw away writes it had acknowledged as master, to copy another master."""

    count: int
    master: NodeId


class TermRefused(Struct, frozen=True, array_like=True, tag="term.refused"):
    """This node refused a write of a master whose term is over."""

    master: NodeId
    term: int
    promised: int
