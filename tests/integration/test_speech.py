"""Each voice speaks a text into one file with exact times, or says why it cannot."""

from __future__ import annotations

import os
import sys
import threading
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from reelmill.content import Json
from reelmill.errors import FinishingError, Interrupted, TransientError
from reelmill.kept import Kept
from tasks.finishing.sound.speech.base import Line, Stopped, Voice
from tasks.finishing.sound.speech.clauses import SENTENCE_PAUSE, clean
from tasks.finishing.sound.speech.edge import EdgeVoice
from tasks.finishing.sound.speech.espeak import EspeakVoice
from tasks.finishing.sound.speech.joining import MARGIN, RATE
from tasks.finishing.sound.speech.openai import OpenAiVoice
from tasks.finishing.sound.speech.piper import PiperVoice
from tasks.secret import Secret
from tests.simulators.speech_server import PACE, SpeechServer, a_speech_server, hum_into

TEXT = "First line here. And the second one."
#: What a hummed clause lasts beyond its characters: the margin at both ends.
AROUND = 2 * MARGIN


@dataclass(frozen=True)
class Hum(Voice):
    """A voice that hums as long as the text is, and may lose it."""

    engine = "hum"
    loses_it_at: int = 10**6
    heard: list[str] = field(default_factory=list)

    @property
    def identity(self) -> dict[str, Json]:
        return {"engine": self.engine}

    def name(self, language: str) -> str:
        return "hum"

    def missing(self) -> str:
        return ""

    def record(self, lines: Sequence[Line], language: str, stopped: Stopped) -> None:
        for line in lines:
            if len(self.heard) >= self.loses_it_at:
                raise TransientError("it lost its voice")
            self.heard.append(line.text)
            hum_into(line.path, line.text)


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    with a_speech_server() as started:
        yield started


def samples(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate()) == (1, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_each_clause_has_its_time_and_the_pauses_are_ours(tmp_path: Path) -> None:
    spoken = Hum().speak(TEXT, "en", tmp_path)

    first, second = spoken.cues
    assert [cue.text for cue in spoken.cues] == ["First line here.", "And the second one."]
    assert first.start == 0
    assert first.end == pytest.approx(PACE * 16 + AROUND, abs=0.01)
    assert second.start - first.end == pytest.approx(SENTENCE_PAUSE, abs=1e-4)
    assert spoken.seconds == second.end
    heard = samples(spoken.path)
    assert len(heard) / RATE == pytest.approx(spoken.seconds, abs=1e-3)
    pause = heard[round(first.end * RATE) : round(second.start * RATE)]
    assert not pause.any()
    assert np.abs(heard[: round(first.end * RATE)]).max() > 10_000


def test_what_was_spoken_is_not_spoken_again(tmp_path: Path) -> None:
    kept, once, again = Kept(tmp_path / "kept"), Hum(), Hum()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    first = once.speak(TEXT, "en", tmp_path / "a", kept=kept)
    second = again.speak(TEXT, "en", tmp_path / "b", kept=kept)

    assert len(once.heard) == 2
    assert again.heard == []
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.cues == second.cues


def test_a_voice_that_is_lost_in_the_middle_goes_on_from_there(tmp_path: Path) -> None:
    kept, hoarse, well = Kept(tmp_path / "kept"), Hum(loses_it_at=1), Hum()

    with pytest.raises(TransientError, match="lost its voice"):
        hoarse.speak(TEXT, "en", tmp_path, kept=kept)
    well.speak(TEXT, "en", tmp_path, kept=kept)

    assert well.heard == ["And the second one."]


def test_what_nobody_asked_for_in_a_week_makes_room(tmp_path: Path) -> None:
    kept, recording = Kept(tmp_path / "kept"), tmp_path / "one"
    recording.write_bytes(b"x")
    kept.keep("old", recording)
    os.utime(tmp_path / "kept" / "old", (0, 0))

    kept.keep("new", recording)

    assert not kept.fetch("old", tmp_path / "two")
    assert kept.fetch("new", tmp_path / "two")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["new"]


def test_a_voice_without_a_sound_is_told(tmp_path: Path) -> None:
    class Mute(Hum):
        def record(self, lines: Sequence[Line], language: str, stopped: Stopped) -> None:
            for line in lines:
                hum_into(line.path, "")

    with pytest.raises(FinishingError, match="made no sound"):
        Mute().speak(TEXT, "en", tmp_path)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("花雪随风不厌看，更多还肯失林峦。愁人正在书窗下，一片飞来一片寒。", "zh"),
        ("Snow falls. Nobody is on the road.", "en"),
        ("ゆきが ふる。やまは しずか。", "ja"),
        ("눈이 내린다. 산은 조용하다.", "ko"),
        ("Schnee fällt. Niemand ist unterwegs.", "de"),
    ],
)
def test_espeak_speaks(text: str, language: str, tmp_path: Path) -> None:
    voice = EspeakVoice()
    voice.check(language)
    spoken = voice.speak(clean(text), language, tmp_path)

    assert len(spoken.cues) == 2
    assert all(0.4 < cue.end - cue.start < 8 for cue in spoken.cues)
    assert all(before.end < after.start for before, after in pairwise(spoken.cues))
    assert np.abs(samples(spoken.path)).max() > 3000


