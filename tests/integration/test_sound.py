"""A master gets its sound, and the proof is taken from what can be heard in the files."""

from __future__ import annotations

import shutil
import wave
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from reelmill.content import Rendition
from reelmill.errors import FinishingError, MediaError
from reelmill.ffmpeg import run
from reelmill.frames import read_frames
from reelmill.subtitles import Subtitles as Documents
from tasks.finishing import mp4, profiles
from tasks.finishing.brand import Brand
from tasks.finishing.job import FinishJob, recipe
from tasks.finishing.manner import Manner, Subtitles
from tasks.finishing.sound import loudness, mixing
from tasks.finishing.sound.heard import Narration, Sound
from tasks.finishing.sound.music import Music, check, music_of, tracks
from tasks.finishing.sound.options import MusicOptions
from tasks.finishing.sound.script import Script
from tasks.finishing.sound.speech.espeak import EspeakVoice
from tasks.finishing.sound.track import Track
from tasks.finishing.stage import finish
from tasks.finishing.verify import verify
from tasks.finishing.words import Words
from tests.integration.test_finishing import make_master
from tests.integration.test_speech import Hum

FPS, SECONDS = 12, 4.0
VERSE = "花雪随风不厌看。"
#: Hertz of the music: eSpeak makes nothing above 11,025.
PITCH = 15_000


def tone(path: Path, seconds: float, *, hertz: int = PITCH, decibels: float = -20.0) -> Path:
    """A tone for music, whose level can be told apart from speech."""
    run(["-y", "-f", "lavfi", "-i", f"sine=f={hertz}:d={seconds}:r=48000,volume={decibels}dB", path], timeout=60)
    return path


def heard(path: Path, folder: Path) -> NDArray[np.float64]:
    """What is heard of a file on one channel, full scale being 1."""
    raw = folder / "heard.pcm"
    run(["-y", "-i", path, "-map", "0:a:0", "-ac", "1", "-ar", "48000", "-f", "f32le", raw], timeout=60)
    return np.fromfile(raw, "<f4").astype(np.float64)


def level(samples: NDArray[np.float64], start: float, end: float, hertz: int = PITCH) -> float:
    """How loud a tone is between two moments, in dB of full scale, whatever is heard beside it."""
    piece = samples[round(start * 48000) : round(end * 48000)]
    times = np.arange(piece.size) / 48000
    window = np.hanning(piece.size)
    part = abs(np.sum(piece * window * np.exp(-2j * np.pi * hertz * times))) / np.sum(window) * 2
    return float(20 * np.log10(part + 1e-9))


def says(text: str, *, engine: str = "espeak", language: str = "zh") -> Narration:
    return Narration(Script(text, language, engine), Hum() if engine == "hum" else EspeakVoice())


def job_for(*names: str, sound: Sound | None = None) -> FinishJob:
    return FinishJob(
        Words("小雪"), Brand("茶", "#2f6f4f"), names, "v", False, 270, 480, round(SECONDS * FPS), FPS, sound=sound
    )


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("master")
    return make_master(folder / "master.mp4", size="270x480", frames=round(SECONDS * FPS), fps=FPS)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Music:
    return Music(tone(tmp_path_factory.mktemp("music") / "tone.mp3", 1.5), volume=-16, fade=0.5, duck=10)


@pytest.fixture(scope="module")
def renditions(master: Path, music: Music, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rendition]:
    catalogue = profiles.shipped().changed("telegram", "telegram", {"loudness": {"lufs": -20, "true_peak": -3}})
    job = replace(job_for("master", "x", "telegram", sound=Sound(says(VERSE), music)), catalogue=catalogue)
    made = finish(master, "a" * 64, job, tmp_path_factory.mktemp("renditions"))
    return {one.profile: one for one in made}


