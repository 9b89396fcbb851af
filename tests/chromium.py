"""A browser for tests: headless Chromium over its DevTools protocol, as few words of it as are needed.

    async with chromium(tmp_path) as browser:
        page = await browser.open("http://127.0.0.1:8000/")
        await page.until("document.title === 'masterless: demo'")

Nothing but this machine can be reached from it. `CHROMIUM` is empty where there is none: tests that
need one are skipped there, with `NEEDS_CHROMIUM`, and the summary counts them. Every wait has a
deadline, and a page that breaks while we wait says how.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

CHROMIUM: Final = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
NEEDS_CHROMIUM: Final = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
STARTS_WITHIN_S: Final = 30.0
ANSWERS_WITHIN_S: Final = 20.0
ENDS_WITHIN_S: Final = 5.0
MESSAGE_BYTES_MAX: Final = 64 * 1_048_576
"""A screenshot, as text."""
POLL_S: Final = 0.05
KEYS: Final[dict[str, tuple[str, int, str]]] = {
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "Tab": ("Tab", 9, ""),
    "Backspace": ("Backspace", 8, ""),
    "Space": ("Space", 32, " "),
    "ArrowLeft": ("ArrowLeft", 37, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
    "ArrowRight": ("ArrowRight", 39, ""),
    "ArrowDown": ("ArrowDown", 40, ""),
    "PageUp": ("PageUp", 33, ""),
    "PageDown": ("PageDown", 34, ""),
}
"""Keys that are no letters: the protocol's code, the old number, the text."""


class ChromiumError(Exception):
    """What the browser said, or did not say in time."""


class Page:
    """One page."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self._browser = browser
        self._session = session
        self._target = target
        self.errors: list[str] = []
        """What a console shows in red: exceptions, errors, what was refused or not found."""
        self.requests: list[str] = []
        """Every address that was asked for, WebSockets too."""

    async def evaluate(self, expression: str) -> Any:
        """The value of JavaScript; promises are awaited. Raises ChromiumError on an exception."""
        said = await self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in said:
            raise ChromiumError(_exception(said["exceptionDetails"]))
        return said["result"].get("value")

    async def until(self, expression: str, within: float = 30.0) -> Any:
        """Wait until an expression is true; its value. Raises ChromiumError at the deadline."""
        try:
            async with asyncio.timeout(within):
                while not (value := await self.evaluate(expression)):  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)
                return value
        except TimeoutError:
            raise ChromiumError(f"not within {within:g} s: {expression}\n{self.errors}") from None

    async def press(self, *keys: str) -> None:
        """Keys, one after the other: characters, or names as in KEYS."""
        for key in keys:
            code, number, text = KEYS.get(key, ("", 0, key))
            event = {"key": " " if key == "Space" else key, "text": text}
            event |= {"code": code, "windowsVirtualKeyCode": number} if code else {}
            kind = "keyDown" if text else "rawKeyDown"
            await self.send("Input.dispatchKeyEvent", type=kind, **event)
            await self.send("Input.dispatchKeyEvent", type="keyUp", **{**event, "text": ""})

    async def click(self, x: float, y: float) -> None:
        """A click, in pixels of the page."""
        for kind in ("mousePressed", "mouseReleased"):
            await self.send(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def viewport(self, width: int, height: int, *, phone: bool = False) -> None:
        """Another size of the window, in pixels; a phone's has touch.

        Its denser screen is left out: emulated, a canvas is told the pixels of the real one.
        """
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        await self.send("Emulation.setTouchEmulationEnabled", enabled=phone)

    async def screenshot(self, path: Path | None = None) -> bytes:
        """What it looks like, as a PNG; also kept in a file if one is named."""
        said = await self.send("Page.captureScreenshot", format="png")
        image = base64.b64decode(said["data"])
        if path is not None:
            path.write_bytes(image)  # noqa: ASYNC240
        return image

    async def close(self) -> None:
        """Close it."""
        await self._browser.send("Target.closeTarget", {"targetId": self._target})

    async def send(self, method: str, **params: object) -> dict[str, Any]:
        """Any other word of the protocol. Raises ChromiumError when it is refused."""
        return await self._browser.send(method, params, self._session)

    def told(self, method: str, params: dict[str, Any]) -> None:
        """An event of this page."""
        match method:
            case "Runtime.exceptionThrown":
                self.errors.append(_exception(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "assert"):
                said = [str(each.get("value", each.get("description"))) for each in params["args"]]
                self.errors.append(" ".join(said))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(params["url"])
            case _:
                pass


class Browser:
    """One Chromium. Its pages share nothing with anybody else's."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}

    async def open(
        self, url: str, *, size: tuple[int, int] = (1280, 800), phone: bool = False, first: str = ""
    ) -> Page:
        """A new page. `first`: JavaScript that runs in it before its own. It may still be loading."""
        target = (await self.send("Target.createTarget", {"url": "about:blank"}))["targetId"]
        attached = await self.send("Target.attachToTarget", {"targetId": target, "flatten": True})
        session = attached["sessionId"]
        page = self._pages[session] = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await page.send(f"{domain}.enable")
        await page.viewport(*size, phone=phone)
        if first:
            await page.send("Page.addScriptToEvaluateOnNewDocument", source=first)
        await page.send("Page.navigate", url=url)
        return page

    async def send(
        self, method: str, params: dict[str, Any] | None = None, session: str = ""
    ) -> dict[str, Any]:
        """One word and its answer."""
        self._number += 1
        number = self._number
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        asked = {"id": number, "method": method, "params": params or {}}
        await self._socket.send_json(asked | ({"sessionId": session} if session else {}))
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                return await future
        except TimeoutError:
            raise ChromiumError(f"no answer to {method}") from None
        finally:
            del self._waiting[number]

    async def listen(self) -> None:
        """Hand out what it says, until it is gone."""
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                break
            said: dict[str, Any] = json.loads(message.data)
            future = self._waiting.get(said.get("id", 0))
            page = self._pages.get(said.get("sessionId", ""))
            if future is not None and not future.done():
                if "error" in said:
                    future.set_exception(ChromiumError(str(said["error"].get("message"))))
                else:
                    future.set_result(said["result"])
            elif page is not None and "method" in said:
                page.told(said["method"], said["params"])
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ChromiumError("the browser is gone"))


