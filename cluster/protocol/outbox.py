"""What a node says during one input: the effects, numbered and stamped.

Decides the numbers that make facts and messages nameable (sequence, message number, hybrid clock)
and which messages are traced. A message is traced at both ends or at neither, because its sender
marks it; the rest are counted by kind, so that totals are exact whatever the sampling.
Machines share one outbox; it holds no protocol state of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import get_args

from cluster.config import Config
from cluster.model.facts import Fact, FactId, MessageReceived, MessageSent, Payload
from cluster.model.member import NOBODY, Address, Claim, NodeId
from cluster.protocol.effects import (
    CancelTimer,
    Channel,
    DiskWrite,
    Effect,
    Emit,
    Halt,
    HandOver,
    Persist,
    Reply,
    Response,
    Send,
    SetTimer,
)
from cluster.protocol.inputs import RequestId, TimerKey
from cluster.protocol.messages import Body, Item, Packet

HLC_AHEAD_US_MAX = 60_000_000
"""A peer's clock further ahead than this is not followed: one bad clock must not drag all."""

NUMBERS_PER_MS = 4_096
"""Epochs are milliseconds: no node asks more in one, so no two boots use one number."""

_KINDS: dict[type, str] = {kind: kind.__name__.lower() for kind in get_args(Body)}

OnDisk = Callable[[str], None]
"""Called when a `Persist` ended, with "" or why the disk refused."""


