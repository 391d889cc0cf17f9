import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.finishing import fonts
from tasks.finishing.kinsoku import NEVER_FIRST, NEVER_LAST
from tasks.finishing.typesetting import Measure, Setting, fit, refit, units, verse
from tasks.finishing.words import clean

SERIF = Measure("serif", 0.05)


def set_text(text: str, *, width: float = 770, most_lines: int = 3) -> Setting:
    return fit(clean(text, 160), SERIF, width=width, largest=60, smallest=36, comfortable=46, most_lines=most_lines)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("小雪", ("小雪",)),
        ("花雪随风不厌看，更多还肯失林峦。", ("花雪随风不厌看，", "更多还肯失林峦。")),
        ("好雨知时节，当春乃发生。", ("好雨知时节，", "当春乃发生。")),
        ("清明时节雨纷纷，路上行人欲断魂。借问酒家何处有，牧童遥指杏花村。",
         ("清明时节雨纷纷，", "路上行人欲断魂。", "借问酒家何处有，", "牧童遥指杏花村。")),
        ("手工采摘的明前龙井，清香扑鼻！限时特价，顺丰包邮", ("手工采摘的明前龙井，", "清香扑鼻！限时特价，顺丰包邮")),
        ("한국어 텍스트는 공백에서 줄바꿈합니다", ("한국어 텍스트는", "공백에서 줄바꿈합니다")),
    ],
)  # fmt: skip
def test_lines_end_where_one_would_take_a_breath(text: str, lines: tuple[str, ...]) -> None:
    assert set_text(text).lines == lines


def test_regulated_verse_is_recognised_by_clauses_of_equal_length() -> None:
    assert verse("天时人事日相催，冬至阳生春又来。") == ("天时人事日相催，", "冬至阳生春又来。")
    assert verse("天时人事，冬至阳生春又来。") is None
    assert verse("一盏茶") is None
    assert verse("one, two") is None


def test_an_english_word_is_never_divided_while_it_fits() -> None:
    lines = set_text("the quiet morning asks for nothing but a cup of tea", width=420).lines

    assert " ".join(lines) == "the quiet morning asks for nothing but a cup of tea"


def test_a_word_that_is_wider_than_a_line_is_cut_rather_than_lost() -> None:
    setting = set_text("Donaudampfschifffahrtsgesellschaftskapitän", width=420)

    assert "".join(setting.lines) == "Donaudampfschifffahrtsgesellschaftskapitän"
    assert not setting.shortened


def test_what_does_not_fit_ends_in_an_ellipsis_and_says_so() -> None:
    setting = set_text("山" * 150)

    assert setting.shortened
    assert setting.lines[-1].endswith("…")
    assert len(setting.lines) <= 3


def test_an_opening_bracket_stays_with_what_it_opens() -> None:
    assert [unit.text for unit in units("茶（明前）好")] == ["茶", "（明", "前）", "好"]
    assert [unit.text for unit in units("售价￥128.00元")] == ["售", "价", "￥128.00", "元"]


def test_all_lines_of_a_text_take_the_smaller_size_without_falling_apart() -> None:
    fitted = set_text("一只小狐狸在月光下散步")

    smaller = refit("一只小狐狸在月光下散步", fitted, SERIF, width=770, size=40)

    assert smaller.size == 40
    assert "".join(smaller.lines) == "一只小狐狸在月光下散步"


