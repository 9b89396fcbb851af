"""The line from a terminal to a stage's presenter's view: listens, asks, comes back when it broke.

Knows no terminal: `told` is called with what came and `broken` with why nothing does. Tries again for
as long as it is wanted, with waits up to `RETRY_S`: a stage may be started again at the same port,
but its token is another one, and a refusal ends the line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import msgspec
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType
from aiohttp.client_exceptions import WSServerHandshakeError

from talk.notes.asking import Ask, Do
from talk.notes.sheet import Told
from talk.notes.site import NotesError

RETRY_S: Final = (0.5, 1.0, 2.0, 4.0)
TOLD_BYTES_MAX: Final = 4 * 1_048_576
"""Of one message of a stage: a deck's programme."""
HEARTBEAT_S: Final = 15.0
_decoder: Final = msgspec.json.Decoder(Told)


class Line:
    """One line to one address."""

    def __init__(self, socket: str) -> None:
        self.address = socket
        self.refused = ""
        """Why the stage will not speak with us at all."""
        self._socket: ClientWebSocketResponse | None = None

    async def run(self, told: Callable[[Told], None], broken: Callable[[str], None]) -> None:
        """Until it is refused, or cancelled."""
        tries = 0
        async with ClientSession() as session:
            while True:
                try:
                    async with session.ws_connect(
                        self.address, heartbeat=HEARTBEAT_S, max_msg_size=TOLD_BYTES_MAX
                    ) as socket:
                        self._socket = socket
                        tries = 0
                        await _listen(socket, told)
                        broken("the stage has ended")
                except WSServerHandshakeError as error:
                    if error.status == 403:
                        self.refused = "the stage refuses this address: is its token still good?"
                        return
                    broken(f"the stage has no place for another view ({error.status})")
                except msgspec.MsgspecError:
                    self.refused = "what answers there is no stage of this version"
                    return
                except (ClientError, OSError) as error:
                    broken(f"the stage does not answer: {error}")
                finally:
                    self._socket = None
                await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
                tries += 1

    async def ask(self, do: Do, slide: int = 0) -> bool:
        """Press a key; whether it could be said."""
        if self._socket is None or self._socket.closed:
            return False
        try:
            await self._socket.send_str(msgspec.json.encode(Ask(do, slide)).decode())
        except ConnectionError:
            return False
        return True


async def _listen(socket: ClientWebSocketResponse, told: Callable[[Told], None]) -> None:
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            return
        told(_decoder.decode(message.data))


def line_of(address: str) -> Line:
    """The line to a view, by its whole address. Raises NotesError."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme not in ("http", "https") or not parts.netloc or "token=" not in parts.query:
        raise NotesError(
            "give the whole address of the presenter's view, as the stage printed it: "
            "http://127.0.0.1:7500/notes?token=..."
        )
    scheme = "wss" if parts.scheme == "https" else "ws"
    return Line(f"{scheme}://{parts.netloc}/ws?{parts.query}")
