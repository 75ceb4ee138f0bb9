"""Served predictions are equal to the digits of predictions.csv, for every kind of model and every interface."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from ser import params, predict_emotion
from ser.audio import voice_activity
from ser.core import files, tables
from ser.features.yamnet import hub
from ser.models import bundle
from ser.serving import export, recognition
from ser.serving.inputs import opened
from ser.serving.recognition import Recognizer
from stages import (
    balance,
    evaluate,
    extract_frames,
    extract_librosa,
    extract_log_mel,
    extract_whisper_states,
    extract_yamnet_bands,
    ingest,
    partition,
    train,
    train_member,
)
from tests.support import small_whisper
from tests.support.paths import CONF
from tests.support.synthesis import ravdess_corpus, tone

pytestmark = pytest.mark.slow  # tests/audit/test_study_checks.py compares one study more quickly

HANDLE = "https://tfhub.dev/google/yamnet/1"
EPOCHS = "training.max_epochs=2"
ATTENTION = (
    *("model.filters=[4,4]", "model.dense_units=8", "model.n_blocks=1", "model.n_heads=2"),
    *("model.max_time_mask=8", "model.max_band_mask=4"),
)
FOLDS = ("partition=speaker_folds", "partition.n_folds=3")
STUDIES = {  # one of several folds; tests/stages/test_neural_stages.py has networks of several
    "functionals": ("model=svm", "balance.k_neighbors=1", *FOLDS),
    "spectrogram": ("model=attention", EPOCHS, *ATTENTION),
    "frames": ("model=conv_bilstm", EPOCHS, "model.filters=[4]", "model.recurrent_units=4", "model.dense_units=[8]"),
    "tuned_yamnet": ("model=tuned_yamnet", EPOCHS, "model.n_layers=3", "model.n_frozen=1"),
    "tuned_whisper": ("model=tuned_whisper", EPOCHS, "model.n_layers=3", "model.excerpt=20"),
    "ensemble": (
        "model=ensemble",
        "model.mean=geometric",
        "members.svm.balance.k_neighbors=1",
        *(f"members.attention.{one}" for one in (EPOCHS, *ATTENTION)),
    ),
}
DIGITS = 1e-6  # one unit of the last digit in the file


@pytest.fixture(scope="module", autouse=True)
def encoders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A small random encoder in the place of Whisper's."""
    folder = tmp_path_factory.mktemp("encoders")
    small_whisper.written(folder / "whisper_base")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SER_ENCODERS", str(folder))
        yield


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a project with extracted representations: 6 speakers, recorded in several ways."""
    folder = tmp_path_factory.mktemp("served")
    recorded_otherwise(ravdess_corpus(folder / "corpus", speakers=("01", "02", "03", "04", "05", "06")))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        compose(folder, *STUDIES["functionals"])
        ingest.main()
        extract_librosa.main()
        for stage in (extract_log_mel, extract_frames, extract_yamnet_bands):
            files.write_json(stage.AVAILABILITY, {"wanted": True})
            stage.main()
    return folder


def recorded_otherwise(corpus: Path) -> None:
    """Make some recordings longer than the input of any model, of another rate, in stereo, or almost without speech."""
    paths = sorted(corpus.rglob("*.flac"))
    for path in paths[::3]:
        waveform, _ = soundfile.read(path)
        soundfile.write(path, np.tile(waveform, 11), 16_000)  # 5.5 s
    for path in paths[1::3]:
        waveform, _ = soundfile.read(path)
        soundfile.write(path, np.stack([waveform, waveform[::-1] / 3], axis=1), 22_050)
    for path in paths[2::9]:
        soundfile.write(path, tone(1000 + len(path.parts), 0.15, 48_000, 1e-3 * (1 + paths.index(path))), 48_000)


def compose(folder: Path, *overrides: str) -> None:
    corpus = ("corpus=ravdess", f"corpus.root={folder / 'corpus'}", "labels=common_four")
    encoder = "whisper_states.duration=1.6"  # of the small one
    params.compose([*corpus, encoder, *overrides], conf=CONF, path=folder / "params.yaml")


@pytest.fixture(scope="module", params=STUDIES)
def study(request: pytest.FixtureRequest, extracted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the models and predictions of a study, as its stages wrote them, with its corpus."""
    if request.param == "tuned_yamnet" and not hub.is_cached(HANDLE):
        pytest.skip("TFHUB_CACHE_DIR is not set, or has no YAMNet")
    folder = tmp_path_factory.mktemp(request.param) / "study"
    shutil.copytree(extracted, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        compose(folder, *STUDIES[request.param])
        partition.main()
        if request.param == "tuned_whisper":
            files.write_json(extract_whisper_states.AVAILABILITY, {"wanted": True})
            extract_whisper_states.main()
        if request.param == "ensemble":
            for member in ("svm", "attention"):
                train_member.main(member)
        for stage in (balance, train, evaluate):
            stage.main()
    return folder


def last_fold(study: Path) -> Path:
    """Folder of the model of the last fold."""
    return max((study / "models").iterdir())


def evaluated_rows(study: Path) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Fold, path and row of every test utterance."""
    paths = tables.read_utterances(study / "data/utterances.csv").set_index("utterance")["path"]
    predictions = tables.read_predictions(study / "reports/predictions.csv")
    for _, row in predictions[predictions["partition"] == "test"].iterrows():
        yield f"fold_{row['fold']}", paths[row["utterance"]], row


def served(recognizer: Recognizer, path: Path) -> dict[str, float]:
    with opened(path) as recording:
        return recognizer.predict(recording)["probabilities"]


def test_every_test_utterance_is_predicted_from_its_recording_as_in_evaluation(study: Path) -> None:
    recognizers = {path.name: recognition.load(path, all_speech=True) for path in (study / "models").iterdir()}
    rows = list(evaluated_rows(study))
    partitions = tables.read_partitions(study / "data/partitions.csv")
    n_folds = partitions["fold"].nunique()
    assert len(rows) == (partitions["partition"] == "test").sum() == n_folds * 2 * 14
    assert {fold for fold, _, _ in rows} == set(recognizers) == {f"fold_{k}" for k in range(n_folds)}
    found, evaluated = [], []
    for fold, path, row in rows:
        with opened(study / "corpus" / path) as recording:
            prediction = recognizers[fold].predict(recording)
        assert prediction["emotion"] == row["prediction"] or is_tied(row)
        found.append(list(prediction["probabilities"].values()))
        evaluated.append([row[f"p_{label}"] for label in prediction["probabilities"]])
    np.testing.assert_allclose(found, evaluated, rtol=0, atol=DIGITS * 1.001)
    assert np.ptp(found, axis=0).max() > 1000 * DIGITS  # the recording matters, far more than what is tolerated


def is_tied(row: pd.Series) -> bool:
    """True if the two most probable emotions have equal digits."""
    first, second = row.filter(like="p_").astype(float).nlargest(2)
    return bool(first - second <= DIGITS)


def test_a_waveform_in_memory_is_predicted_like_its_file(study: Path) -> None:
    recognizer = recognition.load(last_fold(study), all_speech=True)
    for path in sorted((study / "corpus").rglob("*.flac"))[:6]:
        waveform, rate = soundfile.read(path, dtype="float32")
        from_memory = recognizer.probabilities(waveform if waveform.ndim == 1 else waveform.mean(axis=1), rate)
        np.testing.assert_allclose(from_memory, list(served(recognizer, path).values()), rtol=0, atol=DIGITS)


def test_a_prediction_does_not_depend_on_earlier_ones(study: Path) -> None:
    recognizer = recognition.load(study / "models/fold_0", all_speech=True)
    paths = sorted((study / "corpus").rglob("*.flac"))[:5]
    first = [served(recognizer, path) for path in paths]
    assert [served(recognizer, path) for path in reversed(paths)] == first[::-1]


def test_the_function_of_the_package_predicts_with_the_given_bundle(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Detection of speech is its only step beyond evaluation."""
    recognizer = recognition.load(last_fold(study), all_speech=True)
    monkeypatch.setattr(voice_activity, "speech_probability", lambda *_: 1.0)
    for path in sorted((study / "corpus").rglob("*.flac"))[::9]:
        assert predict_emotion(path, model=last_fold(study))["probabilities"] == served(recognizer, path)


def test_an_export_predicts_as_in_evaluation(study: Path, tmp_path: Path) -> None:
    """The file has six digits; LiteRT and ONNX differ from Keras and scikit-learn in the seventh."""
    description = bundle.read_description(study / "models/fold_0")
    if "members" in description:
        pytest.skip("an ensemble is exported member by member")
    written = export.exported(bundle.load(study / "models/fold_0"), description, tmp_path)
    exact = written.get("onnx", written.get("litert"))
    assert exact is not None
    recognizer = recognition.load(exact, all_speech=True)
    for fold, path, row in evaluated_rows(study):
        if fold == "fold_0":
            found = served(recognizer, study / "corpus" / path)
            np.testing.assert_allclose(list(found.values()), [row[f"p_{label}"] for label in found], atol=1e-5)
