"""What may stand on the command line: addresses, headers, counts, durations. Each says what it wants."""

from __future__ import annotations

import argparse
import re

HOST = r"|\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*|[\w-]{1,63}(\.[\w-]{1,63})*"


def address(text: str) -> str:
    """HOST:PORT, or only PORT for this machine; also as `up` prints it, http://HOST:PORT."""
    host, _, port = text.removeprefix("http://").removesuffix("/").rpartition(":")
    good_host = len(host) <= 253 and re.fullmatch(HOST, host)
    if not good_host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a node's window; write HOST:PORT")
    return f"{host or '127.0.0.1'}:{port}"


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


def seconds(text: str) -> float:
    """A positive duration; a trailing s is allowed."""
    try:
        value = float(text.removesuffix("s"))
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value
