"""Recognition of single recordings: the same predictions as in evaluation, any length, models, and start time."""

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import ser
from ser import predict_emotion
from ser.audio import reading
from ser.audio.reading import InvalidAudio, Kind
from ser.features.encoders import whisper_files, whisper_litert
from ser.features.encoders.whisper_spectra import log_mel_spectra
from ser.models import averaging, bundle, ensembles
from ser.models.bundle import Bundle
from ser.representation.registry import extractor
from ser.serving import inputs, recognition
from ser.serving.predictions import Prediction
from ser.serving.recognition import NO_SPEECH, Recognizer
from tests.support.bundles import trained, with_network
from tests.support.paths import EMBEDDED, ROOT

DEMO = sorted((ROOT / "data/demo").rglob("*.flac"))
RATE = 16_000  # Hz, of the demo corpus
SPEECH = soundfile.read(DEMO[0], dtype="float32")[0]  # 1.7 s
OTHER = soundfile.read(DEMO[200], dtype="float32")[0]
LABELS = ["neutral", "happy", "sad", "angry", "fearful", "disgust"]
ENSEMBLE = {"model": {"name": "ensemble"}}
MEL = {"name": "small", "sample_rate": 16_000, "n_fft": 512, "hop_length": 800, "fmax": 8_000.0}


@pytest.fixture(scope="module")
def embedded() -> Recognizer:
    return recognition.load()


def of(waveform: np.ndarray, recognizer: Recognizer, rate: int = RATE) -> Prediction:
    return recognizer.predict(inputs.of_waveform(waveform, rate))


def shares(prediction: Prediction) -> np.ndarray:
    assert prediction["emotion"] != NO_SPEECH
    return np.array(list(prediction["probabilities"].values()))


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


def with_description(made: Bundle, **changes: Any) -> Bundle:
    return Bundle(made.model, made.labels, made.columns, made.representation, made.description | changes, made.history)


def mel_bundle(**changes: Any) -> Bundle:
    """An untrained network on the mel spectrogram of 1.45 s."""
    made = with_network("cnn", filters=[4], dense_units=8)
    made.representation.update(name="log_mel", settings=MEL | {"n_mels": 24, "duration": 1.45})
    return with_description(made, **changes)


# the same predictions as in evaluation


@pytest.mark.parametrize("path", DEMO[::60], ids=lambda path: path.stem)
def test_a_prediction_is_the_output_of_the_model_for_the_features(path: Path) -> None:
    """`evaluate` reads with `audio.read` and predicts many rows at once."""
    model = bundle.load(EMBEDDED)
    extract = extractor(**model.representation, columns=model.columns)
    paths = [path, *DEMO[1:4]]
    recordings = [reading.read(one) for one in paths]
    rows = np.stack([extract(one.waveform, one.sample_rate) for one in recordings])
    found = predict_emotion(path)
    np.testing.assert_allclose(shares(found), model.of_values(rows)[0], rtol=0, atol=6e-7)  # of six digits
    assert found["emotion"] == LABELS[int(shares(found).argmax())]
    assert found["confidence"] == shares(found).max()


def test_a_prediction_is_the_output_of_the_network_for_the_pooled_states_of_the_speech() -> None:
    """An independent computation of the settings of bundle.json from the states of the encoder."""
    from ai_edge_litert.interpreter import Interpreter

    described = json.loads((EMBEDDED / "bundle.json").read_text())
    settings = described["representation"]["settings"]
    assert (settings["extent"], settings["pooling"]) == ("speech", ["normal_mean"])
    waveform = np.concatenate([silence(2), SPEECH, silence(1)])
    level = [np.square(waveform[k : k + 320], dtype=np.float64).sum() for k in range(0, waveform.size - 319, 320)]
    loud = [k for k, power in enumerate(level) if 10 * np.log10(power / max(level) + 1e-12) >= -35]
    speech = waveform[loud[0] * 320 - 4800 : (loud[-1] + 1) * 320 + 4800]
    path = whisper_files.path(settings["model"], settings["revision"])
    states = whisper_litert.LiteRTStates(path, highest=3, setting="")(log_mel_spectra(speech), settings["layers"])
    means = [state.mean(axis=0, dtype=np.float64) for state in states]
    values = np.concatenate([(mean - mean.mean()) / mean.std() for mean in means])
    interpreter = Interpreter(model_path=str(EMBEDDED / "model.tflite"), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values[np.newaxis].astype(np.float32))
    interpreter.invoke()
    output = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0].astype(np.float64)
    assert output.sum() == pytest.approx(1, abs=1e-5)
    assert described["temperature"] == 1
    np.testing.assert_allclose(shares(predict_emotion(waveform, RATE)), output, rtol=0, atol=1e-4)


