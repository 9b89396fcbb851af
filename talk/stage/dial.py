"""Going straight to a slide or to a question: its number, then the key that goes on. Pure.

`12` and Enter is slide 12; `?`, `3` and Enter is what question 3 is answered with. Where it leads is said
while it is typed, in the slide's own words: the audience sees no keys, and reads its question. What is no
number of this deck says so.
"""

from __future__ import annotations

from msgspec import Struct

from talk.deck.deck import Deck

DIGITS_MAX = 4


class Dial(Struct, frozen=True):
    """What has been typed so far."""

    text: str = ""
    question: bool = False

    @property
    def used(self) -> bool:
        """Whether anything has been typed."""
        return bool(self.text) or self.question

    def typed(self, digit: str) -> Dial:
        """One digit more; too many begin anew."""
        text = self.text + digit if len(self.text) < DIGITS_MAX else digit
        return Dial(text, self.question)

    def asked(self) -> Dial:
        """A question's number follows."""
        return Dial("", question=True)

    def says(self, deck: Deck) -> str:
        """Where it leads, as far as it has been typed; empty: nothing has been."""
        if not self.used:
            return ""
        if self.question and not self.text:
            known = {slide.question for slide in deck.slides} - {0}
            return f"a question, {min(known)} to {max(known)}…" if known else "no questions here"
        place = self.place(deck)
        if isinstance(place, str):
            return place
        slide = deck.slides[place]
        return f"{'question' if self.question else 'slide'} {self.text}: {slide.title}".rstrip(": ")

    def place(self, deck: Deck) -> int | str:
        """The place in the deck, or why there is none."""
        number = int(self.text) if self.text else 0
        if not self.question:
            if 1 <= number <= len(deck.slides):
                return number - 1
            return f"there are slides 1 to {len(deck.slides)}"
        answered = {slide.question: at for at, slide in reversed(list(enumerate(deck.slides)))}
        if number and number in answered:
            return answered[number]
        known = sorted(set(answered) - {0})
        if not number and known:
            return answered[known[0]]
        if not known:
            return "this deck answers no questions"
        return f"the questions are {known[0]} to {known[-1]}"