def test_each_file_is_as_loud_as_its_platform_wants_it(renditions: dict[str, Rendition]) -> None:
    for name, lufs, peak in (("master", -14, -1.5), ("x", -14, -1.5), ("telegram", -20, -3)):
        found = loudness.measure(renditions[name].path)
        record = renditions[name].record["sound"]
        assert found.lufs == pytest.approx(lufs, abs=0.5)
        assert found.true_peak <= peak + 0.3
        assert (record["lufs"], record["true_peak"]) == (found.lufs, found.true_peak)
        assert record["wanted"] == {"lufs": lufs, "true_peak": peak}
        assert mp4.read(renditions[name].path).sound.seconds == pytest.approx(SECONDS, abs=0.05)


def test_the_record_says_who_spoke_and_what_was_played(renditions: dict[str, Rendition], music: Music) -> None:
    record = renditions["x"].record["sound"]

    said = [record[key] for key in ("narration", "language", "engine", "voice")]
    assert said == [VERSE, "zh", "espeak", "cmn"]
    assert record["music"] == {"file": "tone.mp3", **music.identity}
    assert len(record["music"]["sha256"]) == 64


def test_subtitles_are_kept_with_every_rendition(renditions: dict[str, Rendition]) -> None:
    for rendition in renditions.values():
        kept = rendition.record["subtitles"]
        assert kept["srt"].startswith("1\n00:00:00,300 --> 00:00:0")
        assert VERSE in kept["srt"]
        assert kept["vtt"].startswith("WEBVTT\n\n00:00:00.300 --> ")
        assert f"PlayResX: {rendition.width}\nPlayResY: {rendition.height}\n" in kept["ass"]
        assert f",,0,0,0,,{VERSE}\n" in kept["ass"]
        documents = Documents.of(rendition.record)
        assert documents is not None
        assert (documents.language, list(documents.texts)) == ("zh", ["srt", "vtt", "ass"])


@pytest.mark.parametrize("kind", ["plain", "karaoke"])
def test_what_is_spoken_is_on_the_picture_while_it_is_spoken(kind: Subtitles, master: Path, tmp_path: Path) -> None:
    made: dict[str, Rendition] = {}
    for name in ("none", kind):
        (tmp_path / name).mkdir()
        job = replace(job_for("x", sound=Sound(says(VERSE), None)), manner=Manner(subtitles=name))  # type: ignore[arg-type]
        (made[name],) = finish(master, "a" * 64, job, tmp_path / name)
    assert made["none"].recipe != made[kind].recipe
    assert [one.record["subtitles"]["drawn"] for one in made.values()] == [False, True]
    assert ("{\\k" in made[kind].record["subtitles"]["ass"]) == (kind == "karaoke")
    assert all(check.ok for check in verify(made[kind]))
    pairs = zip(*(read_frames(made[name].path, 720, 1280, pixels="gray") for name in ("none", kind)), strict=True)
    apart = [float(np.abs(one.astype(int) - other).max(axis=1)[500:900].mean()) for one, other in pairs]
    (begins, ends) = (made[kind].record["subtitles"]["srt"].splitlines()[1]).split(" --> ")
    first, last = (round(float(at[6:].replace(",", ".")) * made[kind].fps) for at in (begins, ends))
    assert min(apart[first + 2 : last - 2]) > 4 * max(apart[: first - 1])


def test_what_was_promised_is_read_back(renditions: dict[str, Rendition], tmp_path: Path) -> None:
    rendition = renditions["x"]
    assert all(check.ok for check in verify(rendition)), verify(rendition)
    for changed, told in (("volume=-3dB", "-17"), ("volume=2dB", "-12"), ("volume=0", "-inf")):
        other = tmp_path / "x.mp4"
        run(["-y", "-i", rendition.path, "-c:v", "copy", "-af", changed, "-c:a", "aac", other], timeout=60)
        (found,) = (check for check in verify(replace(rendition, path=other)) if check.name == "sound")
        assert not found.ok
        assert f", {told}" in found.evidence
    run(["-y", "-i", rendition.path, "-c", "copy", "-shortest", "-af", "atrim=0:3.5", "-c:a", "aac", other], timeout=60)
    (found,) = (check for check in verify(replace(rendition, path=other)) if check.name == "sound")
    assert not found.ok
    assert found.evidence.startswith("3.5")


