"""What is put on a model for a shot: adapters, the fast way, compiled blocks. And that it comes off again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, Interrupted
from reelmill.frames import read_frames
from tests.simulators import tiny_wan
from wan_engine.base import CancelToken, no_progress
from wan_engine.wan.adapters import Shelf, check
from wan_engine.wan.device import Device
from wan_engine.wan.model import Dress, Tuning
from wan_engine.wan.naming import Adapter
from wan_engine.wan.plan import Decoding, Denoising, Encoding, Plan
from wan_engine.wan.profiles import PROFILES
from wan_engine.wan.prompts import Embeddings
from wan_engine.wan.proof import Proofs
from wan_engine.wan.studio import Equipment, Studio
from wan_engine.wan.take import Take
from wan_engine.wan.weights import Weights

PROFILE = PROFILES["wan22-ti2v-5b"]
CPU = Device("cpu", "this machine", 16 << 30, 16 << 30, 16 << 30, bf16=True, fp8=False)
MODEL = "wan22-ti2v-5b@1"
SHOT = Shot("wan", MODEL, "a red square", "blue circle", 256, 256, 5, 24, 6, 5.0, 7)
FASTEST = Plan(Encoding.RESIDENT, Denoising.RESIDENT, Decoding.WHOLE)
GROUP = replace(FASTEST, encoding=Encoding.VISIT, denoising=Denoising.GROUP)
EAGER = Tuning(alike=1e9)  #: leaves out whatever it can
WIDTH = 24  #: channels of the tiny transformer


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    folder = tiny_wan.save(PROFILE.architecture, tmp_path_factory.mktemp("model"), shift=PROFILE.shift)
    return Weights(folder, PROFILE)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    folder = tmp_path / "loras"
    folder.mkdir()
    for number, name in enumerate(("ink", "clay")):
        save_lora(folder / f"{name}.safetensors", seed=number)
    return Shelf(folder)


def save_lora(
    file: Path, *, seed: int = 0, blocks: int = 2, width: int = WIDTH, prefix: str = "diffusion_model"
) -> Path:
    """A LoRA as they are shared: of rank 4, on queries and values, with the names of Wan's own code."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for block in range(blocks):
        for part in ("self_attn.q", "self_attn.v", "cross_attn.q"):
            key = f"{prefix}.blocks.{block}.{part}"
            state[f"{key}.lora_A.weight"] = torch.randn(4, width, generator=generator)
            state[f"{key}.lora_B.weight"] = torch.randn(width, 4, generator=generator)
    save_file(state, file)
    return file


def at_work(weights: Weights, shelf: Shelf, plan: Plan = FASTEST, **more: Any) -> Studio:
    equipment = Equipment(
        **{"embeddings": Embeddings("tiny"), "shelf": shelf, "proofs": Proofs(), "picky": False, **more}
    )
    return Studio(weights, CPU, equipment, precision=torch.float32, plan=plan)


@pytest.fixture
def filming(weights: Weights, shelf: Shelf) -> Iterator[Studio]:
    made = at_work(weights, shelf)
    yield made
    made.close()


def film(where: Studio, path: Path, model: str = MODEL, token: CancelToken | None = None, **changes: Any) -> Clip:
    return where.film(replace(SHOT, model=model, **changes), path, None, no_progress, token or CancelToken())


def test_an_adapter_changes_the_clip_by_its_weight_and_comes_off_again(filming: Studio, tmp_path: Path) -> None:
    plain = film(filming, tmp_path / "plain.mp4").sha256
    ink = film(filming, tmp_path / "ink.mp4", f"{MODEL}+ink").sha256
    weak = film(filming, tmp_path / "weak.mp4", f"{MODEL}+ink*0.5").sha256
    both = film(filming, tmp_path / "both.mp4", f"{MODEL}+ink+clay*0.7").sha256
    none = film(filming, tmp_path / "none.mp4", f"{MODEL}+ink*0").sha256
    assert len({plain, ink, weak, both}) == 4
    assert film(filming, tmp_path / "again.mp4").sha256 == plain
    assert none == plain
    assert film(filming, tmp_path / "ink2.mp4", f"{MODEL}+ink").sha256 == ink


