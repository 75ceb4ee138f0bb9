"""Every corpus against every corpus: the functions on tables made by rule, and the study under DVC."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml

from ser.core import files, tables
from ser.protocol import partitions
from ser.representation.reading import Representation
from studies.cross_corpus import (
    ACROSS,
    LEFT_OUT,
    PREDICTIONS,
    SKIPPED,
    WITHIN,
    compare,
    pairs,
    partitions_of_corpus,
    transfer,
)
from studies.runs import predictions_of_test
from tests.support.dvc_project import Project
from tests.support.learning_tables import combined, feature_table, prediction_table, utterance_table, without_speakers
from tests.support.several_corpora import emodb_corpus, tess_corpus
from tests.support.synthesis import ravdess_corpus, tone
from tests.support.wiring import ROOT

SHARED = ("neutral", "happy", "sad", "angry")
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "studies/cross_corpus/params.yaml").read_text()) | {
    "balance": {"name": "none"},
    "model": {"name": "logistic_regression", "representation": "librosa", "C": 1.0},
}
SETTINGS = CONFIG["partition"]


def corpus(name: str, n_speakers: int, *more_emotions: str) -> pd.DataFrame:
    """Utterances of the shared emotions and of some more, 2 of neutral and 4 of each other a speaker."""
    return utterance_table(n_speakers, corpus=name, emotions=(*SHARED, *more_emotions), n_repetitions=1)


@pytest.fixture
def utterances() -> pd.DataFrame:
    """Utterances of four corpora: of four, three and two speakers, and of unknown speakers."""
    parts = (corpus("ravdess", 4), corpus("emodb", 3), corpus("tess", 2), without_speakers(corpus("folders", 3)))
    return combined(*parts)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of a study, with its parameters."""
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(CONFIG))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def of(utterances: pd.DataFrame, *names: str) -> set[str]:
    """Utterances of some corpora."""
    return set(utterances.loc[utterances["corpus"].isin(names), "utterance"])


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("ravdess", [ACROSS, WITHIN, LEFT_OUT]),
        ("emodb", [ACROSS, WITHIN, LEFT_OUT]),
        ("tess", [ACROSS, LEFT_OUT]),  # two speakers: train and dev
        ("folders", [LEFT_OUT]),  # unknown ones
        ("crema_d", []),  # not there
    ],
)
def test_a_corpus_trains_what_its_speakers_are_enough_for(
    utterances: pd.DataFrame, name: str, files: list[str]
) -> None:
    assert list(partitions_of_corpus.of_corpus(name, utterances, SETTINGS)) == files


def test_a_corpus_of_one_speaker_trains_nothing_and_is_tested_all_the_same() -> None:
    utterances = combined(corpus("ravdess", 2), corpus("folders", 1))
    assert partitions_of_corpus.of_corpus("folders", utterances, SETTINGS) == {}
    assert partitions_of_corpus.of_corpus("ravdess", utterances, SETTINGS)[ACROSS][1]["test_corpora"] == ["folders"]


def test_a_corpus_alone_is_tested_on_itself_if_on_anything() -> None:
    assert list(partitions_of_corpus.of_corpus("ravdess", corpus("ravdess", 3), SETTINGS)) == [WITHIN]
    assert list(partitions_of_corpus.of_corpus("tess", corpus("tess", 2), SETTINGS)) == []


@pytest.mark.parametrize(("n_speakers", "n_folds"), [(3, 3), (4, 4), (5, 5), (6, 5), (24, 5)])
def test_the_diagonal_has_five_folds_where_there_are_the_speakers_for_that(n_speakers: int, n_folds: int) -> None:
    rows, settings = partitions_of_corpus.of_corpus("ravdess", corpus("ravdess", n_speakers), SETTINGS)[WITHIN]
    assert settings == {"name": "speaker_folds", "n_folds": n_folds}
    assert rows["speaker"].nunique() == n_speakers


