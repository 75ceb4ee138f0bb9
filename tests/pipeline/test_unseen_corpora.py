"""Benchmarks on corpora that a model was not trained on: each condition, the choice of utterances, scores, the card."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.signal

from benchmarks import cards, conditions, elsewhere, robustness, unseen
from benchmarks.conditions import CODECS, CONDITIONS, RATE, ROOMS, Speech
from ser.audio import ffmpeg
from ser.audio.waveforms import Waveform
from ser.models import packaged
from ser.serving import inputs, recognition
from ser.serving.recognition import NO_SPEECH
from tests.support.paths import ROOT
from tests.support.synthesis import speech_like

DEMO = f"demo={ROOT / 'data/demo'}"
LABELS = ("neutral", "happy", "sad", "angry", "disgust")


def utterance(seed: int = 0) -> Waveform:
    """One second like speech, between pauses of half a second."""
    return np.pad(speech_like(seed, 1.0, RATE).astype(np.float32), RATE // 2)


def made(name: str, waveform: Waveform | None = None, *, seed: int = 0) -> conditions.Samples:
    speech = Speech(utterance() if waveform is None else waveform, lambda: [utterance(k) for k in range(1, 6)])
    return CONDITIONS[name](speech, np.random.default_rng(seed))


def tone(frequency: float) -> Waveform:
    return (0.1 * np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE)).astype(np.float32)


def level(waveform: Waveform) -> float:
    """RMS in dB below full scale."""
    return float(10 * np.log10(np.square(waveform, dtype=np.float64).mean() + 1e-12))


@pytest.mark.parametrize("snr", conditions.SNRS)
@pytest.mark.parametrize("kind", ["pink noise", "babble"])
def test_noise_has_its_ratio_to_the_speech_without_the_pauses(kind: str, snr: float) -> None:
    samples, rate = made(f"{kind}, {snr} dB")
    noise = samples.astype(np.float64) - utterance()
    of_speech = level(utterance()[RATE // 2 : -RATE // 2])  # without the pauses
    assert (rate, samples.shape) == (RATE, utterance().shape)
    assert conditions.speech_power(utterance()) == pytest.approx(10 ** (of_speech / 10), rel=0.25)
    ratio = conditions.speech_power(utterance()) / np.square(noise).mean()
    assert 10 * np.log10(ratio) == pytest.approx(snr, abs=0.1)


def test_pink_noise_has_equal_energy_in_each_octave() -> None:
    loud = np.pad(tone(1000), (0, 9 * RATE))
    noise = made("pink noise, 5 dB", loud)[0] - loud
    frequency, density = scipy.signal.welch(noise, RATE, nperseg=4096)
    octaves = [density[(frequency >= low) & (frequency < 2 * low)].sum() for low in (125, 250, 500, 1000, 2000)]
    assert 10 * np.log10(max(octaves) / min(octaves)) < 1.5
    assert density[frequency < 40].sum() < 0.01 * octaves[0]


def test_no_utterance_is_a_talker_of_its_own_babble_also_if_some_speakers_are_unknown() -> None:
    table = pd.DataFrame({"utterance": list("abcd"), "speaker": ["p", "p", None, None], "source": list("abcd")})
    talkers = {work.utterance: set(work.talkers) for work in unseen._works(unseen.Tested(table, None), 0)}
    assert talkers == {"a": {"c", "d"}, "b": {"c", "d"}, "c": {"a", "b", "d"}, "d": {"a", "b", "c"}}


def test_babble_is_of_the_talkers_alone() -> None:
    quiet = Speech(utterance(), lambda: [tone(440)])
    noise = CONDITIONS["babble, 5 dB"](quiet, np.random.default_rng(0))[0] - utterance()
    assert np.abs(np.fft.rfft(noise)).argmax() == 440 * noise.size / RATE


@pytest.mark.parametrize(("name", "seconds"), list(zip(ROOMS, (0.3, 0.8), strict=True)))
def test_an_echo_of_a_room_falls_by_60_db_in_the_stated_time(name: str, seconds: float) -> None:
    response = conditions.impulse_response(name, 0)
    remaining = np.cumsum(response[::-1] ** 2)[::-1]
    decay = 10 * np.log10(remaining / remaining[0] + 1e-12)
    time = 3 * (np.argmax(decay < -25) - np.argmax(decay < -5)) / RATE  # a third of the fall
    assert time == pytest.approx(seconds, rel=0.1)
    size = " x ".join(f"{length:g}" for length in ROOMS[name].size)
    assert f"{size} m," in robustness.EXPLAINED.replace("\n", " ")
    samples, rate = made(name)
    assert (rate, samples.shape) == (RATE, utterance().shape)
    assert level(samples) == pytest.approx(level(utterance()), abs=0.01)
    pauses = samples[: RATE // 4], samples[-RATE // 2 : -RATE // 4]
    assert level(pauses[1]) > level(pauses[0]) + 20  # only the second has echoes


@pytest.mark.parametrize(
    ("frequency", "passes"), [(100, False), (1000, True), (3000, True), (3900, False), (6000, False)]
)
def test_a_telephone_passes_its_band_at_8_khz(frequency: float, passes: bool) -> None:
    samples, rate = made("telephone", tone(frequency))
    assert rate == 8_000
    loss = level(tone(frequency)) - level(samples[1000:-1000])
    assert loss == pytest.approx(0, abs=0.5) if passes else loss > 15


@pytest.mark.skipif(ffmpeg.program() is None, reason="FFmpeg is not installed")
@pytest.mark.parametrize("name", CODECS)
def test_a_codec_keeps_the_speech_and_not_the_samples(name: str) -> None:
    samples, rate = made(name)
    assert samples.size / rate == pytest.approx(2.0, abs=0.2)
    assert level(samples) == pytest.approx(level(utterance()), abs=2)
    at_rate = scipy.signal.resample_poly(samples, RATE, rate)
    match = scipy.signal.correlate(at_rate, utterance()).max() / np.sqrt((at_rate**2).sum() * (utterance() ** 2).sum())
    assert 0.7 < match < 0.9999


def test_without_ffmpeg_the_codecs_are_left_out_with_a_note(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert CONDITIONS.keys() - conditions.available().keys() == set(CODECS)
    assert "MP3 16 kbit/s, Opus 16 kbit/s are left out: FFmpeg is not installed" in capsys.readouterr().err


def test_quieter_speech_is_30_db_lower_in_steps_of_16_bits() -> None:
    samples, _ = made("30 dB quieter")
    assert level(samples) == pytest.approx(level(utterance()) - 30, abs=0.1)
    np.testing.assert_array_equal(samples * 2**15, np.round(samples * 2**15))


def test_clipped_speech_is_flat_from_a_quarter_of_its_peak_on() -> None:
    samples, _ = made("clipped")
    beyond = np.abs(utterance()) > 0.252 * np.abs(utterance()).max()
    assert np.abs(samples).max() == 1
    assert beyond.mean() > 0.05
    assert (np.abs(samples[beyond]) == 1).all()


def test_opposite_channels_cancel_and_the_input_of_a_prediction_takes_one() -> None:
    samples, rate = made("channels cancel")
    np.testing.assert_array_equal(samples.sum(axis=1), 0)
    np.testing.assert_array_equal(inputs.of_waveform(samples, rate).whole(), utterance())


@pytest.mark.parametrize("seconds", conditions.SHORT)
def test_a_part_of_the_speech_has_its_length_and_no_silence(seconds: float) -> None:
    loud = np.ones(3 * RATE // 2, np.float32)  # 1.5 s
    samples, rate = made(f"{seconds:g} s of speech", np.pad(loud, RATE))
    assert samples.size / rate == min(seconds, 1.5)
    assert (samples == 1).all()


def test_the_silence_lasts_30_s() -> None:
    samples, _ = made("30 s of silence first", tone(440))
    assert np.flatnonzero(samples)[0] == 30 * RATE + 1  # a sine begins with zero
    assert samples.size == 31 * RATE


@pytest.mark.parametrize("name", ["pink noise, 5 dB", "babble, 5 dB", "room, RT60 0.3 s"])
def test_a_condition_depends_on_its_draws_alone(name: str) -> None:
    np.testing.assert_array_equal(made(name, seed=1)[0], made(name, seed=1)[0])
    assert not np.array_equal(made(name, seed=1)[0], made(name, seed=2)[0])


def test_utterances_are_drawn_alike_over_emotions_and_speakers() -> None:
    rows = [(f"{s}/{e}/{k:02}", s, e) for s in "abc" for e in ("sad", "angry") for k in range(10 if e == "sad" else 3)]
    table = pd.DataFrame(rows, columns=["utterance", "speaker", "truth"])
    drawn = unseen.chosen(table, 12)
    assert (drawn.groupby(["truth", "speaker"]).size() == 2).all()
    assert drawn["utterance"].is_monotonic_increasing
    assert unseen.chosen(table, 15)["truth"].value_counts().to_dict() == {"sad": 8, "angry": 7}
    assert len(unseen.chosen(table, 1000)) == len(table)
    pd.testing.assert_frame_equal(drawn, unseen.chosen(table, 12))
    assert set(drawn["utterance"]) != set(unseen.chosen(table, 12, seed=1)["utterance"])


def predictions(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Truth, prediction and confidence; the rest of the probability is of `happy` or `sad`."""
    table = pd.DataFrame(rows, columns=["truth", "prediction", "confidence"])
    for label in (*LABELS, NO_SPEECH):
        table[f"p_{label}"] = table["confidence"].where(table["prediction"] == label, 0.0)
    for label, other in (("happy", "sad"), ("sad", "happy")):
        spare = (1 - table["confidence"]).where((table["prediction"] != label) & (table["prediction"] != NO_SPEECH), 0)
        table[f"p_{label}"] += spare.where((table["prediction"] == other) | (label == "happy"), 0)
    table["utterance"] = [f"x/{k}" for k in range(len(table))]
    return table.assign(corpus="x", condition="clean", speaker="x/a", sex="female", language="en")


