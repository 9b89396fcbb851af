"""Dark on light, for terminals and rooms that are bright: the same hues, darkened."""

from __future__ import annotations

from typing import Final

from tui.draw.themes.colours import Colours, Owner

LIGHT: Final = Colours(
    ground=("#fafafa", 231, "bright_white"),
    roles={
        "": ("#1c1c1c", 234, "black"),
        "plain": ("#1c1c1c", 234, "black"),
        "muted": ("#4a4a4a", 239, "bright_black"),
        "faint": ("#626262", 241, "bright_black"),
        "rule": ("#c4c4c4", 251, "white"),
        "thread": ("#a8a8a8", 248, "white"),
        "title": ("#000000", 16, "black"),
        "accent": ("#00538f", 25, "blue"),
        "key": ("#000000", 16, "black"),
        "crown": ("#6e4a00", 94, "magenta"),
        "notice": ("#7d4300", 94, "magenta"),
        "good": ("#11622d", 22, "blue"),
        "warn": ("#8a4200", 94, "magenta"),
        "bad": ("#ad1a14", 124, "red"),
        "alive": ("#11622d", 22, "blue"),
        "suspect": ("#8a4200", 94, "magenta"),
        "dead": ("#ad1a14", 124, "red"),
        "joining": ("#2746ad", 19, "blue"),
        "frozen": ("#1c1c1c", 234, "bright_white"),
        "frozen.bg": ("#ffd05c", 221, "magenta"),
        "selection": ("#000000", 16, "black"),
        "selected.bg": ("#e8eff6", 255, "bright_white"),
        "sheet.bg": ("#eef1f4", 255, "bright_white"),
        "badge": ("#ffffff", 231, "bright_white"),
        "hollow.bg": ("#f6e6e4", 255, "bright_white"),
        "track": ("#dcdcdc", 253, "white"),
    },
    owners=(
        Owner("#137495", (26, 33, 153), ("blue", "bright_blue")),
        Owner("#5e330c", (52, 131, 181), ("red", "bright_red")),
        Owner("#537449", (23, 73, 152), ("magenta", "bright_magenta")),
        Owner("#903c6c", (96, 139, 251), ("black", "bright_black")),
        Owner("#6b5a00", (58, 143, 187), ("bright_black", "bright_black")),
        Owner("#3747cb", (20, 62, 147), ("bright_blue", "bright_blue")),
        Owner("#d3173a", (125, 169, 218), ("bright_red", "bright_red")),
        Owner("#404644", (236, 244, 249), ("bright_magenta", "bright_magenta")),
    ),
    fade=(1.0, 0.62, 0.36),
)
