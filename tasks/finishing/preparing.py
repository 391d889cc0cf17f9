"""From an order to the outputs of one ffmpeg process: what is decided about each, and the pictures that it reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reelmill.errors import FinishingError, MediaError
from tasks.finishing import backdrop, captions, fonts, overlays, reframe, subject, tone
from tasks.finishing.job import FinishJob
from tasks.finishing.labels import visible
from tasks.finishing.labels.mark import Mark
from tasks.finishing.layout import REFERENCE, Box, lay_out
from tasks.finishing.output import Output


def prepare(job: FinishJob, profile_name: str) -> Output:
    """Decide everything about one rendition. Renders nothing.

    Raises
    ------
    FinishingError
        If the words do not fit, or a glyph is missing.
    """
    profile, brand = job.profile(profile_name), job.brand
    rate, times = profile.rate(job.fps)
    label = visible.design(profile, height=brand.label_height, bilingual=brand.bilingual)
    layout = lay_out(
        job.words.cleaned(),
        brand.name,
        profile,
        Box(label.x, label.y, label.width, label.height),
        backdrop.pill_width(brand, profile.short_side / REFERENCE, profile.room),
    )
    return Output(
        profile=profile,
        reframe=reframe.plan((job.width, job.height), profile.size, profile.reframe.value),
        rate=rate,
        times=times,
        frames=job.frames * times,
        label=label,
        layout=layout,
        manner=job.manner,
        overlays=overlays.plan(job, layout, profile),
        mark=Mark.of(job.produce_id, *profile.size),
        metadata=job.machine_label(),
    )


def followed(master: Path, outputs: list[Output], job: FinishJob) -> list[Output]:
    """Move each crop that is to follow its subject; those of one shape are looked at once.

    Raises
    ------
    FinishingError
        If the master cannot be read.
    """
    shapes = {output.reframe for output in outputs if output.profile.reframe.value == "follow"}
    try:
        moved = {shape: subject.follow(master, shape, job.width, job.height) for shape in shapes}
    except MediaError as error:
        raise FinishingError(f"{master.name} could not be read: {error.reason}", error.instruction) from error
    return [
        replace(output, reframe=moved[output.reframe]) if output.profile.reframe.value == "follow" else output
        for output in outputs
    ]


def toned(master: Path, seconds: float, workplace: Path, outputs: list[Output]) -> list[Output]:
    """Give the words of each output their colours and their ground; those of one shape are looked at once."""
    shapes = {output.reframe for output in outputs if output.has_words}
    seen = {shape: tone.look(master, seconds, shape, workplace) for shape in shapes}
    return [
        replace(output, tone=tone.decide(seen[output.reframe], output.layout)) if output.has_words else output
        for output in outputs
    ]


def write(workplace: Path, outputs: list[Output], job: FinishJob) -> None:
    """Draw what the graph reads. What several outputs share has one name, and is drawn once."""
    (workplace / "fonts").mkdir()
    for face in fonts.SHIPPED:
        (workplace / "fonts" / face.file).symlink_to(face.path.resolve())
    for output in outputs:
        overlays.write(output.overlays, job, output.profile, workplace)
        if not (workplace / output.label_picture).exists():
            (workplace / output.label_picture).write_bytes(visible.draw(output.label).tobytes())
        if not (workplace / output.mark_picture).exists():
            output.mark.write(workplace / output.mark_picture)
        if output.tone is not None and not (workplace / output.backdrop).exists():
            (workplace / output.backdrop).write_bytes(backdrop.draw(output.layout, job.brand, output.tone).tobytes())
            top, animation = output.layout.scrim_top, output.manner.animation
            text = captions.document(output.layout, top, output.tone, animation)
            (workplace / output.captions).write_text(text, encoding="utf-8")
