"""What cluster libraries hold is read where that changes nothing; nobody else's server is asked.

The answers are what three real nodes gave: Horde 0.10.0, Swarm 3.4.0, Phoenix.PubSub 2.2.0 and
libcluster 3.5.0 on Elixir 1.14 and OTP 25.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cluster.model.member import NodeId
from tests.tui.foreign.erlang.fake import REFUSED, Call, Fake, chars, plain
from tests.tui.foreign.erlang.test_asking import MYSELF, until, watched
from tests.tui.foreign.erlang.test_terms import ZOO
from tui.sources.foreign.erlang import asking
from tui.sources.foreign.erlang.asking import (
    REFUSAL,
    Answer,
    ForbiddenError,
    Question,
    allowed,
    asked,
)
from tui.sources.foreign.erlang.epmd import ErlangError
from tui.sources.foreign.erlang.libraries import reading
from tui.sources.foreign.erlang.libraries.held import Held, Horde, Names, Tracker, lines, read
from tui.sources.foreign.erlang.libraries.reading import Reader
from tui.sources.foreign.erlang.portrait import Said, extras, spelled
from tui.sources.foreign.erlang.terms import Atom, Map, Pid, Ref, Term

A, C = "a@127.0.0.1", "c@127.0.0.1"
LIBRARIES = ("horde", "swarm", "phoenix_pubsub", "libcluster", "libring")
BEGUN: dict[str, Term] = {
    "Elixir.My.Names": (Atom("Elixir.Horde.RegistryImpl"), Atom("init"), 1),
    "Elixir.My.Rooms": (Atom("Elixir.Horde.DynamicSupervisorImpl"), Atom("init"), 1),
    "Elixir.My.Tracker": (Atom("supervisor"), Atom("Elixir.Phoenix.Tracker"), 1),
    "Elixir.My.ClusterSupervisor": (Atom("supervisor"), Atom("Elixir.Cluster.Supervisor"), 1),
    "Elixir.Shop.Cart": (Atom("Elixir.Shop.Cart"), Atom("init"), 1),
}
BESIDE = (
    *("Elixir.My.Names.Crdt", "Elixir.My.Names.Supervisor", "Elixir.My.Rooms.Crdt"),
    *("Elixir.My.Rooms.ProcessesSupervisor", "Elixir.My.Tracker_shard0"),
    *("Elixir.My.Tracker_shard1", "Elixir.Shop.Cart.Crdt", "Elixir.Swarm.Registry", "rex"),
)
"""The last but three is of a program whose names only look like Horde's."""
REGISTERED = [Atom(name) for name in (*BEGUN, *BESIDE)]
PLACES = {name: Pid(Atom(A), number, 0, 7) for number, name in enumerate(BEGUN, 180)}
NODES: Term = [Atom(A), Atom(C)]


def both(name: str) -> Term:
    """A registry or supervisor on both nodes."""
    return [(Atom(name), Atom(A)), (Atom(name), Atom(C))]


ROOMS: Term = [(b"room-c2", Atom(C)), (b"room-a3", Atom(A)), (b"room-b1", Atom(A))]
WORKERS: Term = [
    ((Atom("worker"), b"c", 2), Pid(Atom(A), 228, 0, 7)),
    ((Atom("worker"), b"a", 3), Pid(Atom(C), 233, 0, 7)),
]
COUNTS = Map(
    ((Atom("active"), 4), (Atom("specs"), 4), (Atom("supervisors"), 0), (Atom("workers"), 4))
)
PUBS: Term = [
    (Atom("pubs"), Pid(Atom(A), 186, 0, 7), Atom("worker"), [Atom("Elixir.Cluster.Strategy.Epmd")])
]


def real(call: Call) -> Term:
    """What the first of the nodes said."""
    module, function, arguments = call
    first = arguments[0] if arguments else ""
    match module, function, first:
        case "erlang", "whereis", Atom():
            return PLACES.get(first, Atom("undefined"))
        case "proc_lib", "translate_initial_call", Pid(id=number):
            return BEGUN[list(BEGUN)[number - 180]]
        case "Elixir.Horde.Cluster", "members", Atom():
            return both(first)
        case "Elixir.Horde.ProcessesSupervisor", "count_children", (
            "Elixir.My.Rooms.ProcessesSupervisor"
        ):
            return COUNTS
        case "Elixir.Horde.Registry", "count", "Elixir.My.Names":
            return 3
        case "Elixir.Horde.Registry", "select", "Elixir.My.Names":
            return ROOMS
        case "Elixir.Swarm", "registered", _:
            return WORKERS
        case "ets", "info", "swarm_registry":
            return 2
        case "ets", "info", _:
            return 4
        case "ets", "select_count", _:
            return 1
        case "supervisor", "which_children", "Elixir.My.ClusterSupervisor":
            return PUBS
        case _:
            return REFUSED