def test_file_path_and_waveform_have_equal_predictions() -> None:
    expected = predict_emotion(DEMO[0])
    assert predict_emotion(str(DEMO[0])) == expected
    assert predict_emotion(SPEECH, RATE) == expected
    assert predict_emotion((SPEECH * 2**15).astype(np.int16), sample_rate=RATE) == expected
    assert predict_emotion(SPEECH.tolist(), RATE) == expected
    assert ser.predict_emotion is predict_emotion


def test_a_recognizer_predicts_the_file_of_a_path(embedded: Recognizer) -> None:
    expected = predict_emotion(DEMO[0])
    with recognition.opened(DEMO[0]) as source:
        windows = list(embedded.timeline(source))
    for path in (DEMO[0], str(DEMO[0])):
        assert embedded.predict(path) == expected
        assert list(embedded.timeline(path)) == windows


def test_a_recognizer_names_what_it_takes_and_not_its_lack_of_an_attribute(embedded: Recognizer) -> None:
    for predicted in (embedded.predict, lambda waveform: list(embedded.timeline(waveform))):
        with pytest.raises(ValueError, match=r"of type ndarray; give .* a file, or .*opened\(waveform, rate\)"):
            predicted(np.zeros(16_000))  # type: ignore[arg-type]


def test_a_recognizer_is_shown_in_one_short_line(embedded: Recognizer) -> None:
    assert repr(embedded) == "<Recognizer of general: neutral, happy, sad, angry, fearful, disgust>"


def test_the_facts_are_plain_python(embedded: Recognizer) -> None:
    found = of(SPEECH, embedded)
    assert json.loads(json.dumps(found)) == found
    assert list(found) == ["emotion", "confidence", "probabilities", "duration"]
    assert list(found["probabilities"]) == embedded.labels == LABELS
    assert found["duration"] == round(SPEECH.size / RATE, 3)


def test_a_prediction_does_not_depend_on_earlier_ones(embedded: Recognizer) -> None:
    alone = of(SPEECH, embedded)
    of(OTHER, embedded)
    of(np.random.default_rng(0).normal(size=RATE), embedded)
    assert of(SPEECH, embedded) == alone


# lengths


def test_a_model_of_the_first_seconds_takes_no_more_of_a_short_recording() -> None:
    recognizer = recognition.of_bundles("made", [mel_bundle()], {})
    beginning = np.concatenate([SPEECH, silence(3.2 - SPEECH.size / RATE)])
    longer = np.concatenate([beginning, OTHER])
    np.testing.assert_array_equal(shares(of(beginning, recognizer)), shares(of(longer, recognizer)))
    assert of(longer, recognizer)["duration"] == round(longer.size / RATE, 3)


def test_the_embedded_model_takes_the_part_of_a_short_recording_around_its_speech(embedded: Recognizer) -> None:
    early, late = (
        shares(of(np.concatenate([silence(before), SPEECH, silence(after)]), embedded))
        for before, after in ((0.5, 2), (4, 0.5))
    )
    np.testing.assert_allclose(late, early, rtol=0, atol=1e-5)


def test_a_long_recording_is_the_mean_over_its_windows_with_speech(embedded: Recognizer) -> None:
    window = round(embedded.window * RATE)
    parts = [np.resize(SPEECH, window), silence(2 * embedded.window), np.resize(OTHER, window)]
    found = of(np.concatenate(parts), embedded)
    assert found["duration"] == 12.0
    expected = np.mean([shares(of(part, embedded)) for part in (parts[0], parts[2])], axis=0)
    np.testing.assert_allclose(shares(found), expected, rtol=0, atol=2e-6)


