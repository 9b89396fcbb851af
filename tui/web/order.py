"""What the page's server and its viewers are told, and how viewers are handed on. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from tui.driving.dress import Dress

LOOKS: Final = b"L"
ACTS: Final = b"A"
AS_IT_IS: Final = Dress()
ONLY_LOOKS: Final = "this page only looks: the address with the token may do this"
ALL_LOOK: Final = "looking only, as the dashboard that is shown here"
A_RECORDING: Final = "this is a recording: what happened can only be looked at"


class Serve(Struct, frozen=True):
    """Where, as what, and what the token is."""

    port: int
    host: str = "127.0.0.1"
    title: str = "demo"
    token: str = ""
    """Who has it in the page's address may act; empty: nobody may."""
    simulated: bool = False
    dress: Dress = AS_IT_IS
    """What the dashboard was asked to wear: so do its viewers."""
    recording: str = ""
    """A file that every viewer reads for himself; empty: the dashboard tells them."""


class Watch(Struct, frozen=True):
    """What a viewer is to look at."""

    title: str
    feed: int = -1
    """The dashboard's socket; -1: there is none, it is a recording."""
    acts: bool = False
    simulated: bool = False
    recording: str = ""
    dress: Dress = AS_IT_IS
    refusal: str = ""
    """What is said when he may not act."""
