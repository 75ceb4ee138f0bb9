"""Parts of the page: results, media, words, pictures, bundles, examples and markup."""

import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from matplotlib.figure import Figure

from app.page import bundles, examples, markup, media, pictures, results, words
from ser.audio import ffmpeg
from ser.audio.reading import InvalidAudio, Kind
from ser.figures import recordings
from ser.models import packaged
from ser.serving import inputs, recognition
from ser.serving.predictions import TimedPrediction
from ser.serving.recognition import Recognizer
from tests.support.paths import EMBEDDED
from tests.support.recordings import BAD, RATE, SILENCE, UTTERANCE, file_of, spoken
from tests.support.synthesis import tone


@pytest.fixture(scope="module")
def model() -> Recognizer:
    """The default built-in model."""
    return recognition.load()


# Results and media


def test_the_result_of_an_utterance_is_the_prediction_of_the_library(model: Recognizer) -> None:
    with inputs.opened(UTTERANCE) as recording:
        expected = model.predict(recording)
    result = results.result_of(UTTERANCE.read_bytes(), model)
    assert result.prediction == expected
    assert result.has_speech
    assert result.timeline == []
    np.testing.assert_array_equal(result.beginning, soundfile.read(UTTERANCE, dtype="float32")[0])


def test_a_longer_recording_has_a_timeline_and_its_first_30_seconds_are_drawn(model: Recognizer) -> None:
    shares: list[float] = []
    result = results.result_of(file_of(spoken(40), subtype="PCM_16"), model, shares.append)
    assert result.duration == 40
    assert [one["start"] for one in result.timeline] == [float(k) for k in range(38)]
    assert result.beginning.size == 30 * RATE
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_silence_has_no_speech(model: Recognizer) -> None:
    assert not results.result_of(SILENCE, model).has_speech


@pytest.mark.parametrize("kind", BAD)
def test_every_bad_file_is_explained_in_plain_words(kind: str, model: Recognizer) -> None:
    content, expected = BAD[kind]
    with pytest.raises(InvalidAudio) as caught:
        results.result_of(content, model)
    what, remedy = words.problem(caught.value)
    assert expected in f"{what} {remedy}"


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_invalid_audio_has_its_words(kind: Kind) -> None:
    what, remedy = words.problem(InvalidAudio(kind, "found", "wanted"))
    assert what.endswith(".")
    assert remedy.endswith(".")
    assert [what for what, _ in words.PROBLEMS.values()].count(what) == 1


@pytest.mark.parametrize(("duration", "hop"), [(4, 1), (300, 1), (600, 2), (1800, 3)])
def test_a_timeline_has_at_most_300_windows_unless_they_would_leave_gaps(duration: float, hop: float) -> None:
    assert results.timeline_hop(duration, 3.0) == hop


def test_playback_files_have_a_format_that_browsers_play() -> None:
    waveform = tone(440, 0.5)
    for kind, subtype in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")):
        content = file_of(waveform, kind=kind, subtype=subtype)
        assert media.playable(content) == content
    aiff = media.playable(file_of(waveform, kind="AIFF", subtype="PCM_16"))
    assert media.media_type(aiff) == "audio/wav"
    np.testing.assert_allclose(soundfile.read(io.BytesIO(aiff))[0], waveform, atol=2 / 2**15)


@pytest.mark.skipif(ffmpeg.program() is None, reason="not installed: ffmpeg")
@pytest.mark.parametrize("tag", [b"", b"ID3\4\0\0\0\0\0\0"])
def test_aac_which_begins_as_mp3_is_played_as_wav(tag: bytes) -> None:
    command = ["ffmpeg", "-v", "error", "-i", "pipe:0", "-c:a", "aac", "-f", "adts", "pipe:1"]
    sound = file_of(tone(440, 0.5), kind="WAV", subtype="PCM_16")
    aac = subprocess.run(command, input=sound, check=True, capture_output=True).stdout
    played = media.playable(tag + aac)
    assert media.media_type(played) == "audio/wav"
    assert soundfile.info(io.BytesIO(played)).duration == pytest.approx(0.5, abs=0.15)
    mp3 = tag + file_of(tone(440, 0.5), kind="MP3", subtype="MPEG_LAYER_III")
    assert media.playable(mp3) == mp3


# Words


def test_a_shown_share_is_never_0_or_100_percent() -> None:
    assert [words.share(one) for one in (0.0, 0.004, 0.5, 0.994, 1.0)] == ["< 1 %", "< 1 %", "50 %", "99 %", "> 99 %"]


def test_a_close_second_is_named() -> None:
    assert (
        words.confidence({"sad": 0.38, "calm": 0.45, "happy": 0.17}) == "45 % confidence, and sad is nearly as probable"
    )
    assert words.confidence({"sad": 0.1, "calm": 0.9}) == "90 % confidence"


def test_durations_are_worded_for_people() -> None:
    assert words.length(2.04) == "2.0 s"
    assert words.length(125.4) == "2 min 5 s"


