"""Stage extract_whisper: a table that agrees with a served model, or is unavailable if no model takes it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ser.audio import reading
from ser.core import tables
from ser.features.encoders import whisper
from ser.representation.registry import extractor
from stages import extract_whisper
from tests.support import extraction_stage, small_whisper
from tests.support.dvc_project import Project
from tests.support.synthesis import ravdess_corpus

RATE = 16_000
SETTINGS: dict[str, Any] = {
    "model": "openai/whisper-base",
    "revision": "0123456789" * 4,
    "layers": [2],
    "pooling": ["mean", "deviation"],
    "extent": "recording",
    "max_duration": 2.0,
    "required": False,
}


def configure(*, wanted: bool, **changes: Any) -> None:
    extraction_stage.configure(extract_whisper, "whisper", {**SETTINGS, **changes}, wanted=wanted)


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three utterances in a separate project, with a cache and a small encoder beside it."""
    monkeypatch.setenv("SER_ENCODERS", str(tmp_path))
    whisper.loaded.cache_clear()
    small_whisper.written(tmp_path / "whisper_base")
    return extraction_stage.corpus_in(
        tmp_path, monkeypatch, extract_whisper, n=3, sample_rate=RATE, shortest=0.1, step=0.2
    )


@pytest.mark.usefixtures("corpus")
def test_without_a_model_that_takes_it_the_table_is_unavailable_and_no_library_is_imported() -> None:
    configure(wanted=False)
    printed = (
        "Whisper's features: not needed by the model; to extract them: -S model.representation=whisper or -S"
        " extract=all\nset()\n"
    )
    libraries = {"safetensors", "huggingface_hub", "keras", "torch"}
    assert extraction_stage.printed_by(extract_whisper, libraries) == printed
    assert tables.is_unavailable(extract_whisper.FEATURES)


def test_the_table_has_the_features_of_a_served_model(corpus: Path) -> None:
    configure(wanted=True, layers=[0, 3])
    extract_whisper.main()
    found = tables.read_features(extract_whisper.FEATURES)
    columns = [f"Whisper_{k}" for k in range(1, 4 * small_whisper.WIDTH + 1)]
    assert tables.feature_columns(found) == columns
    served = extractor("whisper", yaml.safe_load(Path("params.yaml").read_text())["whisper"], columns)
    recordings = [reading.read(corpus / f"{k}.flac") for k in range(3)]
    expected = np.array([served(one.waveform, one.sample_rate) for one in recordings])
    np.testing.assert_array_equal(found[columns], expected)
    assert len(np.unique(expected, axis=0)) == 3


@pytest.mark.slow
def test_a_study_on_whisper_from_audio_to_prediction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SER_ENCODERS", str(tmp_path))
    small_whisper.written(tmp_path / "whisper_base")
    project = Project(tmp_path / "top")
    corpus = ravdess_corpus(tmp_path / "corpus")
    base = [
        f"corpus.root={corpus}",
        "labels=common_four",
        "balance=none",
        "whisper.max_duration=2.0",
        "whisper.layers=[2]",
    ]
    given = [*base, "model=logistic_regression", "model.representation=whisper"]
    project.compose(*base)
    project.commit("start")
    assert "Whisper's features: not needed" in project.reproduced(*base, targets=["extract_whisper"])
    output = project.reproduced(*given, targets=["audit", "evaluate"])
    wanted = {"probe", "extract_whisper", "balance", "train", "evaluate", "audit"}
    assert set(project.ran(output)) == wanted
    assert project.read("data/whisper_extracted_features.csv").shape == (4 * 14, 3 + 2 * small_whisper.WIDTH)
    assert project.read_json("reports/audit.json")["n_errors"] == 0
    predictions = project.read("reports/predictions.csv")
    row = predictions[predictions["partition"] == "test"].iloc[0]
    [recording] = corpus.rglob(f"{row['utterance'].rpartition('/')[2]}.flac")
    answer = project.ser("predict", str(recording), "--model", "models/fold_0", "--all-speech", "--csv")
    [served] = [line.split(",") for line in answer.splitlines() if line.startswith(str(recording))]  # others are notes
    assert served[1] == row["prediction"]
    probabilities = [float(value) for value in served[3:7]]
    assert probabilities == pytest.approx([row[column] for column in tables.probability_columns(predictions)], abs=1e-5)
    refused = project.reproduced(*given, "whisper.layers=[9]", fails=True)
    assert "whisper.layers asks for layer 9" in refused
