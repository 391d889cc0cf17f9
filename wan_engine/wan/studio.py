"""Where shots are filmed: a loaded model, and the three stages that a shot passes."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError
from reelmill.files import sha256_of
from wan_engine.base import CancelToken, Progress
from wan_engine.quality import LIMITS, Limits, Quality
from wan_engine.wan.adapters import Shelf
from wan_engine.wan.choosing import choose, what_fits
from wan_engine.wan.decoding import Frames, Tiling, decode_tiled, decode_whole, scaled, tiles, to_bytes
from wan_engine.wan.denoising import Denoising, Guided
from wan_engine.wan.developing import develop
from wan_engine.wan.device import Device
from wan_engine.wan.ladder import Ladder
from wan_engine.wan.model import Dress, Model, Tuning
from wan_engine.wan.naming import ModelName
from wan_engine.wan.picture import first_frame, read_picture
from wan_engine.wan.plan import Plan, Stage
from wan_engine.wan.profiles import Profile
from wan_engine.wan.prompts import Embeddings, read
from wan_engine.wan.proof import Proofs, decibels
from wan_engine.wan.take import Take
from wan_engine.wan.telling import Telling
from wan_engine.wan.weights import Weights

log = logging.getLogger("reelmill.wan")

#: Seeds are numbers of 32 bits.
SEEDS = 2**32


@dataclass
class Equipment:
    """What a studio works with beside the model."""

    embeddings: Embeddings
    shelf: Shelf
    proofs: Proofs
    tuning: Tuning = field(default_factory=Tuning)
    limits: Limits = LIMITS  #: what a clip is judged by
    picky: bool = True  #: a clip that is no good is made once more with the next seed, and given up after that


class Studio:
    """Films shots with one model on one device, one after the other.

    Parameters
    ----------
    device:
        What is planned for. Its free memory is what the model and a shot may take together.
    precision:
        Of the transformer and the text encoder.
    plan:
        The plan to begin with. None: the fastest that fits.
    """

    def __init__(
        self,
        weights: Weights,
        device: Device,
        equipment: Equipment,
        *,
        precision: torch.dtype = torch.bfloat16,
        plan: Plan | None = None,
    ) -> None:
        self.profile: Profile = weights.profile
        self.device, self._forced, self._equipment = device, plan, equipment
        self._model = Model(weights, torch.device(device.kind), precision, equipment.tuning)
        self._proven: dict[Take, Plan] = {}  #: what was enough when less was not
        self._spent: defaultdict[Take, float] = defaultdict(float)  #: seconds of denoising

    def film(self, shot: Shot, path: Path, picture: Path | None, progress: Progress, token: CancelToken) -> Clip:
        """One shot from its words to its file, which is whole when this returns.

        A clip that is no good to look at is made once more with the next seed.

        Raises
        ------
        EngineError
            If no plan has room for it, if an adapter does not fit, or if neither seed gave a good clip.
        Interrupted
            If the token was cancelled; the next shot finds everything as new.
        """
        began = time.perf_counter()
        take = Take.of(self.profile, shot)
        asked = ModelName.parse(shot.model)
        adapters = tuple((one, self._equipment.shelf.path(one)) for one in asked.adapters)
        ladder = self._ladder(take)
        told = Telling(shot.id, take, self.profile, shot.steps, shot.guidance, progress, token)
        work = _Work(shot, take, picture, path, ladder, told)
        proof = self._equipment.proofs.of(shot, take) if asked.fast else False
        self._reset_peak()
        try:
            seed, quality, spoiled = self._make(work, Dress(adapters, cached=proof is True))
            if proof is None:
                self._prove(work, Dress(adapters, cached=True), seed)
        except BaseException:
            self._model.leave_clean()
            path.unlink(missing_ok=True)
            raise
        self._proven[take] = ladder.plan
        record = {
            "seconds_taken": round(time.perf_counter() - began, 3),
            "stages": told.seconds,
            "device": self.device.name,
            "plan": str(ladder.plan),
            "rungs": ladder.history,
            "attention": self._equipment.tuning.attention,
            "compiled": self._model.compiled,
            "cached": proof is True,
            "made_at": f"{take} at {take.fps}/s",
            "quality": quality.as_record(),
            "torch": torch.__version__,
        }
        if spoiled:
            record |= {"seed": seed, "spoiled": spoiled}
        if (peak := self._peak()) is not None:
            record["peak_memory_mb"] = peak
        return Clip(
            shot.id, path, sha256_of(path), shot.width, shot.height, shot.frames, shot.fps, preview=False, record=record
        )

    def close(self) -> None:
        """Give everything back."""
        self._model.drop()

    def _ladder(self, take: Take) -> Ladder:
        first = self._forced or self._proven.get(take) or choose(self.profile, self.device, take)
        return Ladder(first, self._model.give_back, lambda: what_fits(self.device, pictured=take.pictured))

    def _make(self, work: _Work, dress: Dress) -> tuple[int, Quality, list[str]]:
        """The clip, with the seed of the shot or the next one: the seed, what it looks like, and what spoiled another.

        Raises
        ------
        EngineError
            If neither is good.
        """
        guided = self._encode(work)
        work.told.stage("encode")
        spoiled: list[str] = []
        for seed in (work.shot.seed, (work.shot.seed + 1) % SEEDS):
            latents = self._denoise(work, guided.sown(seed), dress)
            work.told.stage("denoise")
            if bool(torch.isfinite(latents).all()):
                quality = self._decode(work, latents, work.path)
                work.told.stage("decode")
                faults = quality.faults if self._equipment.picky else ()
                if not faults:
                    return seed, quality, spoiled
                work.path.unlink()
            else:
                faults = ("the model gave numbers that are none",)
            spoiled.append(f"seed {seed}: {'; '.join(faults)}")
        raise EngineError(
            f"no good clip came of two seeds ({' | '.join(spoiled)})",
            "change the prompt, or set REELMILL_WAN_QUALITY=report to take clips as they are",
        )

    def _prove(self, work: _Work, dress: Dress, seed: int) -> None:
        """See once whether the fast way gives about the same clip, for the shots that come."""
        draft = work.path.with_suffix(".fast")
        try:
            latents = self._denoise(work, self._encode(work).sown(seed), dress)
            self._decode(work, latents, draft)
            seen = decibels(work.path, draft, work.shot.width, work.shot.height)
        except EngineError as error:  # the exact clip is there, and is not lost for this
            log.warning("the fast way is not for this machine: %s", error)
            seen = 0.0
        finally:
            draft.unlink(missing_ok=True)
        self._equipment.proofs.keep(work.shot, work.take, seen)

    def _encode(self, work: _Work) -> Guided:
        shot, embeddings = work.shot, self._equipment.embeddings
        texts = [shot.prompt, *([shot.negative_prompt] if shot.guidance > 1 else [])]
        missing = [text for text in dict.fromkeys(texts) if embeddings.get(text) is None]
        if missing:

            def attempt(plan: Plan) -> list[torch.Tensor]:
                encoder = self._model.text_encoder(plan)
                return read(missing, self._model.tokenizer, encoder, encoder.device)

            for text, embedding in zip(missing, work.ladder.climb(Stage.ENCODE, attempt), strict=True):
                embeddings.put(text, embedding)
        work.told.check()
        prompt, *negative = [_found(embeddings, text) for text in texts]
        first = None
        if work.picture is not None:
            pixels = read_picture(work.picture, work.take.width, work.take.height)
            first = work.ladder.climb(Stage.DECODE, lambda plan: first_frame(self._model.vae(plan), pixels))
        return Guided([prompt], negative, [shot.seed], first=first)

    def _denoise(self, work: _Work, guided: Guided, dress: Dress) -> torch.Tensor:
        shot, take, told = work.shot, work.take, work.told
        state: Denoising | None = None

        def attempt(plan: Plan) -> torch.Tensor:
            nonlocal state
            transformer = self._model.transformer(plan, dress)
            if self._spent[take] >= self._equipment.tuning.warm:
                self._model.compile()
            if state is None:
                state = Denoising(
                    transformer, self.profile, guided, take.width, take.height, take.frames,
                    steps=shot.steps, guidance=shot.guidance, device=self._model.device,
                )  # fmt: skip
            state.transformer = transformer
            transformer._reset_stateful_cache()
            with told.denoising(transformer, compiled=self._model.compiled):
                while state.done < state.total:
                    told.denoised(state.done, state.total)
                    began = time.perf_counter()
                    self._model.uncompiled_if_it_fails(state.step)
                    self._spent[take] += time.perf_counter() - began
            return state.latents

        return work.ladder.climb(Stage.DENOISE, attempt)

    def _decode(self, work: _Work, latents: torch.Tensor, path: Path) -> Quality:
        def attempt(plan: Plan) -> Quality:
            vae = self._model.vae(plan)
            taken = scaled(vae, latents.to(vae.device, vae.dtype))
            side = plan.decoding.tile
            tiling = Tiling.of(side) if side is not None and side < max(work.take.width, work.take.height) else None
            return develop(
                _frames(vae, taken, work, tiling), path, work.shot, work.take, tiling, self._equipment.limits
            )

        return work.ladder.climb(Stage.DECODE, attempt)

    def _reset_peak(self) -> None:
        if self.device.is_gpu:
            torch.cuda.reset_peak_memory_stats()

    def _peak(self) -> int | None:
        """The most that torch had allocated on the GPU, in megabytes."""
        return round(torch.cuda.max_memory_allocated() / 1e6) if self.device.is_gpu else None


@dataclass(frozen=True, slots=True)
class _Work:
    """A shot on its way."""

    shot: Shot
    take: Take
    picture: Path | None
    path: Path
    ladder: Ladder
    told: Telling


def _frames(vae: Any, latents: torch.Tensor, work: _Work, tiling: Tiling | None) -> Iterator[Frames]:
    """The frames of a take in pieces, (frames, height, width, 3), as soon as they are there."""
    take, told = work.take, work.told
    told.decoding(latents.shape[2] * (tiles(take.height, take.width, tiling) if tiling else 1))
    if tiling is None:
        for piece in decode_whole(vae, latents, told.decoded):
            yield to_bytes(piece)
        return
    canvas = np.empty((take.frames, take.height, take.width, 3), dtype=np.uint8)

    def put(tile: torch.Tensor, top: int, left: int) -> None:
        canvas[:, top : top + tile.shape[2], left : left + tile.shape[3]] = to_bytes(tile)

    decode_tiled(vae, latents, tiling, put, told.decoded)
    yield canvas


def _found(embeddings: Embeddings, text: str) -> torch.Tensor:
    found = embeddings.get(text)
    assert found is not None, "it was put there just now"
    return found
