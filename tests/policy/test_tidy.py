"""House rules no linter knows."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES_MAX = 450
FILES_PER_FOLDER_MAX = 12
TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "README.md",
    "cluster",
    "demo.sh",
    "masterless.py",
    "pyproject.toml",
    "requirements.lock",
    "talk",
    "tests",
    "tui",
}

# Written in pieces, so that this file does not find itself.
MACHINE = re.compile(
    "|".join(
        [
            "/" + "work/",
            "/" + "home/[a-z]",
            "/" + "root/",
            "/" + "Users/",
            "/" + "opt/",
            "py" + r"pi\.org",
            "python" + r"hosted\.org",
            "index" + "-url",
            "extra" + "-index",
            "find" + "-links",
        ]
    )
)


@cache
def files() -> list[Path]:
    """All files that git knows or would add."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = {name for name in listed.stdout.decode().split("\0") if name}
    return sorted(path for name in names if (path := ROOT / name).is_file())


def lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except UnicodeDecodeError:
        return []


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in files()
        for number, line in enumerate(lines(path), 1)
        if MACHINE.search(line)
    ]
    assert found == []


def test_no_source_file_is_longer_than_one_can_read_in_a_sitting() -> None:
    sources = [path for path in files() if path.suffix in (".py", ".sh")]
    long = {str(p.relative_to(ROOT)): n for p in sources if (n := len(lines(p))) > LINES_MAX}
    assert long == {}


def test_no_folder_holds_more_than_a_dozen_source_files() -> None:
    sources = [p for p in files() if p.suffix == ".py" and p.name != "__init__.py"]
    crowded = Counter(str(path.parent.relative_to(ROOT)) for path in sources)
    assert {folder: n for folder, n in crowded.items() if n > FILES_PER_FOLDER_MAX} == {}


def test_the_top_level_holds_only_what_it_must() -> None:
    top = {path.relative_to(ROOT).parts[0] for path in files()}
    assert top - TOP_LEVEL == set()


def test_every_module_says_what_it_is_for() -> None:
    mute = [
        str(path.relative_to(ROOT))
        for path in files()
        if path.suffix == ".py" and path.name != "__init__.py"
        if not path.read_text().lstrip().startswith('"""')
    ]
    assert mute == []


def test_each_requirement_of_the_project_is_locked() -> None:
    locked = {
        line.partition("==")[0].lower()
        for line in lines(ROOT / "requirements.lock")
        if "==" in line
    }
    text = (ROOT / "pyproject.toml").read_text()
    wanted = {name.lower() for name in re.findall(r'^    "([A-Za-z0-9-]+)>=', text, re.MULTILINE)}
    assert len(wanted) > 10
    assert wanted - locked == set()
