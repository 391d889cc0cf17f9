"""The contact sheet: every video of a run at a glance, each a link to its player."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from flows.counting import counted
from flows.dashboard.markdown import code, escaped, link, picture_link
from flows.dashboard.naming import JOINT, common_subject
from flows.dashboard.standing import Standing
from flows.dashboard.thumbnails import GRADES, Grade, thumbnail
from records.states import VideoState

#: The most that a sheet may take, in bytes: Prefect keeps it in its database and sends it whole.
LARGEST = 200_000
#: Room for what stands around the grid, in bytes.
FRAME = 2_000
#: Covers that are tried at a grade to see whether it is small enough.
SAMPLES = 4
#: Longest words under a picture, in characters, per 10 pixels of its width: three lines.
LABEL_PER_TEN = 4


def contact_sheet(standings: Sequence[Standing], watch: Callable[[UUID], str], gallery: str) -> str:
    """The covers of a run's videos with their titles and states, as Markdown of less than 200 KB.

    Items that were skipped never became videos: they are counted, and the table of videos has their reasons.

    Parameters
    ----------
    watch:
        The address of a video's player.
    gallery:
        The command that shows those that do not fit.
    """
    videos = [one for one in standings if one.state is not VideoState.SKIPPED]
    subject = common_subject([one.video.title for one in videos])
    labels = [one.video.title.removeprefix(subject + JOINT) for one in videos]
    grade, cells = _fitting(list(zip(videos, labels, strict=True)), watch)
    parts = [_grid(cells, grade.columns)] if cells else []
    if subject and cells:
        parts.insert(0, f"**{escaped(subject)}**")
    if more := len(videos) - len(cells):
        parts.append(f"… and {more} more, which do not fit here: {code(gallery)}")
    if skipped := len(standings) - len(videos):
        parts.append(f"{counted(skipped, 'item')} of the source {'was' if skipped == 1 else 'were'} skipped.")
    return "\n\n".join(parts)


def _fitting(videos: Sequence[tuple[Standing, str]], watch: Callable[[UUID], str]) -> tuple[Grade, list[str]]:
    """The largest grade at which all fit, and their cells; at the smallest one, as many as do."""
    room = LARGEST - FRAME
    for grade in (one for one in GRADES[:-1] if len(videos) <= one.most):
        sample = [_size(_cell(one, label, grade, watch)) for one, label in videos[:: max(1, len(videos) // SAMPLES)]]
        if sum(sample) / max(1, len(sample)) * len(videos) > room:
            continue
        cells = _cells(videos, grade, watch, room)
        if len(cells) == len(videos):
            return grade, cells
    return GRADES[-1], _cells(videos, GRADES[-1], watch, room)


def _cells(videos: Sequence[tuple[Standing, str]], grade: Grade, watch: Callable[[UUID], str], room: int) -> list[str]:
    cells: list[str] = []
    for one, label in videos:
        cell = _cell(one, label, grade, watch)
        room -= _size(cell)
        if room < 0:
            break
        cells.append(cell)
    return cells


def _cell(one: Standing, label: str, grade: Grade, watch: Callable[[UUID], str]) -> str:
    where = watch(one.video.id)
    picture = picture_link(thumbnail(one.cover, grade), one.video.title, where)
    state = f"{one.sign} {one.state_words}"
    told = state if one.state is VideoState.DONE else f"**{state}**"
    return f"{picture}{link(escaped(label, grade.width * LABEL_PER_TEN // 10), where)}<br>{told}"


def _grid(cells: Sequence[str], columns: int) -> str:
    columns = min(columns, len(cells))
    rows = [list(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    rows[-1] += [""] * (columns - len(rows[-1]))
    lines = [[""] * columns, [":---"] * columns, *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _size(text: str) -> int:
    return len(text.encode()) + len(" | ")