def test_without_a_sound_there_is_a_silent_track(master: Path, tmp_path: Path) -> None:
    (made,) = finish(master, "a" * 64, job_for("master"), tmp_path)

    assert made.record["sound"] is None
    assert "subtitles" not in made.record
    assert loudness.measure(made.path).silent
    assert all(check.ok for check in verify(made))
    loud, mute = tmp_path / "loud.mp4", tmp_path / "mute.mp4"
    run(["-y", "-i", made.path, "-f", "lavfi", "-i", "sine", "-map", "0:v", "-map", "1:a", "-c:v", "copy",
         "-c:a", "aac", "-t", str(SECONDS), loud], timeout=60)  # fmt: skip
    run(["-y", "-i", made.path, "-c", "copy", "-an", mute], timeout=60)
    for other in (loud, mute):
        assert not next(one.ok for one in verify(replace(made, path=other)) if one.name == "sound")


def test_music_that_is_silence_stays_silence(master: Path, tmp_path: Path) -> None:
    silence = Music(tone(tmp_path / "silence.wav", 1, decibels=-200), 0, 1, 0)

    (made,) = finish(master, "a" * 64, job_for("master", sound=Sound(music=silence)), tmp_path)

    assert made.record["sound"]["lufs"] is None
    assert loudness.measure(made.path).silent
    assert all(check.ok for check in verify(made))


def test_platforms_that_want_the_same_share_one_track(music: Music, tmp_path: Path) -> None:
    track = Track(Sound(music=music), 2.0, tmp_path, None, lambda: False)
    assert track.speak() == ()
    same = {track.file(profiles.find(name)) for name in ("douyin", "tiktok", "x")}
    other = track.file(profiles.shipped().changed("x", "x", {"loudness": {"lufs": -18, "true_peak": -2}})["x"])

    assert len(same) == 1
    assert other not in same
    assert loudness.measure(tmp_path / other).lufs == pytest.approx(-18, abs=0.2)
    assert Track(None, 2.0, tmp_path, None, lambda: False).file(profiles.find("x")) == ""


@pytest.mark.parametrize("duck", [0, 6, 12, 20])
def test_the_music_steps_back_by_just_what_was_asked_for(duck: int, tmp_path: Path) -> None:
    sound = Sound(says("花雪随风不厌看。"), Music(tone(tmp_path / "tone.wav", 2), volume=-10, fade=0, duck=duck))
    speech = mixing.speak(sound.narration, 6.0, tmp_path) if sound.narration else None
    assert speech is not None
    mixing.mix(sound, speech, 6.0, tmp_path / "mix.wav")

    samples, (first, *_), last = heard(tmp_path / "mix.wav", tmp_path), speech.cues, speech.cues[-1]
    under = level(samples, first.start + 0.4, last.end - 0.1)
    alone = level(samples, last.end + 1.5, 6.0)

    assert alone - under == pytest.approx(duck, abs=0.6)


def test_the_music_is_as_far_below_the_narration_as_was_asked_for(tmp_path: Path) -> None:
    """Its level does not hang on how loud the file is."""
    levels = []
    for loud in (0.0, -25.0):
        sound = Sound(says(VERSE), Music(tone(tmp_path / "t.wav", 4, hertz=1000, decibels=loud), -12, 0, 0))
        music = replace(sound, narration=None)
        mixing.mix(music, None, 4.0, tmp_path / "mix.wav")
        levels.append(loudness.measure(tmp_path / "mix.wav").lufs)

    assert levels == pytest.approx([mixing.REFERENCE - 12] * 2, abs=0.2)


