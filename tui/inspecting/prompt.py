"""One line of typing: what each key does to what was typed. Pure."""

from __future__ import annotations

from typing import Final

NAME_MAX: Final = 200
"""Characters of a key that can be typed."""


def fed(text: str, key: str, character: str | None) -> tuple[str | None, bool]:
    """What is typed after a key, and whether it is finished; None: it was given up."""
    match key:
        case "escape":
            return None, False
        case "enter" | "ctrl+j":  # the second: typed before the terminal was ours
            return text, True
        case "backspace":
            return text[:-1], False
        case "ctrl+u":
            return "", False
        case _:
            printable = character is not None and character.isprintable()
            return (text + character if character and printable else text)[:NAME_MAX], False