@pytest.mark.parametrize("name", ["ravdess", "emodb", "tess"])
def test_across_one_corpus_trains_and_all_others_are_tested_whole(utterances: pd.DataFrame, name: str) -> None:
    rows, settings = partitions_of_corpus.of_corpus(name, utterances, SETTINGS)[ACROSS]
    table = partitions.partition_table(rows, **settings, seed=0).set_index("utterance")["partition"]
    assert set(table.index) == set(utterances["utterance"])
    assert set(table.index[table == "test"]) == set(utterances["utterance"]) - of(utterances, name)
    speaker = utterances.set_index("utterance")["speaker"]
    train, dev = (set(speaker[table.index[table == side]]) for side in ("train", "dev"))
    assert train.isdisjoint(dev)
    assert train | dev == set(utterances.loc[utterances["corpus"] == name, "speaker"])


@pytest.mark.parametrize("name", ["ravdess", "emodb"])
def test_the_diagonal_tests_every_speaker_once_on_others_of_the_same_corpus(
    utterances: pd.DataFrame, name: str
) -> None:
    rows, settings = partitions_of_corpus.of_corpus(name, utterances, SETTINGS)[WITHIN]
    table = partitions.partition_table(rows, **settings, seed=0)
    assert set(table["utterance"]) == of(utterances, name)
    tested = table[table["partition"] == "test"]
    assert sorted(tested["utterance"]) == sorted(of(utterances, name))
    assert partitions.is_speaker_independent(table, utterances)


def test_predictions_across_are_of_the_others_by_a_model_of_the_one(utterances: pd.DataFrame) -> None:
    features = feature_table(utterances, separation=5)
    rows, settings = partitions_of_corpus.of_corpus("tess", utterances, SETTINGS)[ACROSS]
    found = predictions_of_test(rows, Representation(features), CONFIG | {"partition": settings}, run="test")
    assert tables.PREDICTIONS.validate(found) is not None
    assert set(found["utterance"]) == of(utterances, "ravdess", "emodb", "folders")
    assert [column for column in found if column.startswith("p_")] == [f"p_{label}" for label in SHARED]
    # emotions lie far apart, and at the same places in all corpora
    assert (found["truth"] == found["prediction"]).groupby(found["corpus"]).mean().min() > 0.9


def test_predictions_follow_the_corpus_that_trained(utterances: pd.DataFrame) -> None:
    """Happy and sad are exchanged in one corpus, so each is predicted as the other there."""
    features = feature_table(utterances, separation=5)
    swapped = {"happy": "sad", "sad": "happy"}
    is_other = utterances["corpus"] == "emodb"
    utterances = utterances.assign(
        emotion=utterances["emotion"].where(~is_other, utterances["emotion"].replace(swapped))
    )
    features = features.assign(emotion=utterances["emotion"])
    rows, settings = partitions_of_corpus.of_corpus("ravdess", utterances, SETTINGS)[ACROSS]
    found = predictions_of_test(rows, Representation(features), CONFIG | {"partition": settings}, run="test")
    emodb = found[(found["corpus"] == "emodb") & found["truth"].isin(swapped)]
    assert (emodb["prediction"] == emodb["truth"].map(swapped)).mean() > 0.9


def test_all_others_train_the_model_that_predicts_a_corpus_left_out(utterances: pd.DataFrame) -> None:
    """The fold is that of leave_one_corpus_out, and the speakers of folders are unknown, so all of them train."""
    rows, settings = partitions_of_corpus.of_corpus("ravdess", utterances, SETTINGS)[LEFT_OUT]
    table = partitions.partition_table(rows, **settings, seed=0)
    leave_one_out = {"name": "leave_one_corpus_out", "shared_by": "all", "dev_fraction": settings["dev_fraction"]}
    folds = partitions.partition_table(rows, **leave_one_out, seed=0)
    pd.testing.assert_frame_equal(table, folds[folds["fold"] == 2].assign(fold=0).reset_index(drop=True))
    assert of(utterances, "folders") <= set(table.loc[table["partition"] == "train", "utterance"])
    config = CONFIG | {"partition": settings, "balance": partitions_of_corpus.BALANCE[LEFT_OUT]}
    features = Representation(feature_table(utterances, separation=5))
    assert set(predictions_of_test(rows, features, config, run="test")["utterance"]) == of(utterances, "ravdess")


def test_predictions_within_are_of_every_utterance_once(utterances: pd.DataFrame) -> None:
    rows, settings = partitions_of_corpus.of_corpus("emodb", utterances, SETTINGS)[WITHIN]
    found = predictions_of_test(
        rows, Representation(feature_table(utterances)), CONFIG | {"partition": settings}, run="test"
    )
    assert sorted(found["utterance"]) == sorted(of(utterances, "emodb"))
    assert set(found["partition"]) == {"test"}
    assert found.groupby("speaker")["fold"].nunique().eq(1).all()
    assert found["fold"].nunique() == 3