def test_an_adapter_works_where_blocks_come_one_after_the_other(
    filming: Studio, weights: Weights, shelf: Shelf, tmp_path: Path
) -> None:
    expected = film(filming, tmp_path / "a.mp4", f"{MODEL}+ink")
    grouped = at_work(weights, shelf, GROUP)
    film(grouped, tmp_path / "plain.mp4")
    assert film(grouped, tmp_path / "b.mp4", f"{MODEL}+ink").sha256 == expected.sha256


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"blocks": 3}, "adapts 3 blocks, and this model has 2"),
        ({"width": 40}, "is for a model 40 channels wide, and this one is 24"),
    ],
)
def test_an_adapter_of_another_model_is_refused_by_its_header(
    weights: Weights, tmp_path: Path, changes: dict[str, int], reason: str
) -> None:
    file = save_lora(tmp_path / "other.safetensors", **changes)  # type: ignore[arg-type]
    with pytest.raises(EngineError, match=reason):
        check(file, weights.configuration("transformer"))


def test_what_is_no_adapter_is_refused(weights: Weights, tmp_path: Path) -> None:
    save_file({"blocks.0.weight": torch.zeros(2, 2)}, tmp_path / "whole.safetensors")
    (tmp_path / "text.safetensors").write_text("no tensors")
    for name, reason in (("whole", "is no LoRA for a Wan model"), ("text", "is no safetensors file")):
        with pytest.raises(EngineError, match=reason):
            check(tmp_path / f"{name}.safetensors", weights.configuration("transformer"))


def test_after_an_adapter_that_did_not_fit_the_next_shot_is_as_new(
    filming: Studio, shelf: Shelf, tmp_path: Path
) -> None:
    plain = film(filming, tmp_path / "plain.mp4").sha256
    save_lora(shelf.folder / "wide.safetensors", width=40)
    with pytest.raises(EngineError, match="40 channels"):
        film(filming, tmp_path / "wide.mp4", f"{MODEL}+wide")
    assert film(filming, tmp_path / "again.mp4").sha256 == plain


def test_the_shelf_knows_each_adapter_by_its_content(shelf: Shelf) -> None:
    (ink,) = shelf.find([Adapter("ink", 0.5)])
    assert len(ink.revision) == 12
    save_lora(shelf.folder / "ink.safetensors", seed=9)
    with pytest.raises(EngineError, match=f"is .*, not {ink.revision}"):
        shelf.find([ink])
    with pytest.raises(EngineError, match="no adapter 'paper'") as refused:
        shelf.find([Adapter("paper")])
    assert "clay, ink" in refused.value.instruction


def test_the_fast_way_is_proven_first_and_then_taken(weights: Weights, shelf: Shelf, tmp_path: Path) -> None:
    proofs = Proofs(tmp_path / "proofs", enough=10.0)
    filming = at_work(weights, shelf, proofs=proofs, tuning=EAGER)
    exact = film(filming, tmp_path / "exact.mp4")
    first = film(filming, tmp_path / "first.mp4", f"{MODEL}~fast")
    assert first.sha256 == exact.sha256
    assert first.record["cached"] is False
    assert not list(tmp_path.glob("*.fast"))
    second = film(filming, tmp_path / "second.mp4", f"{MODEL}~fast", seed=8)
    assert second.record["cached"] is True
    assert second.sha256 != film(filming, tmp_path / "exact8.mp4", seed=8).sha256
    later = at_work(weights, shelf, proofs=Proofs(tmp_path / "proofs", enough=10.0), tuning=EAGER)
    assert film(later, tmp_path / "later.mp4", f"{MODEL}~fast", seed=8).record["cached"] is True
    assert film(later, tmp_path / "exact2.mp4").sha256 == exact.sha256


def test_a_fast_way_that_changes_the_picture_is_never_taken(weights: Weights, shelf: Shelf, tmp_path: Path) -> None:
    filming = at_work(weights, shelf, tuning=EAGER, proofs=Proofs(enough=100.0))
    film(filming, tmp_path / "first.mp4", f"{MODEL}~fast")
    clip = film(filming, tmp_path / "second.mp4", f"{MODEL}~fast", seed=8)
    assert clip.record["cached"] is False
    assert clip.sha256 == film(filming, tmp_path / "exact.mp4", seed=8).sha256


@pytest.mark.parametrize("after", [2, 7, 20])
def test_a_cancel_in_the_fast_way_leaves_nothing_for_the_next_shot(
    weights: Weights, shelf: Shelf, tmp_path: Path, after: int
) -> None:
    fresh = at_work(weights, shelf, tuning=EAGER, proofs=Proofs(enough=0.0))
    film(fresh, tmp_path / "proof.mp4", f"{MODEL}~fast")
    expected = film(fresh, tmp_path / "expected.mp4", f"{MODEL}~fast", seed=8)
    token, heard = CancelToken(), [0]

    def progress(_shot: str, _done: int, _total: int) -> None:
        heard[0] += 1
        if heard[0] == after:
            token.cancel()

    stopped = replace(SHOT, model=f"{MODEL}~fast", seed=11)
    with pytest.raises(Interrupted):
        fresh.film(stopped, tmp_path / "stopped.mp4", None, progress, token)
    assert film(fresh, tmp_path / "again.mp4", f"{MODEL}~fast", seed=8).sha256 == expected.sha256


