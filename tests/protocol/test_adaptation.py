"""Standardisation by speaker: compared with hand-worked values and scipy, and its invariants."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import yaml

from ser import params
from ser.core import tables
from ser.protocol.adaptation import is_standardised_by_speaker, standardised_by_speaker
from stages import adapt
from tests.support.learning_tables import feature_table, utterance_table, without_speakers

UTTERANCES = utterance_table(4, n_repetitions=1)
ORIGINALS = feature_table(UTTERANCES, n_features=3)
COLUMNS = tables.feature_columns(ORIGINALS)
FEATURES = pd.concat(
    [ORIGINALS, feature_table(UTTERANCES, n_features=3, seed=1).assign(variant="noise")], ignore_index=True
)
OFF = 1e-3


def small(*rows: tuple[str, str, str, float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features and utterances of (utterance, speaker, variant, value)."""
    table = pd.DataFrame(rows, columns=["utterance", "speaker", "variant", "A"]).assign(emotion="happy")
    features = table[["utterance", "variant", "emotion", "A"]].astype({"A": np.float32})
    return features, table[["utterance", "speaker"]].drop_duplicates()


def by_speaker(features: pd.DataFrame) -> pd.Series:
    return features["utterance"].map(UTTERANCES.set_index("utterance")["speaker"])


def values(features: pd.DataFrame) -> np.ndarray:
    return features[COLUMNS].to_numpy()


def test_by_hand() -> None:
    """a: 1, 3 has mean 2, deviation 1. b: 10, 10, 40 has mean 20, deviation sqrt(200). Variants count in neither."""
    root = np.sqrt(200)
    features, utterances = small(
        *(("1", "a", "original", 1), ("2", "b", "original", 10), ("1", "a", "noise", 7), ("3", "b", "original", 10)),
        *(("4", "a", "original", 3), ("5", "b", "original", 40), ("5", "b", "noise", 20)),
    )
    found = standardised_by_speaker(features, utterances)
    np.testing.assert_allclose(found["A"], [-1, -10 / root, 5, -10 / root, 1, 20 / root, 0], rtol=1e-6)
    pd.testing.assert_frame_equal(found.drop(columns="A"), features.drop(columns="A"))
    tables.FEATURES.validate(found)


@pytest.mark.parametrize("value", [0.1, 0.0, 1e30, -7.3e-20])
def test_a_constant_feature_and_a_lone_utterance_become_0(value: float) -> None:
    """In floating point, the mean of seven values of 0.1 differs from 0.1."""
    constant = [(str(k), "a", "original", value) for k in range(7)]
    features, utterances = small(*constant, ("0", "a", "noise", 5.0), ("8", "b", "original", 3.0))
    assert (standardised_by_speaker(features, utterances)["A"] == 0).all()


def test_recordings_have_scipys_zscore_within_each_speaker() -> None:
    found = standardised_by_speaker(ORIGINALS, UTTERANCES)
    for speaker, rows in ORIGINALS.groupby(by_speaker(ORIGINALS)):
        expected = scipy.stats.zscore(rows[COLUMNS].to_numpy(np.float64), axis=0)
        np.testing.assert_allclose(values(found.loc[rows.index]), expected, rtol=1e-5, atol=1e-6, err_msg=str(speaker))


def test_offset_and_scale_of_a_speaker_are_removed() -> None:
    number = by_speaker(FEATURES).astype("category").cat.codes.to_numpy(np.float32)[:, None]
    shifted = FEATURES.assign(**dict(zip(COLUMNS, (values(FEATURES) * (1 + number) - 5 * number).T, strict=True)))
    first, other = (values(standardised_by_speaker(table, UTTERANCES)) for table in (FEATURES, shifted))
    np.testing.assert_allclose(other, first, rtol=0, atol=1e-4)
    assert np.abs(values(shifted) - values(FEATURES)).max() > 5


def test_labels_change_nothing() -> None:
    permuted = FEATURES["emotion"].sample(frac=1, random_state=0).to_numpy()
    assert (permuted != FEATURES["emotion"]).any()
    found = standardised_by_speaker(FEATURES.assign(emotion=permuted), UTTERANCES.assign(emotion="sad"))
    np.testing.assert_array_equal(values(found), values(standardised_by_speaker(FEATURES, UTTERANCES)))


def test_rows_of_other_speakers_and_variants_change_nothing() -> None:
    own = (by_speaker(FEATURES) == "ravdess/02").to_numpy()
    expected = standardised_by_speaker(FEATURES, UTTERANCES)[own]
    others = FEATURES.assign(**{name: FEATURES[name].where(own, FEATURES[name] * 9 + 4) for name in COLUMNS})
    assert not others.equals(FEATURES)
    pd.testing.assert_frame_equal(standardised_by_speaker(others, UTTERANCES)[own], expected)
    pd.testing.assert_frame_equal(standardised_by_speaker(FEATURES[own], UTTERANCES), expected)
    recorded = FEATURES[own & (FEATURES["variant"] == "original")]
    pd.testing.assert_frame_equal(standardised_by_speaker(recorded, UTTERANCES), expected.loc[recorded.index])


