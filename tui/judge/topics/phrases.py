"""The event lines of broadcasts: only what went the naive way, and what the tree did not bring."""

from __future__ import annotations

from cluster.model.facts import TopicDelivered, TopicPublished
from tui.judge.wording import Phrase, counted


def of_topics(payload: TopicPublished | TopicDelivered) -> Phrase | None:
    """Ordinary broadcasts have no line: pictures and counters show them better."""
    match payload:
        case TopicPublished(number=0, apart=apart):
            wire = sum(apart.values())
            whom = counted(wire + payload.subscribers, "subscriber")
            sent = counted(wire, "message")
            return Phrase(f"sends {whom} of {payload.topic} one message each: {sent} on the wire")
        case TopicDelivered(mended=True):
            by = f"{payload.came_from} told it"
            return Phrase(f"hears late of a message of {payload.origin} on {payload.topic}: {by}")
        case TopicPublished() | TopicDelivered():
            return None
