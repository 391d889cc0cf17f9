"""A proof: what a rendition is going to look like, for who decides whether it shall be made.

It is drawn by the graph that finishing uses, so what is seen on it is what will be seen; only nothing is encoded.
Subtitles are missing: they follow a voice that has not spoken yet.
"""

from __future__ import annotations

from tasks.finishing.output import Output

#: Pixels of the longer side of a frame on a proof, and between two frames.
LONG_SIDE, GAP = 960, 16
#: JPEG quality of ffmpeg, 2 (best) to 31.
QUALITY = 3


def frames(output: Output) -> tuple[int, ...]:
    """Which frames are shown: the first that may become the cover, and the last, if that is an end card."""
    end = output.overlays.end
    return (output.candidates[0], *(() if end is None else (output.frames - 1,)))


def filters(output: Output) -> str:
    """The filters that lay these frames beside each other, in the colours of JPEG (full range, BT.601)."""
    shown = frames(output)
    wanted = "+".join(f"eq(n\\,{frame})" for frame in shown)
    width, height = (_even(side * LONG_SIDE / max(output.profile.size)) for side in output.profile.size)
    tiles = f"{len(shown)}x1" if width <= height else f"1x{len(shown)}"
    return (
        f"select={wanted},scale={width}:{height}:flags=area,tile={tiles}:padding={GAP}:color=black@0,"
        "scale=in_color_matrix=bt709:out_color_matrix=bt601:out_range=pc,format=yuvj420p"
    )


def file(output: Output) -> str:
    return f"{output.name}-proof.jpg"


def arguments(output: Output) -> list[str]:
    """What ffmpeg is told for one of them."""
    return [
        "-frames:v",
        "1",
        "-c:v",
        "mjpeg",
        "-q:v",
        str(QUALITY),
        "-map_metadata",
        "-1",
        "-f",
        "image2",
        file(output),
    ]


def _even(side: float) -> int:
    return max(2, 2 * round(side / 2))
