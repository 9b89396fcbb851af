"""The usual theme: light on dark, owners after Okabe and Ito.

Their black is no colour here, so a grey stands for it; their blue and vermillion are lightened
until a name can be read in them.
"""

from __future__ import annotations

from typing import Final

from tui.draw.themes.colours import Colours, Owner

DARK: Final = Colours(
    ground=("#121212", 233, "black"),
    roles={
        "": ("#dcdcdc", 253, "white"),
        "plain": ("#dcdcdc", 253, "white"),
        "muted": ("#a8a8a8", 248, "white"),
        "faint": ("#8a8a8a", 246, "white"),
        "rule": ("#3a3a3a", 237, "bright_black"),
        "thread": ("#585858", 240, "bright_black"),
        "title": ("#ffffff", 231, "bright_white"),
        "accent": ("#7cc4f0", 117, "bright_cyan"),
        "key": ("#f2f2f2", 255, "bright_white"),
        "crown": ("#ffd75f", 221, "bright_yellow"),
        "notice": ("#ffd479", 222, "bright_yellow"),
        "good": ("#6fd08c", 114, "bright_green"),
        "warn": ("#ffb454", 215, "bright_yellow"),
        "bad": ("#ff6b5e", 203, "bright_red"),
        "alive": ("#6fd08c", 114, "bright_green"),
        "suspect": ("#ffb454", 215, "bright_yellow"),
        "dead": ("#ff6b5e", 203, "bright_red"),
        "joining": ("#8fb8ff", 111, "bright_blue"),
        "frozen": ("#101010", 233, "black"),
        "frozen.bg": ("#ffd479", 222, "bright_yellow"),
        "selection": ("#ffffff", 231, "bright_white"),
        "selected.bg": ("#1c2128", 234, "black"),
        "sheet.bg": ("#1c1f22", 234, "black"),
        "badge": ("#0a0a0a", 232, "black"),
        "hollow.bg": ("#2a2020", 235, "black"),
        "track": ("#2a2a2a", 236, "bright_black"),
    },
    owners=(
        Owner("#56b4e9", (117, 31, 24), ("bright_cyan", "cyan")),
        Owner("#e69f00", (178, 94, 58), ("bright_red", "red")),
        Owner("#009e73", (36, 29, 23), ("bright_green", "green")),
        Owner("#cc79a7", (139, 96, 237), ("bright_magenta", "magenta")),
        Owner("#f0e442", (227, 143, 58), ("bright_yellow", "yellow")),
        Owner("#6686ef", (69, 61, 60), ("bright_blue", "blue")),
        Owner("#dc6410", (167, 95, 52), ("bright_white", "white")),
        Owner("#bbbbbb", (250, 243, 238), ("white", "bright_black")),
    ),
    fade=(1.0, 0.6, 0.32),
)
