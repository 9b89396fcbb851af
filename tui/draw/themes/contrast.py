"""High contrast: every text at 7:1 or more, and lines that other themes only hint at are seen."""

from __future__ import annotations

from typing import Final

from tui.draw.themes.colours import Colours, Owner

CONTRAST: Final = Colours(
    ground=("#000000", 16, "black"),
    roles={
        "": ("#ffffff", 231, "bright_white"),
        "plain": ("#ffffff", 231, "bright_white"),
        "muted": ("#d4d4d4", 252, "white"),
        "faint": ("#bcbcbc", 250, "white"),
        "rule": ("#808080", 244, "white"),
        "thread": ("#707070", 242, "bright_black"),
        "title": ("#ffffff", 231, "bright_white"),
        "accent": ("#8fdcff", 117, "bright_cyan"),
        "key": ("#ffffff", 231, "bright_white"),
        "crown": ("#ffe066", 221, "bright_yellow"),
        "notice": ("#ffe066", 221, "bright_yellow"),
        "good": ("#66e592", 84, "bright_green"),
        "warn": ("#ffc552", 221, "bright_yellow"),
        "bad": ("#ffa39a", 217, "bright_red"),
        "alive": ("#66e592", 84, "bright_green"),
        "suspect": ("#ffc552", 221, "bright_yellow"),
        "dead": ("#ffa39a", 217, "bright_red"),
        "joining": ("#b5ceff", 153, "bright_cyan"),
        "frozen": ("#000000", 16, "black"),
        "frozen.bg": ("#ffe066", 221, "bright_yellow"),
        "selection": ("#ffffff", 231, "bright_white"),
        "selected.bg": ("#001b38", 17, "black"),
        "sheet.bg": ("#1a1a1a", 233, "black"),
        "badge": ("#000000", 16, "black"),
        "hollow.bg": ("#330000", 16, "black"),
        "track": ("#4c4c4c", 239, "bright_black"),
    },
    owners=(
        Owner("#33e8fc", (51, 37, 30), ("bright_cyan", "cyan")),
        Owner("#f3bb00", (178, 136, 58), ("bright_red", "red")),
        Owner("#c9fdd2", (194, 108, 65), ("bright_green", "green")),
        Owner("#c598bb", (218, 139, 96), ("bright_magenta", "magenta")),
        Owner("#f2fc8d", (228, 143, 101), ("bright_yellow", "yellow")),
        Owner("#7da7fc", (111, 68, 60), ("bright_blue", "blue")),
        Owner("#ff8578", (210, 131, 95), ("bright_white", "white")),
        Owner("#bfb8b3", (248, 243, 240), ("white", "bright_black")),
    ),
    fade=(1.0, 0.72, 0.5),
)
