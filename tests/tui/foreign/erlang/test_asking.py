"""Nothing but what is on the list is ever sent; whatever a node answers, the source goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from struct import pack
from time import monotonic

import pytest

from cluster.model.member import MemberState, NodeId
from tests.tui.foreign.erlang.fake import COOKIE, REFUSED, Call, Fake, plain
from tests.tui.foreign.erlang.test_terms import ZOO
from tui.sources.foreign.erlang import asking, link
from tui.sources.foreign.erlang.asking import ALLOWED, ForbiddenError, Question, allowed, asked
from tui.sources.foreign.erlang.handshake import PUBLISHED
from tui.sources.foreign.erlang.terms import Atom, Pid, Ref, Term, encoded
from tui.sources.foreign.erlang.watched import Erlang, callers
from tui.sources.foreign.seen import Look
from tui.sources.foreign.watching import ForeignError, ForeignSource, opened

NAME = "n1@127.0.0.1"
OTHER = "n2@127.0.0.1"
MYSELF = Pid(Atom("me@here"), 1, 0, 4)
CHANGING = {
    "halt", "apply", "spawn", "send", "disconnect_node", "connect_node", "set_cookie", "exit", "put",
    "set_env", "register", "register_name", "unregister", "start", "stop", "load_file", "purge", "delete",
    "system_flag", "process_flag", "trace", "garbage_collect", "eval", "call", "cast", "cmd", "open",
    "suspend_process", "join", "leave", "sync", "ping", "monitor_nodes", "get_state", "get_status",
}  # fmt: skip


@asynccontextmanager
async def watched(fake: Fake, *names: str, cookie: str = COOKIE) -> AsyncGenerator[Erlang]:
    """The adapter on a fake node, or on several by name."""
    adapter = Erlang([NodeId(n) for n in names or (fake.name,)], fake.epmd, cookie, Random(1))
    try:
        yield adapter
    finally:
        await adapter.close()


async def until(adapter: Erlang, condition: Callable[[Look], bool]) -> Look:
    """Look until it is so."""
    deadline = monotonic() + 45
    while True:
        look = await adapter.look(250_000)
        if condition(look):
            return look
        assert monotonic() < deadline, look
        await asyncio.sleep(0.01)


# --- what is said --------------------------------------------------------------------------------


def test_nothing_that_changes_a_node_is_on_the_list() -> None:
    assert not {function for _, function, _ in ALLOWED} & CHANGING
    questions = [q for q in vars(asking).values() if isinstance(q, Question)]
    assert len(questions) >= 10
    assert all(allowed(question) for question in questions)


@pytest.mark.parametrize(
    "question",
    [
        Question("erlang", "halt"),
        Question("os", "cmd", ([],)),
        Question("net_kernel", "connect_node", (Atom(NAME),)),
        Question("erlang", "statistics", (Atom("wall_clock"),)),
        Question("erlang", "system_info", (Atom("procs"),)),
        Question("erlang", "process_info", (MYSELF, Atom("messages"))),
        Question("application", "get_env", (Atom("kernel"), Atom("cookie"))),
        Question("application", "get_env", (Atom("libcluster"), Atom("connect_all"))),
        Question("erlang", "nodes", (Atom("known"), [])),
    ],
)
def test_what_is_not_on_the_list_cannot_be_put_into_bytes(question: Question) -> None:
    assert not allowed(question)
    with pytest.raises(ForbiddenError):
        asked(question, MYSELF, Ref(MYSELF.node, 4, (1, 0, 0)))


async def test_all_that_a_node_ever_receives_is_on_the_list() -> None:
    async with Fake(NAME, plain(NAME, OTHER)).up() as fake, watched(fake) as adapter:
        look = await until(adapter, lambda _: ("erlang", "process_info", 2) in kinds(fake))
        assert look.rows[NodeId(NAME)].engine == "Erlang/OTP 27 (erts 15.0)"
        assert fake.others == []
        assert all(allowed(Question(*call)) for call in fake.calls)
        assert kinds(fake) >= {("mnesia", "system_info", 1), ("global", "whereis_name", 1)}
        assert not fake.flags[0] & PUBLISHED, "hidden"
        assert "n2@127.0.0.1 is not up" in look.silent[NodeId(OTHER)]
    assert COOKIE not in str(fake.calls)


def kinds(fake: Fake) -> set[tuple[str, str, int]]:
    """What was asked of it."""
    return {(module, function, len(arguments)) for module, function, arguments in fake.calls}


def test_we_call_by_few_names() -> None:
    names = callers(Random(3), "my host.example")
    assert {next(names).name.partition("@")[2] for _ in range(3)} == {"my-host.example"}
    assert len(next(names).name.partition("@")[0]) == len("masterless-ffff")


# --- what goes wrong -----------------------------------------------------------------------------


async def test_another_cookie_is_one_sentence_and_is_not_tried_again_at_once() -> None:
    async with Fake(NAME, plain(NAME)).up() as fake, watched(fake, cookie="hunter2") as adapter:
        for _ in range(3):
            assert not (await adapter.look(0)).rows
        assert adapter.trouble.startswith(f"{NAME} has another cookie: name the file")
        assert "hunter2" not in adapter.trouble
        assert len(fake.callers) == 1


def unproved(fake: Fake) -> None:
    fake.proves = False


def too_old(fake: Fake) -> None:
    fake.highest = fake.lowest = 5


def too_new(fake: Fake) -> None:
    fake.highest = fake.lowest = 7


def without_v6(fake: Fake) -> None:
    fake.their_flags = 4


def shut(fake: Fake) -> None:
    fake.status = b"not_allowed"


def busy(fake: Fake) -> None:
    fake.status = b"nok"


def odd(fake: Fake) -> None:
    fake.status = b"x" * 300


def deaf(fake: Fake) -> None:
    fake.deaf = True


def endless(fake: Fake) -> None:
    fake.says.append(pack(">I", 1 << 30))


def nonsense(fake: Fake) -> None:
    fake.says.append(pack(">I", 4) + b"p\x83\xff\xff")


def headed(fake: Fake) -> None:
    fake.says.append(pack(">I", 3) + b"\x83D\x00")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (unproved, "could not prove that it knows the cookie"),
        (too_old, "speaks version 5 of Erlang's distribution, and only 6 is read here"),
        (too_new, "speaks version 7 of Erlang's distribution or later"),
        (without_v6, "is older than OTP 23"),
        (shut, "lets only nodes in that it was told of"),
        (busy, "would not speak now"),
        (odd, "does not speak as an Erlang node does"),
        (deaf, "does not answer"),
        (endless, "sent more than was asked for"),
        (nonsense, "sent what cannot be read"),
        (headed, "sent what cannot be read"),
    ],
)
async def test_what_goes_wrong_is_one_sentence(
    change: Callable[[Fake], None], sentence: str
) -> None:
    fake = Fake(NAME, plain(NAME))
    change(fake)
    async with fake.up(), watched(fake) as adapter:
        look = await until(adapter, lambda look: bool(look.silent))
        assert sentence in look.silent[NodeId(NAME)]
        assert adapter.trouble == look.silent[NodeId(NAME)]
        assert "\n" not in adapter.trouble


async def test_a_name_that_is_taken_is_left_to_whoever_has_it() -> None:
    fake = Fake(NAME, plain(NAME))
    fake.status = b"alive"
    async with fake.up(), watched(fake) as adapter:
        await until(adapter, lambda _: len(set(fake.callers)) >= 2)
        assert fake.others[0] == b"sfalse"
        fake.status = b"ok"
        await until(adapter, lambda look: NodeId(NAME) in look.rows)


async def test_a_node_that_was_named_otherwise_says_how_it_is_called() -> None:
    fake = Fake(NAME, plain(NAME))
    async with fake.up(), watched(fake, "n1@localhost") as adapter:
        look = await until(adapter, lambda look: bool(look.silent))
        assert f"calls itself {NAME}: write erlang://{NAME}" in str(look.silent)


async def test_no_port_mapper_and_no_such_name_are_sentences(unused_tcp_port: int) -> None:
    async with Fake(NAME, plain(NAME)).up() as fake, watched(fake, "n9@127.0.0.1") as adapter:
        await adapter.look(0)
        assert "the port mapper (epmd) of 127.0.0.1 knows no n9" in adapter.trouble
        fake.epmd = unused_tcp_port
        async with watched(fake) as alone:
            await alone.look(0)
            assert f"no port mapper (epmd) answers at 127.0.0.1:{unused_tcp_port}" in alone.trouble


async def test_a_host_that_nobody_knows_is_a_sentence() -> None:
    async with Fake(NAME, plain(NAME)).up() as fake, watched(fake, "n1@host.invalid") as adapter:
        look = await until(adapter, lambda look: bool(look.silent))
        said = look.silent[NodeId("n1@host.invalid")]
        assert "Unknown error" not in said
        assert "n1@host.invalid" in said


async def test_names_that_lead_nowhere_are_not_called() -> None:
    async with (
        Fake(NAME, plain(NAME, "no host", "", "@", "x@")).up() as fake,
        watched(fake) as adapter,
    ):
        look = await until(adapter, lambda look: bool(look.rows))
        assert look.silent == {}


async def test_something_else_at_the_port_of_a_node_is_a_sentence() -> None:
    async def alert(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(64)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    fake = Fake(NAME, plain(NAME))
    fake.met = alert
    async with fake.up(), watched(fake) as adapter:
        look = await until(adapter, lambda look: bool(look.silent))
        assert "does not speak as an Erlang node does" in look.silent[NodeId(NAME)]


async def test_a_node_that_speaks_tls_is_said_to_and_is_not_tried_again_at_once() -> None:
    async def alert(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(64))
        writer.write(b"\x15\x03\x03\x00\x02\x02\x0a")  # as OTP 27 and 29 answer with inet_tls
        writer.close()

    asked: list[bytes] = []
    fake = Fake(NAME, plain(NAME))
    fake.met = alert
    async with fake.up(), watched(fake) as adapter:
        for _ in range(3):
            assert not (await adapter.look(0)).rows
        assert adapter.trouble.startswith(f"{NAME} speaks TLS (-proto_dist inet_tls), and only")
        assert len(asked) == 1, "it logs each attempt"


async def test_ticks_are_answered() -> None:
    async with Fake(NAME, plain(NAME)).up() as fake, watched(fake) as adapter:
        fake.says += [link.TICK, link.TICK]
        await until(adapter, lambda _: fake.ticks == 2)
        assert NodeId(NAME) in (await until(adapter, lambda look: bool(look.rows))).rows


async def test_signals_that_are_for_nobody_are_passed_over() -> None:
    exit_signal = b"p" + encoded((3, MYSELF, MYSELF, Atom("noproc")))
    stray = b"p" + encoded((2, Atom(""), MYSELF)) + encoded((Ref(Atom("x@y"), 1, (9, 9, 9)), 1))
    fake = Fake(NAME, plain(NAME))
    fake.says += [pack(">I", len(raw)) + raw for raw in (exit_signal, stray)]
    async with fake.up(), watched(fake) as adapter:
        assert (await until(adapter, lambda look: bool(look.rows))).silent == {}


async def test_whatever_a_node_answers_nothing_breaks() -> None:
    chance = Random(7)
    pairs: list[Term] = [Atom(NAME), 1]
    junk: list[Term] = [*ZOO, REFUSED, pairs]

    def anything(call: Call) -> Term:
        if call[1] == "nodes" and chance.random() < 0.9:  # else it is silent for a second
            return [Atom(OTHER), Atom(""), Atom("no host"), 7]
        return chance.choice(junk) if chance.random() < 0.8 else plain(NAME)(call)

    for _ in range(40):
        async with Fake(NAME, anything).up() as fake, watched(fake) as adapter:
            look = await until(adapter, lambda look: bool(look.rows))
            row = look.rows[NodeId(NAME)]
            assert row.opinions[NodeId(NAME)].state is MemberState.ALIVE


# --- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["erlang://", "erlang://n1", "erlang://n1@", "erlang://a@b,c"])
def test_what_names_no_node_says_what_to_write(address: str) -> None:
    with pytest.raises(ForeignError, match=r"write erlang://NAME@HOST"):
        opened(address, lambda _word: None)


@pytest.mark.parametrize("port", ["0", "x", "99999", "7" * 5_000])
def test_a_port_mapper_without_a_port_is_one_sentence(port: str, tmp_path: Path) -> None:
    file = tmp_path / "cookie"
    file.write_text(COOKIE)
    with pytest.raises(ForeignError, match="epmd= has to be the port"):
        opened(f"erlang://{NAME}?epmd={port}&cookie-file={file}", lambda _word: None)


def test_a_cookie_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ForeignError, match="--cookie FILE") as raised:
        opened(f"erlang://{NAME}?cookie=hunter2", lambda _word: None)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "\n", "a" * 300, "\x00\x01"])
def test_a_file_without_a_cookie_is_one_sentence(text: str, tmp_path: Path) -> None:
    file = tmp_path / "cookie"
    file.write_text(text)
    with pytest.raises(ForeignError, match="holds no cookie"):
        opened(f"erlang://{NAME}?cookie-file={file}", lambda _word: None)
    with pytest.raises(ForeignError, match=r"No such file.*--cookie FILE"):
        opened(f"erlang://{NAME}?cookie-file={tmp_path / 'none'}", lambda _word: None)


async def test_the_cookie_is_found_where_erlang_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    with pytest.raises(ForeignError, match=r"there is no ~/\.erlang\.cookie"):
        opened(f"erlang://{NAME}", lambda _word: None)
    (tmp_path / ".erlang.cookie").write_text(COOKIE)
    async with Fake(NAME, plain(NAME)).up() as fake:
        monkeypatch.setenv("ERL_EPMD_PORT", str(fake.epmd))
        source = ForeignSource(f"erlang://{NAME}")
        assert await source.look()
        assert source.trouble == ""
        await source.close()
