"""Which shots a profile can make, and the nearest legal one for the others. Asked before any weight is touched."""

from __future__ import annotations

from itertools import product
from math import log

from reelmill.content import Shot
from reelmill.errors import EngineError
from wan_engine.wan.profiles import Profile, Scheduler

#: Frame rates above a model's own are reached by interpolation, up to this one.
FASTEST = 60
#: Larger pictures are enlarged from the model's own if they have so many times its pixels: what is only a little too
#: large is better made at its size than blurred by a tenth. At most so many times a side, beyond which it looks it.
WORTH_ENLARGING, MOST_ENLARGED = 1.5, 2.0
#: The shortest side that shows anything but noise, in pixels.
SHORTEST_SIDE = 256


def check(profile: Profile, shot: Shot) -> None:
    """Validate a shot.

    Raises
    ------
    EngineError
        If the size, the count of frames, the frame rate, the steps, the guidance or the reference image is not legal
        for this model; the instruction names the nearest that is.
    """
    check_size(profile, shot.width, shot.height)
    _check_frames(profile, shot)
    _check_sampling(profile, shot)
    if shot.image is not None and not profile.images:
        raise EngineError(
            f"{profile.title} takes no reference image", "use `image: none`, or a model that animates a photo"
        )


def check_size(profile: Profile, width: int, height: int) -> None:
    """Validate a size in pixels; raises `EngineError` with the nearest legal one."""
    nearest = nearest_size(profile, width, height)
    if (width, height) == nearest or _is_enlarged(profile, width, height, nearest):
        return
    stride, most = profile.architecture.spatial_stride, _most_pixels(profile)
    raise EngineError(
        f"{profile.title} cannot make {width}x{height}: sides are multiples of {stride} from {_shortest(profile)} on, "
        f"with at most {most:,} pixels, or from {round(most * WORTH_ENLARGING):,} on if they are enlarged",
        f"the nearest size is {nearest[0]}x{nearest[1]}; it was trained at "
        + " and ".join(f"{one}x{other}" for one, other in profile.sizes),
    )


def nearest_size(profile: Profile, width: int, height: int) -> tuple[int, int]:
    """The legal size that is most like this one: one that the model was trained at if that is near, else of its shape.

    >>> from wan_engine.wan.profiles import PROFILES
    >>> nearest_size(PROFILES["wan22-ti2v-5b"], 720, 1280)
    (704, 1280)
    """
    stride, most, least = profile.architecture.spatial_stride, _most_pixels(profile), _shortest(profile)
    scale = min(1.0, (most / (width * height)) ** 0.5)
    wanted = (max(width * scale, least), max(height * scale, least))
    around = [{max(least, int(side // stride) * stride + step * stride) for step in (0, 1)} for side in wanted]
    legal = [(one, other) for one, other in product(*around) if one * other <= most]
    if not legal:  # a very long one: its short side is already at its limit
        long = most // least // stride * stride
        return (long, least) if width > height else (least, long)

    def distance(size: tuple[int, int]) -> tuple[bool, float, float]:
        return size not in profile.sizes, abs(log(size[0] * height / (size[1] * width))), abs(size[0] - wanted[0])

    return min(legal, key=distance)


def own_size(profile: Profile, width: int, height: int) -> tuple[int, int]:
    """The size that the model makes for a clip of this one: the same, or a smaller one that is enlarged."""
    return nearest_size(profile, width, height)


def _is_enlarged(profile: Profile, width: int, height: int, own: tuple[int, int]) -> bool:
    stride = profile.architecture.spatial_stride
    return (
        width % stride == height % stride == 0
        and width * height >= WORTH_ENLARGING * _most_pixels(profile)
        and max(width / own[0], height / own[1]) <= MOST_ENLARGED
        and width >= own[0]
        and height >= own[1]
    )


def own_frames(profile: Profile, frames: int, fps: int) -> int:
    """How many frames of its own rate the model makes for a shot of so many at another rate."""
    stride = profile.architecture.temporal_stride
    return max(1, round(((frames - 1) * profile.fps / fps) / stride)) * stride + 1


def _check_frames(profile: Profile, shot: Shot) -> None:
    stride = profile.architecture.temporal_stride
    if not profile.fps <= shot.fps <= FASTEST:
        raise EngineError(
            f"{profile.title} makes {profile.fps} frames per second, and {shot.fps} cannot be had from them",
            f"ask for {min(max(shot.fps, profile.fps), FASTEST)}; more than {profile.fps} are interpolated",
        )
    if shot.frames < stride + 1 or shot.frames % stride != 1:
        below = max(stride + 1, (shot.frames - 1) // stride * stride + 1)
        raise EngineError(
            f"{shot.frames} frames cannot be made: the count must be {stride}k+1",
            f"ask for {below} or {below + stride} frames",
        )
    if own_frames(profile, shot.frames, shot.fps) > profile.frames:
        raise EngineError(
            f"{profile.title} was trained for {profile.frames} frames, {profile.frames / profile.fps:.1f} s, and falls "
            f"apart beyond them; this shot has {shot.seconds:.1f} s",
            f"ask for at most {profile.frames // profile.fps} seconds",
        )


def _check_sampling(profile: Profile, shot: Shot) -> None:
    if shot.steps < 1:
        raise EngineError(f"{shot.steps} steps make no picture", f"ask for {profile.steps}")
    if profile.scheduler is Scheduler.DMD and (shot.steps, shot.guidance) != (profile.steps, profile.guidance):
        raise EngineError(
            f"{profile.title} was distilled to {profile.steps} steps without guidance, not {shot.steps} steps with "
            f"guidance {shot.guidance:g}",
            f"ask for `steps: {profile.steps}, guidance: {profile.guidance:g}`, or leave both out",
        )


def _shortest(profile: Profile) -> int:
    """The shortest side that is allowed, in pixels: what a model was trained at always is."""
    return min(SHORTEST_SIDE, *(min(size) for size in profile.sizes))


def _most_pixels(profile: Profile) -> int:
    return max(width * height for width, height in profile.sizes)
