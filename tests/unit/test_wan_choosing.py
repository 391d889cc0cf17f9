"""Which plan a GPU gets, and what is told where none fits."""

from __future__ import annotations

import pytest

from reelmill.errors import EngineError
from wan_engine.wan.choosing import choose, fits, largest_that_fits
from wan_engine.wan.device import Device
from wan_engine.wan.plan import Decoding, Denoising, Encoding, plans
from wan_engine.wan.profiles import PROFILES
from wan_engine.wan.take import Take

TI2V = PROFILES["wan22-ti2v-5b"]
NATIVE = Take(704, 1280, 121, 24, pictured=False)
PICTURED = Take(704, 1280, 121, 24, pictured=True)


def gpu(gigabytes: float, *, host: float = 64, fp8: bool = True) -> Device:
    memory = round(gigabytes * 2**30)
    return Device("cuda", f"a card of {gigabytes:g} GB", memory, memory, round(host * 2**30), bf16=True, fp8=fp8)


@pytest.mark.parametrize(
    ("gigabytes", "encoding", "denoising"),
    [
        (80, Encoding.RESIDENT, Denoising.RESIDENT),
        (24, Encoding.VISIT, Denoising.RESIDENT),
        (16, Encoding.VISIT, Denoising.RESIDENT),
        (12, Encoding.HOST, Denoising.GROUP),
        (8, Encoding.HOST, Denoising.GROUP),
    ],
)
def test_each_card_gets_the_fastest_plan_that_has_room(
    gigabytes: float, encoding: Encoding, denoising: Denoising
) -> None:
    plan = choose(TI2V, gpu(gigabytes), NATIVE)
    assert (plan.encoding, plan.denoising) == (encoding, denoising)


def test_only_a_large_card_decodes_whole() -> None:
    assert choose(TI2V, gpu(80), NATIVE).decoding is Decoding.WHOLE
    assert choose(TI2V, gpu(24), NATIVE).decoding.tile is not None


def test_a_reference_image_takes_more_room() -> None:
    roomy = [size for size in range(8, 81) if choose(TI2V, gpu(size), NATIVE).denoising is Denoising.RESIDENT]
    pictured = [size for size in range(8, 81) if choose(TI2V, gpu(size), PICTURED).denoising is Denoising.RESIDENT]
    assert min(pictured) > min(roomy)


def test_a_card_that_is_too_small_is_told_the_largest_model_that_fits() -> None:
    tiny = gpu(4.5)
    with pytest.raises(EngineError) as refused:
        choose(TI2V, tiny, NATIVE)
    assert "a card of 4.5 GB is too small for Wan2.2-TI2V-5B at 704x1280, 121 frames" in refused.value.reason
    assert "the largest that fits is `model: wan21-t2v-1.3b` at 480x832, 81 frames" in refused.value.instruction
    found = largest_that_fits(tiny)
    assert found is not None
    assert any(fits(*found[:1], tiny, found[1], plan) for plan in plans(tiny))


def test_a_model_that_fits_without_a_photo_is_told_where_it_does_not_with_one() -> None:
    with pytest.raises(EngineError) as refused:
        choose(TI2V, gpu(6), PICTURED)
    assert "at 704x1280, 121 frames from an image" in refused.value.reason
    assert "`model: wan22-ti2v-5b` at 704x1280, 121 frames;" in refused.value.instruction


def test_where_nothing_fits_it_says_so() -> None:
    with pytest.raises(EngineError, match="no model that is known fits it"):
        choose(TI2V, gpu(1), NATIVE)


def test_with_more_room_the_plan_is_never_slower() -> None:
    order = list(plans(gpu(1)))
    places = [order.index(choose(TI2V, gpu(size), NATIVE)) for size in range(6, 100)]
    assert places == sorted(places, reverse=True)
