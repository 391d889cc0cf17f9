"""A shipped font for a page that must be readable on a machine without fonts: only the characters that it shows."""

from __future__ import annotations

import base64
import io

from tasks.finishing.fonts import FACES

#: From here on characters may be missing in a font that a machine has anyway.
FIRST_UNCOMMON = "\u2e80"


def embedded(text: str) -> str:
    """The shipped sans serif with the characters of a text that are not common everywhere, as a `data:` URI of a WOFF.

    Returns
    -------
    str
        "" if the text has no such character, or none that the font has.
    """
    face = FACES["sans"]
    wanted = {character for character in text if character >= FIRST_UNCOMMON and face.has(character)}
    if not wanted:
        return ""
    from fontTools.subset import Options, Subsetter, load_font, save_font  # takes 50 ms

    options = Options(flavor="woff", layout_features=[], name_IDs=[0, 1, 2], notdef_outline=True, hinting=False)
    with load_font(str(face.path), options, lazy=True) as font:
        subsetter = Subsetter(options)
        subsetter.populate(text="".join(sorted(wanted)))
        subsetter.subset(font)
        file = io.BytesIO()
        save_font(font, file, options)
    return f"data:font/woff;base64,{base64.b64encode(file.getvalue()).decode()}"
