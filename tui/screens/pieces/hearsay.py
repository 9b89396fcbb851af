"""Who learned the latest news from whom: the tree of tellers behind one column of the matrix.

The news is the newest change about a node whose failure is not over, else about anybody. What a
node that most others accuse holds of them is no news. A branch is "teller told"; times count from the first who knew.
"""

from __future__ import annotations

from msgspec import Struct

from cluster.model.member import NodeId
from tui.judge.agreement import agreement, outcasts
from tui.judge.foreign.telling import telling
from tui.judge.phrases import holds
from tui.judge.recap import took
from tui.judge.wording import listed, millis
from tui.scene import Scene, hue
from tui.view import Belief

Line = list[tuple[str, str]]


class News(Struct, frozen=True):
    """A belief that had to spread."""

    subject: NodeId
    holders: dict[NodeId, Belief]
    """Who holds it, first first."""
    unaware: tuple[NodeId, ...]


def latest_news(scene: Scene) -> News | None:
    """The news worth a tree."""
    judged = agreement(scene.view, scene.now)
    out = outcasts(judged.subjects, judged.observers)
    found: list[News] = []
    foreign = telling(scene.view) is not None
    for subject in judged.subjects.values():
        newest = subject.newest
        if newest is None:
            continue
        holders = {
            n: scene.view.nodes[n].beliefs[subject.name]
            for n in judged.observers
            if subject.name in scene.view.nodes[n].beliefs
            and n not in subject.late
            and n not in out
        }
        unaware = tuple(n for n in subject.late if n not in out)
        # Of another engine nobody tells since when it holds what it held before we came.
        untold = foreign and all(belief.via == "boot" for belief in holders.values())
        if untold or len(holders) + len(unaware) < 2 or not holders:
            continue
        ordered = dict(sorted(holders.items(), key=lambda item: (item[1].since, item[0])))
        found.append(News(subject.name, ordered, unaware))
    if not found:
        return None
    failed = {i.subject for i in scene.view.incidents if not i.ended}
    return max(
        found,
        key=lambda news: (
            news.subject in failed,
            _changed_at(news),
            news.subject == scene.selected,
        ),
    )


def _changed_at(news: News) -> int:
    return min(belief.since for belief in news.holders.values())


def hearsay(scene: Scene, width: int, rows: int) -> list[Line]:
    """The tree as lines, with a heading; at most `rows`."""
    news = latest_news(scene)
    if news is None or rows < 2:
        return []
    first = next(iter(news.holders.values()))
    what = holds(news.subject, first.state)
    heading: Line = [(f"who learned that {what}, and from whom", "muted")]
    took_all = max(b.since for b in news.holders.values()) - first.since
    if not news.unaware:
        all_ = f"   all {len(news.holders)} in {_after(scene, took_all)}"
        if len(heading[0][0]) + len(all_) > width:
            heading = [(f"who learned that {what}", "muted")]
        heading.append((all_, ""))
    lines = _branches(scene, news, width)
    if news.unaware:
        verb = "has" if len(news.unaware) == 1 else "have"
        lines.append([(f"{listed(list(news.unaware))} {verb} not heard", "warn")])
    if len(lines) > rows - 1:
        lines = [*lines[: rows - 2], [(f"… {len(lines) - rows + 2} more", "muted")]]
    return [heading, *lines]


def _after(scene: Scene, us: int) -> str:
    """A time between two members' words; of what is polled it is known no more exactly."""
    told = telling(scene.view)
    return millis(us) if told is None or us >= told.every_us else f"< {took(told.every_us)}"


def _branches(scene: Scene, news: News, width: int) -> list[Line]:
    start = _changed_at(news)
    children: dict[NodeId, list[NodeId]] = {}
    roots: list[NodeId] = []
    for name, belief in news.holders.items():
        told_before = (
            belief.teller in news.holders and news.holders[belief.teller].since <= belief.since
        )
        if belief.teller != name and told_before:
            children.setdefault(belief.teller, []).append(name)
        else:
            roots.append(name)
    lines: list[Line] = []

    def walk(name: NodeId, lead: str, branch: str, depth: int) -> None:
        belief = news.holders[name]
        when = _after(scene, belief.since - start)
        when = "" if when.startswith("<") else f"+{when}"
        role = f"owner{hue(scene.view, name)}"
        how = _how(belief, name)
        lines.append([
            (f"{when:>9}  ", "faint"), (f"{lead}{branch}", "rule"), (name, role), (how, "muted"),
        ])  # fmt: skip
        if depth > width // 8:
            return
        below = children.get(name, [])
        deeper = lead + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
        for index, child in enumerate(below):
            walk(child, deeper, "└─ " if index == len(below) - 1 else "├─ ", depth + 1)

    for root in roots:
        walk(root, "", "", 0)
    return _plain(lines) if scene.glyphs == "ascii" else lines


def _how(belief: Belief, name: NodeId) -> str:
    if belief.teller == name or not belief.teller:
        words = {"probe": "its own probe failed", "timer": "its patience ended",
                 "boot": "knew it at boot", "operator": "was told to",
                 "gossip": "from whom is not told"}  # fmt: skip
        return f"  {words.get(belief.via, 'by itself')}"
    return f"  {belief.via}, from {belief.teller}"


def _plain(lines: list[Line]) -> list[Line]:
    table = str.maketrans("├└│─", "|`|-")
    return [[(text.translate(table), role) for text, role in line] for line in lines]
