"""What a clip is worth, in numbers, and what is wrong with it, in sentences."""

from __future__ import annotations

from dataclasses import dataclass

from reelmill.content import Json


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of a clip. Levels are of luma, 0 to 255."""

    frames: int
    black: float  #: share of the frames that are black
    frozen: float  #: share of the frames after the first that show nothing new
    flicker: float  #: how far brightness leaves the mean of the frames before and after, in levels
    warp_error: float  #: what differs between neighbours after one was moved onto the other, in levels
    motion: float  #: how far a pixel moves in a frame, in widths of the picture
    sharpness: float  #: variance of the Laplacian of the luma
    seam: float | None  #: how many times steps across tile borders are those beside them; None without tiles
    faults: tuple[str, ...] = ()  #: a sentence for each measure that is beyond its limit

    def as_record(self) -> dict[str, Json]:
        """For a clip's record: plain and rounded."""
        return {
            "frames": self.frames,
            "black": round(self.black, 3),
            "frozen": round(self.frozen, 3),
            "flicker": round(self.flicker, 2),
            "warp_error": round(self.warp_error, 2),
            "motion": round(self.motion, 5),
            "sharpness": round(self.sharpness, 2),
            "seam": None if self.seam is None else round(self.seam, 2),
            "faults": list(self.faults),
        }


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a measure may go. Wide: a clip that fails is broken, one that passes may still be dull.

    Motion has no limit: a calm clip and a fast one are both right. What the reasons call good clips are 16 of the
    storyboard engine, of every style and weather, and photos that a camera passes over, with grain and without.
    """

    black: float = 0.25  #: fading in and out takes less of 5 s; a night is brighter than black
    frozen: float = 0.99  #: two new pictures in 121 are the calmest of clips; one is a still with another first frame
    flicker: float = 4.0  #: a camera in a shaking hand reaches 1; 4 levels 12 times a second hurt the eye
    warp_error: float = 10.0  #: grain reaches 3.4, a waterfall 7 to 9; noise of every pixel has 12, of blobs 30
    sharpness: float = 0.2  #: a photo enlarged six times still has 0.6, one even colour 0
    seam: float = 2.5  #: good clips stay below 1.2; tiles that are 4 levels apart reach 3

    def faults(self, quality: Quality) -> tuple[str, ...]:
        """A sentence for each measure that is beyond its limit, with both numbers."""
        faults = []
        if quality.black > self.black:
            faults.append(f"{quality.black:.0%} of the frames are black, and at most {self.black:.0%} may be")
        if quality.frozen > self.frozen:
            faults.append(f"{quality.frozen:.0%} of the frames show nothing new, and at most {self.frozen:.0%} may")
        if quality.flicker > self.flicker:
            faults.append(
                f"brightness jumps by {quality.flicker:.1f} levels from frame to frame, and at most "
                f"{self.flicker:g} go unseen"
            )
        if quality.warp_error > self.warp_error:
            faults.append(
                f"{quality.warp_error:.1f} levels change in each frame without a motion that explains them, and at "
                f"most {self.warp_error:g} may"
            )
        if quality.sharpness < self.sharpness:
            faults.append(
                f"hardly anything can be made out: a sharpness of {quality.sharpness:.2f}, and at least "
                f"{self.sharpness:g} is usual"
            )
        if quality.seam is not None and quality.seam > self.seam:
            faults.append(
                f"the borders of tiles show: steps there are {quality.seam:.1f} times those beside them, and at most "
                f"{self.seam:g} times go unseen"
            )
        return tuple(faults)


#: What a clip is judged by where nobody says otherwise.
LIMITS = Limits()
