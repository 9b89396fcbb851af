"""Small decks with real measures, told on simulated nodes."""

from __future__ import annotations

from cluster.sim.pairs.registry import PAIRS
from talk.checking import Report, check
from talk.claims.measures import MEASURES
from talk.deck.deck import Deck
from talk.deck.reading import read_deck
from talk.grounds.ground import Ground
from talk.grounds.simulated import SimGround
from talk.stage.performance import Listener, Performance

GOOD = """\
---
title: A short road
---

Nobody is in charge
===
one
<!-- pause -->
two

```live
matrix
```
```cue
start nodes=3 answers=40
on key as die
kill n3
wait suspecting n3 >= 1 within 5s
say "Somebody noticed."
hold
wait believing-dead n3 = all within 20s
```
```claim
n3 is missed: believing-dead n3 = all within 20s of die
n1 is believed in: believing-dead n1 = 0 always
two are left: running = 2 at end
```
<!-- speaker_note: Say nothing. -->
<!-- end_slide -->

It comes back
===

```live
nodes
```
```cue
on enter as back
start n3
wait believing-alive n3 = all within 30s
```
```claim
all are one again: views = 1 within 30s of back
```
<!-- end_slide -->

Words alone
===
the end
"""
BAD = """\
Nothing of this is so
===

```live
nodes
```
```cue
start nodes=2 answers=40
on enter as never
wait deaths >= 1 within 2s
```
```cue
at crashes >= 1
say "nobody comes here"
```
```claim
they differ: views >= 2 always
nobody moves: handover <= 100ms at end
somebody dies: deaths >= 1 within 2s
```
<!-- end_slide -->

Too many
===

```live
nodes
```
```cue
on enter
start n2
```
"""


def read(text: str) -> Deck:
    """A deck with the measures and pairs that there are."""
    return read_deck(text, "deck.md", measures=MEASURES, pairs=frozenset(PAIRS))


async def tell(deck: Deck, ground: Ground | None = None, *listeners: Listener) -> Report:
    """Tell it to nobody."""
    return await check(deck, ground or SimGround(1), lambda _slide: None, listeners=listeners)


async def looked_at(deck: Deck) -> list[tuple[int, int]]:
    """(slide, step) of each look that somebody who draws the deck takes."""
    seen: list[tuple[int, int]] = []

    def look(performance: Performance) -> None:
        seen.append((performance.director.slide.number, performance.director.step))

    await check(deck, SimGround(1), lambda _slide: None, looking=look)
    return seen
