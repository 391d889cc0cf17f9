"""Make the fonts that Reelmill ships: subsets of Noto's Chinese, Latin, Arabic, Hebrew and emoji.

    python tools/subset_fonts.py [folder of the Noto collections] [folder of Noto's other fonts]

The same input gives the same bytes. They are those of Debian's `fonts-noto-cjk`, `fonts-noto-cjk-extra`,
`fonts-noto-core`, `fonts-noto-extra` and `fonts-noto-color-emoji`.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables.ttProgram import Program

COLLECTIONS = Path("/usr/share/fonts/opentype/noto")
OTHERS = Path("/usr/share/fonts/truetype/noto")
SHIPPED = Path(__file__).resolve().parents[1] / "tasks" / "finishing" / "fonts"
SOURCES = Path(__file__).resolve().parents[1] / "tasks" / "sources"  #: what they say must be writable
STANDARD = Path(__file__).with_name("standard_characters.txt")

#: Which collection becomes which file. In each of them the simplified Chinese font is number 2.
FONTS = {"NotoSansCJK-Bold.ttc": "NotoSansCJKsc-Bold.otf", "NotoSerifCJK-SemiBold.ttc": "NotoSerifCJKsc-SemiBold.otf"}
SIMPLIFIED_CHINESE = 2

#: Added to the family's name, so that libass can never take a font of the machine that has the same one.
SUFFIX = " Reelmill"

#: Blocks that are taken whole, as far as Noto has them.
BLOCKS = (
    (0x0020, 0x017F),  # Latin with its accents
    (0x0370, 0x03FF),  # Greek
    (0x0400, 0x045F),  # Cyrillic
    (0x2010, 0x206F),  # punctuation
    (0x20A0, 0x20BF),  # currencies
    (0x2100, 0x22FF),  # letter-like signs, numerals, arrows, operators
    (0x2460, 0x27BF),  # numbers in circles, boxes, shapes, signs
    (0x3000, 0x312F),  # CJK punctuation, kana, bopomofo
    (0x31F0, 0x31FF),  # small kana of Ainu
    (0x3200, 0x33FF),  # CJK signs
    (0xAC00, 0xD7A3),  # Hangul syllables
    (0xFF00, 0xFFEF),  # full and half width forms
)

#: In the simplified font these are as wide as a Chinese character. English needs them narrow, and libass cannot be told
#: to switch OpenType features on: so the narrow glyphs get code points of their own in the private area.
PROPORTIONAL = {0x2018: 0xE018, 0x2019: 0xE019, 0x201C: 0xE01C, 0x201D: 0xE01D, 0x2026: 0xE026}


def code_page(codec: str, first: Iterable[int], second: range) -> set[str]:
    """The characters that a two-byte codec reaches from these bytes."""
    found: set[str] = set()
    for high in first:
        for low in second:
            try:
                found.update(bytes([high, low]).decode(codec))
            except UnicodeDecodeError:
                continue
    return found


def characters() -> set[int]:
    """The code points that the fonts keep."""
    upper = range(0xA1, 0xFF)
    kept = code_page("gb2312", upper, upper)
    kept |= code_page("big5", range(0xA4, 0xC7), range(0x40, 0xFF))  # level 1
    kept |= code_page("euc_jp", upper, upper)  # JIS X 0208
    kept |= {sign for line in STANDARD.read_text(encoding="utf-8").splitlines() if line[0] != "#" for sign in line}
    for data in sorted(SOURCES.rglob("*")):
        if data.suffix in {".yaml", ".json", ".csv"}:
            kept |= set(data.read_text(encoding="utf-8"))
    return {ord(sign) for sign in kept if sign.isprintable()} | {
        code for first, last in BLOCKS for code in range(first, last + 1)
    }


def proportional(font: Any) -> dict[str, str]:
    """What the font's `pwid` feature replaces: wide glyph → narrow glyph."""
    table = font["GSUB"].table
    found: dict[str, str] = {}
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag == "pwid":
            for index in record.Feature.LookupListIndex:
                for part in table.LookupList.Lookup[index].SubTable:
                    found.update(getattr(part, "ExtSubTable", part).mapping)
    return found


def rename(font: Any) -> None:
    """Give the family and the full name the suffix, and say nowhere else that there are other weights."""
    family = font["name"].getDebugName(1) + SUFFIX
    for record in list(font["name"].names):
        match record.nameID:
            case 1 | 4:
                record.string = family
            case 2:
                record.string = "Regular"
            case 16 | 17 | 21 | 22:
                font["name"].names.remove(record)
            case _:
                pass


def make(collection: Path, target: Path) -> None:
    """Write one subset."""
    font = TTFont(collection, fontNumber=SIMPLIFIED_CHINESE, recalcTimestamp=False)
    narrow, wide = proportional(font), font.getBestCmap()
    for table in font["cmap"].tables:
        if table.format == 12:
            table.cmap.update({private: narrow[wide[public]] for public, private in PROPORTIONAL.items()})
    rename(font)
    options = subset.Options(
        hinting=False, layout_features=[], notdef_outline=True, name_IDs=["*"], recalc_timestamp=False
    )
    options.drop_tables += ["BASE", "VORG", "vhea", "vmtx"]  # nothing is set vertically
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters() | set(PROPORTIONAL.values()))
    subsetter.subset(font)
    _save(font, target)


