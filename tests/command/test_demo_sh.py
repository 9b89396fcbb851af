"""demo.sh: sets up once, says in one sentence what is wrong, and costs nothing when all is well.

Runs a copy beside stub tools, so that nothing is downloaded; the real installation is marked slow.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ["sh", "dirname", "cmp", "sed", "awk", "cat", "rm", "cp", "mkdir", "chmod"]

STUB_PYTHON = '#!/bin/sh\ncase "$1" in -c|-m) exit 0 ;; esac\necho "ran $@"\n'
STUB_SYSTEM_PYTHON = """#!/bin/sh
case "$1 $2" in "-c import signal, venv"*) mkdir -p "$3/bin" && cp "$STUB_PYTHON" "$3/bin/python" ;; esac
"""
STUB_UV = """#!/bin/sh
echo "uv $1" >> "$UV_LOG"
if [ "$1" = venv ]; then
    for last; do :; done
    mkdir -p "$last/bin"
    cp "$STUB_PYTHON" "$last/bin/python"
elif [ -n "${UV_FAILS:-}" ]; then
    exit 1
fi
"""


class Checkout:
    """A copy of demo.sh in a folder with a space in its name, and a PATH of our choice."""

    def __init__(self, tmp: Path) -> None:
        self.root = tmp / "a check out"
        self.bin = tmp / "bin"
        self.log = tmp / "uv.log"
        self.bin.mkdir()
        self.root.mkdir()
        for name in ("demo.sh", "requirements.lock", "masterless.py"):
            shutil.copy(ROOT / name, self.root)
        for name in ("tui", "talk"):
            shutil.copytree(ROOT / name, self.root / name, ignore=shutil.ignore_patterns("*.pyc"))
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.bin / tool).symlink_to(found)
        self.stub_python = self.tool("stub-python", STUB_PYTHON)

    def tool(self, name: str, text: str) -> Path:
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.root / "demo.sh"), *words],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=self.bin,
            env={
                "PATH": str(self.bin),
                "UV_LOG": str(self.log),
                "STUB_PYTHON": str(self.stub_python),
                **environ,
            },
        )

    def uv_calls(self) -> list[str]:
        calls = self.log.read_text().split("\n")[:-1] if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return calls


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """One with uv and no Python."""
    made = Checkout(tmp_path)
    made.tool("uv", STUB_UV)
    return made


def test_the_first_run_sets_up_and_the_next_ones_only_run(checkout: Checkout) -> None:
    script = checkout.root / "masterless.py"
    first = checkout.run("kv", "get", "a key")
    assert first.stdout == f"ran -S {script} kv get a key\n"
    assert "first time only" in first.stderr
    assert checkout.uv_calls() == ["uv venv", "uv pip"]
    second = checkout.run()
    assert second.stdout == f"ran -S {script} demo\n"
    assert second.stderr == ""
    assert checkout.uv_calls() == []


def test_the_command_is_told_what_it_was_called_by(checkout: Checkout) -> None:
    tell = STUB_PYTHON.replace('"ran $@"', '"$MASTERLESS_PROG"')
    checkout.tool("stub-python", tell)
    assert checkout.run("status").stdout == "./demo.sh\n"


def test_a_changed_lock_is_installed_into_the_same_environment(checkout: Checkout) -> None:
    checkout.run()
    checkout.uv_calls()
    with (checkout.root / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert checkout.run().returncode == 0
    assert checkout.uv_calls() == ["uv pip"]


def test_an_interrupted_installation_is_started_over(checkout: Checkout) -> None:
    checkout.run()
    checkout.uv_calls()
    (checkout.root / ".venv" / "masterless-installing").touch()
    (checkout.root / ".venv" / "masterless-run.lock").unlink()
    (checkout.root / ".venv" / "half a package").touch()
    assert checkout.run().returncode == 0
    assert checkout.uv_calls() == ["uv venv", "uv pip"]
    assert not (checkout.root / ".venv" / "half a package").exists()


def test_a_failed_installation_is_said_and_started_over_the_next_time(checkout: Checkout) -> None:
    failed = checkout.run(UV_FAILS="1")
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("demo.sh: installing the packages failed")
    assert checkout.uv_calls() == ["uv venv", "uv pip"]
    assert checkout.run().returncode == 0
    assert checkout.uv_calls() == ["uv venv", "uv pip"]


def test_where_uv_fails_pip_is_tried_in_an_environment_of_its_own(checkout: Checkout) -> None:
    checkout.tool("python3.12", STUB_SYSTEM_PYTHON)
    ran = checkout.run(UV_FAILS="1")
    assert ran.returncode == 0, ran.stderr
    assert "trying pip" in ran.stderr
    assert ran.stdout.startswith("ran ")


def test_only_the_first_section_of_the_lock_is_needed_to_run(checkout: Checkout) -> None:
    checkout.run()
    wanted = (checkout.root / ".venv" / "wanted.txt").read_text()
    assert "textual==" in wanted
    assert "pytest==" not in wanted


def test_no_python_at_all_is_one_sentence(tmp_path: Path) -> None:
    ran = Checkout(tmp_path).run()
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] == (
        "demo.sh: Python 3.11 or newer is needed and this machine has no Python at all; "
        "install it (or uv) and run me again."
    )


def test_too_old_a_python_is_named(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    old = '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit\nexit 1\n'
    checkout.tool("python3", old)
    ran = checkout.run()
    assert ran.returncode == 1
    assert "this machine has Python 3.9.2;" in ran.stderr.splitlines()[-1]


def test_a_python_without_venv_says_what_to_install(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    split = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\n'
    checkout.tool("python3.12", split)
    ran = checkout.run()
    assert ran.returncode == 1
    assert "install python3-venv" in ran.stderr.splitlines()[-1]


@pytest.mark.slow
def test_a_real_installation_runs(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    env = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    command = ["sh", str(checkout.root / "demo.sh"), "--version"]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, env=env, cwd="/"
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("masterless ")


def test_the_readme_calls_the_command_by_the_name_it_has_here() -> None:
    """After the documented set-up no `masterless` is on anybody's path."""
    text = (ROOT / "README.md").read_text()
    assert re.findall(r"(?m)^.*(?:^|[`$] ?|exec )masterless [a-zW].*$", text) == []
    called = set(re.findall(r"demo\.sh ([a-z]+)", text)) - {"test"}
    told = subprocess.run(
        [sys.executable, str(ROOT / "masterless.py"), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert called <= set(told.stdout.split())
