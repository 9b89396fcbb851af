"""A node survives anything that decodes: real packets with bytes changed, in any order."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from cluster.model.member import Address, NodeId
from cluster.protocol.inputs import Received
from cluster.protocol.messages import GetRequest, Packet, PutRequest
from tests.world import World


def real_packets() -> list[bytes]:
    world = World(3, seed=3)
    world.until(world.agreed, 5, "a ring")
    for i in range(20):
        world.call("n1", PutRequest(b"key%d" % i, b"v"))
        world.call("n2", GetRequest(b"key%d" % i))
    kinds: dict[str, list[bytes]] = {}
    for _, _, packet in world.sent:
        kinds.setdefault(type(packet.body).__name__, []).append(msgspec.msgpack.encode(packet))
    return [data for same in kinds.values() for data in same[:8]]


PACKETS = real_packets()


@pytest.mark.parametrize("seed", range(4))
def test_packets_with_changed_bytes_never_raise_in_a_node(seed: int) -> None:
    print(f"seed {seed}")
    rng = Random(seed)
    world = World(3, seed=seed)
    world.until(world.agreed, 5, "a ring")
    decoder = msgspec.msgpack.Decoder(Packet)
    taken = 0
    for _ in range(4_000):
        data = bytearray(rng.choice(PACKETS))
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            packet = decoder.decode(bytes(data))
        except msgspec.MsgspecError:
            continue
        except UnicodeDecodeError:
            continue
        taken += 1
        host = world.hosts[NodeId(f"n{rng.randint(1, 3)}")]
        if host.node is not None:
            source = Address(f"10.0.0.{rng.randint(1, 9)}:7000")
            world.give(host, Received(packet, source, len(data)))
        if taken % 50 == 0:
            world.run(0.05)
    assert taken > 300
    world.run(2)