#: Latin, Greek and Cyrillic with all their letters, for each of the collections: Chinese fonts have only the commonest.
LETTERS = {"NotoSans-Bold.ttf": "NotoSansCJK-Bold.ttc", "NotoSerif-SemiBold.ttf": "NotoSerifCJK-SemiBold.ttc"}
LETTER_BLOCKS = (
    (0x0020, 0x024F),  # Latin, Extended-A and Extended-B
    (0x0250, 0x036F),  # phonetics, modifiers, marks that stand above and below
    (0x0370, 0x03FF),  # Greek
    (0x0400, 0x052F),  # Cyrillic and its supplement
    (0x1E00, 0x1EFF),  # Latin Extended Additional: Vietnamese
    (0x1F00, 0x1FFF),  # Greek of old
    (0x2010, 0x205E),  # punctuation
    (0x20A0, 0x20C0),  # currencies
)


#: Drop-outs are filled in at any size, as in every font without instructions (SCANCTRL, SCANTYPE); then nothing, twice.
NO_INSTRUCTIONS = bytes([0xB8, 0x01, 0xFF, 0x85, 0xB0, 0x04, 0x8D, 0xB0, 0x00, 0x21, 0xB0, 0x00, 0x21])


def capital(font: Any) -> float:
    """How high a capital is, as a part of the em square."""
    pen = BoundsPen(glyphs := font.getGlyphSet())
    glyphs[font.getBestCmap()[ord("H")]].draw(pen)
    assert pen.bounds is not None
    return float(pen.bounds[3] / font["head"].unitsPerEm)


def make_letters(source: Path, beside: Path, target: Path) -> None:
    """Write the subset of one font of letters, as large as those of the Chinese font `beside`.

    A smaller em square makes all letters larger at the same size: whoever draws them need not know.
    """
    font = TTFont(source, recalcTimestamp=False)
    unit = font["head"].unitsPerEm
    font["head"].unitsPerEm = round(unit * capital(font) / capital(TTFont(beside, fontNumber=SIMPLIFIED_CHINESE)))
    names = font.getBestCmap()
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap.update({private: names[public] for public, private in PROPORTIONAL.items()})
    rename(font)
    options = subset.Options(
        hinting=False,
        layout_features=["ccmp", "mark", "mkmk"],  # no kerning: a line is as wide as its letters are together
        notdef_outline=True,
        name_IDs=["*"],
        recalc_timestamp=False,
    )
    subsetter = subset.Subsetter(options)
    kept = {code for first, last in LETTER_BLOCKS for code in range(first, last + 1)}
    subsetter.populate(unicodes=kept | set(PROPORTIONAL.values()))
    subsetter.subset(font)
    _leave_alone(font)
    _save(font, target)


def _leave_alone(font: Any) -> None:
    """Say that the outlines are as they should be.

    FreeType bends the letters of a font without instructions to the pixels (not so where there are more than seven
    bytes of them), and Pillow cannot tell it to stop: they would not be where libass draws them.
    """
    font["prep"] = newTable("prep")
    font["prep"].program = Program()
    font["prep"].program.fromBytecode(NO_INSTRUCTIONS)
    font["maxp"].maxStackElements = max(1, font["maxp"].maxStackElements)


#: Scripts that run from right to left: which font, and which blocks it keeps. Letters there change with their
#: neighbours, so the rules for that are kept too.
RIGHT_TO_LEFT = {
    "NotoSansArabic-Bold.ttf": ((0x0600, 0x06FF), (0x0750, 0x077F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF)),
    "NotoSansHebrew-Bold.ttf": ((0x0590, 0x05FF), (0xFB1D, 0xFB4F)),
}
#: What stands between their words.
BETWEEN = ((0x0020, 0x0040), (0x005B, 0x0060), (0x007B, 0x007E), (0x00A0, 0x00BF), (0x2010, 0x2027))


def make_right_to_left(source: Path, target: Path, blocks: tuple[tuple[int, int], ...]) -> None:
    """Write the subset of one script that runs from right to left."""
    font = TTFont(source, recalcTimestamp=False)
    rename(font)
    options = subset.Options(
        hinting=False, layout_features=["*"], notdef_outline=True, name_IDs=["*"], recalc_timestamp=False
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in (*blocks, *BETWEEN) for code in range(first, last + 1)])
    subsetter.subset(font)
    _save(font, target)


EMOJI = "NotoColorEmoji.ttf"
#: Signs of a flag: two of them are one.
REGIONS = range(0x1F1E6, 0x1F200)
#: What becomes a key with the sign of one: `1️⃣`.
KEYS, KEY = frozenset(map(ord, "0123456789#*")), 0x20E3
#: What makes another emoji of an emoji: without them none of the thousands of combinations is kept but flags and keys.
COMBINING = {0x200D, 0xFE0F, *range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080)}


def make_emoji(source: Path, target: Path) -> None:
    """Write the emoji of one character each, the flags of countries, and the keys of a telephone."""
    font = TTFont(source, recalcTimestamp=False)
    kept = {code for code in font.getBestCmap() if code > 0xFF and code not in COMBINING} | KEYS | {KEY}
    options = subset.Options(layout_features=["ccmp"], notdef_outline=True, name_IDs=["*"], recalc_timestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=kept)
    subsetter.subset(font)
    _save(font, target)


def _save(font: TTFont, target: Path) -> None:
    font.save(target)
    data = target.read_bytes()
    print(f"{target.name}: {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else COLLECTIONS
    others = Path(sys.argv[2]) if len(sys.argv) > 2 else OTHERS
    if folder.is_dir():
        for name, made in FONTS.items():
            make(folder / name, SHIPPED / made)
        for name, beside in LETTERS.items():
            make_letters(others / name, folder / beside, SHIPPED / name)
    for name, blocks in RIGHT_TO_LEFT.items():
        make_right_to_left(others / name, SHIPPED / name, blocks)
    make_emoji(others / EMOJI, SHIPPED / EMOJI)
