"""Whatever is asked, however badly: a 4xx with one JSON shape, and the window goes on."""

from __future__ import annotations

from base64 import b64encode

import msgspec
import pytest
from msgspec.structs import replace

from cluster.api import server as server_module
from cluster.model.member import NodeId
from cluster.protocol.effects import Response
from cluster.protocol.inputs import JoinCommand, LeaveCommand, Request
from tests.api.desk import Desk, exchange, http, parse, window

WEBSOCKET = {
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": b64encode(bytes(16)).decode(),
}

LONG_KEY = "/kv/" + "k" * 1_025
LONG_CHUNK = b"100001\r\n" + bytes(1_048_577) + b"\r\n0\r\n\r\n"

BAD: list[tuple[str, bytes, int]] = [
    ("not HTTP", b"hello\r\n\r\n", 400),
    ("junk", b"\x16\x03\x01\x02\x00\xff\xff\r\n\r\n", 400),
    ("no version", b"GET /\r\nHost: localhost\r\n\r\n", 505),
    ("odd version", b"GET / HTTP/7.5\r\nHost: localhost\r\n\r\n", 400),
    ("old version", b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n", 505),
    ("old version, no host", b"GET /healthz HTTP/1.0\r\n\r\n", 505),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("no host", b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    ("two hosts", b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
    ("folded header", b"GET / HTTP/1.1\r\nHost: localhost\r\n more\r\n\r\n", 400),
    ("space before colon", b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
    ("bare newline in header", b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\nC: d\r\n\r\n", 400),
    ("full URL", b"GET http://x/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
    ("broken URL", b"GET http://[/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    ("no path", b"GET healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    ("double slash", http("GET", "//healthz"), 404),
    ("asterisk", http("OPTIONS", "*"), 404),
    ("tunnel", http("CONNECT", "localhost:80"), 404),
    ("tunnel to nowhere", http("CONNECT", "/healthz"), 404),
    (
        "path of bytes",
        b"GET /kv/\xff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        400,
    ),
    (
        "query of bytes",
        b"GET /kv/a?r=\xff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        400,
    ),
    ("header of bytes", http("GET", "/healthz", X_Odd="\xe9"), 400),
    (
        "two origins",
        http("GET", "/healthz", Origin="http://localhost:1", ORIGIN="http://evil"),
        400,
    ),
    ("long head", b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"x" * 40_000, 431),
    ("many headers", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 400),
    ("much of everything", http("GET", "/", b"", **{f"A{n}": "x" * 999 for n in range(50)}), 431),
    ("bad chunk", http("PUT", "/kv/a", Transfer_Encoding="chunked") + b"zz\r\n\r\n", 400),
    ("chunks too long", http("PUT", "/kv/a", Transfer_Encoding="chunked") + LONG_CHUNK, 413),
    ("length and chunks", http("PUT", "/kv/a", b"x", Transfer_Encoding="chunked"), 400),
    ("negative length", http("PUT", "/kv/a", Content_Length="-1"), 400),
    ("length in words", http("PUT", "/kv/a", Content_Length="ten"), 400),
    ("two lengths", http("PUT", "/kv/a", b"x", Content_Length="2"), 400),
    ("huge length", http("PUT", "/kv/a", Content_Length="99999999999"), 413),
    ("value too long", http("PUT", "/kv/a", bytes(1_048_577)), 413),
    ("unknown path", http("GET", "/nothing"), 404),
    ("root", http("GET", "/"), 404),
    ("prefix only", http("GET", "/kv"), 404),
    ("odd method", http("BREW", "/kv/a"), 400),
    ("another method", http("PATCH", "/kv/a"), 405),
    ("post without a type", http("POST", "/kv/a"), 400),
    ("put a snapshot", http("PUT", "/snapshot"), 405),
    ("put a record", http("PUT", "/record"), 405),
    ("ask a part of the record", http("GET", "/record?since=1.1"), 400),
    ("get a command", http("GET", "/command"), 405),
    ("get a fault", http("GET", "/fault"), 405),
    ("post health", http("POST", "/healthz"), 405),
    ("empty key", http("GET", "/kv/"), 400),
    ("bad escape", http("GET", "/kv/a%2"), 400),
    ("worse escape", http("GET", "/kv/a%zz"), 400),
    ("long key", http("GET", LONG_KEY), 413),
    ("r is a word", http("GET", "/kv/a?r=two"), 400),
    ("r is zero", http("GET", "/kv/a?r=0"), 400),
    ("r is negative", http("GET", "/kv/a?r=-1"), 400),
    ("r is huge", http("GET", "/kv/a?r=99999999999999999999"), 400),
    ("r is empty", http("GET", "/kv/a?r="), 400),
    ("r in other digits", http("GET", "/kv/a?r=%D9%A2"), 400),
    ("w on a read", http("GET", "/kv/a?w=1"), 400),
    ("r on a write", http("PUT", "/kv/a?r=1", b"x"), 400),
    ("unknown parameter", http("GET", "/kv/a?quorum=1"), 400),
    ("no parameter", http("GET", "/kv/a?r"), 400),
    ("parameter on health", http("GET", "/healthz?x=1"), 400),
    ("bad context", http("PUT", "/kv/a", b"x", X_Masterless_Context="!!"), 400),
    # An actor without a name once made a fully acknowledged value unreadable.
    ("context of nobody", http("PUT", "/kv/a", b"x", X_Masterless_Context="gaAB"), 400),
    ("context of junk", http("PUT", "/kv/a", b"x", X_Masterless_Context="AAAA"), 400),
    (
        "context out of range",
        http(
            "PUT",
            "/kv/a",
            b"x",
            X_Masterless_Context=b64encode(msgspec.msgpack.encode({"a": 2**64 - 1})).decode(),
        ),
        400,
    ),
    ("bad type", http("PUT", "/kv/a", b"x", Content_Type="not a type"), 400),
    ("long type", http("PUT", "/kv/a", b"x", Content_Type="a/" + "b" * 300), 400),
    ("empty command", http("POST", "/command"), 400),
    ("command not JSON", http("POST", "/command", b"{"), 400),
    ("command not UTF-8", http("POST", "/command", b'{"command":"\xff"}'), 400),
    ("nested command", http("POST", "/command", b"[" * 50_000), 400),
    ("command a list", http("POST", "/command", b"[]"), 400),
    ("unknown command", http("POST", "/command", b'{"command":"explode"}'), 400),
    ("join nobody", http("POST", "/command", b'{"command":"join"}'), 400),
    ("join nonsense", http("POST", "/command", b'{"command":"join","address":"x"}'), 400),
    ("join port 0", http("POST", "/command", b'{"command":"join","address":"127.0.0.1:0"}'), 400),
    ("join a number", http("POST", "/command", b'{"command":"join","address":7}'), 400),
    ("extra field", http("POST", "/command", b'{"command":"leave","now":true}'), 400),
    ("unknown fault", http("POST", "/fault", b'{"kind":"kill"}'), 400),
    ("fault with typo", http("POST", "/fault", b'{"kind":"cut","peer":["n2"]}'), 400),
    ("fault on itself", http("POST", "/fault", b'{"kind":"cut","peers":["n1"]}'), 400),
    ("loss above one", http("POST", "/fault", b'{"kind":"loss","fraction":2}'), 400),
    ("loss refused", http("POST", "/fault", b'{"kind":"loss","fraction":0.5}'), 400),
    ("delay negative", http("POST", "/fault", b'{"kind":"delay","delay_ms":-1}'), 400),
    ("odd direction", http("POST", "/fault", b'{"kind":"cut","direction":"up"}'), 400),
    ("facts without upgrade", http("GET", "/facts"), 426),
    ("facts by post", http("POST", "/facts"), 405),
    ("facts, bad since", http("GET", "/facts?since=now", b"", **WEBSOCKET), 400),
    ("facts, half a since", http("GET", "/facts?since=1.", b"", **WEBSOCKET), 400),
    (
        "facts, old version",
        http("GET", "/facts", b"", **{**WEBSOCKET, "Sec_WebSocket_Version": "9"}),
        426,
    ),
    ("facts, no key", http("GET", "/facts", b"", **{**WEBSOCKET, "Sec_WebSocket_Key": "x"}), 426),
    ("rebound name", http("GET", "/healthz", host="evil.example:80"), 403),
    ("name that begins like loopback", http("GET", "/healthz", host="127.0.0.1.evil.example"), 403),
    ("page of another site", http("GET", "/healthz", Origin="http://evil.example"), 403),
    ("page without an origin", http("POST", "/command", b"{}", Origin="null"), 403),
    ("odd origin", http("GET", "/healthz", Origin="file://localhost"), 403),
    (
        "facts from another site",
        http("GET", "/facts", b"", Origin="http://evil.example", **WEBSOCKET),
        403,
    ),
    ("write from another site", http("PUT", "/kv/a", b"x", Origin="https://evil.example"), 403),
]


async def test_every_bad_request_is_refused_in_one_shape(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server_module, "LINGER_S", 0.05)
    desk = Desk()
    async with window(desk) as address:
        for what, sent, wanted in BAD:
            status, headers, body = parse(await exchange(address, sent))
            assert (what, status) == (what, wanted)
            assert headers["content-type"] == "application/json"
            said = msgspec.json.decode(body)
            assert set(said) == {"error", "detail"}, what
            assert all(said.values()), what
            assert "Traceback" not in said["detail"]
        assert desk.asked == []
        assert capfd.readouterr().err == ""
        status, _, _ = parse(await exchange(address, http("GET", "/healthz")))
        assert status == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:7500", "[::1]:7500", "LOCALHOST:1"])
async def test_loopback_may_ask_by_any_of_its_names(host: str) -> None:
    async with window(Desk()) as address:
        sent = http("GET", "/healthz", host=host, Origin=f"http://{host}")
        status, _, body = parse(await exchange(address, sent))
        assert (status, msgspec.json.decode(body)["name"]) == (200, "n1")


async def test_faults_need_permission() -> None:
    desk = Desk()
    desk.config = replace(desk.config, faults_allowed=False)
    async with window(desk) as address:
        sent = http("POST", "/fault", b'{"kind":"heal"}')
        status, _, body = parse(await exchange(address, sent))
        assert status == 403
        assert "--allow-faults" in msgspec.json.decode(body)["detail"]
    assert desk.faults == []


async def test_orders_reach_the_node() -> None:
    desk = Desk()

    def answer(_request: Request) -> Response:
        return None

    desk.answer = answer
    async with window(desk) as address:
        for body in (
            b'{"command":"join","address":"localhost:7400"}',
            b'{"command":"leave"}',
        ):
            assert parse(await exchange(address, http("POST", "/command", body)))[0] == 200
        cut = b'{"kind":"cut","peers":["n2","n3"],"direction":"out"}'
        status, _, said = parse(await exchange(address, http("POST", "/fault", cut)))
        assert (status, msgspec.json.decode(said)) == (200, {"in_force": ["in force"]})
    join, leave = desk.asked
    assert isinstance(join, JoinCommand)
    assert join.address in ("127.0.0.1:7400", "[::1]:7400")
    assert leave == LeaveCommand()
    assert desk.faults == [("cut", (NodeId("n2"), NodeId("n3")), "out", 0.0, 0)]


async def test_a_defect_of_a_handler_shows_no_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk = Desk()

    def broken(_request: Request) -> Response:
        raise ZeroDivisionError("secret")

    desk.answer = broken
    async with window(desk) as address:
        status, _, body = parse(await exchange(address, http("GET", "/kv/a")))
        assert status == 500
        assert set(msgspec.json.decode(body)) == {"error", "detail"}
        assert b"secret" not in body
        assert "secret" in capsys.readouterr().err
        assert parse(await exchange(address, http("GET", "/healthz")))[0] == 200
