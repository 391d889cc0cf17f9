"""What kind of thing a video is, in IPTC's vocabulary: the one word that XMP and C2PA both carry.

The words are IPTC's NewsCodes "Digital Source Type" (http://cv.iptc.org/newscodes/digitalsourcetype/). What a model
drew is `trainedAlgorithmicMedia`: created by a model that was trained on sampled content. What the storyboard engine
draws is `algorithmicMedia`: created purely by an algorithm, without trained data. It would be untrue to say of a
preview that a model drew it, and the platforms' "made with AI" hangs on that word.
"""

from __future__ import annotations

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"

TRAINED = VOCABULARY + "trainedAlgorithmicMedia"
ALGORITHMIC = VOCABULARY + "algorithmicMedia"


def source_type(*, preview: bool) -> str:
    """The word for a video. `preview`: it was drawn by a program, without the model."""
    return ALGORITHMIC if preview else TRAINED