def test_a_cancel_while_the_fast_way_is_proven_leaves_nothing(weights: Weights, shelf: Shelf, tmp_path: Path) -> None:
    token = CancelToken()

    class Unproven(Proofs):
        def of(self, shot: Shot, take: Take) -> bool | None:
            return None

        def keep(self, shot: Shot, take: Take, seen: float) -> None:
            token.cancel()
            token.check()

    with pytest.raises(Interrupted):
        film(at_work(weights, shelf, proofs=Unproven()), tmp_path / "clip.mp4", f"{MODEL}~fast", token)
    assert [path.name for path in tmp_path.iterdir()] == ["loras"]


def test_a_fast_way_that_fails_costs_no_clip(weights: Weights, shelf: Shelf, tmp_path: Path) -> None:
    proofs = Proofs()
    filming = at_work(weights, shelf, tuning=Tuning(alike=1e9), proofs=proofs)
    expected = film(filming, tmp_path / "exact.mp4")
    real, asked = filming._model.transformer, []

    def transformer(plan: Plan, dress: Dress | None = None) -> Any:
        asked.append(dress)
        if dress is not None and dress.cached:
            raise EngineError("the fast way cannot be gone here", "")
        return real(plan, dress)

    filming._model.__dict__["transformer"] = transformer
    assert film(filming, tmp_path / "clip.mp4", f"{MODEL}~fast").sha256 == expected.sha256
    film(filming, tmp_path / "again.mp4", f"{MODEL}~fast", seed=8)
    assert [dress.cached for dress in asked if dress is not None] == [False, True, False], "it is not tried again"


def test_blocks_are_compiled_once_a_shape_is_warm_and_the_clip_is_the_same(
    weights: Weights, shelf: Shelf, tmp_path: Path
) -> None:
    # The graph of a block is really captured, whole; what it is compiled to is the machine's affair.
    filming = at_work(weights, shelf, tuning=Tuning(compiler="aot_eager", warm=0.001))
    first, second = film(filming, tmp_path / "a.mp4"), film(filming, tmp_path / "b.mp4")
    assert (first.record["compiled"], second.record["compiled"]) == (False, True)
    apart = [
        float(np.abs(one.astype(int) - other.astype(int)).max())
        for one, other in zip(*(read_frames(clip.path, 256, 256) for clip in (first, second)), strict=True)
    ]
    assert max(apart) <= 2
    dressed = film(filming, tmp_path / "c.mp4", f"{MODEL}+ink")
    assert dressed.sha256 != second.sha256


def test_without_a_compiler_it_goes_on_without(weights: Weights, shelf: Shelf, tmp_path: Path) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("there is no compiler")

    torch._dynamo.reset()
    torch._dynamo.register_backend(broken, name="broken")  # type: ignore[no-untyped-call]
    filming = at_work(weights, shelf, tuning=Tuning(compiler="broken", warm=0.001))
    first, second = film(filming, tmp_path / "a.mp4"), film(filming, tmp_path / "b.mp4")
    assert second.record["compiled"] is False
    assert second.sha256 == first.sha256


def test_attention_that_cannot_be_computed_here_is_told(weights: Weights, shelf: Shelf, tmp_path: Path) -> None:
    filming = at_work(weights, shelf, tuning=Tuning(attention="sage"))
    with pytest.raises(EngineError, match="attention cannot be computed by 'sage' here") as refused:
        film(filming, tmp_path / "a.mp4")
    assert "REELMILL_WAN_ATTENTION=native" in refused.value.instruction


def test_attention_that_would_be_downloaded_is_refused(weights: Weights, shelf: Shelf, tmp_path: Path) -> None:
    filming = at_work(weights, shelf, tuning=Tuning(attention="flash_hub"))
    with pytest.raises(EngineError, match="'flash_hub' downloads a kernel"):
        film(filming, tmp_path / "a.mp4")


@pytest.mark.parametrize("attention", ["_native_math", "native"])
def test_attention_is_computed_as_it_is_told(weights: Weights, shelf: Shelf, tmp_path: Path, attention: str) -> None:
    filming = at_work(weights, shelf, tuning=Tuning(attention=attention))
    assert film(filming, tmp_path / "a.mp4").record["attention"] == attention
