"""The label that photo and video tools read: `Iptc4xmpExt:DigitalSourceType` in an XMP packet.

In MP4 the packet stands in a `uuid` box on the top level (Adobe, XMP Specification Part 3, §1.2.7.2). It is put at the
end of the file, so that no offset in the index changes. A copy by ffmpeg loses it, so it comes after the encoding, and
before the signature, which then covers it.
"""

from __future__ import annotations

import struct
from pathlib import Path
from uuid import UUID
from xml.etree.ElementTree import ParseError  # the errors of defusedxml's parser; nothing is parsed by it
from xml.sax.saxutils import quoteattr

from reelmill.errors import FinishingError, MediaError
from tasks.finishing import mp4

BOX = UUID("be7acfcb-97a9-42e8-9c71-999491e3afac")

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
PROPERTY = f"{{{IPTC_EXTENSION}}}DigitalSourceType"


def packet(source_type: str) -> bytes:
    """The XMP packet that says what kind of thing the file is. `source_type` is a URI of IPTC's vocabulary."""
    # The identifier and the two instructions around it are the same in every packet (XMP Specification Part 1, §7.3).
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{IPTC_EXTENSION}"'
        f" Iptc4xmpExt:DigitalSourceType={quoteattr(source_type)}/>"
        "</rdf:RDF></x:xmpmeta>"
        '<?xpacket end="r"?>'
    ).encode()


def append(path: Path, source_type: str) -> None:
    """Write the packet at the end of an MP4 file.

    Raises
    ------
    FinishingError
        If the file has one already.
    MediaError
        If it is not an MP4 file.
    """
    if mp4.user_boxes(path, BOX):
        raise FinishingError(f"{path.name} has an XMP packet already; one is allowed", "finish the master again")
    content = BOX.bytes + packet(source_type)
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", 8 + len(content), b"uuid") + content)


def read(path: Path) -> str:
    """The kind of thing that the file says it is: a URI.

    Raises
    ------
    MediaError
        If there is no packet or more than one, or it does not say exactly one kind.
    """
    from defusedxml.ElementTree import fromstring

    found = mp4.user_boxes(path, BOX)
    if len(found) != 1:
        raise MediaError(f"{path.name} has {len(found)} XMP packets; one is wanted", "")
    try:
        tree = fromstring(found[0].decode("utf-8-sig"))
    except (ParseError, ValueError) as error:  # what defusedxml forbids is a ValueError
        raise MediaError(f"the XMP packet of {path.name} cannot be read: {error}", "") from error
    said: list[str] = [
        value
        for description in tree.iter(f"{{{RDF}}}Description")
        for value in (description.get(PROPERTY), *(element.text for element in description.findall(PROPERTY)))
        if value is not None
    ]
    if len(said) != 1:
        raise MediaError(f"the XMP packet of {path.name} says {len(said)} digital source types; one is wanted", "")
    return said[0]