def test_music_is_looped_to_the_length_and_fades(tmp_path: Path) -> None:
    sound = Sound(music=Music(tone(tmp_path / "tone.flac", 1.1), volume=-10, fade=1, duck=10))
    mixing.mix(sound, None, 5.3, tmp_path / "mix.wav")

    samples = heard(tmp_path / "mix.wav", tmp_path)
    assert samples.size / 48000 == pytest.approx(5.3, abs=0.001)
    middle = [level(samples, start, start + 0.05) for start in np.arange(1.0, 4.2, 0.05)]
    assert max(middle) - min(middle) < 1.5  # also where it begins anew
    assert level(samples, 0, 0.05) < middle[0] - 25
    assert level(samples, 0.45, 0.55) == pytest.approx(middle[0] - 6, abs=1)
    assert level(samples, 5.25, 5.3) < middle[0] - 25


def test_a_busy_machine_takes_nothing_from_the_track(music: Music, tmp_path: Path) -> None:
    sound = Sound(says(VERSE), music)
    speech = mixing.speak(says(VERSE), SECONDS, tmp_path)

    def mixed(number: int) -> int:
        folder = tmp_path / str(number)
        folder.mkdir()
        mixing.mix(sound, speech, SECONDS, folder / "mix.wav")
        return heard(folder / "mix.wav", folder).size

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(mixed, range(36))) == {round(SECONDS * 48000)}


def test_speech_that_is_a_little_long_is_spoken_a_little_faster(tmp_path: Path) -> None:
    speech = mixing.speak(says("Twenty characters.. And twenty more ones.", engine="hum"), 4.0, tmp_path)

    with wave.open(str(speech.path)) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(4.0, abs=0.05)
    assert speech.start == 0
    assert speech.cues[-1].end == pytest.approx(4.0, abs=0.01)
    assert speech.cues[0].end == pytest.approx(1.96 / (4.41 / 4), abs=0.1)


def test_speech_that_fits_leaves_a_moment_before_it_begins(tmp_path: Path) -> None:
    speech = mixing.speak(says("Ten letters", engine="hum"), 4.0, tmp_path)

    assert speech.start == speech.cues[0].start == mixing.LEAD
    mixing.mix(Sound(says("-")), speech, 4.0, tmp_path / "mix.wav")
    samples = heard(tmp_path / "mix.wav", tmp_path)
    loud = np.flatnonzero(np.abs(samples) > 0.01) / 48000
    assert loud[0] == pytest.approx(speech.cues[0].start + 0.03, abs=0.01)
    assert loud[-1] == pytest.approx(speech.cues[0].end - 0.03, abs=0.01)


def test_speech_that_is_much_too_long_is_refused_with_both_lengths(master: Path, tmp_path: Path) -> None:
    sound = Sound(says("a" * 60, engine="hum", language="en"))

    with pytest.raises(FinishingError, match=r"takes 6\.\d s, the video has 4\.0 s: that is 1\.\d\d times") as told:
        finish(master, "a" * 64, job_for("master", sound=sound), tmp_path)
    assert "make the video longer" in told.value.instruction
    assert list(tmp_path.iterdir()) == []


def test_peaks_are_limited_where_they_stand_in_the_way(tmp_path: Path) -> None:
    """A soft tone with loud beats: one gain alone would clip them."""
    source = tmp_path / "beats.wav"
    run(["-y", "-f", "lavfi", "-i", "aevalsrc='0.1*sin(880*PI*t)+if(lt(mod(t,0.5),0.02),0.8*sin(400*PI*t),0)':d=6",
         source], timeout=60)  # fmt: skip
    before = loudness.measure(source)
    assert before.true_peak + (-14 - before.lufs) > 0

    assert loudness.normalise(source, tmp_path / "out.wav", -14, -1.5, 44100, seconds=6)

    after = loudness.measure(tmp_path / "out.wav")
    assert after.lufs == pytest.approx(-14, abs=0.3)
    assert after.true_peak <= -1.5 - loudness.ROOM + 0.3


