"""The demonstration as lines of text: what a pipe, a log or a screen reader gets."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

COMMAND = [sys.executable, str(Path(__file__).parents[2] / "masterless.py")]
LINE = re.compile(r"\d\d:\d\d:\d\d\.\d{3}  (--|n\d+|lab|observer)  \S.*")


def test_a_plain_demo_prints_dated_lines_and_ends_with_an_audit(tmp_path: Path) -> None:
    ran = subprocess.run(
        [*COMMAND, "demo", "--plain", "--nodes", "3", "--seed", "7", "--for", "3s"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert lines[0].endswith("seed 7, 3 nodes, demo profile")
    assert any("3 nodes agree" in line for line in lines)
    assert "acknowledged answers asked for are readable" in lines[-1]
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_a_plain_demo_silently(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "demo", "--plain", "--nodes", "3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "3 nodes agree" in line:
                break
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == ""
    assert list(tmp_path.iterdir()) == []