def test_the_meaning_names_speech_and_speakers_of_the_training(model: Recognizer) -> None:
    text = words.meaning(model.description, model.labels)
    assert ". On corpora that it was not" in words.meaning(model.description, model.labels, note=model.note)
    assert "101 speakers of CREMA-D (acted speech, American English) and EmoDB (acted speech, German)" in text
    assert all(label in text for label in model.labels)
    assert "Acted speech is not everyday speech" in text
    assert "cted" not in words.meaning({"corpora": ["urdu"]}, ["happy", "sad"])
    assert "does not name" in words.meaning({}, ["happy", "sad"])
    forged = words.meaning({"corpora": ["![](https://a.b/c.png)"]}, ["**happy**", "<b>"])
    assert r"\!\[\](https\://a.b/c.png)" in forged
    assert r"\*\*happy\*\*, \<b\>" in forged


# Pictures


def drawn(figure: Figure) -> bytes:
    """Draw the figure; fail if it is not an image."""
    content = pictures.png(figure)
    assert content.startswith(b"\x89PNG")
    return content


def test_the_magnitude_spectrum_of_a_tone_peaks_at_its_frequency() -> None:
    figure = pictures.spectrum("Magnitude spectrum", recordings.spectra(tone(1000, 1.0), RATE))
    (line,) = figure.axes[0].lines
    frequency, level = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    assert frequency[level.argmax()] == pytest.approx(1000, abs=RATE / 1024)
    assert level.max() == pytest.approx(0, abs=1e-4)


def test_the_amplitude_of_a_tone_is_its_own() -> None:
    analysis = recordings.spectra(tone(1000, 1.0, level=0.3), RATE)
    figure = pictures.spectrum("Spectrogram", analysis)
    assert np.asarray(figure.axes[0].images[0].get_array()).max() == pytest.approx(0.3, rel=0.02)


def test_axes_have_units() -> None:
    analysis = recordings.spectra(tone(1000, 1.0), RATE)
    labels = {
        name: (
            figure.axes[0].get_xlabel(),
            figure.axes[0].get_ylabel(),
            *(axes.get_ylabel() for axes in figure.axes[1:]),
        )
        for name, figure in {
            "waveform": pictures.waveform(tone(1000, 1.0), RATE),
            "spectrum": pictures.spectrum("Magnitude spectrum", analysis),
            "linear": pictures.spectrum("Spectrogram", analysis),
            "log": pictures.spectrum("Log-amplitude spectrogram", analysis),
            "mel": pictures.spectrum("Mel spectrogram", analysis),
        }.items()
    }
    assert labels == {
        "waveform": ("time in s", "amplitude (full scale 1)"),
        "spectrum": ("frequency in Hz", "magnitude in dB"),
        "linear": ("time in s", "frequency in Hz", "amplitude"),
        "log": ("time in s", "frequency in Hz", "level in dB"),
        "mel": ("time in s", "frequency in Hz (mel scale)", "level in dB"),
    }


def test_a_tone_lies_at_its_frequency_in_the_mel_spectrogram() -> None:
    figure = pictures.spectrum("Mel spectrogram", recordings.spectra(tone(2000, 1.0), RATE))
    axes = figure.axes[0]
    image = np.asarray(axes.images[0].get_array())
    height = (image.mean(axis=1).argmax() + 0.5) / len(image) * RATE / 2
    ticks = dict(zip([one.get_text() for one in axes.get_yticklabels()], axes.get_yticks(), strict=True))
    assert height == pytest.approx(ticks["2,000"], abs=RATE / 2 / len(image))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("samples", "rate"),
    [(np.zeros(RATE, np.float32), RATE), (tone(300, 0.1, 4000), 4000), (1e9 * tone(300, 0.3, 96_000), 96_000)],
    ids=["silence", "short", "loud"],
)
def test_every_sound_can_be_drawn(samples: np.ndarray, rate: int, dark: bool) -> None:
    analysis = recordings.spectra(samples.astype(np.float32), rate)
    drawn(pictures.waveform(samples, rate, dark=dark))
    for name in recordings.SPECTRA:
        drawn(pictures.spectrum(name, analysis, dark=dark))


def window(start: float, emotion: str, probabilities: dict[str, float]) -> TimedPrediction:
    """One window of 3 s."""
    timed = {"emotion": emotion, "confidence": 0.8, "probabilities": probabilities, "duration": 3.0}
    return TimedPrediction(**timed, start=start, end=start + 3)  # type: ignore[typeddict-item]