def test_a_gain_alone_changes_nothing_but_the_level(tmp_path: Path) -> None:
    source = tone(tmp_path / "tone.wav", 3, hertz=1000, decibels=-30)

    assert loudness.normalise(source, tmp_path / "out.wav", -14, -1.5, 48000, seconds=3)

    before, after = heard(source, tmp_path), heard(tmp_path / "out.wav", tmp_path)
    ratio = level(after, 0, 3, 1000) - level(before, 0, 3, 1000)
    assert after == pytest.approx(before * 10 ** (ratio / 20), abs=1e-3)


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "wav", "ogg", "flac"])
def test_music_is_read_from_each_kind_of_file(suffix: str, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    path = tone(folder / f"tone.{suffix.upper() if suffix == 'wav' else suffix}", 1)

    check(MusicOptions(folder="music"), tmp_path, tmp_path)
    assert tracks(folder) == [path]


def test_what_is_no_music_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "list.mp3").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n")

    with pytest.raises(FinishingError, match=r"list\.mp3 cannot be read"):
        check(MusicOptions(folder="music"), tmp_path, tmp_path)


def test_a_folder_without_music_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".hidden.mp3").touch()
    (tmp_path / "folder.mp3").mkdir()

    with pytest.raises(FinishingError, match="no music"):
        tracks(tmp_path)
    with pytest.raises(FinishingError, match="No such file"):
        tracks(tmp_path / "nowhere")


def test_a_video_keeps_its_music_and_a_new_file_changes_that_of_few(tmp_path: Path) -> None:
    options, videos = MusicOptions(folder="."), [f"video-{number}" for number in range(200)]
    for number in range(9):
        (tmp_path / f"{number}.mp3").write_bytes(b"x")
    before = {video: music_of(options, tmp_path, video).path for video in videos}
    assert before == {video: music_of(options, tmp_path, video).path for video in videos}
    assert len(set(before.values())) == 9

    (tmp_path / "new.mp3").write_bytes(b"x")

    changed = [video for video in videos if music_of(options, tmp_path, video).path != before[video]]
    assert 0 < len(changed) < 50
    assert {music_of(options, tmp_path, video).path.name for video in changed} == {"new.mp3"}


def test_whatever_changes_what_is_heard_changes_the_recipe(music: Music, tmp_path: Path) -> None:
    sound = Sound(says(VERSE), music)
    other = Music(tone(tmp_path / "tone.mp3", 1.4), music.volume, music.fade, music.duck)
    jobs = [
        job_for("x"),
        job_for("x", sound=sound),
        job_for("x", sound=replace(sound, music=None)),
        job_for("x", sound=Sound(says("花雪"), music)),
        job_for("x", sound=Sound(Narration(Script(VERSE, "zh", "espeak"), EspeakVoice(speed=1.1)), music)),
        job_for("x", sound=Sound(Narration(Script(VERSE, "zh", "espeak"), EspeakVoice("yue")), music)),
        job_for("x", sound=replace(sound, music=other)),
        *(job_for("x", sound=replace(sound, music=replace(music, **{key: 3.0}))) for key in ("volume", "fade", "duck")),
        replace(
            job_for("x", sound=sound),
            catalogue=profiles.shipped().changed("x", "x", {"loudness": {"lufs": -16, "true_peak": -1.5}}),
        ),
    ]

    assert len({recipe(job, "x") for job in jobs}) == len(jobs)
    moved = shutil.copy(music.path, tmp_path / "moved.mp3")
    same = job_for("x", sound=replace(sound, music=replace(music, path=Path(moved))))
    assert recipe(same, "x") == recipe(jobs[1], "x")


def test_a_file_without_sound_cannot_be_measured(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"nothing")

    with pytest.raises(MediaError):
        loudness.measure(tmp_path / "x.mp4")
