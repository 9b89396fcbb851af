"""How long a picture has been on, and what a stage shows before there is a film."""

from __future__ import annotations

from cluster.sim.overlay.beyond import film
from talk.deck.deck import Live
from talk.deck.words import LIVES, WAVES
from talk.live.mesh import DRAWN_US, paint_mesh
from talk.live.screening import KIND, Screening
from talk.live.showing import PARTS
from talk.stage.pictures import Playing, picture
from tests.tui.picture import assert_known_roles
from tui.draw.glyphs import SETS
from tui.scene import Scene
from tui.view import ClusterView

CALM, ROUND, RING = Live(KIND, "calm"), Live(KIND), Live("ring")
SCENE = Scene(view=ClusterView(), now=0)


def said(live: Live, playing: Playing) -> str:
    return "\n".join(picture(live, SCENE, playing, 100, 30).lines())


def test_a_deck_names_the_waves_that_there_are() -> None:
    assert WAVES == PARTS
    assert KIND in LIVES


def test_a_picture_runs_while_it_is_on_stands_while_frozen_and_begins_anew() -> None:
    screening = Screening(1)
    screening.film = film(1, 30)
    assert screening.shown_us(CALM, 10.0, frozen=False) == 0
    assert screening.shown_us(CALM, 10.5, frozen=False) == 500_000
    assert screening.shown_us(CALM, 12.0, frozen=True) == 500_000
    assert screening.shown_us(CALM, 12.5, frozen=False) == 1_000_000
    assert screening.shown_us(RING, 13.0, frozen=False) == 0
    assert screening.shown_us(CALM, 14.0, frozen=False) == 0
    assert screening.shown_us(ROUND, 15.0, frozen=False) == 0


def test_a_full_mesh_needs_no_film_and_is_drawn_until_no_dot_is_left() -> None:
    mesh = Live(KIND, "mesh")
    screening = Screening(1)
    assert screening.shown_us(mesh, 1.0, frozen=False) == 0
    assert screening.shown_us(mesh, 4.0, frozen=False) == 3_000_000
    assert "499 links of one peer" in said(mesh, Playing(film_us=3_000_000))
    full = picture(mesh, SCENE, Playing(film_us=DRAWN_US), 100, 30)
    text = "\n".join(full.lines())
    assert "999 links of one peer" in text
    assert "499,500" in text
    # Inside the circle every cell is full, but for where the last chords run along the rim.
    middle = [full.chars[y][x] for y in range(6, 24) for x in range(12, 48)]
    assert set(middle) == {"⣿"}


def test_a_full_mesh_fits_every_size() -> None:
    for width, height in ((1, 1), (30, 6), (60, 32), (71, 5), (72, 4), (120, 36)):
        for glyphs in SETS:
            frame = paint_mesh(50, 2_000_000, width, height, glyphs=glyphs)
            assert (len(frame.chars), len(frame.chars[0])) == (height, width)
            assert_known_roles(frame)


def test_a_wave_does_not_begin_before_there_is_a_film() -> None:
    screening = Screening(1)
    assert screening.shown_us(CALM, 1.0, frozen=False) == 0
    assert screening.shown_us(CALM, 2.0, frozen=False) == 0
    assert "are being played" in said(CALM, Playing())
    screening.film = film(1, 30)
    assert screening.shown_us(CALM, 9.0, frozen=False) == 0


def test_a_named_wave_stays_at_its_end_and_all_of_them_go_round() -> None:
    reel = film(1, 30)
    late = 10_000_000
    assert "Along the tree" in said(CALM, Playing(film=reel, film_us=late))
    assert "30 of 30 reached" in said(CALM, Playing(film=reel, film_us=late))
    assert "Flooding" in said(ROUND, Playing(film=reel, film_us=0))
    assert "Along the tree" in said(ROUND, Playing(film=reel, film_us=late))
