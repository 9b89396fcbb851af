"""What may stand on the command line: addresses, headers, counts, paths. Each says what it wants."""

from __future__ import annotations

import argparse
import os
import re
from typing import Final

ARCHITECTURES: Final = ("single", "primary", "failover", "majority", "masterless")
"""As `cluster.config.ArchitectureName`, which `--help` has no time to import."""
ROOM_NAME: Final = r"^[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,63}\Z"
"""As `cluster.model.rooms.naming.ROOM_NAME_PATTERN`, for the same reason."""
HOST = r"|\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*|[\w-]{1,63}(\.[\w-]{1,63})*"


FOREIGN = ("serf", "erlang", "redis", "rediss")
"""As `tui.sources.foreign.watching.ENGINES`, which `--help` has no time to import."""


def address(text: str) -> str:
    """HOST:PORT, or only PORT for this machine; also as `up` prints it, http://HOST:PORT.

    With another scheme it names a cluster of another engine (`tui.sources.foreign`).
    """
    scheme, mark, rest = text.partition("://")
    if mark and scheme.lower() in FOREIGN:
        return f"{scheme.lower()}://{rest}"
    host, _, port = text.removeprefix("http://").removesuffix("/").rpartition(":")
    good_host = len(host) <= 253 and re.fullmatch(HOST, host)
    if not good_host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise argparse.ArgumentTypeError(
            # A password may stand before the last @.
            f"{text.rpartition('@')[2]!r} is not a node's window; write HOST:PORT, "
            "or serf://, redis:// or erlang:// and where"
        )
    return f"{host or '127.0.0.1'}:{port}"


def room_name(text: str) -> str:
    """What a room may be called."""
    if not re.match(ROOM_NAME, text):
        wanted = "1 to 64 letters, digits, - _ . ~, not beginning with a dot"
        raise argparse.ArgumentTypeError(f"{text!r} is not a room's name: {wanted}")
    return text


def header_text(text: str) -> str:
    """What may stand in a header: a context, a media type."""
    if not (text.isascii() and text.isprintable()):
        raise argparse.ArgumentTypeError("this must be printable ASCII, as a read gave it")
    return text


def node_count(text: str) -> int:
    """1 to 30."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 30):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of nodes from 1 to 30")
    return int(text)


def port(text: str) -> int:
    """A TCP port; 0 is any that is free."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def seconds(text: str) -> float:
    """A positive duration; a trailing s is allowed."""
    try:
        value = float(text.removesuffix("s"))
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def milliseconds(text: str) -> int:
    """A whole number of them, from 0 to a minute."""
    if not (text.isascii() and text.isdigit() and int(text) <= 60_000):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of milliseconds from 0 to 60000"
        )
    return int(text)


def new_file(text: str) -> str:
    """A file that can be written; looked at before there is anything to write, and not made yet."""
    folder = os.path.dirname(text) or "."
    if os.path.isdir(text):
        raise argparse.ArgumentTypeError(f"{text!r} is a directory; name a file")
    if not os.path.isdir(folder):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written: there is no {folder!r}")
    if not os.access(text if os.path.exists(text) else folder, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written: no permission")
    return text


def new_folder(text: str) -> str:
    """A directory in which files can be made; whatever of it is missing is made later."""
    nearest = os.path.abspath(text)
    while not os.path.lexists(nearest):
        nearest = os.path.dirname(nearest)
    if not os.path.isdir(nearest):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be made: {nearest!r} is no directory")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written: no permission")
    return text