@pytest.mark.parametrize(
    ("name", "files", "printed"),
    [
        ("emodb", [ACROSS, LEFT_OUT, WITHIN], ""),
        ("tess", [ACROSS, LEFT_OUT], ""),
        (
            "folders",
            [LEFT_OUT, SKIPPED],
            "no model is trained on folders: 0 known speakers; train and dev need one each",
        ),
        (
            "savee",
            [SKIPPED],
            "no model is trained on savee: it is not installed; `ser corpora` lists the installed ones",
        ),
    ],
)
def test_each_corpus_has_its_own_folder_of_predictions_and_says_if_it_trains_nothing(
    name: str, files: list[str], printed: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = (corpus("emodb", 3, "boredom"), corpus("tess", 2, "disgust"), without_speakers(corpus("folders", 3)))
    utterances = combined(*parts)
    tables.write(utterances, transfer.UTTERANCES)
    tables.write(feature_table(utterances), Path(CONFIG["representation"]["path"]))
    (PREDICTIONS / name).mkdir(parents=True)
    (PREDICTIONS / name / WITHIN).write_text("of an earlier run")
    transfer.main(name)
    assert [path.name for path in folder.joinpath(PREDICTIONS).iterdir()] == [name]
    assert sorted(path.name for path in (PREDICTIONS / name).iterdir()) == files
    for path in (PREDICTIONS / name).glob("*.csv"):
        assert set(tables.read_predictions(path)["truth"]) == set(SHARED)
    assert printed in capsys.readouterr().out


def write_predictions(train: str, file: str, *parts: pd.DataFrame, accuracy: float = 0.6) -> pd.DataFrame:
    predictions = prediction_table(combined(*parts), labels=SHARED, accuracy=accuracy)
    tables.write(predictions, PREDICTIONS / train / file)
    return predictions


def test_a_cell_has_the_scores_of_its_predictions() -> None:
    """6 of 8 neutral, 8 of 16 of the others: the recalls' mean is 0.5625, and 30 of 56 are right."""
    rows = prediction_table(corpus("emodb", 4), labels=SHARED, accuracy=1.0)
    wrong = {"neutral": 2, "happy": 8, "sad": 8, "angry": 8}
    for emotion, n_wrong in wrong.items():
        index = rows.index[rows["truth"] == emotion][:n_wrong]
        rows.loc[index, "prediction"] = "sad" if emotion != "sad" else "angry"
    cell = pairs.pair_scores(PREDICTIONS / "ravdess" / ACROSS, "emodb", rows, n_resamples=50, seed=0)
    assert (cell["train_corpus"], cell["test_corpus"], cell["protocol"]) == ("ravdess", "emodb", "cross_corpus")
    assert (cell["uar"], cell["accuracy"]) == pytest.approx(((0.75 + 3 * 0.5) / 4, 30 / 56), abs=1e-6)
    assert (cell["n_utterances"], cell["n_speakers"]) == (56, 4)
    assert cell["emotions"] == "neutral happy sad angry"
    assert (cell["uar_low"], cell["uar_high"]) == (None, None)  # four speakers are too few


def test_a_cell_of_the_diagonal_says_so_and_six_speakers_give_an_interval() -> None:
    rows = prediction_table(corpus("emodb", 6), labels=SHARED)
    cell = pairs.pair_scores(PREDICTIONS / "emodb" / WITHIN, "emodb", rows, n_resamples=200, seed=0)
    assert cell["protocol"] == "speaker_folds"
    assert cell["uar_low"] < cell["uar"] < cell["uar_high"]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[pd.DataFrame, dict[str, Any]]]:
    """Arguments of the calls that draw the heat map."""
    asked: list[tuple[pd.DataFrame, dict[str, Any]]] = []
    draw = compare.heat_map

    def watched(uar: pd.DataFrame, **settings: Any) -> Any:
        asked.append((uar, settings))
        return draw(uar, **settings)

    monkeypatch.setattr(compare, "heat_map", watched)
    return asked