def test_espeak_speaks_faster_when_it_is_asked_to(tmp_path: Path) -> None:
    slow = EspeakVoice().speak(TEXT, "en", tmp_path).seconds

    assert EspeakVoice(speed=1.5).speak(TEXT, "en", tmp_path).seconds < 0.85 * slow


@pytest.mark.parametrize("text", ["-w elsewhere.wav --help", "--version", "`id` $(id) && id | id > x", "'\"\\ %s {0}"])
def test_no_text_is_a_command(text: str, tmp_path: Path) -> None:
    assert EspeakVoice().speak(clean(text), "en", tmp_path).cues[0].text == clean(text)


def test_espeak_says_that_it_has_no_such_voice(tmp_path: Path) -> None:
    with pytest.raises(FinishingError, match="no voice 'xx'") as told:
        EspeakVoice().check("xx")
    assert "language" in told.value.instruction
    with pytest.raises(FinishingError, match="no voice 'nobody'"):
        EspeakVoice("nobody").speak(TEXT, "en", tmp_path)


def program(folder: Path, name: str, source: str) -> Path:
    """A program of that name, written in Python, that is found first."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(Path.cwd())!r})\n" + dedent(source))
    path.chmod(0o755)
    return path


ESPEAK = """
    from pathlib import Path
    from tests.simulators.speech_server import hum_into
    arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    assert sys.argv[-1] == "--stdin" and arguments["-b"] == "1", sys.argv
    if arguments["-v"] == "xx":
        sys.exit("Error: The specified espeak-ng voice does not exist.")
    hum_into(Path(arguments["-w"]), sys.stdin.read())
"""


def test_the_program_espeak_is_used_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "espeak-ng", ESPEAK)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    assert EspeakVoice().speak("-w is said", "en", tmp_path).seconds == pytest.approx(PACE * 10 + AROUND, abs=0.01)
    with pytest.raises(FinishingError, match="no voice 'xx'"):
        EspeakVoice("xx").speak(TEXT, "en", tmp_path)


@pytest.mark.parametrize(
    ("does", "error", "told"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", FinishingError, "crashed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", TransientError, "killed"),
        ("sys.exit('it has no data')", FinishingError, "it has no data"),
    ],
)
def test_a_crash_of_the_program_costs_nothing_else(
    does: str, error: type[Exception], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "espeak-ng", does)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(error, match=told):
        EspeakVoice().speak(TEXT, "en", tmp_path)


def test_a_program_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "espeak-ng", "import time; time.sleep(600)")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()

    with pytest.raises(Interrupted):
        EspeakVoice().speak(TEXT, "en", tmp_path, stopped=stop.is_set)


PIPER = """
    from pathlib import Path
    from tests.simulators.speech_server import hum_into
    arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    assert Path(arguments["--model"]).exists() and arguments["--length_scale"] == "0.500", sys.argv
    hum_into(Path(arguments["--output_file"]), sys.stdin.read())
"""


def test_piper_speaks_with_its_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = PiperVoice(tmp_path / "huayan.onnx", speed=2.0)
    assert "piper" in voice.missing()
    program(tmp_path, "piper", PIPER)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert voice.missing().endswith("huayan.onnx")
    (tmp_path / "huayan.onnx").touch()
    assert voice.missing().endswith("huayan.onnx.json")
    (tmp_path / "huayan.onnx.json").touch()

    assert voice.missing() == ""
    assert len(voice.speak(TEXT, "en", tmp_path).cues) == 2


EDGE = """
    import sys
    from pathlib import Path
    from reelmill.ffmpeg import run
    from tests.simulators.speech_server import hum_into
    words = sys.argv[1:]
    rate = words.pop(4)
    options = dict(zip(words[::2], words[1::2]))
    text = Path(options["--file"]).read_text(encoding="utf-8")
    if "offline" in text:
        sys.exit("aiohttp.client_exceptions.ClientConnectorError: Cannot connect")
    if options["--voice"] == "nobody":
        sys.exit("edge_tts.exceptions.NoAudioReceived: No audio was received.")
    assert (options["--voice"], rate) == ("zh-CN-XiaoxiaoNeural", "--rate=-25%"), sys.argv
    tone = Path(options["--write-media"]).with_suffix(".tone")
    hum_into(tone, text)
    run(["-y", "-f", "wav", "-i", tone, "-f", "mp3", options["--write-media"]], timeout=30)
