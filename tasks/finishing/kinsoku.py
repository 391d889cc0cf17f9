"""Which characters no line begins with, and which none ends with.

The rules of Japanese and Chinese typesetting: W3C jlreq §3.1.7 and §3.1.8, with the classes of its appendix A, and the
strict ones of clreq, "Prohibition Rules for Line Start and Line End".
"""

from __future__ import annotations

#: Each class as jlreq has it, then the forms of its characters that it leaves out: full and half width, and ours.
CLOSING = "’”)〕]}〉》」』】⦆〙〗»〟›〞）］｝｠｣\ue019\ue01d"
HYPHENS = "‐〜゠–～~"
DIVIDING = "!?‼⁇⁈⁉！？"
MIDDLE_DOTS = "・:;·‧･：；"
STOPS = "。.．｡"
COMMAS = "、,，､"
#: jlreq keeps them from being divided, clreq's strict rules also from beginning a line.
INSEPARABLE = "—…‥〵⋯\ue026"
ITERATION = "ヽヾゝゞ々〻"
PROLONGED = "ーｰ"
SMALL_KANA = "ぁぃぅぇぉァィゥェォっゃゅょゎゕゖッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿｧｨｩｪｫｬｭｮｯ"
#: Marks of the kana before them.
VOICED = "゛゜ﾞﾟ\u3099\u309a"
#: What stands after a number: signs, and words and units in one character.
POSTFIXED = "°′″℃¢%‰ℓ℉％￠₫₴₽₸₾"
SQUARED = "".join(map(chr, (*range(0x3300, 0x3358), *range(0x3371, 0x337B), *range(0x3380, 0x33E0))))
#: clreq alone has them.
SOLIDI = "/／"

OPENING = "‘“(〔[{〈《「『【⦅〘〖«〝‹„‚（［｛｟｢\ue018\ue01c"
#: What stands before a number.
PREFIXED = "¥$£#€№￥＄￡＃₦₩￦₪₱₹"

NEVER_FIRST = frozenset(
    CLOSING + HYPHENS + DIVIDING + MIDDLE_DOTS + STOPS + COMMAS + INSEPARABLE + ITERATION + PROLONGED + SMALL_KANA
    + VOICED + POSTFIXED + SQUARED + SOLIDI
)  # fmt: skip
NEVER_LAST = frozenset(OPENING + PREFIXED + "〳〴")
#: They open in French what they close in German: which it is, the space beside them says.
GUILLEMETS = frozenset("«»‹›")