def test_a_long_recording_is_predicted_alike_from_file_and_waveform(tmp_path: Path) -> None:
    waveform = np.concatenate([np.resize(SPEECH, 100_000), silence(3), np.resize(OTHER, 100_001)])
    soundfile.write(tmp_path / "a.wav", waveform, RATE, subtype="FLOAT")
    assert predict_emotion(tmp_path / "a.wav") == predict_emotion(waveform, RATE)


def test_speech_after_five_seconds_of_silence_is_found(embedded: Recognizer) -> None:
    found = of(np.concatenate([silence(5), OTHER]), embedded)
    assert found["emotion"] in LABELS
    assert shares(found).sum() == pytest.approx(1, abs=1e-5)
    assert of(np.concatenate([silence(500), OTHER]), embedded)["emotion"] in LABELS


@pytest.mark.parametrize("before", [9.0, 9.5, 12.0, 12.7])
def test_a_word_at_the_end_of_a_long_recording_is_found(before: float, embedded: Recognizer) -> None:
    found = of(np.concatenate([silence(before), OTHER[: round(1.2 * RATE)]]), embedded)
    assert found["emotion"] in LABELS


def test_windows_overlap_by_half_if_the_first_has_no_speech() -> None:
    recognizer = recognition.of_bundles("made", [mel_bundle()], {})
    waveform, length = np.concatenate([silence(4), OTHER, silence(0.5)]), round(recognizer.window * RATE)
    starts = range(0, waveform.size, length // 2)
    windows = [
        of(waveform[start : start + length], recognizer) for start in starts if waveform.size - start > length // 2
    ]
    spoken = [shares(window) for window in windows if window["emotion"] != NO_SPEECH]
    assert windows[0]["emotion"] == NO_SPEECH
    assert len(spoken) >= 2
    np.testing.assert_allclose(shares(of(waveform, recognizer)), np.mean(spoken, axis=0), rtol=0, atol=2e-6)


@pytest.mark.parametrize("duration", [0.1, 1.0, 9.0, 10.0, 10.1, 33.3])
def test_silence_of_any_length_is_no_speech_unless_all_speech_is_set(duration: float, embedded: Recognizer) -> None:
    waveform = np.random.default_rng(0).normal(0, 0.01, round(duration * RATE))
    found = of(waveform, embedded)
    assert (found["emotion"], found["probabilities"]) == (NO_SPEECH, {})
    assert 0.5 < found["confidence"] <= 1
    insisted = of(waveform, recognition.load(all_speech=True))
    assert insisted["emotion"] in LABELS
    assert shares(insisted).sum() == pytest.approx(1, abs=1e-5)


def test_all_speech_changes_nothing_for_a_recording_with_speech(embedded: Recognizer) -> None:
    assert of(SPEECH, recognition.load(all_speech=True)) == of(SPEECH, embedded)


@pytest.mark.parametrize("n_samples", [0, 1, 1_599])
def test_less_than_a_tenth_of_a_second_is_refused(n_samples: int, embedded: Recognizer) -> None:
    message = rf"{n_samples / RATE:.6g} s long, shorter than 0\.1 s; record more"
    with pytest.raises(InvalidAudio, match=message):
        of(SPEECH[:n_samples], embedded)
    if n_samples:
        with pytest.raises(InvalidAudio, match=message):
            list(embedded.timeline(inputs.of_waveform(SPEECH[:n_samples], RATE)))


@pytest.mark.parametrize(
    ("duration", "hop", "expected"),
    [
        (2.0, 1.0, [(0, 2)]),
        (3.0, 1.0, [(0, 3)]),
        (5.25, 1.0, [(0, 3), (1, 4), (2, 5), (3, 5.25)]),
        (7.0, 3.0, [(0, 3), (3, 6), (4, 7)]),  # the rest of 1 s, with the sound before it
        (4.1, 0.4, [(0, 3), (0.4, 3.4), (0.8, 3.8), (1.2, 4.1)]),
    ],
)
def test_a_timeline_has_start_and_end_of_its_windows(
    duration: float, hop: float, expected: list[tuple[float, float]], embedded: Recognizer
) -> None:
    found = list(embedded.timeline(inputs.of_waveform(np.resize(SPEECH, round(duration * RATE)), RATE), hop=hop))
    assert [(one["start"], one["end"]) for one in found] == expected
    assert [one["duration"] for one in found] == [round(end - start, 3) for start, end in expected]


def test_each_row_of_a_timeline_is_the_prediction_of_its_samples(embedded: Recognizer) -> None:
    waveform = np.concatenate([SPEECH, silence(4), OTHER, silence(0.5)])
    for one in embedded.timeline(inputs.of_waveform(waveform, RATE), hop=0.7):
        part = waveform[round(one["start"] * RATE) : round(one["end"] * RATE)]
        alone = of(part, embedded)
        assert {name: one[name] for name in ("emotion", "confidence", "probabilities")} == {
            name: alone[name] for name in ("emotion", "confidence", "probabilities")
        }


# models


def test_a_bundle_of_the_demo_corpus_warns_and_others_do_not(embedded: Recognizer) -> None:
    assert embedded.warnings == []
    made = recognition.of_bundles("models/fold_0", [mel_bundle()], {"corpora": ["demo"]})
    (warning,) = made.warnings
    assert warning == "models/fold_0 was trained on the demo corpus, which is synthetic speech: do not rely on it"
    assert recognition.of_bundles("x", [mel_bundle()], {"corpora": ["demo", "ravdess"]}).warnings == []


def test_the_warning_is_printed_before_the_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ser import cli

    bundle.save(mel_bundle(corpora=["demo"]), tmp_path / "fold_0")
    cli.main(["predict", "--json", "--model", str(tmp_path / "fold_0"), str(DEMO[0])])
    found = capsys.readouterr()
    assert found.err.startswith(f"warning: {tmp_path}/fold_0 was trained on the demo corpus")
    assert len(json.loads(found.out)) == 1


@pytest.mark.parametrize("mean", ["arithmetic", "geometric"])
def test_members_of_an_ensemble_are_averaged_each_on_its_own_features(tmp_path: Path, mean: str) -> None:
    one, other = mel_bundle(), mel_bundle()
    other.representation["settings"] = other.representation["settings"] | {"fmax": 4_000.0, "n_fft": 1_024}
    for name, member in (("one", one), ("other", other)):
        bundle.save(member, tmp_path / name)
    members = {"one": tmp_path / "one", "other": tmp_path / "other"}
    ensembles.save(members, tmp_path / "both", {"model": {"name": "ensemble", "mean": mean}})
    alone = [shares(predict_emotion(DEMO[0], model=tmp_path / name)) for name in ("one", "other")]
    assert np.abs(alone[0] - alone[1]).max() > 1e-5
    both = shares(predict_emotion(DEMO[0], model=tmp_path / "both"))
    np.testing.assert_allclose(both, averaging.MEANS[mean](alone), rtol=0, atol=2e-6)


def test_features_are_computed_once_for_members_with_equal_representations(monkeypatch: pytest.MonkeyPatch) -> None:
    one, same, other = mel_bundle(), mel_bundle(), mel_bundle()
    other.representation["settings"] = other.representation["settings"] | {"fmax": 4_000.0}
    extracted: list[float] = []

    def counting(name: str, settings: dict[str, Any], **given: Any) -> Any:
        extract = extractor(name, settings, **given)

        def counted(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
            extracted.append(settings["fmax"])
            return extract(waveform, sample_rate)

        return counted

    monkeypatch.setattr(recognition, "extractor", counting)
    made = recognition.of_bundles("x", [one, same, other], {"model": {}})
    waveform = np.random.default_rng(0).uniform(-1, 1, RATE).astype(np.float32)
    found = made.probabilities(waveform, RATE)
    assert sorted(extracted) == [4_000.0, one.representation["settings"]["fmax"]]
    each = [recognition.of_bundles("x", [model], {}).probabilities(waveform, RATE) for model in (one, same, other)]
    np.testing.assert_allclose(found, np.mean(each, axis=0), atol=1e-12)


def test_a_window_has_the_longest_duration_of_the_members() -> None:
    short, long = mel_bundle(), mel_bundle()
    long.representation["settings"] = long.representation["settings"] | {"duration": 4.0}
    made = recognition.of_bundles("x", [short, long], {})
    assert (made.window, made.whole) == (4.0, False)
    endless = recognition.of_bundles("x", [trained()], {})  # functionals are of the whole utterance
    assert (endless.window, endless.whole) == (recognition.WINDOW, True)


def test_a_file_is_refused_as_a_model(tmp_path: Path) -> None:
    (tmp_path / "model.bin").touch()
    with pytest.raises(
        ValueError, match=r"model\.bin is a file; wanted a folder that the stage train wrote, as models"
    ):
        recognition.load(tmp_path / "model.bin")


def test_a_folder_of_folds_is_refused_with_an_example(tmp_path: Path) -> None:
    for fold in (0, 1, 2):
        (tmp_path / f"fold_{fold}").mkdir()
    with pytest.raises(ValueError, match=r"contains 3 models; choose one, as .*fold_0$"):
        recognition.load(tmp_path)


@pytest.mark.parametrize("made", [False, True])
def test_a_missing_model_is_an_error_with_the_remedy(made: bool, tmp_path: Path) -> None:
    if made:
        (tmp_path / "none").mkdir()
    with pytest.raises(ValueError, match=r"no model in .*none \(bundle\.json\); train one with: dvc repro train"):
        predict_emotion(DEMO[0], model=tmp_path / "none")


@pytest.mark.parametrize("content", ["{", "", "[]", "null", "1", '"a"', '{"format": 1}', "\ufeff{}", "{}"])
def test_a_damaged_description_is_refused_with_a_remedy(content: str, tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_text(content, encoding="utf-8")
    (tmp_path / "model.tflite").write_bytes((EMBEDDED / "model.tflite").read_bytes())
    with pytest.raises(ValueError, match=r"train anew") as caught:
        recognition.load(tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"x" * 1_000, (EMBEDDED / "model.tflite").read_bytes()[:5_000]])
def test_a_damaged_network_is_refused_with_a_remedy(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_bytes((EMBEDDED / "bundle.json").read_bytes())
    (tmp_path / "model.tflite").write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.tflite cannot be loaded \(.*\); export it anew"):
        recognition.load(tmp_path)


def test_a_network_of_other_emotions_is_refused(tmp_path: Path) -> None:
    described = json.loads((EMBEDDED / "bundle.json").read_text())
    (tmp_path / "bundle.json").write_text(json.dumps(described | {"labels": LABELS[:4]}))
    (tmp_path / "model.tflite").write_bytes((EMBEDDED / "model.tflite").read_bytes())
    with pytest.raises(ValueError, match=r"1 inputs and outputs of shape \[\(1, 6\)\]; wanted .* \(1, 4\); export it"):
        recognition.load(tmp_path)


def test_an_unknown_representation_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown representation 'cepstra'; it is one of frames"):
        extractor("cepstra", {}, [])


def test_a_transductive_bundle_does_not_predict_single_recordings(tmp_path: Path) -> None:
    made = mel_bundle()
    made.representation["adaptation"] = "speaker"
    bundle.save(made, tmp_path / "fold_0")
    message = "fold_0 is transductive: .* all utterances of a speaker, .* with: dvc exp run -S adaptation=none"
    with pytest.raises(ValueError, match=message):
        predict_emotion(DEMO[0], model=tmp_path / "fold_0")
    ensembles.save({"one": tmp_path / "fold_0", "other": tmp_path / "fold_0"}, tmp_path / "both", ENSEMBLE)
    with pytest.raises(ValueError, match="both is transductive"):
        recognition.load(tmp_path / "both")


def test_a_retrained_bundle_is_read_anew(tmp_path: Path) -> None:
    folder = tmp_path / "fold_0"
    described = json.loads((EMBEDDED / "bundle.json").read_text())
    folder.mkdir()
    (folder / "model.tflite").write_bytes((EMBEDDED / "model.tflite").read_bytes())
    (folder / "bundle.json").write_text(json.dumps(described))
    before = predict_emotion(DEMO[0], model=folder)
    assert predict_emotion(DEMO[0], model=folder) == before
    (folder / "bundle.json").write_text(json.dumps(described | {"temperature": 100.0}))
    later = time.time() + 2
    os.utime(folder / "bundle.json", (later, later))
    after = predict_emotion(DEMO[0], model=str(folder))
    assert after["emotion"] == before["emotion"]
    assert after["confidence"] < 0.2 < before["confidence"]  # 1/6 is chance


def test_a_bundle_that_is_removed_is_no_longer_predicted_with(tmp_path: Path) -> None:
    for name in ("model.tflite", "bundle.json"):
        (tmp_path / name).write_bytes((EMBEDDED / name).read_bytes())
    predict_emotion(DEMO[0], model=tmp_path)
    (tmp_path / "bundle.json").unlink()
    with pytest.raises(ValueError, match="no model in"):
        predict_emotion(DEMO[0], model=tmp_path)


def test_predict_emotion_takes_a_recognizer_with_its_adjustments() -> None:
    recognizer = recognition.load().adjusted(prior={"neutral": 0.9})
    found = predict_emotion(DEMO[0], model=recognizer)
    assert found == recognizer.predict(DEMO[0])
    assert found != predict_emotion(DEMO[0], model=recognizer, prior={}) == predict_emotion(DEMO[0])


def test_a_list_of_paths_is_no_waveform() -> None:
    with pytest.raises(ValueError, match="a list of paths; give one path at a time"):
        predict_emotion([str(DEMO[0])])


def test_a_waveform_needs_its_rate_and_a_file_has_its_own() -> None:
    with pytest.raises(ValueError, match="waveform is missing; give it in Hz, as: sample_rate=16000"):
        predict_emotion(SPEECH)
    with pytest.raises(ValueError, match=r"sample_rate is 16000, and .*\.flac declares its own; leave it out"):
        predict_emotion(DEMO[0], 16_000)


@pytest.mark.parametrize("path", [".", "nowhere.wav"])
def test_a_path_without_a_file_is_an_oserror(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match=r"Is a directory|No such file"):
        predict_emotion(path)


def test_features_that_are_not_finite_are_refused(embedded: Recognizer) -> None:
    def broken(waveform: np.ndarray, rate: int) -> np.ndarray:
        return np.full((64, 94), np.nan, np.float32)

    made = Recognizer("x", [(broken, embedded.parts[0][1])], 3.0, False, {})
    with pytest.raises(InvalidAudio, match="samples whose features are not finite; replace it by an intact") as raised:
        of(SPEECH, made)
    assert raised.value.kind == Kind.FEATURES_NOT_FINITE


# cost of a prediction

IMPORTED = """
import sys
import ser.cli
import ser.commands.predict
from ser import predict_emotion
print(predict_emotion(sys.argv[1])["emotion"])
heavy = {"tensorflow", "keras", "librosa", "pandas", "sklearn", "numba", "torch", "jax", "matplotlib", "hydra", "dvc"}
heavy |= {"umap", "streamlit"}
print(sorted((heavy | {"pydantic"}) & {name.partition(".")[0] for name in sys.modules}))
from app.http import loading, server, settings, workers
loading.warm_up(loading.loaded(settings.read({}).models))
print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
"""


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=ROOT, check=True)


def test_command_and_service_with_the_embedded_model_do_not_import_the_libraries_of_training() -> None:
    ended = process("-c", IMPORTED, str(DEMO[0]))
    assert ended.stdout.splitlines() == [predict_emotion(DEMO[0])["emotion"], "[]", "[]"]
    assert ended.stderr == ""


def test_importing_ser_imports_neither_numpy_nor_soundfile() -> None:
    ended = process("-c", "import sys, ser; print(sorted({'numpy', 'soundfile'} & set(sys.modules)), dir(ser))")
    assert ended.stdout.startswith("[] ")


def processor_time(*arguments: str) -> float:
    """Seconds of a processor that a process takes, which other processes do not change."""
    resource = pytest.importorskip("resource")  # not on Windows
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process(*arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def test_the_first_prediction_of_the_command_takes_at_most_ten_times_as_long_as_the_import_of_numpy() -> None:
    """Half a second on an idle machine."""
    command = ("-c", "from ser.cli import main; main()", "predict", str(DEMO[0]))
    assert processor_time(*command) < 10 * processor_time("-c", "import numpy")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "rate in words": ({"sample_rate": "16000"}, "a sample rate of '16000', which is no number"),
    "several rates": ({"sample_rate": [16_000]}, r"a sample rate of \[16000\], which is no number"),
    "bytes": ({"recording": b"RIFF", "sample_rate": None}, "of type bytes; give the path of a file, or a waveform"),
    "open file": ({"recording": io.BytesIO(), "sample_rate": None}, "of type BytesIO; give the path of a file"),
    "no recording": ({"recording": None}, "of type NoneType; give the path of a file"),
    "empty name": ({"recording": "", "sample_rate": None}, "the name of the recording is ''; give the path of a file"),
    "zero in a name": ({"recording": "a\0", "sample_rate": None}, r"the name of the recording is 'a\\x00'"),
    "model": ({"model": 5}, "the model is 5; give a name of general, "),
    "empty model": ({"model": ""}, "the model is ''; give a name of general, "),
    "prior": ({"prior": {"sad": "0.5"}}, "the prior of sad is '0.5'; wanted a number from 0 to 1"),
    "key of a prior": ({"prior": {5: 0.5}}, "the prior names '5', which the model does not know"),
    "unsure": ({"unsure": None}, "unsure is None; wanted a confidence from 0 to 1"),
    "enrolment": ({"enrol": 5}, "5 to enrol is no recording; give a folder, or a list of recordings"),
    "one network": ({"networks": "abc"}, "networks is 'abc'; wanted a list of names"),
    "networks": ({"networks": None}, "networks is None; wanted a list of names"),
}


@pytest.mark.parametrize("case", WRONG)
def test_arguments_of_wrong_types_are_named_with_the_remedy(case: str) -> None:
    changes, message = WRONG[case]
    given: dict[str, Any] = {"recording": SPEECH, "sample_rate": RATE} | changes
    with pytest.raises(ValueError, match=message):
        predict_emotion(given.pop("recording"), given.pop("sample_rate"), **given)


# remarks


def test_less_than_a_second_of_speech_is_remarked_on(embedded: Recognizer) -> None:
    middle = SPEECH.size // 2
    word = SPEECH[middle - 4800 : middle + 4800]  # 0.6 s
    remark = " s of speech: with less than 1 s, answers are often wrong, and their confidence is too high"
    for before, after in ((0.0, 0.0), (1.0, 0.5), (0.0, 11.0)):  # the last one is divided into windows
        found = of(np.concatenate([silence(before), word, silence(after)]), embedded)
        assert [note[3:] for note in found["notes"]] == [remark]
        assert 0.5 <= float(found["notes"][0][:3]) <= 0.6
    for longer in (np.tile(word, 2), np.tile(word, 20), silence(2)):
        assert "notes" not in of(longer, embedded)


def test_each_window_of_a_timeline_has_the_remarks_on_itself(embedded: Recognizer) -> None:
    middle = SPEECH.size // 2
    word = SPEECH[middle - 4800 : middle + 4800]  # 0.6 s
    waveform = np.concatenate([np.tile(word, 5), silence(3), word, silence(2)])
    first, *_, last = embedded.timeline(inputs.of_waveform(waveform, RATE), hop=3.0)
    assert "notes" not in first
    assert last["notes"] == of(waveform[-3 * RATE :], embedded)["notes"] != []
    offset = embedded.timeline(inputs.of_waveform(SPEECH + np.float32(0.4), RATE))
    assert all(one["notes"] == ["a constant offset is removed"] for one in offset)
