"""Renders a scene: bands of pixels, shared out among processes, sample by sample."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, replace
from multiprocessing import get_context

import cv2
import numpy as np

from studio.exposure import Exposure
from studio.randomness import Pixels, Sampler
from studio.scene import Scene
from studio.tracing import expose

_BAND = 40_000  # pixels worked on at once: their arrays stay in the cache
_PROOF = 8  # samples after which pixels of the open table that saw no shadow are finished
_CALM = 9  # pixels around one that must be calm too

_scene: Scene | None = None


def render(
    make: Callable[[], Scene], *, samples: int | None = None, width: int | None = None, processes: int | None = None
) -> tuple[Scene, Exposure]:
    """Expose a scene. The picture is the same for any number of processes.

    Parameters
    ----------
    make:
        Builds the scene.
    samples:
        Rays per pixel, if not as many as the scene asks for. 2 are a sketch.
    width:
        Pixels, for a smaller proof; the height follows.
    """
    global _scene  # noqa: PLW0603 - forked processes find the scene here: it is too large to be sent to them
    cv2.setNumThreads(1)
    scene = _scene = _sized(make(), width)
    samples = samples or scene.samples
    count = scene.width * scene.height
    bands = [np.arange(start, min(start + _BAND, count)) for start in range(0, count, _BAND)]
    whole = Exposure.empty(count)
    with ProcessPoolExecutor(processes or os.cpu_count(), mp_context=get_context("fork")) as pool:
        first = min(_PROOF, samples)
        _gather(whole, pool.map(_work, [(band, 0, first, samples) for band in bands]))
        if samples > first:
            busy = np.flatnonzero(_busy(whole, scene))
            parts = [busy[start : start + _BAND] for start in range(0, busy.size, _BAND)]
            _gather(whole, pool.map(_work, [(part, first, samples, samples) for part in parts]))
    return scene, whole


def _sized(scene: Scene, width: int | None) -> Scene:
    return replace(scene, width=width, height=round(scene.height * width / scene.width)) if width else scene


def _work(job: tuple[np.ndarray, int, int, int]) -> tuple[np.ndarray, Exposure]:
    pixels, start, stop, samples = job
    assert _scene is not None
    exposure = Exposure.empty(pixels.size)
    for sample in range(start, stop):
        expose(_scene, exposure, Sampler(pixels.astype(np.uint32), sample, samples))
    return pixels, exposure


def _gather(whole: Exposure, parts: Iterable[tuple[Pixels, Exposure]]) -> None:
    for pixels, part in parts:
        for field in fields(Exposure):
            getattr(whole, field.name)[..., pixels] += getattr(part, field.name)


def _busy(whole: Exposure, scene: Scene) -> np.ndarray:
    open_table = (whole.coverage == 0) & (np.abs(whole.table / whole.samples - 1).max(axis=0) < 2e-3)
    busy = (~open_table).astype(np.uint8).reshape(scene.height, scene.width)
    return np.asarray(cv2.dilate(busy, np.ones((_CALM, _CALM), np.uint8)).ravel() > 0)
