"""What the lab tells and asks a node through its window: whom to join, whom it must not reach,
whether it serves, whether it keeps hints.

One short request each, with a deadline; a node that does not answer is a LabError that names it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from cluster.config import ArchitectureConfig, RingConfig
from cluster.lab.witness import LabError
from cluster.model.facts import Fact, SnapshotTaken
from cluster.model.layout import lay_out
from cluster.model.member import Address, MemberState, NodeId

ANSWERS_WITHIN_S = 3.0
ANSWER_BYTES_MAX = 8 * 1_048_576

_fact = msgspec.msgpack.Decoder(Fact)


async def join(window: Address, seed: Address) -> None:
    """Tell a node to join the cluster of another."""
    await _post(window, "/command", {"command": "join", "address": seed})


async def cut_off(window: Address, before: frozenset[NodeId], wanted: frozenset[NodeId]) -> None:
    """Bring a node's own cuts from what it was told before to what is wanted."""
    if mended := before - wanted:
        await _post(window, "/fault", {"kind": "heal", "peers": sorted(mended)})
    if severed := wanted - before:
        await _post(window, "/fault", {"kind": "cut", "peers": sorted(severed)})


async def lose(window: Address, part: float) -> None:
    """Tell a node to lose this part of its packets, whoever sends or receives them."""
    await _post(window, "/fault", {"kind": "loss", "fraction": part})


async def hold_up(window: Address, late_ms: int) -> None:
    """Tell a node to send everything so much later."""
    await _post(window, "/fault", {"kind": "delay", "delay_ms": late_ms})


async def mend(window: Address) -> None:
    """End all that was done to a node's transport: what is to stay it has to be told anew."""
    await _post(window, "/fault", {"kind": "heal"})


async def serves(
    window: Address, names: frozenset[NodeId], architecture: ArchitectureConfig
) -> bool:
    """Whether a node of a cluster of exactly these can do its part for clients.

    It places keys where these nodes' keys belong and answers for all its partitions. Where there
    is a master it also knows who that is, and that all the others are there.
    """
    said = await _snapshot(window)
    if said is None or said.filling:
        return False
    holders = lay_out(architecture, RingConfig(), tuple(names)).members
    if frozenset(said.ring.members) != frozenset(holders):
        return False
    if architecture.kind == "masterless":
        return True
    alive = {fate.claim.name for fate in said.members if fate.claim.state is MemberState.ALIVE}
    return bool(said.rule.master) and names == frozenset((*alive, said.name))


async def reigns_in(window: Address) -> int:
    """The term in which a node acts as master, 1 where there are no terms; 0: it does not, or is silent."""
    said = await _snapshot(window)
    return max(1, said.rule.term) if said is not None and said.rule.leads else 0


async def keeps_no_hints(window: Address) -> bool:
    """Whether a node has handed over every write that it kept for others."""
    said = await _snapshot(window)
    return said is not None and not any(depth.count for depth in said.hints)


async def _snapshot(window: Address) -> SnapshotTaken | None:
    """What a node says of itself; None when it does not answer."""
    try:
        body = await _ask(window, "GET", "/snapshot", b"", "Accept: application/msgpack")
        said = _fact.decode(body).payload
    except (LabError, msgspec.MsgspecError):
        return None
    return said if isinstance(said, SnapshotTaken) else None


async def _post(window: Address, path: str, order: dict[str, Any]) -> None:
    await _ask(window, "POST", path, msgspec.json.encode(order), "Content-Type: application/json")


async def _ask(window: Address, method: str, path: str, body: bytes, header: str) -> bytes:
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {window}\r\n{header}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    host, _, port = window.rpartition(":")
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            reader, writer = await asyncio.open_connection(host, int(port), limit=ANSWER_BYTES_MAX)
            try:
                writer.write(head.encode() + body)
                answer = await _read_to_end(reader)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        raise LabError(f"The node at {window} does not answer; is it paused?") from None
    top, _, said = answer.partition(b"\r\n\r\n")
    if not top.startswith(b"HTTP/1.1 200 "):
        why = said[:200].decode("utf-8", "replace")
        raise LabError(f"The node at {window} refused {path}: {why}")
    return said


async def _read_to_end(reader: asyncio.StreamReader) -> bytes:
    answer = bytearray()
    while len(answer) < ANSWER_BYTES_MAX and (more := await reader.read(65_536)):
        answer += more
    return bytes(answer)
