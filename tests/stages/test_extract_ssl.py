"""Stage extract_ssl: a table that agrees with a served model, or is unavailable if no model takes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ser.audio import reading, waveforms
from ser.core import tables, unavailable
from ser.features.encoders import hugging_face
from stages import extract_ssl
from tests.support import extraction_stage, small_encoders
from tests.support.dvc_project import Project
from tests.support.synthesis import ravdess_corpus

RATE = 16_000


def configure(*, wanted: bool, augmentation: Mapping[str, Any] = extraction_stage.NONE, **ssl: Any) -> None:
    settings = {"layers": None, "weights": None, "max_duration": 10.0, "required": False, **ssl}
    extraction_stage.configure(extract_ssl, "ssl", settings, wanted=wanted, augmentation=augmentation)


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five utterances in a separate project, with a cache beside it."""
    return extraction_stage.corpus_in(tmp_path, monkeypatch, extract_ssl, n=5, sample_rate=RATE, shortest=0.1, step=0.2)


@pytest.mark.usefixtures("corpus")
def test_without_a_model_that_takes_it_the_table_is_unavailable_and_no_network_is_imported() -> None:
    configure(wanted=False, model="someone/none", revision=None)
    printed = (
        "a speech encoder's features: not needed by the model; to extract them: -S model.representation=ssl or -S"
        " extract=all\nset()\n"
    )
    libraries = {"torch", "transformers", "huggingface_hub"}
    assert extraction_stage.printed_by(extract_ssl, libraries) == printed
    assert tables.is_unavailable(extract_ssl.FEATURES)


@pytest.fixture
def encoder(tmp_path: Path) -> dict[str, str]:
    """`model` and `revision` of a small encoder."""
    pytest.importorskip("torch", reason="torch is not installed: pip install -e '.[ssl]'")
    pytest.importorskip("transformers", reason="transformers is not installed: pip install -e '.[ssl]'")
    folder = small_encoders.written("wavlm", tmp_path / "encoder")
    return {"model": str(folder), "revision": hugging_face.digest(folder)}


def test_the_table_has_the_features_of_a_served_model(corpus: Path, encoder: dict[str, str]) -> None:
    from ser.representation.registry import extractor

    configure(wanted=True, **encoder)
    extract_ssl.main()
    found = tables.read_features(extract_ssl.FEATURES)
    columns = [f"SSL_{k}" for k in range(1, 25)]
    assert tables.feature_columns(found) == columns
    settings = yaml.safe_load(Path("params.yaml").read_text())["ssl"]
    served = extractor("ssl", settings, columns)
    recordings = [reading.read(corpus / f"{k}.flac") for k in range(5)]
    expected = np.array([served(one.waveform, one.sample_rate) for one in recordings])
    np.testing.assert_array_equal(found[columns], expected)
    assert len(np.unique(expected, axis=0)) == 5
    assert (found["variant"] == tables.ORIGINAL).all()


@pytest.mark.usefixtures("corpus")
def test_nothing_is_encoded_twice_unless_settings_or_weights_change(
    encoder: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ser.features.encoders import transformers_encoder

    encoded: list[int] = []
    real = transformers_encoder.Encoder.__call__

    def counted(self: transformers_encoder.Encoder, waveform: waveforms.Waveform) -> Any:
        encoded.append(waveform.size)
        return real(self, waveform)

    monkeypatch.setattr(transformers_encoder.Encoder, "__call__", counted)

    def n_encoded(**settings: Any) -> int:
        encoded.clear()
        configure(wanted=True, **encoder, **settings)
        extract_ssl.main()
        return len(encoded)

    assert n_encoded() == 5
    first = extract_ssl.FEATURES.read_bytes()
    assert n_encoded() == 0
    assert extract_ssl.FEATURES.read_bytes() == first
    assert n_encoded(layers=[2]) == 5
    assert n_encoded(layers=[2], weights=[3.0]) == 5
    small_encoders.written("wavlm", tmp_path / "encoder", seed=1)
    encoder["revision"] = hugging_face.digest(tmp_path / "encoder")
    assert n_encoded() == 5
    assert extract_ssl.FEATURES.read_bytes() != first


@pytest.mark.usefixtures("corpus")
def test_variants_have_rows_of_their_own(encoder: dict[str, str]) -> None:
    noise = {"name": "waveform", "seed": 0, "variants": {"noise": {"sigma": 0.05}}}
    configure(wanted=True, augmentation=noise, **encoder)
    extract_ssl.main()
    found = tables.read_features(extract_ssl.FEATURES)
    assert found["variant"].tolist() == ["original", "noise"] * 5
    assert len(found.drop_duplicates(tables.feature_columns(found))) == 10


@pytest.mark.slow
def test_a_study_on_an_encoder_from_audio_to_prediction(tmp_path: Path, encoder: dict[str, str]) -> None:
    project = Project(tmp_path / "top")
    corpus = ravdess_corpus(tmp_path / "corpus")
    base = [f"corpus.root={corpus}", "labels=common_four", "balance=none"]
    given = [*base, "model.representation=ssl", *(f"ssl.{key}={value}" for key, value in encoder.items())]
    project.compose(*base)
    project.commit("start")
    without = project.reproduced(*base, targets=["extract_ssl"])
    assert "a speech encoder's features: not needed" in without
    assert list(project.read("data/ssl_extracted_features.csv"))[-1] == unavailable.COLUMN
    output = project.reproduced(*given, targets=["audit", "evaluate"])
    wanted = {"probe", "extract_ssl", "balance", "train", "evaluate", "audit"}
    assert set(project.ran(output)) == wanted
    assert project.read("data/ssl_extracted_features.csv").shape == (4 * 14, 3 + 24)
    assert (
        project.read_json("models/fold_0/bundle.json")["representation"]["settings"]["revision"] == encoder["revision"]
    )
    assert project.read_json("reports/metrics.json")["speaker_independent"] is True
    assert project.read_json("reports/audit.json")["n_errors"] == 0
    predictions = project.read("reports/predictions.csv")
    row = predictions[predictions["partition"] == "test"].iloc[0]
    [recording] = corpus.rglob(f"{row['utterance'].rpartition('/')[2]}.flac")
    trusted = ("--model", "models/fold_0", "--network", encoder["model"])
    answer = project.ser("predict", str(recording), *trusted, "--all-speech", "--csv")
    [served] = [line.split(",") for line in answer.splitlines() if line.startswith(str(recording))]  # others are notes
    assert served[1] == row["prediction"]
    probabilities = [float(value) for value in served[3:7]]
    assert probabilities == pytest.approx([row[column] for column in tables.probability_columns(predictions)], abs=1e-5)
    refused = project.reproduced(*base, "model.representation=ssl", f"ssl.model={encoder['model']}", fails=True)
    assert f"choose -S ssl.revision={encoder['revision']}" in refused