@pytest.mark.usefixtures("folder")
def test_the_table_and_the_picture_have_every_pair_that_was_predicted_and_no_other(
    drawn: list[tuple[pd.DataFrame, dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    ravdess, emodb, tess = (corpus(name, n) for name, n in (("ravdess", 4), ("emodb", 3), ("tess", 2)))
    of_tess = write_predictions("tess", ACROSS, ravdess, emodb)
    write_predictions("ravdess", ACROSS, tess, emodb, accuracy=0.9)
    write_predictions("ravdess", WITHIN, ravdess, accuracy=0.3)
    write_predictions("emodb", LEFT_OUT, emodb)
    files.write_json(PREDICTIONS / "savee" / SKIPPED, {"reason": "it is not installed"})
    compare.main()
    assert capsys.readouterr().out == "no model is trained on savee: it is not installed\n"
    scores = pd.read_csv(compare.SCORES)
    pairs = [("ravdess", "emodb"), ("ravdess", "ravdess"), ("ravdess", "tess"), ("tess", "emodb"), ("tess", "ravdess")]
    pairs.append(("all others", "emodb"))
    assert list(zip(scores["train_corpus"], scores["test_corpus"], strict=True)) == pairs
    assert list(scores["protocol"]) == ["cross_corpus", "speaker_folds", *["cross_corpus"] * 3, "leave_one_corpus_out"]
    assert list(scores["n_utterances"]) == [3 * 14, 4 * 14, 2 * 14, 3 * 14, 4 * 14, 3 * 14]
    rows = of_tess[of_tess["corpus"] == "emodb"]
    recall = (rows["truth"] == rows["prediction"]).groupby(rows["truth"]).mean()
    assert scores["uar"][3] == pytest.approx(recall.mean(), abs=1e-6)
    ((shown, settings),) = drawn
    assert list(shown.index) == ["ravdess", "tess", "all others"]
    assert list(shown.columns) == ["emodb", "ravdess", "tess"]
    assert np.isnan(shown.loc["tess", "tess"])
    assert shown.isna().sum(axis=None) == 3
    assert [shown.loc[pair] for pair in pairs] == list(scores["uar"])
    assert settings["chance"] == 0.25
    assert (
        "logistic_regression on librosa\nneutral, happy, sad, angry\ndiagonal: folds of speakers; blank"
        in (settings["note"])
    )
    assert settings["note"].splitlines()[-1].endswith(f"mean {100 * scores['uar'].iloc[-1]:.1f}")
    assert compare.HEAT_MAP.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("folder")
def test_a_picture_without_blanks_explains_none(drawn: list[tuple[pd.DataFrame, dict[str, Any]]]) -> None:
    write_predictions("ravdess", WITHIN, corpus("ravdess", 3))
    compare.main()
    assert "blank" not in drawn[0][1]["note"]


@pytest.mark.usefixtures("folder")
def test_where_nothing_was_predicted_there_is_nothing_to_compare() -> None:
    (PREDICTIONS / "savee").mkdir(parents=True)
    with pytest.raises(
        ValueError, match="no corpus has enough speakers to train on; `ser corpora` lists the installed ones"
    ):
        compare.main()
    assert not compare.SCORES.exists()


STUDY = "studies/cross_corpus"
MEMBERS = ("ravdess", "tess", "crema_d", "savee", "emodb", "folders")  # of many; each costs every run a stage
STAGES = {
    *(
        "probe",
        "ingest",
        "extract_yamnet",
        "extract_ssl",
        "extract_whisper",
        "extract_opensmile",
        "extract_added",
        "extract_librosa",
        "extract_log_mel",
        "extract_frames",
        "extract_yamnet_bands",
        "extract_whisper_states",
        "combine",
        "compare",
    ),
    *(f"transfer@{name}" for name in MEMBERS),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after the first run of the study, on three corpora, of which one is a link."""
    top = tmp_path_factory.mktemp("study")
    project = Project(top)
    project.copy_study("cross_corpus")
    raw = project.folder / "data" / "raw"
    ravdess_corpus(raw / "ravdess")
    tess_corpus(raw / "tess")
    (raw / "emodb").symlink_to(emodb_corpus(top / "emodb"))
    given = ["corpus=combined", "corpus.root=../../data/raw", "partition=cross_corpus"]
    given += [f"~corpus.members.{name}" for name in CONFIG["corpus"]["members"] if name not in MEMBERS]
    project.compose()
    project.compose("--to", f"{STUDY}/params.yaml", *given, "librosa=means_42", "balance=none", "model=svm")
    project.commit("start")
    project.first_output = repro(project)
    project.commit("first run")
    return project


def repro(project: Project, *options: str, **environment: str) -> str:
    return project.run("dvc", "repro", *options, inside=STUDY, **environment)


def scores_of(project: Project) -> pd.DataFrame:
    return project.read(f"{STUDY}/reports/cross_corpus.csv")


@pytest.mark.slow
def test_the_study_scores_every_pair_of_the_corpora_that_are_there(project: Project) -> None:
    assert set(project.ran(project.first_output)) == STAGES
    scores = scores_of(project)
    names = ["emodb", "ravdess", "tess"]
    trained = [*names, "all others"]
    pairs = [(train, test) for train in trained for test in names if (train, test) != ("tess", "tess")]
    assert list(zip(scores["train_corpus"], scores["test_corpus"], strict=True)) == pairs
    assert set(scores["emotions"]) == {"neutral happy sad angry fearful disgust"}
    assert scores.set_index("test_corpus")["n_utterances"].to_dict() == {"emodb": 88, "ravdess": 88, "tess": 44}
    assert scores.set_index("test_corpus")["n_speakers"].to_dict() == {"emodb": 4, "ravdess": 4, "tess": 2}
    assert "no model is trained on folders: it is not installed" in project.first_output
    assert (project.folder / STUDY / "reports/cross_corpus.png").read_bytes().startswith(b"\x89PNG")
    assert not (project.folder / "data" / "utterances.csv").exists()  # the tables of the root are other ones


@pytest.mark.slow
def test_the_scores_of_the_study_are_those_of_its_predictions(project: Project) -> None:
    for row in scores_of(project).itertuples():
        file = WITHIN if row.train_corpus == row.test_corpus else ACROSS
        folder, file = (row.test_corpus, LEFT_OUT) if row.train_corpus == "all others" else (row.train_corpus, file)
        rows = project.read(f"{STUDY}/data/predictions/{folder}/{file}")
        rows = rows[rows["corpus"] == row.test_corpus]
        recall = (rows["truth"] == rows["prediction"]).groupby(rows["truth"]).mean()
        assert row.uar == pytest.approx(recall.mean(), abs=1e-6)
        assert rows["utterance"].is_unique


@pytest.mark.slow
def test_a_second_run_of_the_study_runs_the_probe_alone_and_leaves_git_clean(project: Project) -> None:
    assert project.ran(repro(project)) == ["probe"]
    assert project.run("git", "status", "--short") == ""


@pytest.mark.slow
def test_the_studys_own_stages_write_the_same_bytes_again(project: Project) -> None:
    """The other stages are those of the root: tests/pipeline/test_pipeline.py."""
    folders = (f"{STUDY}/data", f"{STUDY}/reports")
    before = project.hashes(*folders, pattern="*")
    assert {f"{STUDY}/data/predictions/tess/{ACROSS}", f"{STUDY}/reports/cross_corpus.png"} <= set(before)
    again = project.ran(repro(project, "--force", "--single-item", "transfer", "compare"))
    assert set(again) == {*(f"transfer@{name}" for name in MEMBERS), "compare"}
    assert project.hashes(*folders, pattern="*") == before


@pytest.mark.slow
def test_a_change_behind_a_link_is_noticed_and_a_corpus_that_is_taken_away_leaves_the_table(project: Project) -> None:
    before = scores_of(project).set_index(["train_corpus", "test_corpus"])
    raw = project.folder / "data" / "raw"
    soundfile.write(raw / "emodb" / "wav" / "03b01Wa.flac", tone(150, 0.5), 16_000)
    shutil.rmtree(raw / "tess")
    assert {"probe", "ingest"} <= set(project.ran(repro(project, "compare")))
    after = scores_of(project).set_index(["train_corpus", "test_corpus"])
    names = {"emodb", "ravdess"}
    assert set(after.index) == {(train, test) for train in names for test in names}
    assert list(after.loc[("ravdess", "emodb"), ["n_utterances", "n_speakers"]]) == [89, 4]
    untouched = ("ravdess", "ravdess")
    assert after.loc[untouched, :].equals(before.loc[untouched, :])
