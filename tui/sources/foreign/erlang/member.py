"""One node that is asked: its link, what is due to be asked of it, and what it said last.

Decides how often which question is asked: who is connected each time, load once a second, queues and
what is registered more rarely. A node that cannot be asked is left alone for a while, one whose cookie
we do not have, or that speaks TLS, for longer, because it logs each attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Final

from msgspec import Struct

from cluster.model.member import Address, NodeId
from tui.sources.foreign.erlang import asking
from tui.sources.foreign.erlang.asking import UNREAD, Answer, Question
from tui.sources.foreign.erlang.epmd import NODE, ErlangError
from tui.sources.foreign.erlang.handshake import Myself
from tui.sources.foreign.erlang.libraries.reading import Reader
from tui.sources.foreign.erlang.link import LastingError, Link, opened
from tui.sources.foreign.erlang.mesh import Listing
from tui.sources.foreign.erlang.portrait import (
    Place,
    Said,
    atoms,
    pids,
    sizes,
    spelled,
    text,
    versions,
    whole,
)
from tui.sources.foreign.erlang.terms import Atom, Pid, Term

AGAIN_S: Final = 0.1
RETRY_S: Final = 1.0
LASTING_RETRY_S: Final = 60.0
LOAD_EVERY_S: Final = 1.0
QUEUES_EVERY_S: Final = 2.0
REST_EVERY_S: Final = 15.0
QUEUES_ONCE: Final = 8
"""Processes asked for their queues at a time."""
REGISTERED_MAX: Final = 64
"""Registered processes whose queues are asked for at all, in turns."""
COUNTED_MAX: Final = 1_000
"""Of more global names or groups there are only so many: a list of them would be work for the node."""
PLACES_MAX: Final = 16
"""Global names, and groups, whose processes are asked for."""
ASKED_SERVER: Final = "rex"
NODES_MAX: Final = 1_000
EVERYBODY: Final = (asking.CONNECT_ALL, asking.CONNECT_ALL_FLAG)
OFF: Final = (Atom("ok"), Atom("false"))
OFF_BY_FLAG: Final = (Atom("ok"), [[*map(ord, "false")]])


class Calling(Struct, frozen=True):
    """How nodes are called."""

    epmd: int
    cookie: str
    chance: Random
    clock: Callable[[], float]
    """Monotonic seconds."""


class Member:
    """One node of the cluster."""

    def __init__(self, name: NodeId, calling: Calling) -> None:
        self.name = name
        self.why = ""
        """Why it cannot be asked now; empty when it can."""
        self.retry_at = 0.0
        self.listing: Listing | None = None
        """What it said when it last answered."""
        self.fresh = False
        """Whether that was since the last look."""
        self.said = Said()
        self._calling = calling
        self.address = Address("")
        """Where it listens."""
        self._everybody = True
        self._link: Link | None = None
        self._due: dict[str, float] = {}
        self._processes: list[tuple[str, Pid]] = []
        """Registered ones, those to be asked next first."""
        self._libraries = self._reader()

    async def ask(self, myself: Myself) -> bool:
        """One round of questions; whether another name should be tried. Raises nothing."""
        try:
            if self._link is None and not await self._meet(myself):
                self.why = f"{self.name} thinks that this program is connected already"
                self.retry_at = self._calling.clock() + AGAIN_S
                return True
            await self._round()
            self.why = ""
        except ErlangError as error:
            self.why = str(error)
            lasting = LASTING_RETRY_S if isinstance(error, LastingError) else RETRY_S
            self.retry_at = self._calling.clock() + lasting
            await self.close()
        return False

    async def close(self) -> None:
        """Hang up."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def _meet(self, myself: Myself) -> bool:
        calling = self._calling
        link = await opened(self.name, calling.epmd, myself, calling.cookie, calling.chance)
        if link is None:
            return False
        self._link, self.said, self._due, self._processes = link, Said(), {}, []
        self._libraries = self._reader()
        self.address = Address(link.address)
        await self._born()
        return True

    def _reader(self) -> Reader:
        return Reader(self.name, self._asked, self._calling.clock, spelled)

    async def _asked(self, questions: list[Question]) -> list[Answer]:
        if self._link is None:
            raise ErlangError(f"{self.name} was let go")
        answers = await self._link.ask(questions)
        calls = [f"{each.module.removeprefix('Elixir.')}:{each.function}" for each in questions]
        told = zip(calls, answers, strict=True)
        self.said.unread.difference_update(calls)
        self.said.unread.update(call for call, answer in told if answer is UNREAD)
        return answers

    def _is_due(self, what: str, every_s: float) -> bool:
        now = self._calling.clock()
        if now < self._due.get(what, now):
            return False
        self._due[what] = now + every_s
        return True

    # --- what is asked ---------------------------------------------------------------------------

    async def _born(self) -> None:
        """What does not change while it lives."""
        said = self.said
        names = ("otp_release", "version", "process_limit", "schedulers_online", "start_time")
        answers = await self._asked(
            [*map(asking.system, names), asking.TIME_OFFSET, asking.TICK_TIME, *EVERYBODY]
        )
        said.release, said.version = text(answers[0]), text(answers[1])
        said.processes_max, said.schedulers = whole(answers[2]), whole(answers[3])
        began = whole(answers[4]) + whole(answers[5])
        said.tick_s = whole(answers[6])
        self._everybody = answers[7] != OFF and answers[8] != OFF_BY_FLAG
        said.started_at = whole((await self._asked([asking.in_microseconds(began)]))[0])

    async def _round(self) -> None:
        """Whatever is due now; who is connected always."""
        loaded = self._is_due("load", LOAD_EVERY_S)
        questions = [asking.NODES]
        if loaded:
            questions += [asking.KNOWN, asking.CONNECTED, asking.MEMORY]
            questions.append(asking.system("process_count"))
        answers = await self._asked(questions)
        apart = self.listing.apart if self.listing is not None else frozenset[NodeId]()
        if loaded:
            apart = _names(answers[1]) - _names(answers[2]) - {self.name}
            self.said.memory = sizes(answers[3])
            self.said.processes = whole(answers[4], -1)
        if not isinstance(answers[0], list):  # no answer is not "nobody"
            raise ErlangError(f"{self.name} does not say whom it is connected with")
        self.listing = Listing(_names(answers[0]), apart, self._everybody)
        self.fresh = True
        if loaded:  # alone, or it would find the other questions of ours waiting
            self.said.run_queue = whole((await self._asked([asking.RUN_QUEUE]))[0], -1)
        if self._is_due("rest", REST_EVERY_S):
            await self._rest()
        if self._is_due("queues", QUEUES_EVERY_S):
            await self._queues()

    async def _queues(self) -> None:
        """How many messages wait, for the next few of the registered processes."""
        now, later = self._processes[:QUEUES_ONCE], self._processes[QUEUES_ONCE:]
        self._processes = later + now
        # Whom we ask has our own questions in its queue: it is asked for that alone.
        others = [each for each in now if each[0] != ASKED_SERVER]
        for some in (others, [each for each in now if each[0] == ASKED_SERVER]):
            answers = await self._asked([asking.queue_of(process) for _, process in some])
            for (name, _), answer in zip(some, answers, strict=True):
                match answer:
                    case (_, int(waiting)):
                        self.said.queues[name] = whole(waiting)
                    case _:  # it has ended
                        self.said.queues.pop(name, None)

    async def _rest(self) -> None:
        """What is registered, and what runs."""
        said = self.said
        registered, applications, names, groups = await self._asked(
            [
                *(asking.REGISTERED, asking.APPLICATIONS),
                *map(asking.table_size, (asking.NAMES_TABLE, asking.GROUPS_TABLE)),
            ]
        )
        every = atoms(registered)
        said.registered, said.applications = len(every), versions(applications)
        known = sorted(every)[:REGISTERED_MAX]
        found = await self._asked([asking.whereis(name) for name in known])
        self._processes = [
            (str(name), process)
            for name, process in zip(known, found, strict=True)
            if isinstance(process, Pid) and process.node == self.name
        ]
        said.queues = {n: q for n, q in said.queues.items() if n in {*known}}
        said.names_all, said.names = await self._placed(names, asking.NAMES, asking.where_is)
        said.groups_all, said.groups = await self._placed(groups, asking.GROUPS, asking.members_of)
        if "mnesia" in said.applications:
            nodes, tables = await self._asked([asking.MNESIA_NODES, asking.MNESIA_TABLES])
            said.mnesia_nodes, said.mnesia_tables = tuple(atoms(nodes)), len(atoms(tables))
        else:
            said.mnesia_nodes = ()
        said.held = await self._libraries.read(every, said.applications)

    async def _placed(
        self, count: Answer, all_of_them: Question, question: Callable[[Term], Question]
    ) -> tuple[int, tuple[Place, ...] | None]:
        """Where the processes of the first names are. Nothing where names of that kind do not run."""
        if whole(count) > COUNTED_MAX:
            return whole(count), ()
        (answer,) = await self._asked([all_of_them])
        if not isinstance(answer, list):
            return 0, None
        first = sorted(answer, key=spelled)[:PLACES_MAX]
        found = await self._asked([question(name) for name in first])
        return len(answer), tuple(self._places(first, found))

    def _places(self, names: Iterable[Term], found: Iterable[Answer]) -> Iterable[Place]:
        for name, answer in zip(names, found, strict=True):
            processes = [answer] if isinstance(answer, Pid) else pids(answer)
            here = sum(1 for process in processes if process.node == self.name)
            yield Place(spelled(name), here, len(processes))


def _names(answer: Answer) -> frozenset[NodeId]:
    listed = atoms(answer)[:NODES_MAX]
    return frozenset(NodeId(str(name)) for name in listed if NODE.match(name))
