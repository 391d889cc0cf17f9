"""`sound:` in a definition: what may be said, what is refused before anything is made, and what is planned."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.definition import Definition, load, loads
from flows.occasion import on_date
from flows.planning import Plan, plan_run
from flows.video_plan import VideoPlan
from reelmill.errors import DefinitionError, FinishingError, Problem
from reelmill.settings import Settings
from tasks.finishing.sound.options import NarrationOptions
from tasks.finishing.sound.script import LONGEST, Script, script_of
from tasks.finishing.sound.speech.choice import ready, voice_of
from tests.line import DEFINITION

SOURCE = (
    "{type: list, items: [{prompt: a pine, name: 小雪, verse: 花雪随风不厌看}, {prompt: b, name: 大雪, verse: ''}]}"
)
TODAY = on_date(ZoneInfo("Asia/Shanghai"), "2026-11-22")


def text_of(sound: str, source: str = SOURCE) -> str:
    more = f"    sound: {sound}\n"
    return DEFINITION.format(source=source, subject="{{ brief.prompt }}", title="{{ brief.name }}", more=more)


def read(sound: str, folder: Path = Path(), source: str = SOURCE) -> Definition:
    return loads(text_of(sound, source), folder / "pipelines.yaml")


def plan(sound: str, folder: Path = Path(), source: str = SOURCE) -> Plan:
    return plan_run(read(sound, folder, source), "quick", TODAY, Settings(), seen={})


def problem(sound: str, folder: Path = Path()) -> Problem:
    with pytest.raises(DefinitionError) as raised:
        read(sound, folder)
    (found,) = raised.value.problems
    return found


def checked(sound: str, folder: Path) -> list[Problem]:
    """What `reelmill check` says of it on this machine."""
    path = folder / "pipelines.yaml"
    path.write_text(text_of(sound), encoding="utf-8")
    try:
        load(path, here=True)
    except DefinitionError as error:
        return list(error.problems)
    return []


def script(video: int, made: Plan) -> Script | None:
    return VideoPlan.from_json(made.videos[video].plan).script


def test_a_narration_may_be_a_text_alone() -> None:
    short = read('{narration: "{{ brief.verse }}"}').pipeline("quick")
    long = read('{narration: {text: "{{ brief.verse }}", engine: auto, voice: "", speed: 1}}').pipeline("quick")

    assert short.sound == long.sound
    assert short.sound is not None
    assert short.sound.narration == NarrationOptions(text="{{ brief.verse }}")


def test_music_has_its_defaults(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "a.mp3").touch()
    sound = read("{music: {folder: m}}", tmp_path).pipeline("quick").sound

    assert sound is not None
    assert sound.music is not None
    assert (sound.music.volume, sound.music.fade, sound.music.duck) == (-16, 1, 10)


@pytest.mark.parametrize(
    ("sound", "where", "told"),
    [
        ("{}", "sound", "nothing would be heard"),
        ("{narration: ''}", "sound.narration", "too short"),
        ("{narration: [a]}", "sound.narration", "a mapping"),
        ("{narration: {engine: espeak}}", "sound.narration", "`text` is missing"),
        ("{narration: {text: a, engine: espek}}", "sound.narration.engine", "espeak"),
        ("{narration: {text: a, engine: openai}}", "sound.narration", "needs a server"),
        ("{narration: {text: a, engine: piper}}", "sound.narration", "needs a model"),
        ("{narration: {text: a, voice: xiaoxiao}}", "sound.narration", "voices of its own"),
        ("{narration: {text: a, speed: 3}}", "sound.narration.speed", "too large"),
        ("{narration: {text: a, language: Chinese}}", "sound.narration.language", ""),
        ("{narration: {text: a, server: {url: 'http://tts.example', model: m}}}", "server.url", "https"),
        ("{narration: {text: a, server: {url: 'https://me:pw@tts.example', model: m}}}", "server.url", "login"),
        ("{narration: {text: a, server: {url: 'https://tts.example', model: m, token: sk-1}}}", "server.token", ""),
        ("{narration: '{{ brief.vrse }}'}", "sound.narration", "did you mean `verse`"),
        ("{narration: {text: '{{ brief.verse | shout }}'}}", "sound.narration.text", "shout"),
        ("{narration: {text: '{{ variant.style }}'}}", "sound.narration.text", "matrix"),
        ("{music: {folder: nowhere}}", "sound.music.folder", "nowhere"),
        ("{music: {folder: '.', volume: 3}}", "sound.music.volume", "too large"),
        ("{music: {folder: tests, volume: -10}, musik: {}}", "sound.musik", "music"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(sound: str, where: str, told: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        read(sound, Path("tests/data"))
    found = next((one for one in raised.value.problems if one.path.endswith(where)), None)
    assert found is not None, raised.value.problems
    assert told in str(found)


def test_a_folder_without_music_is_told_with_what_belongs_there(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()

    found = problem("{music: {folder: m}}", tmp_path)

    assert "no music" in found.reason
    assert "mp3, m4a, wav, ogg, flac" in found.allowed


def test_a_voice_that_is_not_here_is_told_by_check_and_by_no_other_reader(tmp_path: Path) -> None:
    sound = "{narration: {text: 花雪, engine: piper, voice: huayan.onnx}}"

    assert read(sound).pipeline("quick").sound is not None
    (found,) = checked(sound, tmp_path)
    assert found.path == "pipelines.quick.sound.narration"
    assert "piper" in found.reason
    assert "piper" in found.allowed
    with pytest.raises(FinishingError, match=r"the voice piper of .* is not on this machine"):
        plan(sound)


def test_check_is_content_with_a_voice_that_is_here(tmp_path: Path) -> None:
    assert checked("{narration: '{{ brief.verse }}'}", tmp_path) == []
    (found,) = checked("{narration: {text: a, engine: espeak, language: xx}}", tmp_path)
    assert "no voice 'xx'" in found.reason


def test_without_any_voice_a_narration_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    sound = '{narration: "{{ brief.verse }}"}'

    (found,) = checked(sound, tmp_path)
    assert "espeak" in found.reason
    assert "reelmill[speech]" in found.allowed
    with pytest.raises(FinishingError, match="not on this machine") as told:
        plan(sound)
    assert "reelmill[speech]" in told.value.instruction


def test_a_token_that_is_not_set_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = "{narration: {text: a, server: {url: 'https://tts.example', model: m, token: {env: SPEECH_TOKEN}}}}"
    (found,) = checked(sound, tmp_path)
    assert "$SPEECH_TOKEN" in found.allowed
    monkeypatch.setenv("SPEECH_TOKEN", "sk")

    assert checked(sound, tmp_path) == []


def test_what_is_spoken_is_planned_with_the_words() -> None:
    made = plan('{narration: "{{ brief.name }}。{{ brief.verse }} <b>!</b>"}')

    assert script(0, made) == Script("小雪。花雪随风不厌看 !", "zh", "espeak")
    restored = VideoPlan.from_json(made.videos[0].plan)
    assert restored.to_json() == made.videos[0].plan


def test_a_video_without_anything_to_say_has_no_speech() -> None:
    made = plan('{narration: "{{ brief.verse }}"}')

    assert script(0, made) is not None
    assert script(1, made) is None
    assert not made.failed


def test_the_language_may_be_said() -> None:
    assert script(0, plan("{narration: {text: Schnee, language: de}}")) == Script("Schnee", "de", "espeak")


def test_a_language_that_nobody_speaks_fails_its_video_before_it_is_made() -> None:
    with pytest.raises(FinishingError, match="no voice 'xx'"):
        plan("{narration: {text: Schnee, language: xx}}")


def test_a_narration_that_cannot_fit_is_refused_before_it_is_made() -> None:
    source = f"{{type: list, items: [{{prompt: a, name: b, verse: {'雪' * 200}}}, {{prompt: a, name: c, verse: 雪}}]}}"

    made = plan('{narration: "{{ brief.verse }}"}', source=source)

    assert [bool(video.failed) for video in made.videos] == [True, False]
    assert "takes at least 13 s, and the video has 1.1 s" in made.videos[0].failed


def test_a_narration_has_at_most_two_thousand_characters() -> None:
    with pytest.raises(FinishingError, match="2,001 characters"):
        script_of("a" * (LONGEST + 1), "espeak", language=None, speed=1, seconds=3600)
    assert script_of("a" * LONGEST, "espeak", language=None, speed=1, seconds=3600) is not None


def test_auto_is_the_server_where_there_is_one_and_else_who_can_speak() -> None:
    server = {"url": "http://127.0.0.1:8880", "model": "kokoro"}
    named = NarrationOptions.model_validate({"text": "a", "server": server, "voice": "af_sky"})

    assert voice_of(named, Path()).engine == "openai"
    assert voice_of(NarrationOptions(text="a"), Path()).engine == "espeak"
    assert voice_of(NarrationOptions(text="a"), Path(), "edge").engine == "edge"  # as it was planned elsewhere
    assert ready(NarrationOptions(text="a"), Path()).name("zh") == "cmn"


def test_a_pipeline_without_sound_plans_none() -> None:
    made = plan_run(
        loads(text_of("{narration: a}").replace("    sound: {narration: a}\n", ""), Path("pipelines.yaml")),
        "quick", TODAY, Settings(), seen={},
    )  # fmt: skip

    assert script(0, made) is None


def test_music_that_cannot_be_played_is_found_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "song.mp3").write_text("no music")

    with pytest.raises(FinishingError, match=r"song\.mp3 cannot be read"):
        plan("{music: {folder: m}}", tmp_path)


def test_a_plan_of_before_there_was_sound_is_still_read() -> None:
    plain = dict(plan("{narration: a}").videos[0].plan)
    del plain["script"]

    assert VideoPlan.from_json(plain).script is None
    assert "script" in {field.name for field in dataclasses.fields(VideoPlan)}