class Node:
    """Answers as the real one, but for what a test changes."""

    def __init__(self) -> None:
        self.other: dict[tuple[str, str], Answer] = {}
        self.silent: set[tuple[str, str]] = set()
        self.now = 0.0
        self.asked: list[Question] = []
        self.reader = Reader(A, self.ask, lambda: self.now, spelled)

    async def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """As a link is asked."""
        self.asked += questions
        assert all(allowed(question) for question in questions)
        if any((each.module, each.function) in self.silent for each in questions):
            raise ErlangError(f"{A} does not answer")
        return [self._answer(each) for each in questions]

    def _answer(self, question: Question) -> Answer:
        key = (question.module, question.function)
        if key in self.other:
            return self.other[key]
        answer = real((question.module, question.function, question.arguments))
        return REFUSAL if answer is REFUSED else answer

    async def read(self, *applications: str) -> Held:
        """All that it holds."""
        return await self.reader.read(REGISTERED, applications or LIBRARIES)

    def of(self, module: str, function: str) -> list[Question]:
        """Such questions as were asked."""
        return [each for each in self.asked if (each.module, each.function) == (module, function)]


async def test_each_library_that_runs_is_lines() -> None:
    node = Node()
    assert dict(lines(await node.read())) == {
        "Horde My.Names": "2 members (a, c); 3 names, 2 here: room-a3, room-b1",
        "Horde My.Rooms": "2 members (a, c); 4 children here",
        "Swarm": "2 names, 1 here: worker:c:2",
        "Phoenix My.Tracker": "8 presences, 2 here; 2 shards",
        "libcluster": "pubs by Epmd",
    }


async def test_a_server_whose_names_look_like_hordes_is_asked_nothing() -> None:
    node = Node()
    held = await node.read()
    assert {horde.name for horde in held.hordes} == {"Elixir.My.Names", "Elixir.My.Rooms"}
    asked_of = [each for each in node.asked if "Elixir.Shop.Cart" in each.arguments]
    assert {each.function for each in asked_of} == {"whereis"}


async def test_of_what_does_not_run_nothing_is_asked() -> None:
    node = Node()
    assert await node.read("kernel", "elixir") == Held()
    assert node.asked == []


async def test_a_process_of_another_node_is_not_asked_about() -> None:
    node = Node()
    node.other["erlang", "whereis"] = Pid(Atom(C), 9, 0, 7)
    assert (await node.read("horde")).hordes == ()
    assert node.of("proc_lib", "translate_initial_call") == []


async def test_many_names_are_counted_and_not_read() -> None:
    node = Node()
    node.other["Elixir.Horde.Registry", "count"] = reading.NAMES_MAX + 1
    node.other["ets", "info"] = 1_000_000
    shown = dict(lines(await node.read()))
    assert shown["Horde My.Names"] == "2 members (a, c); 257 names"
    assert shown["Swarm"].startswith("1,000,000 names")
    assert node.of("Elixir.Horde.Registry", "select") == []
    assert node.of("Elixir.Swarm", "registered") == []


async def test_a_server_that_does_not_answer_is_left_alone_each_time_for_longer() -> None:
    node = Node()
    members = ("Elixir.Horde.Cluster", "members")
    node.silent.add(members)
    times: list[int] = []
    for second in range(0, 600, 15):
        node.now = float(second)
        before = len(node.of(*members))
        shown = dict(lines(await node.read("horde")))
        assert shown["Horde My.Names"] == "does not answer"
        if len(node.of(*members)) > before:
            times.append(second)
    assert times == [0, 60, 180, 420]
    node.silent.clear()
    node.now = 1_000.0
    assert dict(lines(await node.read("horde")))["Horde My.Rooms"].endswith("4 children here")


