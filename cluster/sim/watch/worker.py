"""The process that plays a watched world: an order a frame on its input, an answer a frame back.

A frame is four bytes of length, big endian, and msgpack. Ends when its input ends, so that it never
outlives who watches. Going back is a new world that plays the old acts at their moments, a part of
it with each order, so that the watcher can show how far it is.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import BinaryIO, Final

import msgspec

from cluster.sim.pace import collect_rarely
from cluster.sim.watch.acts import RefusedError
from cluster.sim.watch.orders import PAST, Act, Answer, Order, Play, Rewind, Setup, Step
from cluster.sim.watch.watched import Watched

FRAME_MAX: Final = 256 * 1_048_576
HEAD: Final = 4


class Theatre:
    """The world that is being watched, and how to begin it again."""

    def __init__(self, setup: Setup) -> None:
        self.watched = Watched(setup)
        self._due: list[tuple[int, Act]] = []
        """Acts of the past that are still to be done again, after a rewind."""
        self._back_to = 0
        """The moment a rewind goes to: until then this is the past, and nothing is done in it."""
        self._again = True

    def answer(self, order: Order) -> Answer:
        """Carry out one order."""
        match order:
            case Setup():
                self.__init__(order)
            case Play():
                return self._play(order)
            case Step():
                if self._past():
                    return self._told(refused=PAST)
                self.watched.step(order)
            case Act():
                return self._act(order)
            case Rewind(to):
                done = [(at, act) for at, act in self.watched.done if at <= to]
                self.watched = Watched(self.watched.setup)
                self._due, self._back_to, self._again = done, to, True
        return self._told()

    def _told(self, *, behind: bool = False, said: str = "", refused: str = "") -> Answer:
        again, self._again = self._again, False
        world = self.watched.world
        facts = self.watched.take()
        return Answer(world.now, facts, said, refused, again, behind, world.handled)

    def _play(self, order: Play) -> Answer:
        while self._due and self._due[0][0] <= order.until:
            at, act = self._due[0]
            if not self.watched.play(Play(at, order.within_us, order.thin)):
                return self._told(behind=True)
            self._due.pop(0)
            self.watched.act(act)
        return self._told(behind=not self.watched.play(order))

    def _past(self) -> bool:
        return bool(self._due) or self.watched.world.now < self._back_to

    def _act(self, act: Act) -> Answer:
        if self._past():
            return self._told(refused=PAST)
        try:
            return self._told(said=self.watched.act(act))
        except RefusedError as error:
            return self._told(refused=str(error))


def serve(source: BinaryIO, sink: BinaryIO) -> int:
    """Answer orders until there are no more."""
    read = msgspec.msgpack.Decoder(Order).decode
    write = msgspec.msgpack.Encoder().encode
    theatre: Theatre | None = None
    while len(head := source.read(HEAD)) == HEAD:
        order: Order = read(source.read(int.from_bytes(head, "big")))
        if theatre is None:
            if not isinstance(order, Setup):
                return 2
            theatre = Theatre(order)
            collect_rarely()
            body = write(theatre.answer(Play(0, 0)))
        else:
            body = write(theatre.answer(order))
        sink.write(len(body).to_bytes(HEAD, "big") + body)
        sink.flush()
    return 0


def main() -> int:
    """Be the worker. Ctrl-C is for whoever watches."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return serve(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        # Whoever gave the orders has gone, and with it the reader of the exit's own flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    raise SystemExit(main())
