"""Keys that do something to a cluster of ours: each answers at once, then with what happened.

Where the cluster is not ours each act is asked first, but for taking one back, and none is done to
its processes. Nothing is done to a cluster whose present is not on the screen: who looks at the past
would hurt what he does not see.
One act at a time, in the order pressed, at most `WAITING_MAX` waiting. The person sees "killing
n4…" in the frame after the key, then the lab's own past-tense sentence, or why it was refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from cluster.lab.witness import LabError
from cluster.model.member import NodeId
from tui.keys import OF_PROCESSES, Action
from tui.view import ClusterView

WAITING_MAX: Final = 4
LOOKING: Final = "looking only: faults are for clusters of ours, or for inspect --faults"
PAST: Final = "nothing was done: this picture is of the past, L returns to live"
NO_PROCESS: Final = "only links can be cut here (i, :cut): these processes are not ours"


class Hands(Protocol):
    """Who can act on the cluster: by node name, each returns one past-tense sentence."""

    async def kill(self, name: NodeId) -> str:
        """SIGKILL."""
        ...

    async def restart(self, name: NodeId) -> str:
        """Start a gone node again."""
        ...

    async def pause(self, name: NodeId) -> str:
        """SIGSTOP, or SIGCONT when it is stopped."""
        ...

    async def isolate(self, name: NodeId) -> str:
        """Cut its links, or mend them when they are cut."""
        ...

    async def cut(self, a: NodeId, b: NodeId) -> str:
        """Cut one link, both ways."""
        ...

    async def partition(self, side: tuple[NodeId, ...]) -> str:
        """Cut every link between a side and the rest."""
        ...

    async def heal(self) -> str:
        """Mend all cut links."""
        ...

    async def add(self) -> str:
        """One more node."""
        ...

    async def undo(self) -> str:
        """Take back the latest act."""
        ...

    async def stop(self) -> None:
        """End everything."""
        ...


class Acts:
    """Does them, and says so."""

    def __init__(
        self,
        say: Callable[[str], None],
        did: Callable[[str], None],
        *,
        ask: bool = False,
        past: Callable[[], bool] = lambda: False,
    ) -> None:
        """`past`: whether what is on the screen is not the present."""
        self.hands: Hands | None = None
        self.refusal = LOOKING
        """Said when there are no hands."""
        self._ask = ask
        self._past = past
        self._asked: tuple[str, Callable[[], Awaitable[str]]] | None = None
        """What waits for a yes: what is said when it is done, and the act."""
        self._say = say
        self._did = did
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._acted = False
        self._guests = 0
        """Acts of others that are under way."""

    @property
    def busy(self) -> bool:
        """Whether an act is under way, so that its line should stay."""
        return bool(self._tasks)

    @property
    def asking(self) -> bool:
        """Whether a question stands: the next key answers it."""
        return self._asked is not None

    def answered(self, key: str) -> bool:
        """A key; whether it answered a question. Only y is yes."""
        asked, self._asked = self._asked, None
        if asked is None:
            return False
        if key in ("y", "Y"):
            self._start(*asked)
        else:
            self._say("nothing was done")
        return True

    def _ready(self) -> Hands | None:
        """Who can act now; else it was said why nobody can."""
        if self.hands is None:
            self._say(self.refusal)
        elif self._past():
            self._say(PAST)
        elif len(self._tasks) >= WAITING_MAX:
            self._say("one thing at a time: the last ones are not done yet")
        else:
            return self.hands
        return None

    def cut(self, a: NodeId, b: NodeId) -> None:
        """Cut one link."""
        hands = self._ready()
        if hands is not None:
            self._begin(f"cutting the link between {a} and {b}…", lambda: hands.cut(a, b))

    def partition(self, side: tuple[NodeId, ...]) -> None:
        """Cut a side off from the rest."""
        hands = self._ready()
        if hands is not None:
            self._begin(f"cutting {', '.join(side)} off…", lambda: hands.partition(side))

    def heal(self) -> None:
        """Mend all cut links."""
        hands = self._ready()
        if hands is not None:
            self._begin("mending the links…", hands.heal)

    def do(self, action: Action, view: ClusterView, selected: NodeId | None) -> None:
        """A key was pressed."""
        hands = self._ready()
        if hands is None:
            return
        if self._ask and action in OF_PROCESSES:
            self._say(NO_PROCESS)
        elif action == "undo":
            self._start("taking back the last act…", hands.undo)
        elif action == "add":
            self._begin("adding a node…", hands.add)
        elif selected is None or selected not in view.nodes:
            self._say(f"choose a node first: ↑ ↓ or a click, then {action[0]}")
        else:
            self._on_node(hands, action, view, selected)

    def _on_node(self, hands: Hands, action: Action, view: ClusterView, name: NodeId) -> None:
        node = view.nodes[name]
        match action:
            case "kill":
                self._begin(f"killing {name}…", lambda: hands.kill(name))
            case "start":
                self._begin(f"starting {name}…", lambda: hands.restart(name))
            case "pause":
                verb = "letting {} go on…" if node.process == "paused" else "pausing {}…"
                self._begin(verb.format(name), lambda: hands.pause(name))
            case "isolate":
                verb = "mending the links of {}…" if node.faults else "cutting the links of {}…"
                self._begin(verb.format(name), lambda: hands.isolate(name))
            case _:
                raise AssertionError(action)

    def _begin(self, saying: str, act: Callable[[], Awaitable[str]]) -> None:
        """At once where the cluster is ours; else after a yes."""
        if self._ask:
            self._asked = (saying, act)
            # What answers stands first: whatever a narrow terminal cuts off is the end.
            self._say(f"not ours: y does it, any other key does not: {saying.rstrip('…')}")
        else:
            self._start(saying, act)

    def _start(self, saying: str, act: Callable[[], Awaitable[str]]) -> None:
        self._say(saying)
        self._keep(asyncio.create_task(self._perform(saying, act)))

    @property
    def parting(self) -> str:
        """What is said while the dashboard is left."""
        if not self._ask:
            return "stopping the nodes…"
        return "mending what was cut from here…" if self._acted else "hanging up…"

    async def _perform(self, saying: str, act: Callable[[], Awaitable[str]]) -> None:
        self._acted = True
        async with self._turn:
            self._say(saying)
            try:
                self._did(await act())
            except LabError as refused:
                self._say(str(refused))

    async def obey(self, act: Callable[[Hands], Awaitable[str]]) -> str:
        """An act that a viewer asks for, in turn with our own: what was done. Raises LabError."""
        if self.hands is None:
            raise LabError(self.refusal)
        if self._ask:
            raise LabError("this cluster is not ours: who sits at the dashboard may hurt it")
        if self._guests >= WAITING_MAX:
            raise LabError("one thing at a time: the last ones are not done yet")
        self._guests += 1
        try:
            async with self._turn:
                return await act(self.hands)
        finally:
            self._guests -= 1

    async def stop(self) -> None:
        """Give up what waits and end the cluster."""
        for task in self._tasks:
            task.cancel()
        if self.hands is not None:
            await self.hands.stop()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
