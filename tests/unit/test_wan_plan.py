"""The cost of a shot agrees with what was measured, and a plan is as fast as the memory allows."""

from __future__ import annotations

from itertools import pairwise

import pytest

from wan_engine.wan import cost, memory
from wan_engine.wan.device import Device
from wan_engine.wan.plan import Decoding, Denoising, Encoding, Plan, Stage, plans
from wan_engine.wan.profiles import PROFILES, T2V_1_3B, TI2V_5B

GB = 10**9


def gpu(free: float, *, host: float = 64, fp8: bool = True) -> Device:
    return Device("cuda", "a card", int(free * GB), int(free * GB), int(host * GB), bf16=True, fp8=fp8)


@pytest.mark.parametrize(
    ("size", "frames", "tokens", "tera"),
    [((832, 480), 17, 1950, 19.3), ((832, 480), 81, 8190, 98), ((1280, 704), 121, 27280, 517)],
)
def test_a_pass_costs_what_the_architecture_says(size: tuple[int, int], frames: int, tokens: int, tera: float) -> None:
    count = cost.tokens(TI2V_5B, *size, frames)
    assert count == tokens
    assert cost.forward(TI2V_5B, count) / 1e12 == pytest.approx(tera, rel=0.01)


def test_the_architecture_has_the_parameters_that_it_is_known_for() -> None:
    for architecture in (TI2V_5B, T2V_1_3B):
        blocks = architecture.layers * (8 * architecture.width**2 + 2 * architecture.width * architecture.feed_forward)
        assert blocks == pytest.approx(architecture.transformer_parameters, rel=0.06)


def test_guidance_doubles_a_shot() -> None:
    profile = PROFILES["wan22-ti2v-5b"]
    plain = cost.denoising(profile, 704, 1280, 121, steps=50, guidance=1.0)
    assert cost.denoising(profile, 704, 1280, 121, steps=50, guidance=5.0) == 2 * plain
    assert plain == 50 * cost.forward(TI2V_5B, 27280)


def test_the_first_plan_keeps_everything_where_it_is() -> None:
    assert next(plans(gpu(80))) == Plan(Encoding.RESIDENT, Denoising.RESIDENT, Decoding.WHOLE)


@pytest.mark.parametrize("fp8", [True, False])
def test_later_plans_need_less_and_none_comes_twice(*, fp8: bool) -> None:
    offered = list(plans(gpu(24, fp8=fp8)))
    assert len(set(offered)) == len(offered)
    assert any(plan.denoising is Denoising.FP8 for plan in offered) is fp8
    most = [max(_peaks(plan).values()) for plan in offered]
    assert most[-1] < most[0] / 5


def test_each_rung_needs_less_than_the_one_before_in_its_stage_and_no_more_elsewhere() -> None:
    for stage in Stage:
        plan: Plan | None = Plan(Encoding.RESIDENT, Denoising.RESIDENT, Decoding.WHOLE)
        seen = []
        while plan is not None:
            seen.append(_peaks(plan))
            plan = plan.lighter(stage)
        assert len(seen) >= 3
        for heavier, lighter in pairwise(seen):
            assert lighter[stage] < heavier[stage] or stage is Stage.DENOISE  # 8 bits hold more than two blocks do
            assert all(lighter[other] <= heavier[other] for other in Stage if other is not stage)


def test_a_rung_of_one_stage_leaves_the_others_alone() -> None:
    plan = Plan(Encoding.VISIT, Denoising.RESIDENT, Decoding.WHOLE)
    assert plan.lighter(Stage.DECODE) == Plan(Encoding.VISIT, Denoising.RESIDENT, Decoding.TILE_512)
    assert plan.lighter(Stage.ENCODE) == Plan(Encoding.HOST, Denoising.RESIDENT, Decoding.WHOLE)
    assert plan.lighter(Stage.DENOISE) == Plan(Encoding.VISIT, Denoising.ALONE, Decoding.WHOLE)
    assert Plan(Encoding.HOST, Denoising.FP8, Decoding.HOST).lighter(Stage.DENOISE) is None


@pytest.mark.parametrize(
    ("measured", "own_times", "frames"),
    [(17.8, True, 121), (19.8, True, 161), (23.6, True, 241)],  # GB, on a 5090 with transformer and VAE resident
)
def test_what_denoising_takes_is_foreseen(*, measured: float, own_times: bool, frames: int) -> None:
    plan = Plan(Encoding.VISIT, Denoising.RESIDENT, Decoding.TILE_256)
    foreseen = memory.peaks(TI2V_5B, plan, 1280, 704, frames, own_times=own_times)[Stage.DENOISE] / GB
    assert measured <= foreseen <= measured * 1.15


def _peaks(plan: Plan) -> dict[Stage, int]:
    return dict(memory.peaks(TI2V_5B, plan, 704, 1280, 121, own_times=False))