@asynccontextmanager
async def chromium(folder: Path) -> AsyncGenerator[Browser]:
    """A browser whose profile is below a folder. It and its children end with the block."""
    profile = folder / "chromium"
    process = await asyncio.create_subprocess_exec(
        *(CHROMIUM, "--headless=new", "--no-sandbox", "--remote-debugging-port=0"),
        *(f"--user-data-dir={profile}", "--no-first-run", "--disable-dev-shm-usage"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--disable-default-apps", "--disable-extensions", "--mute-audio", "--disable-gpu"),
        # Whatever it may want of the world outside, it finds nobody.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        "about:blank",
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        env={**os.environ, "HOME": str(folder), "DBUS_SESSION_BUS_ADDRESS": "disabled:"},
        start_new_session=True,
    )
    try:
        port, path = await _where(process, profile / "DevToolsActivePort")
        async with (
            ClientSession() as session,
            session.ws_connect(
                f"http://127.0.0.1:{port}{path}", max_msg_size=MESSAGE_BYTES_MAX
            ) as socket,
        ):
            browser = Browser(socket)
            listening = asyncio.create_task(browser.listen())
            try:
                yield browser
                with suppress(ChromiumError, ConnectionError):
                    await browser.send("Browser.close")
            finally:
                listening.cancel()
                await asyncio.wait([listening])
    finally:
        await _end(process)


async def _where(process: Process, file: Path) -> tuple[int, str]:
    """Its port and path, as it writes them down when it is ready."""
    try:
        async with asyncio.timeout(STARTS_WITHIN_S):
            while True:
                if process.returncode is not None:
                    raise ChromiumError(f"{CHROMIUM} ended with {process.returncode}")
                lines = file.read_text().split() if file.exists() else []  # noqa: ASYNC240
                if len(lines) == 2:
                    return int(lines[0]), lines[1]
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise ChromiumError(f"{CHROMIUM} did not start") from None


async def _end(process: Process) -> None:
    """It, and whatever it started."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ENDS_WITHIN_S):
            await process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _exception(details: dict[str, Any]) -> str:
    said = details.get("exception", {}).get("description") or details.get("text", "")
    return f"{said} ({details.get('url', '')}:{details.get('lineNumber', 0)})"