class Outbox:
    """Collects the effects of one `Node.handle`, in order."""

    def __init__(self, name: NodeId, epoch: int, config: Config) -> None:
        self.name = name
        self.epoch = epoch
        self.config = config
        self.numbers = epoch * NUMBERS_PER_MS
        """From here this boot counts what it asks. An answer to a question of an earlier life would
        otherwise be taken for the answer to one of this life with the same number: a read once
        returned another key's value so, and an acknowledgement may count a disk that has nothing.
        """
        self.now = 0
        self.sent: dict[str, int] = {}
        self.received: dict[str, int] = {}
        self.untraced = 0
        self.delivered = 0
        """Messages handed to subscribers of topics since the last pulse."""
        self.published = 0
        """Messages that clients and rooms of this node published since the last pulse."""
        self.piggyback: Callable[[int], tuple[Claim, ...]] = lambda _room: ()
        self.on_writes: Callable[[tuple[DiskWrite, ...]], None] = lambda _writes: None
        """Called with every batch of writes, before it is on its way to the disk."""
        self._effects: list[Effect] = []
        self._hlc = 0
        self._seq = 0
        self._number = 0
        self._token = 0
        self._waiting: dict[int, tuple[tuple[FactId, ...], OnDisk]] = {}
        self._trace_tokens = 0.0
        self._trace_at = 0
        self._cause: tuple[FactId, ...] = ()

    # --- one input ---------------------------------------------------------------------------

    def begin(self, now: int) -> None:
        """Start collecting for an input that happens at `now`."""
        self.now = now
        self._cause = ()

    def drain(self) -> list[Effect]:
        """The effects so far; the outbox is empty afterwards."""
        effects, self._effects = self._effects, []
        return effects

    def _tick(self) -> int:
        hlc = self._hlc + 1
        if hlc < self.now:  # said twice for each message: a call of `max` shows
            hlc = self.now
        self._hlc = hlc
        return hlc

    # --- facts -------------------------------------------------------------------------------

    def because(self, causes: tuple[FactId, ...]) -> tuple[FactId, ...]:
        """From here to the end of the input this is what facts come of; returns what it was."""
        was, self._cause = self._cause, causes
        return was

    @property
    def cause(self) -> tuple[FactId, ...]:
        """What facts come of now."""
        return self._cause

    @property
    def seq(self) -> int:
        """The number of the last fact."""
        return self._seq

    def emit(self, payload: Payload, causes: tuple[FactId, ...] | None = None) -> Fact:
        """State a fact; returns it so that later facts can name its id as a cause."""
        self._seq += 1
        if causes is None:
            causes = self._cause
        fact = Fact(self.name, self.epoch, self._seq, self.now, self._tick(), payload, causes)
        self._effects.append(Emit(fact))
        return fact

    def as_of_now(self, payload: Payload) -> Fact:
        """A fact for one asker only: it carries the number of the last fact that it includes."""
        return Fact(self.name, self.epoch, self._seq, self.now, self._tick(), payload)

    # --- messages ----------------------------------------------------------------------------

    def heard(self, packet: Packet) -> None:
        """Count an arrival, follow its clock, and make it the cause of what comes of it."""
        kind = _KINDS[type(packet.body)]
        self.received[kind] = self.received.get(kind, 0) + 1
        if self._hlc < packet.hlc <= self.now + HLC_AHEAD_US_MAX:
            self._hlc = packet.hlc
        if packet.traced and packet.sender:
            fact = self.emit(MessageReceived(packet.sender, packet.epoch, packet.number, kind))
            self._cause = (fact.id,)

    def may_trace(self, cost: int = 1) -> bool:
        """Take `cost` messages from this second's budget of traced messages, if it has them."""
        rate = self.config.observe.traced_messages_per_s
        tokens = self._trace_tokens + (self.now - self._trace_at) * rate / 1_000_000
        if tokens > rate:
            tokens = float(rate)
        self._trace_at = self.now
        taken = tokens >= cost
        self._trace_tokens = tokens - cost if taken else tokens
        return taken

    def send(
        self,
        to: NodeId,
        address: Address,
        channel: Channel,
        body: Body,
        *,
        traced: bool | None = None,
        key: bytes = b"",
        about: NodeId = NOBODY,
        claims: tuple[Claim, ...] = (),
        room: int = 0,
    ) -> tuple[FactId, ...]:
        """Send a message. `traced` None asks the budget; `room` > 0 lets rumours ride along.

        Returns the fact that says so, if one does.
        """
        kind = _KINDS[type(body)]
        self.sent[kind] = self.sent.get(kind, 0) + 1
        self._number += 1
        if traced is None:
            traced = self.may_trace()
        told: tuple[FactId, ...] = ()
        if traced:
            shown = key_text(key) if key else ""
            told = (self.emit(MessageSent(self._number, to, kind, 0, shown, about)).id,)
        else:
            self.untraced += 1
        if room:
            known = {claim.name for claim in claims}
            claims += tuple(c for c in self.piggyback(room) if c.name not in known)
        packet = Packet(
            self.config.cluster,
            self.name,
            self.epoch,
            self._number,
            self._tick(),
            traced,
            body,
            claims,
        )
        self._effects.append(Send(to, address, channel, packet))
        return told

    # --- timers, disk, answers ---------------------------------------------------------------

    def set_timer(self, timer: TimerKey, due: int) -> None:
        """Wake this node with `TimerFired(timer)` at `due`."""
        self._effects.append(SetTimer(timer, due))

    def cancel_timer(self, timer: TimerKey) -> None:
        """Forget a timer."""
        self._effects.append(CancelTimer(timer))

    def persist(self, writes: tuple[DiskWrite, ...], then: OnDisk | None = None) -> None:
        """Bring writes to disk; `then` is called with "" once they are, or with the refusal.

        With no writes it waits for those already asked for.
        """
        self._token += 1
        if writes:
            self.on_writes(writes)
        if then is not None:
            self._waiting[self._token] = (self._cause, then)
        self._effects.append(Persist(self._token, writes))

    def persisted(self, token: int) -> None:
        """Everything up to `token` is on disk: go on with what waited for it, in order."""
        while self._waiting:
            first = next(iter(self._waiting))
            if first > token:
                return
            self._cause, then = self._waiting.pop(first)
            then("")

    def persist_refused(self, token: int, reason: str) -> None:
        """The disk refused exactly this token."""
        waiting = self._waiting.pop(token, None)
        if waiting is not None:
            self._cause, then = waiting
            then(reason)

    def reply(self, request: RequestId, response: Response) -> None:
        """Answer a request."""
        self._effects.append(Reply(request, response))

    def hand_over(self, item: Item, listener: int = 0) -> None:
        """Give a message to those who listen here: all of them, or one."""
        self._effects.append(HandOver(item, listener))

    def halt(self, reason: str, *, failed: bool) -> None:
        """Ask the driver to end this node."""
        self._effects.append(Halt(reason, failed))


@lru_cache(maxsize=4_096)
def key_text(key: bytes) -> str:
    """A key as the screens show it: at most 40 characters, never control characters."""
    text = key[:64].decode("utf-8", "replace")
    if not text.isprintable():
        text = "".join(c if c.isprintable() else "·" for c in text)
    return text if len(text) <= 40 else text[:39] + "…"