def test_the_timeline_marks_the_most_probable_emotion_and_greys_windows_without_speech() -> None:
    windows = [
        window(0, "sad", {"happy": 0.2, "sad": 0.8}),
        window(1, recognition.NO_SPEECH, {}),
        window(2, "happy", {"happy": 0.8, "sad": 0.2}),
    ]
    figure = pictures.timeline(windows)
    (axes,) = figure.axes
    assert [one.get_text() for one in axes.get_yticklabels()] == ["happy", "sad"]
    (dots,) = axes.lines
    assert np.asarray(dots.get_xydata()).tolist() == [[1.0, 1.0], [4.0, 0.0]]
    (grey,) = axes.patches
    assert (grey.get_x(), grey.get_x() + grey.get_width()) == (2.0, 3.0)  # type: ignore[attr-defined]
    drawn(figure)


def test_a_dark_page_gets_lighter_letters() -> None:
    light, dark = (pictures.waveform(tone(300, 0.5), RATE, dark=one).axes[0].xaxis.label for one in (False, True))
    assert light.get_color() != dark.get_color()
    assert sum(pictures.shade("#0a4c8a", dark=True)) > sum(pictures.shade("#0a4c8a", dark=False))


def test_new_emotions_have_colours_of_their_own_in_the_timeline_and_any_name_is_text() -> None:
    labels = ("sad", "excited", "verträumt")
    window: TimedPrediction = {
        "start": 0.0,
        "end": 3.0,
        "duration": 3.0,
        "emotion": "excited",
        "confidence": 1.0,
        "probabilities": dict.fromkeys(labels, 1.0),
    }
    axes = pictures.timeline([window]).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(labels)
    cells = np.asarray(axes.collections[0].get_array()).reshape(len(labels), -1)
    assert len({tuple(row[:3]) for row in cells}) == len(labels)
    assert "&lt;b&gt;" in markup.bars({"<b>": 1.0})


# Bundles


def test_trained_models_are_found_beside_the_built_in_one(tmp_path: Path) -> None:
    for name in ("fold_1", "fold_0", "exported"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bundle.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    found = bundles.choices(tmp_path)
    assert list(found.values()) == [
        *packaged.folders().values(),
        *(tmp_path / name for name in ("exported", "fold_0", "fold_1")),
    ]
    assert next(iter(found.values())) == EMBEDDED


def test_the_card_is_shown_without_front_matter_and_that_of_this_program_without_pictures_and_comments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bundles.card(tmp_path) == ""
    text = "---\nlicense: mit\n---\n# Card\n![curve](c.png)![badge](https://example.org/b.png)\n<!-- a -->\n---\nend\n"
    (tmp_path / "README.md").write_text(text)
    shown = "# Card\n![curve](c.png)![badge](https://example.org/b.png)\n<!-- a -->\n---\nend"
    assert bundles.card(tmp_path) == shown
    monkeypatch.setattr(packaged, "FOLDER", tmp_path.parent)
    assert bundles.card(tmp_path) == "## Card\n![badge](https://example.org/b.png)\n---\nend"


@pytest.mark.parametrize("folder", packaged.folders().values(), ids=lambda folder: folder.name)
def test_the_card_of_a_built_in_model_has_nothing_that_the_page_cannot_show(folder: Path) -> None:
    shown = bundles.card(folder)
    assert not [mark for mark in ("<!--", "-->", "![") if mark in shown]


def test_facts_come_from_the_description_alone(model: Recognizer) -> None:
    facts = bundles.facts(model)
    assert facts["Model"] == "logistic_regression"
    assert "Recall on development speakers" not in facts  # a classifier was not chosen by dev
    network = Recognizer(model.name, model.parts, model.window, model.whole, {"metrics": {"dev_uar": 0.7}})
    assert "70 %, mean over the emotions (chance 16.7 %)" in bundles.facts(network)["Recall on development speakers"]
    bare = Recognizer(model.name, model.parts, model.window, model.whole, {})
    assert set(bundles.facts(bare)) == {"Trained on", "Emotions", "Input"}


def test_a_changed_model_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(EMBEDDED, folder)
    first = recognition.changed(folder)
    description = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(description | {"corpora": ["demo"]}))
    assert recognition.changed(folder) != first
    assert recognition.changed(tmp_path) == 0


# Examples and markup


def test_there_is_an_example_of_each_emotion_and_one_with_all_of_them() -> None:
    ready = examples.examples()
    assert len(ready) == 9
    durations = []
    for make in ready.values():
        with inputs.opened(make()) as recording:
            durations.append(recording.duration)
    assert durations[-1] == pytest.approx(sum(durations[:-1]) + 8 * examples.PAUSE)


def test_without_the_demo_corpus_there_are_no_examples(tmp_path: Path) -> None:
    assert examples.examples(tmp_path) == {}


def test_bars_go_from_the_most_to_the_least_probable() -> None:
    text = markup.bars({"sad": 0.1, "happy": 0.7, "calm": 0.2})
    assert text.index("happy") < text.index("calm") < text.index("sad")
    assert "width:70.0%" in text


def test_labels_of_a_bundle_cannot_inject_markup() -> None:
    label = "<script>alert(1)</script>"
    assert "<script" not in markup.bars({label: 1.0}) + markup.headline(label, label, label)
