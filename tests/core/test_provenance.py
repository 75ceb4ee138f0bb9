"""Parameters of a table in `dvc.lock` compared with those of a study."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ser.core import provenance

CONFIG: dict[str, Any] = {
    "corpus": {"name": "demo", "root": "data/demo"},
    "model": {"name": "mlp"},
    "librosa": {"n_fft": 2048},
    "partition": {"name": "random"},
    "seed": 0,
}
RAW, UTTERANCES, PARTITIONS, FEATURES = "data/root.json", "data/utterances.csv", "data/partitions.csv", "data/f.csv"


def stage(outs: list[str], deps: list[str], **params: Any) -> dict[str, Any]:
    entries = {name: [{"path": path, "md5": "0"} for path in paths] for name, paths in (("outs", outs), ("deps", deps))}
    return {"cmd": "x", **entries, **({"params": {"params.yaml": params}} if params else {})}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    stages = {
        "probe": stage([RAW], [], model={"name": "svm"}),
        "ingest": stage(
            [UTTERANCES], [RAW, "ser/ingest/utterance_table.py"], corpus={"name": "demo", "root": "data/demo"}
        ),
        "partition": stage([PARTITIONS], [UTTERANCES], partition={"name": "random"}, seed=0),
        "extract": stage([FEATURES], [UTTERANCES], **{"corpus.root": "data/demo"}, librosa={"n_fft": 2048}),
        "combine": stage(["data/both.csv"], [FEATURES]),
    }
    path = tmp_path / "dvc.lock"
    path.write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))
    return path


@pytest.mark.parametrize("table", [UTTERANCES, PARTITIONS, FEATURES, "data/both.csv"])
def test_a_table_of_the_study_differs_in_nothing(lock: Path, table: str) -> None:
    assert provenance.differing(Path(table), CONFIG, lock=lock) == []


@pytest.mark.parametrize(
    ("changed", "differing"),
    [
        ({"seed": 1}, {PARTITIONS: ["seed"]}),
        ({"librosa": {"n_fft": 1024}}, {FEATURES: ["librosa"], "data/both.csv": ["librosa"]}),
        (
            {"corpus": {"name": "demo", "root": "elsewhere"}},
            {
                UTTERANCES: ["corpus"],
                PARTITIONS: ["corpus"],
                FEATURES: ["corpus", "corpus.root"],
                "data/both.csv": ["corpus", "corpus.root"],
            },
        ),
        ({"partition": {"name": "random", "n": 1}, "seed": 2}, {PARTITIONS: ["partition", "seed"]}),
    ],
)
def test_parameters_of_a_table_and_of_its_inputs_are_compared(
    lock: Path, changed: dict[str, Any], differing: dict[str, list[str]]
) -> None:
    found = {
        table: provenance.differing(Path(table), CONFIG | changed, lock=lock)
        for table in (UTTERANCES, PARTITIONS, FEATURES, "data/both.csv")
    }
    assert {table: names for table, names in found.items() if names} == differing


def test_a_study_that_lacks_a_parameter_differs_in_it(lock: Path) -> None:
    without = {key: value for key, value in CONFIG.items() if key != "librosa"}
    assert provenance.differing(Path(FEATURES), without, lock=lock) == ["librosa"]


@pytest.mark.parametrize("there", [True, False])
def test_a_table_that_dvc_did_not_make_is_refused(lock: Path, there: bool) -> None:
    if not there:
        lock.unlink()
    with pytest.raises(ValueError, match=r"dvc.lock has no entry for data/mine.csv, so its parameters are unknown"):
        provenance.differing(Path("data/mine.csv"), CONFIG, lock=lock)
