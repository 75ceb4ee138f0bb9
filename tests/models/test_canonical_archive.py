"""Archives of classifiers: equal bytes for equal models, whatever the process, the time and the memory."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io

from ser.models import classifier_reading, classifier_training
from ser.models.canonical_archive import canonical
from tests.support.learning_tables import training_rows, utterance_table
from tests.support.paths import ROOT

UTTERANCES = utterance_table(4, emotions=("neutral", "happy", "sad", "angry"), n_repetitions=1)
ROWS = training_rows(UTTERANCES)
SETTINGS: dict[str, dict[str, Any]] = {
    "svm": {"C": 1.0, "gamma": "scale"},
    "random_forest": {"n_estimators": 5, "min_samples_leaf": 2},
    "mlp": {"hidden_layer_sizes": [16], "alpha": 0.01, "max_iter": 5000},
}


def write_archives(folder: Path) -> None:
    """Train a classifier of each kind; write its archive as skops makes it and in the canonical form."""
    for name, settings in SETTINGS.items():
        model = classifier_training.fitted(
            ROWS, UTTERANCES["speaker"], name=name, n_calibration_folds=2, seed=0, **settings
        )
        archive = skops.io.dumps(model)
        (folder / f"{name}.raw").write_bytes(archive)
        (folder / f"{name}.skops").write_bytes(canonical(archive))


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of the archives of this process and of another one."""
    here, there = (tmp_path_factory.mktemp(name) for name in ("here", "there"))
    write_archives(here)
    code = f"from pathlib import Path; from {__name__} import write_archives; write_archives(Path({str(there)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    return [here, there]


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_a_second_training_in_another_process_gives_the_same_bytes(twice: list[Path], name: str) -> None:
    raw, written = ([(folder / f"{name}.{kind}").read_bytes() for folder in twice] for kind in ("raw", "skops"))
    assert raw[0] != raw[1]
    assert written[0] == written[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_the_model_is_the_same(twice: list[Path], name: str) -> None:
    paths = [twice[0] / f"{name}.{kind}" for kind in ("raw", "skops")]
    types = [skops.io.get_untrusted_types(file=path) for path in paths]
    assert types[0] == types[1]
    models = [classifier_reading.loaded(path) for path in paths]
    values = np.random.default_rng(0).normal(size=(20, models[0].n_features_in_))
    assert np.array_equal(*(model.predict_proba(values) for model in models))


def test_an_object_that_two_others_share_stays_one_object() -> None:
    one = np.arange(3.0)
    first, second, other = skops.io.loads(canonical(skops.io.dumps([one, one, np.arange(3.0)])))
    assert first is second
    assert other is not first
    assert other.tolist() == [0, 1, 2]


def test_bytes_between_the_fields_of_a_table_become_0() -> None:
    kind = np.dtype({"names": ["a", "b"], "formats": ["u1", "<i8"], "offsets": [0, 8], "itemsize": 16})
    tables = [np.frombuffer(bytearray([filling] * 32), kind) for filling in (1, 2)]
    for table in tables:
        table["a"], table["b"] = [3, 4], [5, 6]
    archives = [canonical(skops.io.dumps(table)) for table in tables]
    assert tables[0].tobytes() != tables[1].tobytes()
    assert archives[0] == archives[1]
    assert skops.io.loads(archives[0]).tolist() == [(3, 5), (4, 6)]


def test_random_names_and_times_are_replaced() -> None:
    with zipfile.ZipFile(io.BytesIO(canonical(skops.io.dumps([b"some bytes", np.arange(2)])))) as archive:
        assert archive.namelist() == ["0.bin", "1.npy", "schema.json"]
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
