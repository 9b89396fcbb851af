"""Trials in words: options first, progress, one summary, and what to do about a broken promise.

Everything for people goes line by line; progress and anything else that is not the answer goes to
standard error when the answer is JSON. Ignores how trials are played (`cluster.sim.trial`).
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from cluster.config import SECOND
from cluster.model.casebook import Casebook
from cluster.model.facts import Fact
from cluster.sim.faults.options import STORY_NODES, Options
from cluster.sim.faults.schedule import plan
from cluster.sim.trial.crew import HASH_SEEDS, Parted, Sweep, hired, parted
from cluster.sim.trial.shrink import Shrink
from cluster.sim.trial.trial import Broken, Result, Trial
from cluster.sim.trial.worker import Answer, Order, drawn, play
from cluster.sim.world import START
from tui.command.saying import WRONG_CALL, CommandError
from tui.command.worlds.sim import Files
from tui.judge.phrases import spoken
from tui.text.exporting import write_histories, write_trace

QUIET_S: Final = 1.0
"""Progress is told after this long, and again as often on a terminal."""
QUIET_ON_PAPER_S: Final = 5.0
"""How often where lines cannot be overwritten."""


class Teller:
    """Says things in the right place: answers on stdout, progress on stderr."""

    def __init__(self, *, json: bool, prog: str) -> None:
        self.json = json
        self.prog = prog
        self._at = time.monotonic()
        self._bare = sys.stderr.isatty()
        self._open = False

    def say(self, *lines: str) -> None:
        """Lines for people."""
        self._clear()
        for line in lines:
            print(line, file=sys.stderr if self.json else sys.stdout, flush=True)

    def document(self, found: dict[str, Any]) -> None:
        """The answer for programs."""
        self._clear()
        if self.json:
            print(json.dumps(found, indent=2), flush=True)

    def progress(self, line: str) -> None:
        """How far it is, not too often."""
        now = time.monotonic()
        if now - self._at < (QUIET_S if self._bare else QUIET_ON_PAPER_S):
            return
        self._at = now
        if self._bare:
            self._open = True
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self._open:
            self._open = False
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


# --- one world -----------------------------------------------------------------------------------


def trial(teller: Teller, order: Order, *, twice: bool, shrink: bool, files: Files) -> bool:
    """Play one seed, judge it, and say so. True when all is well."""
    options = drawn(order)
    _refuse_absent(options)
    teller.say(*options.lines(), f"{len(plan(options))} episodes of faults")
    other = hired(HASH_SEEDS[0]) if twice else None
    try:
        if other is not None:
            other.give(order)
        began = time.monotonic()
        played = Trial(options)

        def progress(done: int, total: int, messages: int) -> None:
            teller.progress(f"{done / SECOND:.0f} of {total / SECOND:g} s, {messages:,} messages")

        result = played.run(progress)
        took_s = time.monotonic() - began
        if files.history:
            _write_history(files.history, played)
        mine = Answer(result, tuple(played.world.marks))
        differ = None
        if other is not None:
            teller.progress("the same seed again, in another process")
            second = other

            def elsewhere(order: Order) -> Answer:
                second.give(order)
                return second.take()

            differ = parted(order, mine, second.take(), (play, elsewhere))
    finally:
        if other is not None:
            other.stop()
    teller.say(_summary(result, took_s))
    if files.elle:
        teller.say(*write_histories(files.elle, played))
    if files.shiviz:
        teller.say(*write_trace(files.shiviz, options))
    if differ is not None:
        teller.say(*_parted_lines(differ, command(teller.prog, order)))
    shortest = (order, result)
    if result.broken is not None:
        shortest = _failed(teller, order, result, shrink=shrink)
    teller.document(_document(teller.prog, result, took_s, differ, shortest))
    return result.broken is None and differ is None


def _refuse_absent(options: Options) -> None:
    """A world without the episodes that were asked for would pass, and prove nothing."""
    if options.only is None:
        return
    there = len(plan(replace(options, only=None)))
    absent = [number for number in options.only if not 1 <= number <= there]
    if absent:
        have = f"its {there} are 1 to {there}" if there else "it has none"
        sentence = f"seed {options.seed} has no episode {absent[0]} for --only; {have}"
        raise CommandError(sentence, WRONG_CALL)


def _write_history(path: str, played: Trial) -> None:
    rows = played.history.events()
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows))


def _summary(result: Result, took_s: float) -> str:
    judged = sum(result.checked.values())
    verdict = f"{judged:,} checks passed" if result.broken is None else "a promise was broken"
    done, spoken = result.operations, result.spoken
    rooms = ""
    if result.options.rooms.count:
        rooms = f"{spoken['ok']:,} of {sum(spoken.values()):,} calls of rooms answered, "
    return (
        f"seed {result.options.seed}: {verdict}; {result.virtual_us / SECOND:.1f} virtual s, "
        f"{result.messages:,} messages, {result.messages / max(took_s, 1e-9):,.0f} messages/s, "
        f"{done['ok']:,} of {sum(done.values()):,} operations ok, "
        f"{rooms}digest {result.digest}"
    )


def command(prog: str, order: Order) -> str:
    """What to type to see it again."""
    nodes = f" --nodes {order.nodes}" if order.nodes is not None else ""
    rooms = f" --rooms {order.rooms}" if order.rooms is not None else ""
    only = ""
    if order.only is not None:
        only = f" --only {','.join(map(str, order.only)) or 'none'}"
    lasting = f"{order.lasting_us / SECOND:g}s"
    return f"{prog} sim --seed {order.seed}{nodes}{rooms} --faults {order.faults} --for {lasting}{only} --check"


# --- a broken promise ----------------------------------------------------------------------------


def _failed(teller: Teller, order: Order, result: Result, *, shrink: bool) -> tuple[Order, Result]:
    broken = result.broken
    assert broken is not None
    teller.say("", f"broken ({broken.judge}): {broken.sentence}")
    if shrink:

        def told(tries: int, best: Result) -> None:
            span = best.options.lasting_us / SECOND
            teller.progress(
                f"shrinking: {tries} tries, {len(best.episodes)} episodes in {span:g} s so far"
            )

        search = Shrink(order, result, lambda tried: play(tried).result, told)
        order, result = search.search()
        order = replace(order, nodes=result.options.nodes, rooms=result.options.rooms.count)
        teller.say("", f"the shortest trace found in {search.tries} tries:")
    teller.say(*_trace(result), "", f"again: {command(teller.prog, order)}")
    return order, result


def _trace(result: Result) -> list[str]:
    broken = result.broken
    assert broken is not None
    lines = [f"  {line}" for line in result.options.lines()]
    lines += [f"  {episode.line()}" for episode in result.episodes] or ["  no episode was needed"]
    facts = [line for fact in broken.facts if (line := _fact_line(fact))]
    if facts:
        lines += ["the facts before it, in seconds since the world began:", *facts]
    return [*lines, f"  {broken.at_us / SECOND:9.3f}  {broken.judge}: {broken.sentence}"]


def _fact_line(fact: Fact) -> str:
    said = spoken(fact, None, Casebook(), (-1, 0))
    return f"  {(fact.at - START) / SECOND:9.3f}  {fact.node:4} {said.text}" if said else ""


def _parted_lines(differ: Parted, again: str) -> list[str]:
    return [
        "",
        f"not deterministic: digests {differ.digests[0]} and {differ.digests[1]}; "
        f"the two runs part at input {differ.index}:",
        f"  {differ.lines[0][:400]}",
        f"  {differ.lines[1][:400]}",
        f"again: {again}",
    ]


def _document(
    prog: str, result: Result, took_s: float, differ: Parted | None, shortest: tuple[Order, Result]
) -> dict[str, Any]:
    broken = result.broken
    return {
        "seed": result.options.seed,
        "fine": broken is None and differ is None,
        "options": result.options.lines(),
        "episodes": [episode.line().strip() for episode in result.episodes],
        "virtual_s": result.virtual_us / SECOND,
        "seconds": round(took_s, 3),
        "messages": result.messages,
        "messages_per_s": round(result.messages / max(took_s, 1e-9)),
        "digest": result.digest,
        "operations": result.operations,
        "rooms": result.options.rooms.count,
        "rooms_calls": result.spoken,
        "checks": result.checked,
        "recovered_s": {what: us / SECOND for what, us in result.recovered_us.items()},
        "broken": _broken(broken),
        "parted": None if differ is None else {"input": differ.index, "lines": differ.lines},
        "shortest": None
        if broken is None
        else {
            "command": command(prog, shortest[0]),
            "episodes": [episode.line().strip() for episode in shortest[1].episodes],
            "broken": _broken(shortest[1].broken),
        },
    }


def _broken(broken: Broken | None) -> dict[str, Any] | None:
    if broken is None:
        return None
    return {"judge": broken.judge, "sentence": broken.sentence, "at_s": broken.at_us / SECOND}


# --- many worlds ---------------------------------------------------------------------------------


def sweep(teller: Teller, orders: list[Order], *, jobs: int, twice: bool) -> bool:
    """Play many seeds, go on past failures, list them. True when all is well.

    After Ctrl-C it says how far it came and what broke so far, and raises KeyboardInterrupt.
    """
    first = orders[0]
    count = jobs or os.cpu_count() or 1
    seeds = f"seeds {first.seed}..{orders[-1].seed}"
    each = "each twice under different hash seeds" if twice else "each once"
    size = first.nodes or STORY_NODES.get(first.faults)
    nodes = f"{size} nodes" if size is not None else "5 to 9 nodes"
    span = f"{first.lasting_us / SECOND:g} s"
    began = time.monotonic()
    done, messages, virtual, failures = 0, 0, 0, list[dict[str, Any]]()
    interrupted = False
    try:
        teller.say(f"{seeds}, faults {first.faults}, {nodes}, {span}, {each}, {count} processes")
        with Sweep(count, twice=twice) as crew:
            for order, answer, differ in crew.play(orders):
                done += 1
                messages += answer.result.messages
                virtual += answer.result.virtual_us
                if (why := _why(answer, differ)) is not None:
                    again = command(teller.prog, order)
                    failures.append({"seed": order.seed, "why": why, "command": again})
                    teller.say(f"seed {order.seed} broken ({why})", f"  {again}")
                teller.progress(f"{done} of {len(orders)} seeds, {len(failures)} broken")
    except KeyboardInterrupt:
        interrupted = True
    took_s = time.monotonic() - began
    if interrupted and failures:
        teller.say("broken so far:", *(f"  {each['command']}" for each in failures))
    played = f"interrupted after {done} of {len(orders)}" if interrupted else f"{done}"
    teller.say(
        f"{played} seeds, {len(failures)} broken; {virtual / SECOND:,.0f} virtual s "
        f"in {took_s:.1f} s, {messages:,} messages"
    )
    teller.document(
        {
            "fine": not failures and not interrupted,
            "interrupted": interrupted,
            "seeds": done,
            "virtual_s": virtual / SECOND,
            "seconds": round(took_s, 3),
            "messages": messages,
            "broken": failures,
        }
    )
    if interrupted:
        raise KeyboardInterrupt
    return not failures


def _why(answer: Answer, differ: Parted | None) -> str | None:
    """What is wrong with a seed."""
    if (broken := answer.result.broken) is not None:
        return f"{broken.judge}: {broken.sentence}"
    return None if differ is None else "two runs of it differ"
