"""The leaky protocols leak as their names state, the leak-free ones do not; the study runs under DVC."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ser import study
from ser.audit import feature_checks, table_checks
from ser.core.tables import ORIGINAL, feature_columns
from ser.models import bundle
from ser.models.settings import Settings
from ser.protocol import partitions
from ser.representation.reading import Representation
from studies.leakage import compare, protocol_scores, protocols
from tests.support.dvc_project import Project
from tests.support.learning_tables import feature_table, utterance_table
from tests.support.synthesis import ravdess_corpus

UTTERANCES = utterance_table(6, n_repetitions=2)  # 60 a speaker
ORIGINALS = feature_table(UTTERANCES, n_features=12)
SMOTE = {"name": "smote", "k_neighbors": 2}
RANDOM = ("random", "leaky_smote", "leaky_augmentation", "leaky_duplicates")


def with_variants(features: pd.DataFrame) -> pd.DataFrame:
    """Each row, and a variant of it that lies near."""
    columns = feature_columns(features)
    near = features.assign(variant="noise")
    near[columns] += np.random.default_rng(1).normal(0, 0.05, near[columns].shape).astype(np.float32)
    return pd.concat([features, near], ignore_index=True)


FEATURES = with_variants(ORIGINALS)


@pytest.fixture(scope="module", params=protocol_scores.ORDER)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def arrangement(name: str) -> protocols.Arrangement:
    return protocols.arranged(name, UTTERANCES, FEATURES, balance=SMOTE, seed=0)


def errors_of(found: protocols.Arrangement) -> set[str]:
    """Checks of the tables that find an error."""
    pairs = pd.DataFrame({"first": [], "second": [], "similarity": []})
    findings = [
        *table_checks.speaker_overlap(found.partitions, found.utterances),
        *table_checks.duplicate_audio(found.partitions, found.utterances),
        *table_checks.near_duplicate_audio(found.partitions, found.utterances, pairs),
        *table_checks.made_rows(found.balanced, found.partitions),
    ]
    for fold, rows in found.partitions.groupby("fold"):
        partition_of = found.features["utterance"].map(rows.set_index("utterance")["partition"])
        synthetic = found.balanced[(found.balanced["fold"] == fold) & found.balanced["synthetic"]]
        findings += feature_checks.synthetic_rows(synthetic, found.features, partition_of, fold=fold)
    return {one.check for one in findings if one.level == "error"}


EXPECTED = {
    "leave_one_speaker_out": set(),
    "speaker_folds": set(),
    "random": {"speaker_overlap"},
    "leaky_smote": {"speaker_overlap", "made_rows"},
    "leaky_augmentation": {"speaker_overlap", "made_rows"},
    "leaky_duplicates": {"speaker_overlap", "duplicate_audio"},
}


def test_the_audit_finds_of_each_protocol_what_it_leaks_and_nothing_else(
    name: str, arrangement: protocols.Arrangement
) -> None:
    assert errors_of(arrangement) == EXPECTED[name]


def test_every_protocol_has_its_folds_and_tests_recordings(name: str, arrangement: protocols.Arrangement) -> None:
    n_folds = {"leave_one_speaker_out": 6, "speaker_folds": protocols.N_FOLDS}.get(name, protocols.N_SPLITS)
    assert sorted(arrangement.partitions["fold"].unique()) == list(range(n_folds))
    assert not arrangement.partitions.duplicated(["fold", "utterance"]).any()
    tested = arrangement.partitions[arrangement.partitions["partition"] == "test"]
    n_rows = len(arrangement.utterances)
    if name in protocol_scores.LEAK_FREE:
        assert sorted(tested["utterance"]) == sorted(UTTERANCES["utterance"])
    else:
        assert tested.groupby("fold").size().between(0.1 * n_rows, 0.2 * n_rows).all()
    assert set(arrangement.balanced["fold"]) == set(range(n_folds))
    assert arrangement.made.empty == (name not in ("leaky_smote", "leaky_augmentation"))


def test_only_augmentation_uses_variants(name: str, arrangement: protocols.Arrangement) -> None:
    variants = set(arrangement.balanced["variant"]) | set(arrangement.made["variant"])
    assert ("noise" in variants) == (name == "leaky_augmentation")


def test_of_an_archive_unpacked_twice_most_test_recordings_have_their_copy_in_training() -> None:
    found = protocols.arranged("leaky_duplicates", UTTERANCES, FEATURES, balance=SMOTE, seed=0)
    assert len(found.utterances) == 2 * len(UTTERANCES)
    facts = found.partitions.merge(found.utterances[["utterance", "audio_hash"]], on="utterance")
    one = facts[facts["fold"] == 0]
    trained = set(one.loc[one["partition"] == "train", "audio_hash"])
    tested = one.loc[one["partition"] == "test", "audio_hash"]
    assert 0.55 < tested.isin(trained).mean() < 0.85  # 70 % of the rows train


def test_made_rows_are_tested_as_if_they_were_recordings(tmp_path: Path) -> None:
    found = protocols.arranged("leaky_augmentation", UTTERANCES, FEATURES, balance={"name": "none"}, seed=0)
    config = {
        "model": {"name": "logistic_regression", "representation": "librosa", "C": 1.0},
        "training": {"refit": True, "n_calibration_folds": 2, "calibration": "speakers"},
        "representation": {"name": "librosa", "settings": {}},
        "seed": 0,
    }
    given = study.Study(
        UTTERANCES, found.partitions, Representation(found.features), found.balanced, Settings.of(config)
    )
    study.write_models(given, tmp_path / "models", curves=tmp_path / "curves", run="models")
    predictions = protocols.predicted(found, given, tmp_path / "models")
    assert not predictions.duplicated(["fold", "utterance"]).any()
    made = predictions[~predictions["utterance"].isin(UTTERANCES["utterance"])]
    assert len(made) == len(found.made)
    assert len(predictions) - len(made) == (found.partitions["partition"] == "test").sum()
    first = found.made.iloc[0]
    row = made[(made["fold"] == first["fold"]) & (made["utterance"] == f"{first['utterance']}+noise.0")].iloc[0]
    model = bundle.load(tmp_path / "models" / f"fold_{first['fold']}")
    probabilities = model.of_values(first[model.columns].to_numpy(np.float32)[None])[0]
    assert [row[f"p_{label}"] for label in model.labels] == pytest.approx(list(probabilities))
    assert (row["truth"], row["speaker"]) == (
        first["emotion"],
        UTTERANCES.set_index("utterance")["speaker"][first["utterance"]],
    )


def test_a_protocol_that_is_not_there_and_features_without_variants_are_told() -> None:
    with pytest.raises(ValueError, match="unknown protocol 'holdout'; it is one of leave_one_speaker_out, "):
        protocols.arranged("holdout", UTTERANCES, FEATURES, balance=SMOTE, seed=0)
    with pytest.raises(ValueError, match=r"needs augmented variants, .* with augmentation=waveform"):
        protocols.arranged("leaky_augmentation", UTTERANCES, ORIGINALS, balance=SMOTE, seed=0)


def test_the_protocols_that_leak_by_construction_are_named_for_it() -> None:
    assert list(protocols.PROTOCOLS) == list(protocol_scores.ORDER)
    assert {name for name in protocols.PROTOCOLS if name not in partitions.PROTOCOLS} == {
        name for name in protocols.PROTOCOLS if name.startswith("leaky_")
    }
    assert set(ORIGINALS["variant"]) == {ORIGINAL}


def scores() -> pd.DataFrame:
    uar = [0.40, 0.38, 0.55, 0.56, 0.88, 0.93]
    table = pd.DataFrame(
        {"uar": uar, "uar_low": np.subtract(uar, 0.04), "uar_high": np.add(uar, 0.04)}, protocol_scores.ORDER
    )
    return protocol_scores.with_inflation(table)


def test_inflation_is_what_a_leaking_protocol_has_above_one_that_leaves_a_speaker_out() -> None:
    inflation = scores()["inflation"]
    assert inflation[list(protocol_scores.LEAK_FREE)].isna().all()
    assert inflation[2:].tolist() == pytest.approx([0.15, 0.16, 0.48, 0.53])


def texts_of(table: pd.DataFrame) -> list[str]:
    (axes,) = protocol_scores.picture(table, chance=0.125, note="demo").axes
    return [text.get_text().strip() for text in axes.texts]


def test_the_picture_labels_every_score_and_the_leakage_in_points() -> None:
    texts = texts_of(scores())
    assert {"40.0", "38.0", "55.0   +15.0 points", "93.0   +53.0 points", "chance"} <= set(texts)
    assert not any("points" in text for text in texts if text.startswith(("40", "38")))


def test_the_picture_does_without_intervals_of_few_speakers() -> None:
    table = scores().assign(uar_low=None, uar_high=None)
    assert "56.0   +16.0 points" in texts_of(table)


STUDY = "studies/leakage"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after the first run of the study, on six voices made by rule."""
    project = Project(tmp_path_factory.mktemp("leakage"))
    project.copy_study("leakage")
    ravdess_corpus(project.folder / "data/raw/ravdess", speakers=("01", "02", "03", "04", "05", "06"))
    project.compose()
    given = ("corpus=ravdess", "corpus.root=../../data/raw/ravdess", "partition=speaker_folds", "librosa=means_42")
    project.compose(
        "--to", f"{STUDY}/params.yaml", *given, "augmentation=waveform", "labels=common_four", "balance.k_neighbors=2"
    )
    project.commit("start")
    project.run("dvc", "repro", "compare", inside=STUDY)
    return project