def test_among_four_emotions_the_most_probable_of_them_is_the_answer() -> None:
    table = predictions(
        ("happy", "disgust", 0.6), ("sad", "disgust", 0.6), ("disgust", "happy", 0.9), ("angry", NO_SPEECH, 0.9)
    )
    four = unseen.of_four(table)
    assert four["prediction"].tolist() == ["happy", "happy", NO_SPEECH]
    assert "p_disgust" not in four
    assert unseen.uar(four) == pytest.approx(1 / 3, abs=1e-6)
    assert unseen.uar(table) == 0


def test_risk_and_coverage_by_confidence() -> None:
    table = predictions(*[("sad", "sad", 0.9)] * 15, *[("happy", "sad", 0.9)] * 5, *[("happy", "happy", 0.4)] * 20)
    found = elsewhere.risk_coverage(table, (0.0, 0.5, 0.95))
    assert found["answered"].tolist() == [1.0, 0.5, 0.0]
    assert found["uar"].round(3).tolist()[:2] == [0.9, 0.5]
    assert found["accuracy"].tolist()[:2] == [0.875, 0.75]
    assert found[["uar", "accuracy"]].iloc[2].isna().all()  # too few answers


def test_the_calibration_error_is_of_the_plain_answers() -> None:
    table = predictions(*[("sad", "disgust", 0.8)] * 4, ("sad", NO_SPEECH, 0.8))
    assert elsewhere.ece(table) == pytest.approx(0.8)


