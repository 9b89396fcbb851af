"""Asks every node's window for its copy of one key, again and again while somebody looks.

Bounded: one round at a time, `ROUND_S` apart, each question at most `PATIENCE_S`. Reads only: the
copies with `here=1`, and one ordinary read as a client would make it (which may repair, as any
read may). Nothing is asked of a recording, of a simulated cluster, or about the past.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import time_ns
from typing import Final

import msgspec
from msgspec.structs import replace

from cluster.api.operator import WindowClient, WindowError, key_path
from cluster.model.member import Address, NodeId
from cluster.model.values.copies import CopyShown
from tui.inspecting.prompt import fed
from tui.judge.detail.copies import why_nobody
from tui.judge.foreign.telling import without
from tui.scene import Scene
from tui.seen.inspection import Copy, Inspection, Reading
from tui.view import ClusterView

ROUND_S: Final = 1.0
PATIENCE_S: Final = 1.5
NODES_MAX: Final = 64
"""Asked in one round."""

_copy = msgspec.json.Decoder(CopyShown)


class Asker:
    """Holds the inspection. `changed` is called whenever there is something new to draw."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.seen = Inspection()
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self._view = ClusterView()

    @property
    def typing(self) -> bool:
        """Whether keys are letters of a name now."""
        return self.seen.typing is not None

    def ask_for_a_name(self) -> None:
        """Somebody wants to look at a key: which? Of an engine that tells of none, none."""
        self.seen = replace(self.seen, typing=None if without(self._view, "copies") else "")
        self._changed()

    def look_at(self, key: str) -> None:
        """Look at this key."""
        self.seen = Inspection(key)
        self._changed()

    def typed(self, key: str, character: str | None) -> bool:
        """A key while a name is asked for. False: it was given up, and no key was looked at."""
        text, done = fed(self.seen.typing or "", key, character)
        self.seen = replace(self.seen, typing=None if done or text is None else text)
        if done and text:
            self.seen = Inspection(text)
        self._changed()
        return text is not None or bool(self.seen.key)

    def follow(self, scene: Scene, *, looking: bool) -> None:
        """Called with every picture: ask while somebody looks, and while there is whom to ask."""
        self._view = scene.view
        # Another engine's address is no window: what it does not speak is never sent to it.
        why_not = without(scene.view, "copies") or why_nobody(
            scene.live, not scene.frozen, scene.simulated is not None
        )
        if why_not != self.seen.why_not:
            self.seen = replace(self.seen, why_not=why_not, copies=(), readings=())
        wanted = looking and bool(self.seen.key) and not why_not
        if wanted and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._rounds(self.seen.key), name="inspect")
        elif self._task is not None and not wanted:
            self._task.cancel()
            self._task = None

    async def stop(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _rounds(self, key: str) -> None:
        while self.seen.key == key:
            nodes = [n for n in self._view.nodes.values() if n.window and not n.departed][
                :NODES_MAX
            ]
            copies = await asyncio.gather(*(_copy_of(n.name, n.window, key) for n in nodes))
            answered = [c.node for c in copies if c.held is not None]
            windows = {node.name: node.window for node in nodes}
            n_replicas = next((n.ring.replicas for n in nodes if n.ring is not None), 1)
            asks = [(name, r) for name in answered[:1] for r in (0, 1, n_replicas)]
            readings = await asyncio.gather(*(_read(n, windows[n], key, r) for n, r in asks))
            if self.seen.key == key:
                self.seen = replace(self.seen, copies=tuple(copies), readings=tuple(readings))
                self._changed()
            await asyncio.sleep(ROUND_S)


async def _copy_of(name: NodeId, window: Address, key: str) -> Copy:
    try:
        async with WindowClient(window, timeout_s=PATIENCE_S) as client:
            reply = await client.send("GET", key_path(key) + "?here=1")
            if reply.status != 200:
                return Copy(name, 0, trouble=f"it answers {reply.status}")
            return Copy(name, time_ns() // 1_000, _copy.decode(reply.body))
    except (WindowError, msgspec.MsgspecError):
        return Copy(name, 0, trouble="its window does not answer")


async def _read(name: NodeId, window: Address, key: str, r: int) -> Reading:
    began = time_ns()
    try:
        async with WindowClient(window, timeout_s=PATIENCE_S) as client:
            reply = await client.get(key, query=f"?r={r}" if r else "")
    except WindowError:
        return Reading(name, r, 0, (time_ns() - began) // 1_000)
    took = (time_ns() - began) // 1_000
    proof = reply.headers.get("X-Masterless-Proof", "{}")
    replicas = tuple(map(NodeId, msgspec.json.decode(proof).get("replicas", ())))
    detail = ""
    if reply.status not in (200, 300):
        detail = str(reply.json().get("detail", ""))
    return Reading(name, r, reply.status, took, replicas, detail)