#: W3C, Requirements for Japanese Text Layout, appendix A: the characters of each class, as they stand there.
JLREQ = {
    "cl-01": "‘“(〔[{〈《「『【⦅〘〖«〝",
    "cl-02": "’”)〕]}〉》」』】⦆〙〗»〟",
    "cl-03": "‐〜゠–",
    "cl-04": "!?‼⁇⁈⁉",
    "cl-05": "・:;",
    "cl-06": "。.",
    "cl-07": "、,",
    "cl-09": "ヽヾゝゞ々〻",
    "cl-10": "ー",
    "cl-11": "ぁぃぅぇぉァィゥェォっゃゅょゎゕゖッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ",
    "cl-12": "¥$£#€№",
    "cl-13": "°′″℃¢%‰㏋ℓ㌃㌍㌔㌘㌢㌣㌦㌧㌫㌶㌻㍉㍊㍍㍑㍗㎎㎏㎜㎝㎞㎡㏄",
}
#: W3C, Requirements for Chinese Text Layout, rules for line start and line end, by name: the strict ones.
CLREQ_FIRST = "、，；：。．！？”’」』）］｝〕】〉》〗–～·・/／—…"
CLREQ_LAST = "“‘「『（［｛〔【〈《〖"
#: The forms of Halfwidth and Fullwidth Forms (U+FF00) that stand for one of the above.
HALF_AND_FULL_FIRST = "！），．：；？］｝｠｡｣､･ｧｨｩｪｫｬｭｮｯｰﾞﾟ％￠"
HALF_AND_FULL_LAST = "＃＄（［｛｟｢￡￥"


@pytest.mark.parametrize(
    "signs",
    [*(JLREQ[name] for name in JLREQ if name not in {"cl-01", "cl-12"}), CLREQ_FIRST, HALF_AND_FULL_FIRST, "℉", "゛゜"],
)
def test_no_line_begins_with_what_the_standards_forbid_there(signs: str) -> None:
    assert [sign for sign in signs if [unit.text for unit in units(f"茶{sign}山")] != [f"茶{sign}", "山"]] == []


@pytest.mark.parametrize("signs", [JLREQ["cl-01"], JLREQ["cl-12"], CLREQ_LAST, HALF_AND_FULL_LAST])
def test_no_line_ends_with_what_the_standards_forbid_there(signs: str) -> None:
    assert [sign for sign in signs if [unit.text for unit in units(f"茶{sign}山")] != ["茶", f"{sign}山"]] == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("八ヶ岳", ["八ヶ", "岳"]),
        ("いすゞの車", ["い", "すゞ", "の", "車"]),
        ("気温は30℃", ["気", "温", "は", "30℃"]),
        ("ﾊﾞｽ｡", ["ﾊﾞ", "ｽ｡"]),
        ("ｷｬﾗ", ["ｷｬ", "ﾗ"]),
        ("1000 ₽", ["1000 ₽"]),
        ("dit « Bonjour » et part", ["dit", "« Bonjour »", "et", "part"]),
        ("sagt »Hallo!« und geht", ["sagt", "»Hallo!«", "und", "geht"]),
    ],
)
def test_words_break_where_their_language_does(text: str, parts: list[str]) -> None:
    assert [unit.text for unit in units(text)] == parts


SIGNS = st.sampled_from([*"山水茶雪月风花，。！？：；、（）【】《》“”…·—￥0a, .!()-한글のョー", "ab", "word ", "3.5"])


@settings(max_examples=150, deadline=None)
@given(parts=st.lists(SIGNS, min_size=1, max_size=60), width=st.integers(300, 900))
@example(parts=["（"] * 12, width=300)
@example(parts=["。"] * 60, width=300)
@example(parts=list("：（（。：山山"), width=300)
def test_any_text_keeps_its_words_its_width_and_the_rules_of_punctuation(parts: list[str], width: int) -> None:
    text = clean("".join(parts), 160)

    setting = set_text(text, width=width)

    drawn = "".join(setting.lines).replace(" ", "")
    whole = text.replace(" ", "")
    if setting.shortened:
        assert whole.startswith(drawn.rstrip("…\ue026"))
    else:
        assert drawn == whole
    ruled = [unit.text for unit in units(text) if SERIF.width(unit.text, 36) <= width]
    for number, line in enumerate(setting.lines):
        assert SERIF.width(line, setting.size) <= width + 0.01
        if len(ruled) == len(units(text)):  # a unit that is wider than a line has to break some rule
            assert number == 0 or line[0] not in NEVER_FIRST
            assert number == len(setting.lines) - 1 or line[-1] not in NEVER_LAST
    assert fonts.missing("".join(setting.lines)) == fonts.missing(whole)
