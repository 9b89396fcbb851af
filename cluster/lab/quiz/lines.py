"""How the quiz's players reach nodes: one pipelined connection per node, short patience.

A node that moved to other ports (a restart after a stranger took the old ones) is dialled anew.
"""

from __future__ import annotations

from typing import Final

from cluster.api.client import PeerClient
from cluster.lab.quiz.workload import PutResult, Reading
from cluster.lab.slots import Door
from cluster.model.member import NodeId
from cluster.model.versions import Context
from cluster.protocol.messages import ReadResponse, WriteResponse

PATIENCE_S: Final = 0.7
"""More than a coordinator needs to give up a silent replica and use a fallback."""
CONTENT_TYPE: Final = "text/plain"


class PeerLines:
    """Lines over the nodes' peer ports (`workload.Lines`)."""

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._clients: dict[NodeId, PeerClient] = {}

    async def put(self, door: Door, key: str, value: bytes, context: Context) -> PutResult:
        """Write through one node."""
        answer = await self._client(door).put(
            key.encode(), value, context=context, content_type=CONTENT_TYPE
        )
        if not isinstance(answer, WriteResponse):
            return "refused"
        match answer.outcome:
            case "ok":
                return "acknowledged"
            case "maybe written":
                return "maybe"
            case _:
                return "refused"

    async def get(self, door: Door, key: str) -> Reading | None:
        """Read through one node."""
        answer = await self._client(door).get(key.encode())
        if not isinstance(answer, ReadResponse):
            return None
        values = (sibling.value for sibling in answer.versions.siblings)
        return Reading(tuple(v for v in values if v is not None), answer.versions.context)

    async def close(self) -> None:
        """Hang up everywhere."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()

    def _client(self, door: Door) -> PeerClient:
        client = self._clients.get(door.name)
        if client is None or client.address != door.gossip:
            client = PeerClient(door.gossip, cluster=self._cluster, timeout_s=PATIENCE_S)
            self._clients[door.name] = client
        return client