@pytest.fixture(scope="module")
def predicted() -> pd.DataFrame:
    """Eight utterances of the demo corpus in two conditions, by the default model."""
    return unseen.predicted(unseen.assigned([DEMO], None, most=8), ["babble, 10 dB", "channels cancel"], processes=1)


def test_predictions_are_those_of_ser_predict(predicted: pd.DataFrame) -> None:
    assert predicted.groupby("condition", sort=False).size().to_dict() == {
        "clean": 8,
        "babble, 10 dB": 8,
        "channels cancel": 8,
    }
    one = predicted[predicted["condition"] == "clean"].iloc[0]
    path = next((ROOT / "data").glob(f"{one['utterance']}.*"))
    plain = recognition.predict_emotion(path)
    assert (one["prediction"], one["confidence"]) == (plain["emotion"], plain["confidence"])


def cells(text: str, first: str) -> list[Sequence[str]]:
    lines = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith(f"| {first} |"))
    return list(lines)


def test_tables_and_pictures_have_each_condition_and_corpus(predicted: pd.DataFrame) -> None:
    found = robustness.scores(predicted)
    text = robustness.section(found, "small")
    for condition in ("clean", "babble, 10 dB", "channels cancel"):
        four, shared = cells(text, condition)
        assert len(four) == len(shared) == 4
    assert cells(text, "clean")[0][-1] == "0.0"
    panels = robustness.drawn(found, "small").axes
    assert [label.get_text() for label in panels[0].get_xticklabels()] == ["demo", "mean"]
    assert panels[0].texts[0].get_text() == cells(text, "clean")[0][1]
    clean = predicted[predicted["condition"] == "clean"]
    assert elsewhere.answers(clean)["n"].sum() == len(clean)
    page = elsewhere.section(clean, "small")
    assert cells(page, "demo")[0][3] == "8"
    assert cells(page, "mean")[0][4] == cells(page, "demo")[0][4].split(" ")[0]
    assert elsewhere.drawn(clean, "small").legends[0].get_texts()[0].get_text() == "demo"


