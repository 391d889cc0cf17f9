"""What lies over the words of one rendition for a while: lower third, subtitles, end card, from the bottom up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from PIL import Image

from tasks.finishing import cards, subtitle_pictures
from tasks.finishing.job import FinishJob
from tasks.finishing.layer import looks
from tasks.finishing.layout import REFERENCE, Box, Layout
from tasks.finishing.profile import Profile
from tasks.finishing.slides import Slides, faded
from tasks.finishing.subtitle_pages import Subtitles, subtitles

Pictures = Iterator[tuple[float, Image.Image]]


@dataclass(frozen=True, slots=True)
class Overlays:
    """Those of one rendition. Each is None if there is none."""

    third: Slides | None = None
    spoken: Slides | None = None
    end: Slides | None = None
    subtitles: Subtitles | None = None

    @property
    def slides(self) -> tuple[Slides, ...]:
        """All of them, the lowest first."""
        return tuple(one for one in (self.third, self.spoken, self.end) if one is not None)


def plan(job: FinishJob, layout: Layout, profile: Profile) -> Overlays:
    """Decide where and when each is seen. Draws nothing."""
    wanted, seconds = job.cards.cleaned(), job.seconds
    third = spoken = end = box = None
    if (lower := wanted.lower_third) is not None and lower.start < seconds:
        box = cards.third_box(lower, layout, profile)
        until = min(seconds, lower.start + lower.seconds)
        third = _slides("third", box, (lower.start, until), profile.short_side)
    shown = None
    if job.manner.subtitles != "none":
        shown = subtitles(job.cues, layout, profile, below=box)
    if shown is not None:
        spoken = _slides("spoken", shown.box, (shown.pages[0].start, shown.pages[-1].end), shown)
    if wanted.end_card is not None:
        start = max(0.0, seconds - wanted.end_card.seconds)
        zone = profile.safe_zone
        sides = (zone.top, zone.bottom, zone.left, zone.right)
        end = _slides("end", Box(0, 0, *profile.size), (start, seconds + 1), sides)
    return Overlays(third, spoken, end, shown)


def _slides(kind: str, box: Box, time: tuple[float, float], drawn_from: object) -> Slides:
    """Slides that another platform's are called like, if their pictures are the same."""
    return Slides(f"{kind}-{looks(box, time, drawn_from)}.ffconcat", box, *time)


def write(overlays: Overlays, job: FinishJob, profile: Profile, folder: Path) -> None:
    """Draw them into the folder that ffmpeg runs in, except those that are there already."""

    def missing(slides: Slides | None) -> TypeGuard[Slides]:
        return slides is not None and not (folder / slides.file).exists()

    wanted, unit = job.cards.cleaned(), profile.short_side / REFERENCE
    if missing(overlays.third) and wanted.lower_third is not None:
        picture = cards.draw_third(wanted.lower_third, overlays.third.box, job.brand, unit)
        overlays.third.write(faded(picture, overlays.third.start, overlays.third.end, cards.FADE, out=True), folder)
    if missing(overlays.spoken) and overlays.subtitles is not None:
        karaoke = job.manner.subtitles == "karaoke"
        overlays.spoken.write(subtitle_pictures.pictures(overlays.subtitles, karaoke=karaoke), folder)
    if missing(overlays.end) and wanted.end_card is not None:
        picture = cards.draw_end(wanted.end_card, job.brand, profile, photo=job.photo)
        overlays.end.write(faded(picture, overlays.end.start, overlays.end.end, cards.FADE, out=False), folder)
