"""Where shots are filmed: a loaded model, and the three stages that a shot passes."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import numpy as np
import torch

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError
from wan_engine.base import CancelToken, Progress
from wan_engine.encode import ClipEncoder
from wan_engine.wan import cost, memory
from wan_engine.wan.decoding import Frames, Tiling, decode_tiled, decode_whole, scaled, tiles, to_bytes
from wan_engine.wan.denoising import Denoising, Guided
from wan_engine.wan.device import Device
from wan_engine.wan.ladder import Ladder
from wan_engine.wan.model import Model
from wan_engine.wan.picture import first_frame, read_picture
from wan_engine.wan.plan import Plan, Stage, plans
from wan_engine.wan.profiles import Profile
from wan_engine.wan.prompts import Embeddings, read
from wan_engine.wan.weights import Weights

#: Of what is free, this much is planned with: allocators lose some to the gaps between blocks.
PLANNED = 0.95
#: Floating-point operations to decode a pixel of a frame (46.5 s for 121 frames of 1280x704 on a card that denoises at
#: 157 TFLOPS): good enough to tell how far a shot is.
DECODING = 6.7e7
#: Steps that progress is told in.
TOLD = 1000


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
        embeddings: Embeddings,
        *,
        precision: torch.dtype = torch.bfloat16,
        plan: Plan | None = None,
    ) -> None:
        self.profile: Profile = weights.profile
        self.device, self._forced = device, plan
        self._embeddings = embeddings
        self._model = Model(weights, torch.device(device.kind), precision)
        self._proven: dict[tuple[int, int, int, bool], Plan] = {}  #: by shape: what was enough when less was not

    def film(
        self,
        shot: Shot,
        path: Path,
        picture: Path | None,
        progress: Progress,
        token: CancelToken,
    ) -> Clip:
        """One shot from its words to its file, which is whole when this returns.

        Raises
        ------
        EngineError
            If no plan has room for it.
        Interrupted
            If the token was cancelled; the next shot finds everything as new.
        """
        began = time.perf_counter()
        ladder = self._ladder(shot, with_picture=picture is not None)
        told = _Told(shot, self.profile, ladder, progress, token)
        try:
            guided = self._encode(shot, picture, ladder)
            told.stage("encode")
            latents = self._denoise(shot, guided, ladder, told)
            told.stage("denoise")
            self._decode(shot, latents, path, ladder, told)
            told.stage("decode")
        except BaseException:
            self._model.leave_clean()
            raise
        self._proven[_shape(shot, with_picture=picture is not None)] = ladder.plan
        return Clip(
            shot_id=shot.id,
            path=path,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            width=shot.width,
            height=shot.height,
            frames=shot.frames,
            fps=shot.fps,
            preview=False,
            record={
                "seconds_taken": round(time.perf_counter() - began, 3),
                "stages": told.seconds,
                "device": self.device.name,
                "plan": str(ladder.plan),
                "rungs": ladder.history,
                "torch": torch.__version__,
            },
        )

    def close(self) -> None:
        """Give everything back."""
        self._model.drop()

    def _ladder(self, shot: Shot, *, with_picture: bool) -> Ladder:
        proven = self._proven.get(_shape(shot, with_picture=with_picture))
        first = self._forced or proven or choose(self.profile, self.device, shot, with_picture=with_picture)
        return Ladder(first, self._model.give_back, lambda: what_fits(self.profile, self.device))

    def _encode(self, shot: Shot, picture: Path | None, ladder: Ladder) -> Guided:
        texts = [shot.prompt, *([shot.negative_prompt] if shot.guidance > 1 else [])]
        missing = [text for text in dict.fromkeys(texts) if self._embeddings.get(text) is None]
        if missing:

            def attempt(plan: Plan) -> list[torch.Tensor]:
                encoder = self._model.text_encoder(plan)
                return read(missing, self._model.tokenizer, encoder, encoder.device)

            for text, embedding in zip(missing, ladder.climb(Stage.ENCODE, attempt), strict=True):
                self._embeddings.put(text, embedding)
        prompt, *negative = [_found(self._embeddings, text) for text in texts]
        first = None
        if picture is not None:
            pixels = read_picture(picture, shot.width, shot.height)
            first = ladder.climb(Stage.DECODE, lambda plan: first_frame(self._model.vae(plan), pixels))
        return Guided([prompt], negative, [shot.seed], first=first)

    def _denoise(self, shot: Shot, guided: Guided, ladder: Ladder, told: _Told) -> torch.Tensor:
        work: Denoising | None = None

        def attempt(plan: Plan) -> torch.Tensor:
            nonlocal work
            transformer = self._model.transformer(plan)
            if work is None:
                work = Denoising(
                    transformer, self.profile, guided, shot.width, shot.height, shot.frames,
                    steps=shot.steps, guidance=shot.guidance, device=self._model.device,
                )  # fmt: skip
            work.transformer = transformer
            while work.done < work.total:
                told.denoised(work.done, work.total)
                work.step()
            return work.latents

        latents = ladder.climb(Stage.DENOISE, attempt)
        if not bool(torch.isfinite(latents).all()):
            raise EngineError(
                "the model gave numbers that are none", "use bfloat16 or float32, and the attention that torch brings"
            )
        return latents

    def _decode(self, shot: Shot, latents: torch.Tensor, path: Path, ladder: Ladder, told: _Told) -> None:
        def attempt(plan: Plan) -> None:
            vae = self._model.vae(plan)
            taken = scaled(vae, latents.to(vae.device, vae.dtype))
            side = plan.decoding.tile
            tiling = Tiling.of(side) if side is not None and side < max(shot.width, shot.height) else None
            told.decoding(taken.shape[2] * (tiles(shot.height, shot.width, tiling) if tiling else 1))
            with ClipEncoder(path, shot.width, shot.height, shot.fps) as encoder:
                if tiling is None:
                    for piece in decode_whole(vae, taken, told.decoded):
                        _write(encoder, to_bytes(piece))
                    return
                canvas = np.empty((shot.frames, shot.height, shot.width, 3), dtype=np.uint8)

                def put(tile: torch.Tensor, top: int, left: int) -> None:
                    canvas[:, top : top + tile.shape[2], left : left + tile.shape[3]] = to_bytes(tile)

                decode_tiled(vae, taken, tiling, put, told.decoded)
                _write(encoder, canvas)

        ladder.climb(Stage.DECODE, attempt)


def choose(profile: Profile, device: Device, shot: Shot, *, with_picture: bool) -> Plan:
    """The fastest plan that is expected to fit; the lightest one if none is.

    Raises
    ------
    EngineError
        If this device cannot run the model at all.
    """
    offered = list(plans(device))
    for plan in offered:
        peaks = memory.peaks(
            profile.architecture, plan, shot.width, shot.height, shot.frames,
            own_times=profile.architecture.expand_timesteps and with_picture,
        )  # fmt: skip
        if max(peaks.values()) <= device.free * PLANNED:
            return plan
    return offered[-1]


def what_fits(profile: Profile, device: Device) -> str:
    """What to do on a device that is too small."""
    return f"{profile.title} needs a larger GPU than {device.name}; ask for a smaller size or fewer seconds"


class _Told:
    """Tells how far a shot is, in the time that it will take and not in steps, and stops it if it is cancelled."""

    def __init__(self, shot: Shot, profile: Profile, ladder: Ladder, progress: Progress, token: CancelToken) -> None:
        self._shot, self._progress, self._token, self._ladder = shot, progress, token, ladder
        passes = cost.denoising(profile, shot.width, shot.height, shot.frames, steps=shot.steps, guidance=shot.guidance)
        decoding = DECODING * shot.width * shot.height * shot.frames
        self._share = passes / (passes + decoding)
        self._done, self._decoded, self._to_decode = 0, 0, 1
        self._began = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def stage(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name], self._began = round(now - self._began, 3), now

    def denoised(self, done: int, total: int) -> None:
        self._tell(self._share * done / total)

    def decoding(self, pieces: int) -> None:
        self._decoded, self._to_decode = 0, pieces

    def decoded(self) -> None:
        self._decoded += 1
        self._tell(self._share + (1 - self._share) * self._decoded / self._to_decode)

    def _tell(self, part: float) -> None:
        self._token.check()
        done = min(TOLD - 1, int(TOLD * part))
        if done > self._done:  # a rung begins its stage anew; what was told is not taken back
            self._done = done
            self._progress(self._shot.id, done, TOLD)


def _shape(shot: Shot, *, with_picture: bool) -> tuple[int, int, int, bool]:
    return shot.width, shot.height, shot.frames, with_picture


def _found(embeddings: Embeddings, text: str) -> torch.Tensor:
    found = embeddings.get(text)
    assert found is not None, "it was put there just now"
    return found


def _write(encoder: ClipEncoder, frames: Frames) -> None:
    for frame in frames:
        encoder.write(frame)
