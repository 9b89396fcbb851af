"""The faults a node's own transport can be told to have (`POST /fault`): cut, loss, delay.

Decides, packet by packet, whether it passes and how late. A cut is a black hole, as a pulled
cable is: what is sent into it disappears, connections stay open, a dial hangs until it times out,
and nothing is ever refused. Loss takes datagrams away; on a stream, where TCP would send again, it
holds the stream up for a retransmission timeout instead. Delay holds up what this node sends.

A peer is named by its node name or by its gossip address. Ignores sockets: links and datagrams
ask here first, and only while `active`.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final, Literal, TypeVar

from msgspec import Struct

from cluster.model.fault import DELAY_MS_MAX, FaultKind
from cluster.model.member import Address, NodeId

Direction = Literal["both", "in", "out"]

_Number = TypeVar("_Number", int, float)

EVERYONE: Final = NodeId("")
"""The rule for peers that have none of their own."""
RETRANSMIT_US: Final = 200_000
"""What a lost segment costs a stream: Linux's least retransmission timeout (TCP_RTO_MIN)."""
RETRANSMITS_MAX: Final = 6
PEERS_MAX: Final = 1_024


Changed = tuple[tuple[FaultKind, tuple[NodeId, ...]], ...]
"""Kinds of faults that began or ended, and for whom (no peers: everyone)."""


class Fault(Struct, frozen=True):
    """One order. No peers means everyone; `heal` without peers heals everything."""

    kind: FaultKind
    peers: tuple[NodeId, ...] = ()
    direction: Direction = "both"
    fraction: float = 0.0
    """For loss: 0 to 1."""
    delay_ms: int = 0


class FaultError(ValueError):
    """The order makes no sense. Its text says why."""


class Faults:
    """The faults in force in one node's transport."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._cut: dict[str, Direction] = {}
        self._loss: dict[str, float] = {}
        self._delay_us: dict[str, int] = {}
        self.active = False
        """False: everything passes, and nobody needs to ask."""

    def apply(self, fault: Fault) -> Changed:
        """Bring a fault into force, or end some. Returns which faults changed, and for whom."""
        peers = fault.peers or (EVERYONE,)
        rules = len(self._cut) + len(self._loss) + len(self._delay_us)
        if fault.kind != "heal" and rules + len(peers) > PEERS_MAX:
            raise FaultError(f"more than {PEERS_MAX} rules; heal some first")
        match fault.kind:
            case "cut":
                self._cut.update(dict.fromkeys(peers, fault.direction))
            case "loss":
                if not 0 <= fault.fraction <= 1:
                    raise FaultError("loss needs a fraction between 0 and 1")
                self._loss.update(dict.fromkeys(peers, fault.fraction))
            case "delay":
                if not 0 <= fault.delay_ms <= DELAY_MS_MAX:
                    raise FaultError(f"delay needs delay_ms between 0 and {DELAY_MS_MAX}")
                self._delay_us.update(dict.fromkeys(peers, fault.delay_ms * 1_000))
            case "heal":
                healed = self._heal(fault.peers)
                self.active = bool(self._cut or self._loss or self._delay_us)
                return healed
            case _:  # done to processes and machines, whatever the vocabulary gains
                raise FaultError(f"{fault.kind} is not a fault of a transport")
        self.active = True
        return ((fault.kind, fault.peers),)

    def _heal(self, peers: tuple[NodeId, ...]) -> Changed:
        healed: list[tuple[FaultKind, tuple[NodeId, ...]]] = []
        tables: tuple[tuple[FaultKind, dict[str, Any]], ...] = (
            ("cut", self._cut),
            ("loss", self._loss),
            ("delay", self._delay_us),
        )
        for kind, table in tables:
            ended = tuple(peer for peer in peers or sorted(table) if peer in table)
            for peer in ended:
                del table[peer]
            if ended:
                healed.append((kind, tuple(NodeId(peer) for peer in ended if peer != EVERYONE)))
        return tuple(healed)

    def in_force(self) -> tuple[str, ...]:
        """Every fault in words, in a stable order."""
        arrows = {"both": "", "in": " (incoming)", "out": " (outgoing)"}
        words = [f"cut from {_who(p)}{arrows[d]}" for p, d in sorted(self._cut.items())]
        words += [f"{f:.0%} loss with {_who(p)}" for p, f in sorted(self._loss.items())]
        words += [f"{d // 1_000} ms delay to {_who(p)}" for p, d in sorted(self._delay_us.items())]
        return tuple(words)

    # --- what the transport asks -----------------------------------------------------------------

    def is_cut(self, name: NodeId, address: Address, way: Literal["in", "out"]) -> bool:
        """Whether what goes this way disappears."""
        for peer in (name, address, EVERYONE):
            direction = self._cut.get(peer)
            if direction is not None:
                return direction in ("both", way)
        return False

    def is_severed(self, name: NodeId, address: Address) -> bool:
        """Whether no connection can be made: a handshake needs both ways."""
        return self.is_cut(name, address, "in") or self.is_cut(name, address, "out")

    def loses(self, name: NodeId, address: Address) -> bool:
        """Throw the dice for one datagram."""
        fraction = self._of(self._loss, name, address, 0.0)
        return fraction > 0 and self._rng.random() < fraction

    def hold_up_us(self, name: NodeId, address: Address, *, stream: bool) -> int:
        """How late a packet leaves."""
        late = self._of(self._delay_us, name, address, 0)
        if stream:
            fraction = self._of(self._loss, name, address, 0.0)
            timeout = RETRANSMIT_US
            for _ in range(RETRANSMITS_MAX):
                if fraction <= 0 or self._rng.random() >= fraction:
                    break
                late += timeout
                timeout *= 2
        return late

    def _of(self, table: dict[str, _Number], name: str, address: str, none: _Number) -> _Number:
        for peer in (name, address, EVERYONE):
            if peer in table:
                return table[peer]
        return none


def _who(peer: str) -> str:
    return peer or "everyone"
