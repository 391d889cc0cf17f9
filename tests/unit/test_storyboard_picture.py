"""Layers, frames, sprites and the camera: what the storyboard's pictures stand on."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from wan_engine.storyboard.camera import Camera, View
from wan_engine.storyboard.particles.cycle import cycle
from wan_engine.storyboard.picture.colour import code, colour
from wan_engine.storyboard.picture.composing import seen
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.layer import (
    RIM,
    Layer,
    Motion,
    Picture,
    Sway,
    cropped,
    first_solid_row,
    planes,
    rimmed,
)
from wan_engine.storyboard.picture.marks import splat, stamp, wash
from wan_engine.storyboard.picture.noise import fractal, line
from wan_engine.storyboard.picture.raster import Field, blur, curve, mix, ribbon, smoothstep
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.picture.sprite import Sprite, coded

WIDTH, HEIGHT = 64, 96
STILL = View(1.0, 0.0, 0.0)


def random() -> np.random.Generator:
    return np.random.default_rng(5)


def layer_of(picture: Picture, *, left: int = -8, top: int = -8, sway: Sway | None = None) -> Layer:
    drawn = planes(picture.rgb, picture.alpha, random(), pack=sway is not None)
    solid = 0 if drawn.keep is None else first_solid_row(drawn.keep)
    return Layer(
        luma=drawn.luma, keep=drawn.keep, chroma=drawn.chroma, depth=0.5, left=left, top=top, solid=solid, sway=sway,
        packed=drawn.packed, pivot=(WIDTH / 2, HEIGHT / 2),
    )  # fmt: skip


def plain(tone: str, alpha: Field | None = None) -> Picture:
    return Picture(np.broadcast_to(colour(tone), (HEIGHT + 16, WIDTH + 16, 3)).astype(np.float32), alpha)


@pytest.mark.parametrize("tone", ["#ffffff", "#000000", "#c03020", "#2060c0", "#7a7a7a"])
def test_a_layer_has_the_code_values_of_its_colour(tone: str) -> None:
    frame = Frame(WIDTH, HEIGHT)

    frame.lay(layer_of(plain(tone)), STILL, 0.0)
    buffer = frame.finish()

    luma, blue, red = code(colour(tone))
    assert abs(float(buffer[:HEIGHT].mean()) - luma) < 1.1
    assert abs(float(buffer[HEIGHT : HEIGHT * 5 // 4].mean()) - blue) < 1.1
    assert abs(float(buffer[HEIGHT * 5 // 4 :].mean()) - red) < 1.1


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_a_translucent_layer_mixes_with_what_lies_behind(share: float) -> None:
    frame = Frame(WIDTH, HEIGHT)
    frame.lay(layer_of(plain("#204060")), STILL, 0.0)
    alpha = np.full((HEIGHT + 16, WIDTH + 16), share, np.float32)

    frame.lay(layer_of(plain("#e0d0a0", alpha)), STILL, 0.0)

    expected = code(mix(colour("#204060"), colour("#e0d0a0"), share))[0]
    assert abs(float(frame.luma[8:-8, 8:-8].mean()) - expected) < 1.6


def test_magnifying_and_the_full_affine_agree() -> None:
    source = np.clip(128 + 60 * fractal(random(), (140, 120), 18, octaves=2), 0, 255).astype(np.uint8)
    matrix = np.array([[0.972, 0.0, 7.4], [0.0, 0.972, 9.9]])
    leaning = matrix + np.array([[0.0, 1e-9, 0.0], [0.0, 0.0, 0.0]])

    fast = seen(source, matrix, (80, 100), None, 0)
    slow = seen(source, leaning, (80, 100), None, 0)

    assert int(np.abs(fast.astype(int) - slow).max()) <= 2


def test_a_move_of_less_than_a_pixel_is_seen() -> None:
    x = np.arange(WIDTH + 16, dtype=np.float32)
    ramp = np.broadcast_to((x / x.max())[None, :, None], (HEIGHT + 16, WIDTH + 16, 3))
    layer = layer_of(Picture(np.ascontiguousarray(ramp), None))
    frame = Frame(WIDTH, HEIGHT)
    means = []
    for step in range(5):
        frame.lay(layer, View(1.0, step / 4, 0.0), 0.0)
        means.append(float(frame.luma.mean()))

    steps = np.diff(means)
    assert np.all(steps < 0)
    assert float(np.abs(steps - steps.mean()).max()) < 0.25 * abs(float(steps.mean())) + 0.05


def test_what_is_hidden_need_not_be_drawn() -> None:
    alpha = np.zeros((HEIGHT + 16, WIDTH + 16), np.float32)
    alpha[60:] = 1
    near = layer_of(plain("#800000", alpha))
    frame = Frame(WIDTH, HEIGHT)

    row = frame.solid_from(near, STILL)

    assert 52 <= row <= 56
    narrow = layer_of(Picture(plain("#800000").rgb[:, :40], alpha[:, :40]))
    assert frame.solid_from(narrow, STILL) > HEIGHT


@pytest.mark.parametrize("zoom", [1.0, 1.03, 1.11, 1.3])
@pytest.mark.parametrize("down", [-1.8, -0.9, -0.4, 0.0, 0.3, 0.7, 1.2, 1.6])
@pytest.mark.parametrize("first", range(40, 44))
def test_nothing_shows_through_from_below_what_need_not_be_drawn(first: int, down: float, zoom: float) -> None:
    alpha = np.zeros((HEIGHT + 16, WIDTH + 16), np.float32)
    alpha[first:] = 1
    near, view = layer_of(plain("#800000", alpha)), View(zoom, 0.3, down)
    seen = []
    for garbage in (0, 255):
        frame = Frame(WIDTH, HEIGHT)
        frame.buffer[:], frame.chroma[:] = garbage, garbage
        frame.lay(layer_of(plain("#204060")), view, 0.0, below=frame.solid_from(near, view))
        frame.lay(near, view, 0.0)
        seen.append(frame.finish())
    assert np.array_equal(*seen)


def disc(tone: str, radius: float, left: int, top: int) -> Layer:
    """A disc in the middle of a picture that is cut close, as painters hand it over."""
    side = 2 * round(radius) + 4
    axis = np.arange(side, dtype=np.float32) - (side - 1) / 2
    alpha = np.clip(radius + 0.5 - np.hypot(axis[None, :], axis[:, None]), 0, 1).astype(np.float32)
    rgb = np.broadcast_to(colour(tone), (side, side, 3)).astype(np.float32)
    picture, left, top = cropped(*rimmed(Picture(rgb, alpha), left, top))
    drawn = planes(picture.rgb, picture.alpha, random(), pack=False)
    return Layer(luma=drawn.luma, keep=drawn.keep, chroma=drawn.chroma, depth=0.5, left=left, top=top)


def seen_over(ground: str, tone: str, zoom: float, shift: float) -> npt.NDArray[np.uint8]:
    """A frame with a disc on an even ground, as a camera sees it that stands a little closer and aside."""
    frame = Frame(WIDTH, HEIGHT)
    frame.lay(layer_of(plain(ground)), STILL, 0.0)
    frame.lay(disc(tone, 14.0, 16, 30), View(zoom, shift, shift), 0.0)
    return frame.finish()


VIEWS = list(itertools.product((0.9, 1.0, 1.04, 1.15), (0.0, 0.4, 1.1, 1.7)))


@pytest.mark.parametrize(("zoom", "shift"), VIEWS)
def test_a_disc_is_whole_on_all_sides(zoom: float, shift: float) -> None:
    cover = (seen_over("#000000", "#ffffff", zoom, shift)[:HEIGHT].astype(float) - 16) / 219
    for axis, side, middle in ((0, WIDTH, 31.5), (1, HEIGHT, 45.5)):
        centre = (side - 1) / 2 + (middle - (side - 1) / 2) * zoom + shift
        chord = 2 * np.sqrt(np.clip((14.0 * zoom) ** 2 - (np.arange(side) - centre) ** 2, 0, None))
        # Half a pixel beside the edge a chord is 7 pixels long: no more than that may be lost to sampling.
        assert np.abs(cover.sum(axis=axis) - chord).max() < 7
        assert abs(cover.sum() / chord.sum() - 1) < 0.02


@pytest.mark.parametrize(("zoom", "shift"), VIEWS)
def test_grey_on_grey_has_no_colour_at_its_edge(zoom: float, shift: float) -> None:
    assert np.abs(seen_over("#303030", "#f0f0f0", zoom, shift)[HEIGHT:].astype(int) - 128).max() <= 3


def test_a_layer_that_leans_keeps_its_foot() -> None:
    alpha = np.zeros((HEIGHT + 16, WIDTH + 16), np.float32)
    alpha[8 : 8 + HEIGHT // 2 + 1, 36:44] = 1
    frames = []
    for strength in (0.0, 0.2):
        frame = Frame(WIDTH, HEIGHT)
        frame.lay(layer_of(plain("#000000")), STILL, 0.0)

        def sway(phase: float, strength: float = strength) -> Motion:
            return Motion(shear=strength)

        frame.lay(layer_of(plain("#ffffff", alpha), sway=sway), STILL, 0.0)
        frames.append(frame.luma.astype(int).copy())

    def middle(row: int, frame: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> float:
        weights = np.clip(frame[row] - 20, 0, None)
        return float((weights * np.arange(WIDTH)).sum() / weights.sum())

    assert abs(middle(HEIGHT // 2 - 2, frames[0]) - middle(HEIGHT // 2 - 2, frames[1])) < 0.8
    assert middle(6, frames[1]) - middle(6, frames[0]) == pytest.approx(0.2 * (HEIGHT / 2 - 6), abs=0.8)


def test_a_picture_is_cropped_to_what_it_shows_and_stays_in_place() -> None:
    alpha = np.zeros((100, 80), np.float32)
    alpha[41:60, 30:47] = 1

    small, left, top = cropped(Picture(np.ones((100, 80, 3), np.float32), alpha), -10, 20)

    assert small.alpha is not None
    assert small.alpha.shape[0] < 19 + 2 * RIM + 4
    assert left % 2 == top % 2 == 0
    assert float(small.alpha.sum()) == float(alpha.sum())
    row, column = np.argwhere(small.alpha > 0)[0]
    assert (row + top, column + left) == (41 + 20, 30 - 10)


def test_a_stamp_lies_where_it_was_put_and_edges_do_not_break_it() -> None:
    disc = Sketch(0, 0, 40, 40)
    disc.disc(20, 20, 16, np.ones(3, np.float32))
    sprite = coded(Sprite(disc.premultiplied()))
    frame = Frame(WIDTH, HEIGHT)
    frame.lay(layer_of(plain("#101010")), STILL, 0.0)

    stamp(frame, sprite, 30.5, 40.25, 20)
    bright = np.clip(frame.luma.astype(float) - 40, 0, None)
    y, x = np.indices(bright.shape)
    assert float((bright * x).sum() / bright.sum()) == pytest.approx(30.5, abs=0.4)
    assert float((bright * y).sum() / bright.sum()) == pytest.approx(40.25, abs=0.4)

    for place in ((-5.0, 3.0), (WIDTH + 2.0, HEIGHT - 1.0), (500.0, -500.0)):
        stamp(frame, sprite, *place, 30, turn=1.0, squash=0.4, opacity=0.5)
        x, y, spread, strength = (np.array([value]) for value in (*place, 1.5, 0.9))
        splat(frame, x, y, spread, strength, 230, tint=(128, 128))
        wash(frame, np.ones((8, 8), np.float32), int(place[0]) & ~1, int(place[1]) & ~1, 4, (200.0, 128.0, 128.0))


def test_dots_sit_between_pixels() -> None:
    frame = Frame(WIDTH, HEIGHT)
    frame.lay(layer_of(plain("#000000")), STILL, 0.0)

    splat(frame, np.array([20.3]), np.array([30.7]), np.array([1.4]), np.array([1.0]), 235)

    bright = np.clip(frame.luma.astype(float) - 17, 0, None)
    y, x = np.indices(bright.shape)
    assert float((bright * x).sum() / bright.sum()) == pytest.approx(20.3, abs=0.1)
    assert float((bright * y).sum() / bright.sum()) == pytest.approx(30.7, abs=0.1)


@pytest.mark.parametrize("move", ["push", "pull", "left", "right", "rise", "sink", "orbit", "still"])
def test_the_camera_moves_steadily_and_near_things_more_than_far_ones(move: str) -> None:
    camera = Camera(move, 704, 1280, 5.0)  # type: ignore[arg-type]

    def path(depth: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        views = [camera.view(depth, index / 120) for index in range(121)]
        return np.array([[view.shift_x, view.shift_y, 600 * (view.zoom - 1)] for view in views])

    near, far = path(1.0), path(0.0)
    steps = np.abs(np.diff(near, axis=0)).sum(axis=1)
    assert steps.max() < 1.5, "more than a pixel and a half a frame is a jerk"
    assert float(np.abs(np.diff(steps)).max()) < 0.1
    assert np.abs(far).max() < 0.3 * np.abs(near).max()
    assert np.abs(near[:, :2]).max() <= camera.reach + 1e-6


def test_lives_begin_and_end_unseen_and_a_clip_ends_as_it_began() -> None:
    lives = cycle(random(), 50, seconds=5, life=1.3)

    assert np.allclose(lives.age(0.0), lives.age(1.0))
    for phase in np.linspace(0, 1, 40):
        presence = lives.presence(float(phase))
        assert ((presence >= 0) & (presence <= 1)).all()
        assert presence[lives.age(float(phase)) < 0.002].max(initial=0) < 0.01


def test_noise_is_seeded_and_has_no_preferred_side() -> None:
    assert np.array_equal(fractal(random(), (60, 50), 20), fractal(random(), (60, 50), 20))
    field = fractal(np.random.default_rng(1), (300, 300), 40)
    assert abs(float(field.mean())) < 0.25
    assert 0.1 < float(field.std()) < 0.9
    assert len(line(random(), 333, 40)) == 333


def test_fields_keep_their_promises() -> None:
    ramp = np.linspace(-1, 2, 31, dtype=np.float32)[None, :]
    stepped = smoothstep(0, 1, ramp)
    assert float(stepped.min()) == 0
    assert float(stepped.max()) == 1
    assert float(smoothstep(1, 0, ramp)[0, 0]) == 1
    spot = np.zeros((81, 81), np.float32)
    spot[40, 40] = 1
    for sigma in (0.1, 2.0, 9.0):
        assert float(blur(spot, sigma).sum()) == pytest.approx(1.0, abs=0.05)
    path = curve([[0, 0], [10, 5], [20, 0]], 30)
    assert np.allclose(path[0], (0, 0))
    assert np.allclose(path[-1], (20, 0))
    assert len(ribbon(path, np.full(30, 2.0))) == 60