"""


def test_edge_speaks_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = EdgeVoice(speed=0.75)
    assert "Microsoft" in voice.missing()
    package = tmp_path / "modules" / "edge_tts"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(dedent(EDGE))
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setenv("PYTHONPATH", f"{package.parent}:{Path.cwd()}")

    assert voice.missing() == ""
    spoken = voice.speak("--花雪随风不厌看。", "zh", tmp_path)
    assert spoken.seconds == pytest.approx(PACE * 10 + AROUND, abs=0.06)
    with pytest.raises(TransientError, match="Cannot connect"):
        voice.speak("we are offline", "zh", tmp_path)
    with pytest.raises(FinishingError, match="nobody says nothing"):
        EdgeVoice("nobody").speak(TEXT, "zh", tmp_path)
    with pytest.raises(FinishingError, match="no voice for the language 'tlh'"):
        voice.check("tlh")


def test_a_server_speaks(server: SpeechServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECH_TOKEN", "sk-very-secret")
    server.token = "sk-very-secret"
    voice = OpenAiVoice(f"{server.url}/", "kokoro", "af_sky", 1.25, Secret(env="SPEECH_TOKEN"))

    spoken = voice.speak(TEXT, "en", tmp_path)

    assert server.asked[0] == {
        "model": "kokoro", "input": "First line here.", "voice": "af_sky", "response_format": "wav", "speed": 1.25,
    }  # fmt: skip
    assert server.spoken == ["First line here.", "And the second one."]
    assert spoken.cues[0].end == pytest.approx(PACE * 16 / 1.25 + AROUND, abs=0.01)
    assert "secret" not in str(voice.identity)


@pytest.mark.parametrize(
    ("trouble", "error", "told"),
    [
        ({"status": 429, "headers": {"Retry-After": "7"}}, TransientError, "answers 429"),
        ({"status": 503}, TransientError, "answers 503"),
        ({"status": 400, "body": b'{"error": {"message": "no\\u001b model"}}'}, FinishingError, "400: no model"),
        ({"status": 401, "body": b"not json"}, FinishingError, "answers 401"),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, FinishingError, "answers 302"),
        ({"drop": True}, TransientError, "does not answer"),
        ({"body": b"#EXTM3U\nfile:///etc/passwd\n"}, FinishingError, "no wav file"),
        ({"body": b""}, FinishingError, "no wav file"),
        ({"body": bytes(25_000_000)}, FinishingError, "sends too much"),
    ],
)  # fmt: skip
def test_a_server_that_fails_is_told_with_what_to_do(
    trouble: dict[str, Json], error: type[Exception], told: str, server: SpeechServer, tmp_path: Path
) -> None:
    for name, value in trouble.items():
        setattr(server, name, value)

    with pytest.raises(error, match=told) as raised:
        OpenAiVoice(server.url, "kokoro").speak(TEXT, "en", tmp_path)
    if isinstance(raised.value, TransientError) and "headers" in trouble:
        assert raised.value.retry_after == 7


def test_a_server_that_is_away_is_tried_again(tmp_path: Path) -> None:
    with a_speech_server() as gone:
        url = gone.url

    with pytest.raises(TransientError, match=r"127\.0\.0\.1:\d+ does not answer"):
        OpenAiVoice(url, "kokoro").speak(TEXT, "en", tmp_path)


def test_a_wrong_token_is_told_by_its_name(
    server: SpeechServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.token = "right"
    voice = OpenAiVoice(server.url, "kokoro", token=Secret(env="SPEECH_TOKEN"))
    assert voice.missing() == "set $SPEECH_TOKEN where this runs"
    with pytest.raises(FinishingError, match=r"\$SPEECH_TOKEN is not set"):
        voice.speak(TEXT, "en", tmp_path)
    monkeypatch.setenv("SPEECH_TOKEN", "wrong-secret")

    with pytest.raises(FinishingError, match="Incorrect API key") as told:
        voice.speak(TEXT, "en", tmp_path)
    assert "$SPEECH_TOKEN" in told.value.instruction
    assert "wrong-secret" not in str(told.value)


def test_only_what_is_missing_is_paid_for_after_a_server_failed(server: SpeechServer, tmp_path: Path) -> None:
    kept, voice = Kept(tmp_path / "kept"), OpenAiVoice(server.url, "kokoro")
    server.after, server.status = 1, 503
    with pytest.raises(TransientError):
        voice.speak(TEXT, "en", tmp_path, kept=kept)
    server.status = 0

    voice.speak(TEXT, "en", tmp_path, kept=kept)

    assert server.spoken == ["First line here.", "And the second one."]
