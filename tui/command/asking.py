"""Asking a node's window, for commands that print and end: an answer, or one sentence."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

from tui.command.saying import FINE, NO_ANSWER, NOT_FINE, WRONG_CALL, CommandError, warn

NO_NODE: Final = (
    "something answers at {} that is no node's window; look for it in what `up` printed"
)
OTHERS: Final = (
    "nodes behind {}:// are of another engine and tell nothing of this; inspect, status, members and "
    "record read them"
)
PATIENCE_S: Final = 5.0
"""For the window that was named. The others' are given a moment: they may be down."""
MOMENT_S: Final = 1.0


def ask(
    at: str,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    fine: tuple[int, ...] = (200,),
    patience_s: float = PATIENCE_S,
) -> tuple[int, dict[str, str], bytes]:
    """One HTTP request to a node's window, or a CommandError that says what to do.

    A change that was sent and not answered is not said to have failed: nobody knows.
    """
    if "://" in at:
        raise CommandError(OTHERS.format(at.partition("://")[0]), WRONG_CALL)
    import json
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(at, timeout=patience_s)
    sent = False
    try:
        connection.connect()
        sent = True
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        status, fields, said = answer.status, dict(answer.getheaders()), answer.read()
    except (OSError, HTTPException) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        why = " ".join(why.split())  # it may quote what answered
        sentence = f"no node answers at {at} ({why}); is it the window's address, and is it up?"
        if sent and method != "GET":
            sentence = f"no answer from {at} ({why}), but it was sent: it may still take effect"
        raise CommandError(sentence, NO_ANSWER) from None
    finally:
        connection.close()
    if status in fine:
        return status, fields, said
    try:
        problem = json.loads(said)
        sentence = f"{at} refused: {problem['error']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        raise CommandError(NO_NODE.format(at), NO_ANSWER) from None
    raise CommandError(sentence, WRONG_CALL if status < 500 else NOT_FINE)


def there(address: str) -> tuple[str, ...]:
    """Where others of another engine's cluster were found; raises CommandError if nobody answers."""
    with telling_whom(address):
        if "://" not in address:
            ask(address, "GET", "/healthz")
            return ()
        view, _ = foreign(address)
    return tuple(node.window for node in view.nodes.values() if node.connected and node.window)


@contextmanager
def telling_whom(address: str) -> Generator[None]:
    """If this takes longer than a moment, one line on stderr says who is asked."""
    from threading import Timer

    where = address
    if "://" in address:
        from tui.sources.foreign.watching import shown

        where = shown(address)
    sentence = f"asking {where}, no answer after {MOMENT_S:g} s; still waiting"
    line = Timer(MOMENT_S, warn, (sentence,))
    line.daemon = True
    line.start()
    try:
        yield
    finally:
        line.cancel()


def look(address: str) -> Any:
    """(view, now) of the cluster that a node knows, from every node's own snapshot."""
    if "://" in address:
        return foreign(address)
    from tui.text.look import look_around

    view, now = look_around(patient(address), address, CommandError)
    if not view.nodes:
        raise CommandError(NO_NODE.format(address), NO_ANSWER)
    return view, now


def foreign(address: str) -> Any:
    """(view, now) of another engine's cluster: one look."""
    import asyncio

    from tui.sources.foreign.watching import ForeignError, looked, shown

    try:
        view, now, trouble = asyncio.run(looked(address))
    except ForeignError as error:
        raise CommandError(str(error), WRONG_CALL) from None
    if not view.nodes:
        raise CommandError(trouble or f"nobody answers at {shown(address)}", NO_ANSWER)
    return view, now


async def foreign_looks(address: str, take: Any) -> int:
    """Give `take` the view and the moment, look after look, until Ctrl-C."""
    from contextlib import aclosing

    from tui.sources.foreign.watching import ForeignError, looks, shown

    try:
        async with aclosing(looks(address)) as seen:
            async for view, now, trouble in seen:
                if not view.nodes:
                    sentence = trouble or f"nobody answers at {shown(address)}"
                    raise CommandError(sentence, NO_ANSWER)
                take(view, now)
        return FINE
    except ForeignError as error:
        raise CommandError(str(error), WRONG_CALL) from None


def records(address: str) -> Any:
    """(records, now): what the nodes of a cluster remember of failures."""
    from time import time_ns

    from tui.text.look import records_around

    found = records_around(patient(address), address, CommandError)
    if found is None:
        raise CommandError(NO_NODE.format(address), NO_ANSWER)
    return found, time_ns() // 1_000


def patient(address: str) -> Any:
    """Asks the window that was named with patience, all others for a moment."""

    def asked(at: str, *request: Any) -> tuple[int, dict[str, str], bytes]:
        return ask(at, *request, patience_s=PATIENCE_S if at == address else MOMENT_S)

    return asked
