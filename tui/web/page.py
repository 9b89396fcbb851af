"""A dashboard's page: the server, the relay to its viewers, and the one token, as one thing to hold."""

from __future__ import annotations

import secrets
from typing import Final

from cluster.model.facts import Fact
from tui.acts import Hands
from tui.dashboard import Begin
from tui.driving.dress import Dress
from tui.sources.source import Source, Take
from tui.web.guards import LOOPBACK
from tui.web.order import AS_IT_IS, Serve
from tui.web.relay import Relay, Shown
from tui.web.served import Served

TOKEN_BYTES: Final = 16


class Page:
    """What `--serve` asked for. `acts`: there is something that a viewer with the token may do."""

    def __init__(
        self,
        host: str,
        port: int,
        title: str,
        *,
        acts: bool = False,
        simulated: bool = False,
        dress: Dress = AS_IT_IS,
        recording: str = "",
    ) -> None:
        self._token = secrets.token_urlsafe(TOKEN_BYTES) if acts else ""
        self._local = host in LOOPBACK
        order = Serve(port, host, title, self._token, simulated, dress, recording)
        self._relay = Relay()
        self._served = Served(order, lambda end, may: self._relay.admit(end, acts=may))

    @property
    def address(self) -> str:
        """For who only looks."""
        return f"{self._served.address}/"

    @property
    def acting(self) -> str:
        """For who may also do what the dashboard's own keys do; empty: nobody may."""
        return f"{self.address}?token={self._token}" if self._token else ""

    @property
    def greeting(self) -> str:
        """Who can look on, and where. Never the token."""
        whose = "anybody on this machine" if self._local else "ANYBODY WHO REACHES THIS MACHINE"
        more = "; :page says who may do more" if self._token else ""
        return f"{whose} can look on at {self.address}{more}"

    @property
    def told(self) -> str:
        """Both addresses, for who sits at the dashboard itself."""
        acting = f"  may act too: {self.acting}" if self._token else ""
        return f"looks only: {self.address}{acting}"

    async def start(self) -> None:
        """Returns when it is served. Raises ServeError."""
        await self._served.start()

    def attach(self, shown: Shown) -> None:
        """The dashboard that is shown."""
        self._relay.attach(shown)

    def through(self, begin: Begin) -> Begin:
        """The same beginning, of a source that the viewers hear too."""

        async def begun(take: Take) -> tuple[Source, Hands | None]:
            source, hands = await begin(take)
            return self._relay.through(source), hands

        return begun

    def hear(self, fact: Fact) -> None:
        """Something that the dashboard heard from another than its source."""
        self._relay.hear(fact)

    def again(self) -> None:
        """All that was told is void."""
        self._relay.again()

    async def stop(self) -> None:
        """End it, and every viewer with it."""
        await self._served.stop()
        await self._relay.stop()