async def test_answers_of_another_shape_are_not_understood() -> None:
    odd: list[Answer] = [REFUSAL, Atom("undefined"), b"x", [7], [(1, 2, 3)], Map(()), (1,)]
    for answer in odd:
        node = Node()
        node.other["Elixir.Horde.Cluster", "members"] = answer
        node.other["Elixir.Horde.ProcessesSupervisor", "count_children"] = answer
        node.other["Elixir.Horde.Registry", "count"] = answer
        node.other["ets", "info"] = answer
        node.other["supervisor", "which_children"] = answer
        assert dict(lines(await node.read())) == {
            "Horde My.Names": "members not understood; names not understood",
            "Horde My.Rooms": "members not understood; children not understood",
            "Swarm": "names not understood",
            "Phoenix My.Tracker": "presences not understood",
        }


async def test_names_of_another_shape_are_still_counted() -> None:
    node = Node()
    node.other["Elixir.Horde.Registry", "select"] = [(1, 2, 3)]
    node.other["Elixir.Swarm", "registered"] = REFUSAL
    shown = dict(lines(await node.read()))
    assert shown["Horde My.Names"] == "2 members (a, c); 3 names"
    assert shown["Swarm"] == "2 names"


async def test_whatever_a_node_answers_is_lines() -> None:
    questions = {(each.module, each.function) for each in (await _all()).asked}
    for key in questions:
        for junk in (*ZOO, REFUSAL):
            node = Node()
            node.other[key] = junk
            assert all(figure for _, figure in lines(await node.read()))


async def _all() -> Node:
    node = Node()
    await node.read()
    return node


@pytest.mark.parametrize(
    "question",
    [
        Question("Elixir.Horde.Registry", "select", (Atom("Elixir.My.Names"), [])),
        Question("ets", "select_count", (Atom("t"), [(Atom("_"), [], [(Atom("halt"),)])])),
        Question("ets", "info", (Atom("t"),)),
        Question("ets", "tab2list", (Atom("swarm_registry"),)),
        Question("Elixir.Horde.DynamicSupervisor", "count_children", (Atom("Elixir.My.Rooms"),)),
        Question("Elixir.Horde.Cluster", "set_members", (Atom("Elixir.My.Names"), [])),
        Question("Elixir.Swarm", "whereis_name", (Atom("x"),)),
        Question("application", "get_env", (Atom("libcluster"), Atom("topologies"))),
    ],
)
def test_what_changes_or_tells_too_much_is_not_asked(question: Question) -> None:
    assert not allowed(question)
    with pytest.raises(ForbiddenError):
        asked(question, MYSELF, Ref(MYSELF.node, 4, (1, 0, 0)))


async def test_over_the_wire_it_is_the_same() -> None:
    others = plain(A)

    def answers(call: Call) -> Term:
        if call[1] == "which_applications":
            return [(Atom(name), chars(name), chars("3.4.0")) for name in LIBRARIES]
        if call[1] == "registered" and call[0] == "erlang":
            return [*REGISTERED]
        found = real(call)
        return others(call) if found is REFUSED else found

    async with Fake(A, answers).up() as fake, watched(fake) as adapter:
        look = await until(adapter, lambda look: "Swarm" in dict(look.rows[NodeId(A)].extras))
        shown = dict(look.rows[NodeId(A)].extras)
        assert shown["Horde My.Names"] == "2 members (a, c); 3 names, 2 here: room-a3, room-b1"
        assert shown["also runs"].endswith("and 1 more (not read: libring)")
        assert fake.others == []
        assert all(allowed(Question(*call)) for call in fake.calls)
        specifications = [call[2][-1] for call in fake.calls if call[1] == "select"]
        assert specifications == [asking.HORDE_NAMES]


def test_what_runs_and_was_not_read_is_said() -> None:
    said = Said(applications={"horde": "0.10.0", "swarm": "3.4.0"}, held=Held(swarm=Names(0, 0)))
    assert dict(extras(said)) == {
        "Swarm": "0 names, 0 here",
        "also runs": "horde 0.10.0, swarm 3.4.0 (not read: horde)",
    }
    assert read(said.held) == {"swarm"}


def test_lines_stay_short_and_numbers_whole() -> None:
    nodes = tuple(f"n{number}@h{number}" for number in range(12))
    held = Held(
        hordes=(
            Horde("rooms", nodes, None, 1),
            Horde("one", ("n@a", "n@b"), Names(1, 1, ("x",))),
        ),
        trackers=(Tracker("t", 1_204, -1, 1),),
    )
    assert list(lines(held)) == [
        ("Horde rooms", "12 members (n0, n1, n2, n3 and 8 more); 1 child here"),
        ("Horde one", "2 members (n@a, n@b); 1 name, 1 here: x"),
        ("Phoenix t", "1,204 presences; 1 shard"),
    ]
