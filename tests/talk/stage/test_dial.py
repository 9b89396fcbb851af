"""A number and Enter goes to a slide; `?`, a number and Enter to what answers a question."""

from __future__ import annotations

from talk.deck.deck import Deck, Slide
from talk.stage.dial import Dial

DECK = Deck("t", (Slide(1), Slide(2), Slide(3, question=4), Slide(4, question=4), Slide(5)))


def test_digits_name_a_slide() -> None:
    assert Dial().typed("0").typed("2").place(DECK) == 1
    assert Dial().typed("5").place(DECK) == 4


def test_a_question_goes_to_the_first_slide_that_answers_it() -> None:
    assert Dial().asked().typed("4").place(DECK) == 2
    assert Dial().asked().place(DECK) == 2


def test_what_there_is_none_of_is_said() -> None:
    assert Dial().typed("9").place(DECK) == "there are slides 1 to 5"
    assert Dial().asked().typed("9").place(DECK) == "the questions are 4 to 4"
    assert (
        Dial().asked().typed("1").place(Deck("t", (Slide(1),))) == "this deck answers no questions"
    )


def test_too_many_digits_begin_anew() -> None:
    dial = Dial()
    for digit in "123451":
        dial = dial.typed(digit)
    assert dial.place(DECK) == "there are slides 1 to 5"
    assert dial.text == "51"


def test_where_it_leads_is_said_while_it_is_typed() -> None:
    titled = Deck("t", (Slide(1, "One"), Slide(2, "Why so?", question=12), Slide(3, question=2)))
    assert Dial().says(titled) == ""
    assert Dial().asked().says(titled) == "a question, 2 to 12…"
    assert Dial().asked().typed("1").says(titled) == "the questions are 2 to 12"
    assert Dial().asked().typed("1").typed("2").says(titled) == "question 12: Why so?"
    assert Dial().typed("1").says(titled) == "slide 1: One"
    assert Dial().typed("3").says(titled) == "slide 3"
    assert Dial().typed("9").says(titled) == "there are slides 1 to 3"
    assert Dial().asked().says(Deck("t", (Slide(1),))) == "no questions here"
