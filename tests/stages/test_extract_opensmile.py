"""Stage extract_opensmile: a table that agrees with a served model, or is unavailable if no model takes it."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ser.audio import reading
from ser.core import tables, unavailable
from stages import extract_opensmile
from tests.support import extraction_stage
from tests.support.dvc_project import Project
from tests.support.synthesis import ravdess_corpus

RATE = 22_050
N = 20  # utterances; more than one task of the workers has


def configure(
    *, wanted: bool, augmentation: Mapping[str, Any] = extraction_stage.NONE, name: str = "eGeMAPSv02"
) -> None:
    settings = {"name": name, "sample_rate": 16_000}
    extraction_stage.configure(extract_opensmile, "opensmile", settings, wanted=wanted, augmentation=augmentation)


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Utterances in a separate project, with a cache beside it."""
    return extraction_stage.corpus_in(
        tmp_path, monkeypatch, extract_opensmile, n=N, sample_rate=RATE, shortest=0.1, step=0.05
    )


@pytest.mark.usefixtures("corpus")
def test_without_a_model_that_takes_it_the_table_is_unavailable_and_nothing_is_imported() -> None:
    configure(wanted=False)
    setting = "model.representation=opensmile"
    printed = f"openSMILE's features: not needed by the model; to extract them: -S {setting} or -S extract=all\nset()\n"
    assert extraction_stage.printed_by(extract_opensmile, {"opensmile", "audinterface"}) == printed
    assert tables.is_unavailable(extract_opensmile.FEATURES)


@pytest.fixture
def package() -> None:
    if importlib.util.find_spec("opensmile") is None:  # importorskip would import it
        pytest.skip("opensmile is not installed: pip install -e '.[opensmile]'")


@pytest.mark.usefixtures("package")
def test_the_table_has_the_features_of_a_served_model(corpus: Path) -> None:
    from ser.representation.registry import extractor

    configure(wanted=True)
    extract_opensmile.main()
    found = tables.read_features(extract_opensmile.FEATURES)
    columns = tables.feature_columns(found)
    assert len(columns) == 88
    settings = yaml.safe_load(Path("params.yaml").read_text())["opensmile"]
    served = extractor("opensmile", settings, columns)
    recordings = [reading.read(corpus / f"{k}.flac") for k in range(N)]
    expected = np.array([served(one.waveform, one.sample_rate) for one in recordings])
    np.testing.assert_array_equal(found[columns], expected)
    assert len(np.unique(expected, axis=0)) == N


@pytest.mark.usefixtures("corpus", "package")
def test_the_table_has_equal_bytes_from_one_process_two_processes_or_the_cache(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def table(*, n_processes: int, cached: bool) -> bytes:
        monkeypatch.setenv("LOKY_MAX_CPU_COUNT", str(n_processes))
        monkeypatch.setenv("SER_CACHE_GB", "1" if cached else "0")
        configure(wanted=True)
        extract_opensmile.main()
        return extract_opensmile.FEATURES.read_bytes()

    first = table(n_processes=1, cached=True)
    assert table(n_processes=2, cached=False) == first
    from ser.features import opensmile

    def unneeded(*_: object) -> None:
        raise AssertionError("an utterance was extracted twice")

    monkeypatch.setattr(opensmile, "loaded", lambda _: unneeded)
    assert table(n_processes=1, cached=True) == first


@pytest.mark.slow
@pytest.mark.usefixtures("corpus", "package")
def test_sets_have_their_own_columns_and_variants_their_own_rows() -> None:
    noise = {"name": "waveform", "seed": 0, "variants": {"noise": {"sigma": 0.05}}}
    configure(wanted=True, augmentation=noise, name="ComParE_2016")
    extract_opensmile.main()
    found = tables.read_features(extract_opensmile.FEATURES)
    assert found["variant"].tolist() == ["original", "noise"] * N
    columns = tables.feature_columns(found)
    assert len(columns) == 6373
    assert len(found.drop_duplicates(columns)) == 2 * N


@pytest.mark.slow
@pytest.mark.usefixtures("package")
def test_a_study_from_audio_to_prediction(tmp_path: Path) -> None:
    project = Project(tmp_path / "top")
    corpus = ravdess_corpus(tmp_path / "corpus")
    base = [f"corpus.root={corpus}", "labels=common_four", "balance.k_neighbors=3"]
    project.compose(*base)
    project.commit("start")
    assert "openSMILE's features: not needed" in project.reproduced(*base, targets=["extract_opensmile"])
    assert list(project.read("data/opensmile_extracted_features.csv"))[-1] == unavailable.COLUMN
    output = project.reproduced(*base, "model=svm", "model.representation=opensmile", targets=["audit", "evaluate"])
    assert {"probe", "extract_opensmile", "balance", "train", "evaluate", "audit"} <= set(project.ran(output))
    assert project.read("data/opensmile_extracted_features.csv").shape == (4 * 14, 3 + 88)
    assert project.read_json("models/fold_0/bundle.json")["representation"] == {
        "name": "opensmile",
        "settings": {"name": "eGeMAPSv02", "sample_rate": 16_000},
    }
    assert project.read_json("reports/audit.json")["n_errors"] == 0
    predictions = project.read("reports/predictions.csv")
    row = predictions[predictions["partition"] == "test"].iloc[0]
    [recording] = corpus.rglob(f"{row['utterance'].rpartition('/')[2]}.flac")
    answer = project.ser("predict", str(recording), "--model", "models/fold_0", "--all-speech", "--csv")
    [served] = [line.split(",") for line in answer.splitlines() if line.startswith(str(recording))]  # others are notes
    assert served[1] == row["prediction"]
    probabilities = [float(value) for value in served[3:7]]
    assert probabilities == pytest.approx([row[column] for column in tables.probability_columns(predictions)], abs=1e-5)
