"""Whatever peers say about masters, terms and copies: a node goes on."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from cluster.config import ArchitectureName
from cluster.model.member import NodeId
from cluster.model.versions import Sibling, Versions
from cluster.protocol.inputs import Received
from cluster.protocol.messages import (
    Accept,
    Accepted,
    Body,
    DeleteRequest,
    GetRequest,
    Heed,
    Herald,
    Packet,
    PutRequest,
    ReadResponse,
    Refusal,
    Relay,
    Relayed,
    Solicit,
    Survey,
    SurveyPage,
    Vote,
    WriteResponse,
)
from cluster.sim.world import World
from tests.architectures.mastered import FOUNDERS, Mastered

ACTORS = ("n1.1.0", "x", "n1.zz.0", "..", "n9.7fffffffff.0", "a.b.c.d", "n1.-5.0")
SENDERS = (*FOUNDERS, "n9", "")


class Junk:
    """Well-formed nonsense."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def _any(self, *values: int) -> int:
        return self.rng.choice(values)

    def _number(self) -> int:
        return self._any(0, 1, 2, 3, -1, 2**53, self.rng.randrange(100))

    def _count(self) -> int:
        return self._any(0, 1, 2, 3, 5, 2**40)

    def _partition(self) -> int:
        return self._any(0, 1, 63, 64, 65_535)

    def _key(self) -> bytes:
        return self.rng.choice((b"", b"k", b"k" * 2_000, b"z"))

    def _versions(self) -> Versions:
        actor = self.rng.choice(ACTORS)
        siblings = tuple(
            Sibling(actor, self._any(1, 2, 2**53), self.rng.choice((b"v", None)), "", 0)
            for _ in range(self._any(0, 1, 1, 2))
        )
        return Versions({actor: self._any(1, 2**53)}, siblings)

    def _page(self) -> tuple[tuple[bytes, Versions], ...]:
        return tuple((self._key(), self._versions()) for _ in range(self._any(0, 1, 3)))

    def _flag(self) -> bool:
        return self.rng.random() < 0.5

    def body(self) -> Body:
        """One message."""
        key, count, number = self._key, self._count, self._number
        requests = (PutRequest(key(), b"v"), GetRequest(key()), DeleteRequest(key()))
        answers = (
            Refusal(503, "a", "b"),
            WriteResponse("ok", (), 0, {}, 0),
            ReadResponse(self._versions(), (), 0),
        )
        makers: tuple[Callable[[], Body], ...] = (
            lambda: Relay(number(), self.rng.choice(requests)),
            lambda: Relayed(number(), self.rng.choice(answers)),
            lambda: Herald(count(), count(), count()),
            lambda: Heed(count(), count(), count()),
            lambda: Accept(number(), count(), count(), self._partition(), key(), self._versions()),
            lambda: Accepted(number(), count(), self.rng.choice(("", "no"))),
            lambda: Solicit(count(), self._flag()),
            lambda: Vote(count(), self._flag(), self._flag(), count()),
            lambda: Survey(number(), count(), self._partition(), key()),
            lambda: SurveyPage(number(), self._partition(), self._page(), self._flag(), count()),
        )
        return self.rng.choice(makers)()


def give(world: World, name: str, packet: Packet) -> None:
    host = world.host(name)
    world._give(host, Received(packet, host.address, 100))  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", ["single", "primary", "failover", "majority", "masterless"])
def test_nonsense_about_masters_never_raises_in_a_node(kind: ArchitectureName, seed: int) -> None:
    print(f"seed {seed}")
    rng = Random(seed)
    junk = Junk(rng)
    them = Mastered(kind, seed)
    for number in range(600):
        name, sender = rng.choice(FOUNDERS), rng.choice(SENDERS)
        if them.world.host(name).node is None:
            them.start(name)  # it was told of a later life of its own
        epoch = them.world.host(sender).disk.epoch if sender in FOUNDERS else 5
        packet = Packet("masterless", NodeId(sender), epoch, number, 0, False, junk.body())
        give(them.world, name, packet)
        if number % 20 == 0:
            them.wait(0.05)
    for name in FOUNDERS:
        if them.world.host(name).node is None:
            them.start(name)
    them.wait(2)
    assert all(them.world.host(name).node is not None for name in FOUNDERS)
