"""Who speaks, as finishing draws it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from PIL import Image, ImageOps

from reelmill.errors import FinishingError
from tasks.finishing.color import Rgb, parse
from tasks.finishing.options import LABEL_HEIGHT, BrandOptions, CredentialOptions
from tasks.finishing.words import clean

NAME_LIMIT = 40  #: characters
#: A logo is drawn at some 50 pixels; a file beyond this many is a mistake or a bomb.
LOGO_PIXELS = 4096 * 4096
LOGO_FORMATS = ("PNG", "JPEG", "WEBP")


@dataclass(frozen=True, slots=True)
class Brand:
    """What finishing needs of `brand:`, with paths made absolute."""

    name: str
    color: str  #: #rrggbb
    logo: Path | None = None
    ai_producer: str | None = None
    label_height: float = LABEL_HEIGHT  #: of the smallest letter, as a part of the short side
    bilingual: bool = False  #: the label says it in Chinese and English
    credentials: CredentialOptions | None = None  #: None: a self-made chain signs

    @classmethod
    def of(cls, options: BrandOptions, folder: Path) -> Self:
        """From the definition in `folder`."""
        return cls(
            name=clean(options.name, NAME_LIMIT),
            color=options.color,
            logo=folder / options.logo if options.logo else None,
            ai_producer=options.ai_producer,
            label_height=options.ai_label.height,
            bilingual=options.ai_label.bilingual,
            credentials=options.credentials and options.credentials.within(folder),
        )

    @property
    def rgb(self) -> Rgb:
        """The brand's colour."""
        return parse(self.color)

    def picture(self) -> Image.Image | None:
        """The logo in RGBA without its transparent margins, or None if the brand has none.

        Raises
        ------
        FinishingError
            If the file is not a picture that can be drawn.
        """
        if self.logo is None:
            return None
        advice = "set `brand.logo` to a PNG, JPEG or WebP file, or leave it out"
        try:
            with Image.open(self.logo, formats=LOGO_FORMATS) as opened:
                if opened.width * opened.height > LOGO_PIXELS:
                    raise FinishingError(f"the logo {self.logo.name} has {opened.width}x{opened.height} pixels", advice)
                picture = ImageOps.exif_transpose(opened).convert("RGBA")
        except FileNotFoundError:
            raise FinishingError(f"there is no file {self.logo}", advice) from None
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise FinishingError(f"the logo {self.logo} cannot be read: {error}", advice) from error
        box = picture.getchannel("A").getbbox()
        if box is None:
            raise FinishingError(f"the logo {self.logo.name} is empty: every pixel is transparent", advice)
        return picture.crop(box)
