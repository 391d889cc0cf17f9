"""What finished videos look like: platforms × scripts × shapes, beside the pictures that a person has looked at.

The sheets of the last run lie in `.sheets` of the repository. `GOLDENS=write` takes them as they are for the new
pictures to compare with: look at each of them first.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reelmill.content import Rendition
from reelmill.ffmpeg import run
from reelmill.frames import read_frames
from tasks.finishing.brand import Brand
from tasks.finishing.cards import Cards, EndCard, LowerThird
from tasks.finishing.job import FinishJob
from tasks.finishing.profiles import Profiles, shipped
from tasks.finishing.stage import finish
from tasks.finishing.words import Words
from tests.sheet import sheet, ssim, worst

pytestmark = pytest.mark.slow

GOLDENS = Path(__file__).parents[1] / "data" / "sheets"
ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".sheets"
#: One of each kind of safe zone, and one that is smaller.
PLATFORMS = ("douyin", "tiktok", "instagram_reels", "x", "telegram")
SHAPES = {"tall": (396, 720), "square": (480, 480), "wide": (720, 396)}
FRAMES, FPS = 28, 24
SCRIPTS = {
    "chinese": (Words("小雪", ("花雪随风不厌看，更多还肯失林峦。",), "唐 · 戴叔伦"), "山野茶事"),
    "japanese": (Words("小雪", ("山茶花の咲く庭で、お茶を一服いかがですか。",)), "山の茶"),
    "korean": (Words("첫눈이 내리는 날", ("따뜻한 차 한 잔과 함께 고요한 아침을 맞이하세요",)), "산차"),
    "latin": (Words("First snow on the ridge", ("A bowl of tea, and half an hour that is yours.",)), "Ridge Tea"),
    "arabic": (Words("شاي أخضر طازج", ("أوراق الربيع الأولى، خصم 50% حتى 30 نوفمبر",), "", "sans"), "شاي الجبل"),
    "hebrew": (Words("תה ירוק טרי", ("עלי האביב הראשונים, 50% הנחה עד סוף החודש",), "", "sans"), "תה ההר"),
    "emoji": (Words("春茶上市 🍵🎉", ("第一采只有七天 ❤️", "全国包邮 🇨🇳"), "", "sans"), "山野茶事 🍃"),
}
CARDS = {
    "latin": Cards(LowerThird("Ridge Tea", "since 1926", 0.0)),
    "hebrew": Cards(end_card=EndCard("הלילה בשמונה", 0.5)),
}
#: The goldens are compressed themselves, and another version of a codec or of libass moves an edge by a part of a
#: pixel. A word that is missing costs far more.
ALIKE, WORST = 0.965, 0.75


def master(path: Path, width: int, height: int) -> Path:
    source = f"gradients=s={width}x{height}:r={FPS}:c0=0x24423a:c1=0x8fa79a:c2=0x51707c:nb_colors=3:speed=0.01:seed=5"
    run(["-y", "-f", "lavfi", "-i", source, "-frames:v", str(FRAMES), "-pix_fmt", "yuv420p", path], timeout=60)
    return path


def halved() -> Profiles:
    """The platforms at half their size, which looks the same and takes a quarter of the time; and for a second."""
    made = shipped()
    for name in PLATFORMS:
        width, height = made[name].size
        size = {"width": width // 4 * 2, "height": height // 4 * 2, "seconds": {"least": 0.5}}
        made = made.changed(name, name, size)
    return made


def last_of(rendition: Rendition) -> Path:
    """Its last frame, as a picture beside it."""
    *_, last = read_frames(rendition.path, rendition.width, rendition.height)
    picture = rendition.path.with_suffix(".png")
    Image.fromarray(last).save(picture)
    return picture


def rendered(script: str, folder: Path) -> Image.Image:
    """One row a shape of the master, one picture a platform; below the tall one its end card, if there is one."""
    words, name = SCRIPTS[script]
    brand = Brand(name, "#2f6f4f", ROOT / "assets" / "logo.png")
    cards = CARDS.get(script, Cards())
    rows = []
    for shape, (width, height) in SHAPES.items():
        place = folder / shape
        place.mkdir()
        job = FinishJob(words, brand, PLATFORMS, "v", False, width, height, FRAMES, FPS, halved(), cards=cards)
        made = finish(master(place / "master.mp4", width, height), "a" * 64, job, place)
        rows.append([one.cover for one in made])
        if cards.end_card is not None and shape == "tall":
            rows.append([last_of(one) for one in made])
    return sheet(rows)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_looks_as_it_did_on_every_platform_and_shape(script: str, tmp_path: Path) -> None:
    seen = rendered(script, tmp_path)
    KEPT.mkdir(exist_ok=True)
    seen.save(KEPT / f"{script}.png")
    golden = GOLDENS / f"{script}.webp"
    if os.environ.get("GOLDENS") == "write":
        GOLDENS.mkdir(exist_ok=True)
        seen.save(golden, quality=90, method=6)
    with Image.open(golden) as known:
        found = ssim(seen, known)
    assert found.mean() > ALIKE
    assert worst(found) > WORST


def test_a_word_that_is_missing_is_seen() -> None:
    """The test above bites: a credit is a small word in one of many pictures."""
    with Image.open(GOLDENS / "chinese.webp") as known:
        picture = np.asarray(known.convert("RGB")).copy()
        rows = slice(232, 246)
        picture[rows, 14:60] = picture[rows, 64:110]
        assert worst(ssim(Image.fromarray(picture), known)) < WORST
