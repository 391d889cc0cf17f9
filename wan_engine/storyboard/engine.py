"""The engine that ships: layered scenes that move, drawn from the words of the prompt. No model, no GPU."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, MediaError
from reelmill.memory import keep_large_blocks
from wan_engine.base import CancelToken, Engine, Failure, Progress, no_progress, one_by_one
from wan_engine.shot import check_frames, check_size

if TYPE_CHECKING:
    from wan_engine.storyboard.picture.raster import Bytes
    from wan_engine.storyboard.product.photo import Photo

#: Frame rates that the storyboard can play.
SLOWEST, FASTEST = 8, 60
#: Threads that draw. What they draw does not depend on their number.
MOST_PAINTERS = 4
#: Threads of x264. A fixed number, because the file's bytes depend on it.
ENCODER_THREADS = 2
#: x264's settings for a clip that is decoded again: near-transparent (50 dB) at about 3 MB for 5 s.
PRESET, CRF = "superfast", 19
#: Progress is told every so many frames.
TELL_EVERY = 6


class StoryboardEngine(Engine):
    """Draws previews: 5 seconds of 704x1280 in about 2 seconds on two cores.

    The prompt's words (English or Chinese) choose what is seen, in which season, light, weather and style; the seed
    chooses the composition. With a reference image the clip is about the product that it shows.
    """

    name = "storyboard"
    preview = True

    @property
    def model(self) -> str:
        return "storyboard@2"

    def check(self, shot: Shot) -> None:
        check_size(shot.width, shot.height)
        check_frames(shot.frames)
        if not SLOWEST <= shot.fps <= FASTEST:
            nearest = min(max(shot.fps, SLOWEST), FASTEST)
            raise EngineError(
                f"{shot.fps} frames per second cannot be made: {SLOWEST} to {FASTEST} can", f"ask for {nearest}"
            )
        if shot.model != self.model:
            raise EngineError(
                f"this engine draws {self.model}, not {shot.model}", f"plan the shot anew for {self.model}"
            )

    def generate(
        self,
        shots: Sequence[Shot],
        folder: Path,
        *,
        images: dict[str, Path],
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> Iterator[Clip | Failure]:
        token = cancel or CancelToken()
        yield from one_by_one(shots, lambda shot: self._film(shot, folder, images, progress, token), token)

    def _film(self, shot: Shot, folder: Path, images: dict[str, Path], progress: Progress, token: CancelToken) -> Clip:
        """One shot from its words to its file."""
        # What paints is imported when something is painted: planning asks an engine for its name and its limits only.
        from wan_engine.encode import ClipEncoder
        from wan_engine.storyboard.director import direct
        from wan_engine.storyboard.plan import plan
        from wan_engine.storyboard.reel import play, quiet_opencv

        started = time.perf_counter()
        keep_large_blocks()
        self.check(shot)
        photo = _photo(shot, images)
        asked = plan(shot.prompt, shot.seed)
        path, unfinished = folder / f"{shot.id}.mp4", folder / f"{shot.id}.part"
        hands = min(MOST_PAINTERS, os.cpu_count() or 1) + 1
        with (
            quiet_opencv(),
            ThreadPoolExecutor(hands - 1, thread_name_prefix="storyboard") as painters,
            ClipEncoder(
                unfinished, shot.width, shot.height, shot.fps,
                pixels="yuv420p", crf=CRF, preset=PRESET, threads=ENCODER_THREADS,
            ) as encoder,
        ):  # fmt: skip
            scene = direct(
                asked,
                width=shot.width,
                height=shot.height,
                seconds=shot.seconds,
                seed=f"{shot.seed}|{shot.prompt}",
                painters=painters,
                photo=photo,
            )

            def take(frame: Bytes) -> None:
                token.check()
                encoder.write(frame)
                if encoder.frames % TELL_EVERY == 0 and encoder.frames < shot.frames:
                    progress(shot.id, encoder.frames, shot.frames)

            play(scene, shot.frames, painters=painters, hands=hands, take=take)
        unfinished.replace(path)
        progress(shot.id, shot.frames, shot.frames)
        return Clip(
            shot_id=shot.id,
            path=path,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            width=shot.width,
            height=shot.height,
            frames=shot.frames,
            fps=shot.fps,
            preview=self.preview,
            record={
                "seconds_taken": round(time.perf_counter() - started, 3),
                "scene": asked.scene,
                "style": asked.style,
                "season": asked.season,
                "hour": asked.hour,
                "weather": asked.weather,
                "camera": asked.move,
                "about": "product" if photo else ("table" if asked.table else "landscape"),
            },
        )


def _photo(shot: Shot, images: dict[str, Path]) -> Photo | None:
    if shot.image is None:
        return None
    from wan_engine.storyboard.product.photo import read_photo

    if shot.image not in images:
        raise MediaError(f"the reference image {shot.image[:12]} is not here", "fetch the images of this run again")
    return read_photo(images[shot.image])
