"""Terms go out and come back; bytes of a stranger are a term or one error, and never anything else."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from random import Random
from struct import pack
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.foreign.erlang.beams import ERLANG
from tui.sources.foreign.erlang.decoding import DEPTH_MAX, PARTS_MAX, decoded
from tui.sources.foreign.erlang.terms import (
    Atom,
    Bits,
    Improper,
    Map,
    Opaque,
    Pid,
    Port,
    Record,
    Ref,
    Term,
    TermError,
    encoded,
)

NODE = Atom("n1@127.0.0.1")
ZOO: list[Term] = [
    0,
    255,
    256,
    -1,
    1 << 31,
    -(1 << 63),
    1 << 4_000,
    1.5,
    Atom("ok"),
    Atom(""),
    Atom("ä" * 200),
    b"bytes",
    [],
    [1, 2, Atom("three")],
    (),
    (1, (2, [3])),
    tuple(range(300)),
    Map(((Atom("a"), 1), ([2], (3,)))),
    Improper((1, 2), 3),
    Record(Atom("m"), Atom("point"), (Atom("x"), Atom("y")), (1, [2]), 1),
    Bits(b"\x80", 1),
    Pid(NODE, 85, 0, 1_700_000_000),
    Port(NODE, 1 << 40, 7),
    Ref(NODE, 9, (1, 2, 3, 4, 5)),
]
words = st.integers(0, (1 << 32) - 1)
atoms = st.text(max_size=40).map(Atom)
flat = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    atoms,
    st.binary(max_size=40),
    st.builds(Pid, atoms, words, words, words),
    st.builds(Port, atoms, st.integers(0, (1 << 64) - 1), words),
    st.builds(Ref, atoms, words, st.lists(words, min_size=1, max_size=5).map(tuple)),
)


def deeper(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    several = st.lists(inner, max_size=5)
    pairs = st.lists(st.tuples(inner, inner), max_size=4).map(lambda them: Map(tuple(them)))
    fields = st.lists(st.tuples(atoms, inner), max_size=4)
    records = st.builds(recorded, atoms, atoms, fields, st.integers(0, 1))
    return cast("st.SearchStrategy[Term]", st.one_of(several, several.map(tuple), pairs, records))


def recorded(module: Atom, name: Atom, fields: list[tuple[Atom, Term]], flags: int) -> Record:
    """A native record of these fields."""
    keys, values = (tuple(field for field, _ in fields), tuple(value for _, value in fields))
    return Record(module, name, keys, values, flags)


terms = st.recursive(cast("st.SearchStrategy[Term]", flat), deeper, max_leaves=20)


@given(terms)
def test_what_goes_out_comes_back(term: Term) -> None:
    raw = encoded(term)
    assert decoded(raw) == (term, len(raw))


@pytest.mark.parametrize("term", ZOO, ids=lambda term: str(term)[:20])
def test_every_kind_comes_back(term: Term) -> None:
    raw = encoded(term)
    assert decoded(b"x" + raw + b"rest", 1) == (term, 1 + len(raw))


def test_forms_that_only_others_write_are_read() -> None:
    assert decoded(b"\x83k\x00\x02ab")[0] == [97, 98], "a string is a list"
    assert decoded(b"\x83d\x00\x02ok")[0] == Atom("ok")
    assert decoded(b"\x83s\x01\xe4")[0] == Atom("ä"), "Latin-1"
    assert decoded(b"\x83c" + b"1.50000000000000000000e+00\x00\x00\x00\x00\x00")[0] == 1.5
    export = b"q" + b"w\x05lists" + b"w\x03map" + b"a\x02"
    assert decoded(b"\x83" + export)[0] == Opaque(export)
    fun = b"p" + pack(">I", 8) + b"body"
    assert decoded(b"\x83" + fun)[0] == Opaque(fun)
    assert decoded(encoded([Opaque(fun), 1]))[0] == [Opaque(fun), 1]


def test_native_records_as_otp_29_wrote_them_are_read() -> None:
    private = b"\x83C\x00\x00\x00\x02\x00w\x02nrw\x04roomw\x04namew\x07playersw\x01aF?\xf8" + bytes(
        6
    )
    fields = (Atom("name"), Atom("players"))
    assert decoded(private) == (
        Record(Atom("nr"), Atom("room"), fields, (Atom("a"), 1.5)),
        len(private),
    )
    public = b"\x83C\x00\x00\x00\x02\x01w\x02nrw\x03pubw\x01aw\x01ba\x01k\x00\x01\x02"
    fields = (Atom("a"), Atom("b"))
    assert decoded(public)[0] == Record(Atom("nr"), Atom("pub"), fields, (1, [2]), 1)
    empty = b"\x83C\x00\x00\x00\x00\x00w\x01mw\x01e"
    assert decoded(empty)[0] == Record(Atom("m"), Atom("e"), (), ())
    assert encoded(decoded(empty)[0]) == empty


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x82a\x01",
        b"\x83",
        b"\x83\xff",
        b"\x83m\xff\xff\xff\xffabc",
        b"\x83l\x7f\xff\xff\xff",
        b"\x83t\x7f\xff\xff\xffa\x01",
        b"\x83i\xff\xff\xff\xff",
        b"\x83C\xff\xff\xff\xff\x00w\x01mw\x01e",
        b"\x83C\x00\x00\x00\x01\x00w\x01mw\x01ea\x01a\x01",
        b"\x83o\xff\xff\xff\xff\x00",
        b"\x83w\x02\xff\xff",
        b"\x83v\x01\x00" + b"a" * 256,
        b"\x83F\x7f\xf0" + bytes(6),
        b"\x83c" + b"inf" + bytes(28),
        b"\x83P\x00\x00\x00\x05zzzz",
        b"\x83Xa\x01" + bytes(12),
        b"\x83Z\x00\x09w\x00" + bytes(40),
        b"\x83p\x00\x00\x00\x02",
        b"\x83M\x00\x00\x00\x01\x09\x00",
        b"\x83" + b"l\x00\x00\x00\x01" * 5_000,
        b"\x83" + b"h\x01" * (DEPTH_MAX + 2) + b"j",
        b"\x83l" + pack(">I", PARTS_MAX + 1) + b"j" * (PARTS_MAX + 2),
    ],
)
def test_what_is_no_term_or_too_much_is_one_error(raw: bytes) -> None:
    with pytest.raises(TermError):
        decoded(raw)


def test_nothing_too_large_is_written() -> None:
    with pytest.raises(TermError):
        encoded(1 << 9_000)
    with pytest.raises(TermError):
        encoded(Atom("a" * 256))


def fuzz(seed: int, count: int) -> tuple[int, int]:
    """Real terms with bytes changed, cut off and put in, and plain noise: (terms, errors)."""
    chance = Random(seed)
    seeds = [encoded(term) for term in ZOO] + [encoded(ZOO), encoded(tuple(ZOO))]
    tags = bytes((67, *range(70, 122)))
    good = bad = 0
    for _ in range(count):
        raw = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 5)):
            place = chance.randrange(1, len(raw) + 1)
            match chance.randrange(5):
                case 0 if place < len(raw):
                    raw[place] = chance.randrange(256)
                case 1 if place < len(raw):
                    raw[place] = chance.choice(tags)
                case 2:
                    raw[place:place] = chance.randbytes(chance.randrange(1, 9))
                case 3:
                    del raw[place : place + chance.randrange(1, 9)]
                case _:
                    raw[place:place] = chance.choice(seeds)[1:40]
        try:
            term, end = decoded(bytes(raw))
        except TermError:
            bad += 1
        else:
            good += 1
            assert end <= len(raw)
            assert decoded(encoded(term))[0] == term
    return good, bad


def test_damaged_terms_are_terms_or_errors() -> None:
    good, bad = fuzz(1, 20_000)
    assert good > 2_000
    assert bad > 2_000


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_a_million_damaged_terms_are_terms_or_errors() -> None:
    good, bad = fuzz(2, 1_000_000)
    assert good > 100_000
    assert bad > 100_000


WRITES = """
Terms = [1, -5, 300, 1 bsl 70, 2.5, ok, 'Ä', <<"bin">>, <<5:3>>, "text", [1, two | three],
    #{a => 1, [k] => {v}}, self(), make_ref(), fun lists:map/2, fun(X) -> X end, hd(erlang:ports()),
    try records:create(m, r, [{k, 1}], #{is_exported => true}) catch error:undef -> none end],
io:put_chars([io_lib:format("~2.16.0b", [B]) || <<B>> <= term_to_binary(Terms)]), halt().
"""


@pytest.mark.real
@pytest.mark.skipif(not ERLANG, reason="Erlang is not installed")
async def test_terms_that_erlang_wrote_are_read() -> None:
    process = await asyncio.create_subprocess_exec(
        *("erl", "-noshell", "-start_epmd", "false", "-eval", " ".join(WRITES.split())),
        stdout=PIPE,
        stderr=DEVNULL,
        stdin=DEVNULL,
    )
    out, _ = await process.communicate()
    raw = bytes.fromhex(out.decode())
    found, end = decoded(raw)
    assert end == len(raw)
    assert isinstance(found, list)
    plain: list[Term] = [1, -5, 300, 1 << 70, 2.5, Atom("ok"), Atom("Ä"), b"bin", Bits(b"\xa0", 3)]
    assert found[: len(plain)] == plain
    kinds = [type(each) for each in found[len(plain) :]]
    assert kinds[:-1] == [list, Improper, Map, Pid, Ref, Opaque, Opaque, Port]
    record = Record(Atom("m"), Atom("r"), (Atom("k"),), (1,), 1)
    assert found[-1] in (record, "none"), "OTP 29 has native records, older ones have none"
    assert decoded(encoded(found))[0] == found