@pytest.mark.slow
def test_the_study_scores_and_audits_every_protocol(project: Project) -> None:
    table = project.read(f"{STUDY}/reports/leakage.csv").set_index("protocol")
    assert list(table.index) == list(protocol_scores.ORDER)
    assert list(table["declared"].fillna("")) == ["", "", "speaker-dependent", "leaky", "leaky", "leaky"]
    assert (table["n_speakers"] == 6).all()
    for name, checks in EXPECTED.items():
        found = str(table["audit_found"].fillna("")[name]).split()
        assert checks <= set(found), name
        predictions = project.read(f"{STUDY}/data/predictions/{name}.csv")
        recall = (predictions["truth"] == predictions["prediction"]).groupby(predictions["truth"]).mean()
        assert table["uar"][name] == pytest.approx(recall.mean(), abs=1e-6)
    assert table["uar"]["leaky_duplicates"] > table["uar"]["leave_one_speaker_out"]
    assert (project.folder / STUDY / compare.PICTURE).read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_studys_own_stages_write_the_same_bytes_again(project: Project) -> None:
    """The other stages are those of the root: tests/pipeline/test_pipeline.py."""
    folders = (f"{STUDY}/data", f"{STUDY}/reports")
    before = project.hashes(*folders)
    project.run("dvc", "repro", "--force", "--single-item", "assess", "audit", "compare", inside=STUDY)
    assert project.hashes(*folders) == before