def a_model(folder: Path, corpora: list[str], labels: Sequence[str]) -> None:
    """The default model under another name; only its description differs."""
    shutil.copytree(packaged.FOLDER / packaged.DEFAULT, folder)
    path = folder / "bundle.json"
    description = json.loads(path.read_text()) | {"corpora": corpora}
    names = dict(zip(("neutral", "happy", "sad", "angry", "fearful", "disgust"), labels, strict=True))
    path.write_text(json.dumps(description | {"labels": [names[label] for label in description["labels"]]}))


def test_a_corpus_or_model_that_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'nowhere=x' names no corpus; wanted CORPUS=FOLDER"):
        unseen.assigned(["nowhere=x"], None)
    a_model(tmp_path / "joyless", [], ("neutral", "surprised", "sad", "angry", "fearful", "disgust"))
    with pytest.raises(ValueError, match="the model does not know happy; wanted one that knows neutral, happy"):
        unseen.assigned([DEMO], str(tmp_path / "joyless"))
    for corpus in ("emodb", "crema_d"):  # CREMA-D trained the encoder, too
        with pytest.raises(ValueError, match=f"0 models of general were not trained on {corpus}; wanted one"):
            unseen.assigned([f"{corpus}=x"], "general")


def test_each_corpus_is_predicted_by_the_fold_that_was_not_trained_on_it(tmp_path: Path) -> None:
    labels = ("neutral", "happy", "sad", "angry", "fearful", "disgust")
    a_model(tmp_path / "fold_0", ["ravdess", "savee"], labels)
    a_model(tmp_path / "fold_1", ["demo", "savee"], labels)
    (tested,) = unseen.assigned([DEMO], str(tmp_path))
    assert tested.model == str(tmp_path / "fold_0")
    with pytest.raises(ValueError, match=r"2 models of .* were not trained on tess; wanted one"):
        unseen.assigned(["tess=x"], str(tmp_path))


def test_a_section_is_written_between_its_lines_again_and_again(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text("before\n<!-- elsewhere -->\nold\n<!-- end of elsewhere -->\nafter\n")
    for section in ("first", "second"):
        cards.write(card, "elsewhere", section)
    assert card.read_text() == "before\n<!-- elsewhere -->\n\nsecond\n\n<!-- end of elsewhere -->\nafter\n"
    assert cards.picture(tmp_path / "a/b.png", card, "B") == "![B](a/b.png)"
    with pytest.raises(
        ValueError, match="no place for the section; write these two lines into it: <!-- robustness -->"
    ):
        cards.write(card, "robustness", "x")
