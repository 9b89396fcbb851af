"""The collector works between pictures."""

from __future__ import annotations

import gc
import weakref

from tui.driving.collector import OLDER_AFTER, OLDEST_AFTER, YOUNG_MIN, tidy


class Knot:
    """Something that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


def test_what_pictures_leave_is_collected_though_the_thresholds_are_never_reached() -> None:
    before = gc.get_threshold()
    gc.set_threshold(10_000_000, 1_000, 1_000)
    try:
        gc.collect()
        aged = [Knot()]
        last = weakref.ref(aged[0])
        for moment in range((OLDER_AFTER + 1) * (OLDEST_AFTER + 2)):
            young = [Knot() for _ in range(YOUNG_MIN)]
            first = weakref.ref(young[0])
            del young
            tidy()
            assert first() is None
            if moment == OLDER_AFTER * 2:
                aged.clear()
        assert last() is None
    finally:
        gc.set_threshold(*before)


def test_little_is_left_alone() -> None:
    gc.collect()
    knot = weakref.ref(Knot())
    tidy()
    assert knot() is not None
    gc.collect()
