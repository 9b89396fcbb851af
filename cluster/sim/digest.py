"""What a world came to, in a few digits: equal worlds have equal digests, whoever played them.

Covers what happened (the running hash of all inputs), every belief and every durable record.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from cluster.sim.host import Host


def digest(happened: int, hosts: Iterable[Host]) -> str:
    """Eight hex digits."""
    total = happened & 0xFFFF_FFFF_FFFF_FFFF
    for host in hosts:
        node = host.node
        view = node.members.digest() if node is not None else "-"
        total = hash((total, crc32(view.encode())))
        for partition, key in host.disk.places():
            record = host.disk.record(partition, key)
            total = hash((total, partition, crc32(key), crc32(repr(record).encode())))
    return f"{total & 0xFFFF_FFFF:08x}"
