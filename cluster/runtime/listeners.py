"""Who listens to topics in this process: a bounded queue each, so that nobody slow slows the node.

A listener whose queue is full loses the oldest of what waits for it, and is told how many those
were when it reads on. The messages themselves are shared: a topic of many listeners holds each
once. Ignores how messages come here (`protocol.spread`) and who reads them (the window).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from cluster.config import SpreadConfig
from cluster.protocol.messages import Item

READ_MAX: Final = 64
"""Messages given at once; what is given no longer counts as waiting."""


class Listener:
    """One who listens to one topic."""

    def __init__(self, topic: str, config: SpreadConfig, on_close: Callable[[Listener], None]):
        self.topic = topic
        self.closed = False
        self.dropped = 0
        """Messages it was too slow for, and has not been told of."""
        self._config = config
        self._on_close = on_close
        self._queue: deque[Item] = deque()
        self._bytes = 0
        self._reader: asyncio.Future[None] | None = None

    def hand(self, item: Item) -> int:
        """Let a message wait for it; returns how many others had to go."""
        queue, config = self._queue, self._config
        queue.append(item)
        self._bytes += len(item.payload)
        gone = 0
        while len(queue) > 1 and (
            len(queue) > config.listener_queue_max or self._bytes > config.listener_bytes_max
        ):
            self._bytes -= len(queue.popleft().payload)
            gone += 1
        self.dropped += gone
        self._wake()
        return gone

    async def read(self) -> tuple[int, list[Item]]:
        """The next messages, and how many were dropped before them. None: the node has ended."""
        while not self._queue and not self.closed:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        items = [self._queue.popleft() for _ in range(min(READ_MAX, len(self._queue)))]
        self._bytes -= sum(len(item.payload) for item in items)
        dropped, self.dropped = self.dropped, 0
        return dropped, items

    def close(self) -> None:
        """Listen no more. What waits can still be read."""
        if not self.closed:
            self.closed = True
            self._on_close(self)
            self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class Listeners:
    """All who listen in this process."""

    def __init__(self, config: SpreadConfig, fewer: Callable[[str, int], None]) -> None:
        self._config = config
        self._fewer = fewer
        self._topics: dict[str, list[Listener]] = {}
        self._missed = 0

    def open(self, topic: str) -> tuple[Listener, int]:
        """One more listens to a topic; also says how many do now."""
        listener = Listener(topic, self._config, self._closed)
        listeners = self._topics.setdefault(topic, [])
        listeners.append(listener)
        return listener, len(listeners)

    def _closed(self, listener: Listener) -> None:
        listeners = self._topics.get(listener.topic)
        if listeners is None:
            return
        listeners.remove(listener)
        if not listeners:
            del self._topics[listener.topic]
        self._fewer(listener.topic, len(listeners))

    def hand(self, item: Item, number: int) -> None:
        """Give a message to all who listen to its topic, or to the one of that number."""
        listeners = self._topics.get(item.topic, [])
        for listener in listeners[number - 1 : number] if number else listeners:
            self._missed += listener.hand(item)

    def take_missed(self) -> int:
        """Messages dropped before slow listeners since this was last asked."""
        missed, self._missed = self._missed, 0
        return missed

    def end(self) -> None:
        """The node has ended: nothing more will come."""
        topics, self._topics = self._topics, {}
        for listeners in topics.values():
            for listener in listeners:
                listener.close()