def test_an_unknown_speaker_is_refused_with_a_remedy() -> None:
    with pytest.raises(ValueError, match=r"needs the speaker .* 120 of 120 have none, .* or choose -S adaptation=none"):
        standardised_by_speaker(FEATURES, without_speakers(UTTERANCES))
    with pytest.raises(ValueError, match="1 of 120 have none, the first is ravdess/Actor_01/"):
        standardised_by_speaker(FEATURES, UTTERANCES.iloc[1:])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused(value: float) -> None:
    features = FEATURES.copy()
    features.loc[3, COLUMNS[0]] = value
    with pytest.raises(ValueError, match=f"1 rows have NaN or infinite features, the first is {features.utterance[3]}"):
        standardised_by_speaker(features, UTTERANCES)


# recognition of adapted features


def centred(features: pd.DataFrame) -> pd.DataFrame:
    means = features[COLUMNS].groupby(by_speaker(features)).transform("mean")
    return features.assign(**(features[COLUMNS] - means))


ADAPTED = standardised_by_speaker(FEATURES, UTTERANCES)


@pytest.mark.parametrize(
    ("features", "is_adapted"),
    [
        (FEATURES, False),
        (ADAPTED, True),
        (centred(ORIGINALS), True),
        (ADAPTED.assign(**{COLUMNS[0]: 1.0}), True),
        (ADAPTED.assign(**{COLUMNS[0]: FEATURES[COLUMNS[0]]}), False),
        (ADAPTED.assign(**dict.fromkeys(COLUMNS, 1.0)), False),
        (ADAPTED.drop(columns=COLUMNS), False),
        (ADAPTED[by_speaker(ADAPTED) == "ravdess/01"], False),
    ],
    ids=["as extracted", "adapted", "centred", "with a constant", "but one", "constant", "no features", "one speaker"],
)
def test_standardised_features_are_recognised(features: pd.DataFrame, is_adapted: bool) -> None:
    assert is_standardised_by_speaker(features, UTTERANCES, tolerance=OFF) == is_adapted


def test_without_known_speakers_nothing_is_recognised() -> None:
    assert not is_standardised_by_speaker(ADAPTED, without_speakers(UTTERANCES), tolerance=OFF)


# the stage, and its settings


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tables.write(UTTERANCES, adapt.UTTERANCES)
    return tmp_path


def configure(name: str, *, kind: str = "csv") -> Path:
    """Write params.yaml and the features; return the path of the adapted features."""
    extracted = f"data/librosa_extracted_features.{kind}"
    tables.write(FEATURES, Path(extracted))
    content = {"adaptation": {"name": name}, "paths": {"extracted": extracted}, "tables": {"format": kind}}
    Path("params.yaml").write_text(yaml.safe_dump(content))
    return adapt.ADAPTED.with_suffix(f".{kind}")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_stage_writes_the_adapted_table_and_the_same_bytes_again(kind: str) -> None:
    path = configure("speaker", kind=kind)
    adapt.main()
    pd.testing.assert_frame_equal(tables.read_features(path), ADAPTED)
    first = path.read_bytes()
    adapt.main()
    assert path.read_bytes() == first


@pytest.mark.usefixtures("project")
def test_without_adaptation_the_table_is_marked_unavailable(capsys: pytest.CaptureFixture[str]) -> None:
    path = configure("none")
    Path("data/librosa_extracted_features.csv").unlink()  # which is not even read
    adapt.main()
    assert tables.is_unavailable(path)
    assert capsys.readouterr().out == "no adaptation is chosen; choose one with -S adaptation=speaker\n"


@pytest.mark.parametrize("source", ["librosa", "yamnet", "yamnet_librosa", "ssl", "whisper", "opensmile"])
def test_one_setting_makes_the_model_read_the_adapted_features(tmp_path: Path, source: str) -> None:
    contents: dict[str, Any] = {}
    for name in ("none", "speaker"):
        params.compose([f"adaptation={name}", f"model.representation={source}"], path=tmp_path / name)
        contents[name] = yaml.safe_load((tmp_path / name).read_text())
    plain, adapted = contents["none"], contents["speaker"]
    own = plain["paths"][source]
    assert plain["model_input"] == plain["representation"]["path"] == plain["paths"]["extracted"] == own
    assert adapted["model_input"] == adapted["representation"]["path"] == adapt.ADAPTED.as_posix()
    assert adapted["paths"]["extracted"] == own
    expected = plain["representation"] | {"path": adapt.ADAPTED.as_posix(), "adaptation": "speaker"}
    assert adapted["representation"] == expected
    assert {key for key in plain if plain[key] != adapted[key]} == {"adaptation", "representation", "model_input"}
