"""Large letters for the slides that are a title: five pixels high, made of half or whole blocks.

Decides how a title is broken into lines and how large it can be. Knows capitals, figures and the marks
that titles have; a title with any other sign, or without room, is `None` and stays ordinary text.
"""

from __future__ import annotations

from typing import Final

HEIGHT: Final = 5
"""Pixels of a letter."""
_DRAWN: Final = """
A .#. #.# ### #.# #.#
B ##. #.# ##. #.# ##.
C .## #.. #.. #.. .##
D ##. #.# #.# #.# ##.
E ### #.. ##. #.. ###
F ### #.. ##. #.. #..
G .## #.. #.# #.# .##
H #.# #.# ### #.# #.#
I # # # # #
J ..# ..# ..# #.# .#.
K #.# #.# ##. #.# #.#
L #.. #.. #.. #.. ###
M #...# ##.## #.#.# #...# #...#
N #..# ##.# #.## #..# #..#
O .#. #.# #.# #.# .#.
P ##. #.# ##. #.. #..
Q .#. #.# #.# ##. .##
R ##. #.# ##. #.# #.#
S .## #.. .#. ..# ##.
T ### .#. .#. .#. .#.
U #.# #.# #.# #.# ###
V #.# #.# #.# #.# .#.
W #...# #...# #.#.# ##.## #...#
X #.# #.# .#. #.# #.#
Y #.# #.# .#. .#. .#.
Z ### ..# .#. #.. ###
0 ### #.# #.# #.# ###
1 .# ## .# .# .#
2 ##. ..# .#. #.. ###
3 ##. ..# .#. ..# ##.
4 #.# #.# ### ..# ..#
5 ### #.. ##. ..# ##.
6 .## #.. ### #.# ###
7 ### ..# .#. .#. .#.
8 ### #.# ### #.# ###
9 ### #.# ### ..# ##.
& .#.. #.#. .#.. #.## .##.
- ... ... ### ... ...
. . . . . #
, .. .. .. .# #.
: . # . # .
! # # # . #
? ##. ..# .#. ... .#.
' # # . . .
/ ..# ..# .#. #.. #..
+ ... .#. ### .#. ...
"""
_LETTERS: Final = {line[0]: line[2:].split() for line in _DRAWN.split("\n") if line}
_SPACE: Final = 2
"""Pixels between words, beside the one after each letter."""


def large(text: str, width: int, height: int) -> list[str] | None:
    """The rows of a text in at most so many columns and rows; None when it does not fit.

    Whole blocks where they take no more than half of the rows, else half blocks.
    """
    words = text.upper().replace("’", "'").split()
    if not words or any(sign not in _LETTERS for word in words for sign in word):
        return None
    for columns, rows, room, draw in (
        (2, HEIGHT, height // 2, _whole),
        (1, (HEIGHT + 1) // 2, height, _halves),
    ):
        lines = _broken(words, width // columns)
        if lines is not None and len(lines) * (rows + 1) - 1 <= room:
            drawn = [draw(_pixels(line)) for line in lines]
            return [
                row for place, each in enumerate(drawn) for row in (["", *each] if place else each)
            ]
    return None


def _broken(words: list[str], pixels: int) -> list[str] | None:
    """Lines of words, as few as can be and then as even; None when a word alone is too long."""
    if any(_length(word) > pixels for word in words):
        return None
    count = len(_filled(words, pixels))
    narrow = next(p for p in range(1, pixels + 1) if _fits(words, p, count))
    return _filled(words, narrow)


def _fits(words: list[str], pixels: int, count: int) -> bool:
    return max(map(_length, words)) <= pixels and len(_filled(words, pixels)) <= count


def _filled(words: list[str], pixels: int) -> list[str]:
    lines = [words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]} {word}"
        if _length(longer) <= pixels:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _length(text: str) -> int:
    return max(map(len, _pixels(text)))


def _pixels(line: str) -> list[str]:
    """Five rows of `#` and blanks, equally long."""
    rows = [""] * HEIGHT
    for sign in line:
        shape = _LETTERS.get(sign, ["." * _SPACE] * HEIGHT)
        rows = [row + piece + "." for row, piece in zip(rows, shape, strict=True)]
    return [row[:-1].replace(".", " ") for row in rows]


def _whole(pixels: list[str]) -> list[str]:
    """A pixel is two cells, which is about a square."""
    return ["".join("██" if dot == "#" else "  " for dot in row) for row in pixels]


def _halves(pixels: list[str]) -> list[str]:
    """A pixel is half a cell."""
    padded = [*pixels, " " * len(pixels[0])]
    return [
        "".join(
            {"##": "█", "# ": "▀", " #": "▄", "  ": " "}[over + under]
            for over, under in zip(padded[y], padded[y + 1], strict=True)
        )
        for y in range(0, HEIGHT, 2)
    ]
