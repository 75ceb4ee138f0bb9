"""Waveform augmentation: the effect of each variant, its random draws, and its use in training only."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml

from ser.audio import augmentation, reading
from ser.compute import cached_map
from ser.core import files, tables
from ser.features.spectral.librosa import functionals
from ser.features.spectral.log_mel import log_mel
from ser.models import classifier_training
from ser.models.prediction import predictions_of
from ser.protocol import balancing, partitions, references
from ser.representation import arrays, tabular
from ser.representation.extraction import extracted, one_by_one, rows_of_variants
from ser.representation.joining import combined
from ser.representation.reading import Representation
from stages import extract_frames, extract_librosa, extract_log_mel
from tests.support import small_corpora, wiring
from tests.support.bundles import SETTINGS
from tests.support.descriptor_sets import SETS
from tests.support.learning_tables import feature_table, training_rows, utterance_table
from tests.support.paths import CONF
from tests.support.synthesis import speech_like, tone

LOG_MEL = yaml.safe_load((CONF / "log_mel" / "mel_64.yaml").read_text())
FRAMES = yaml.safe_load((CONF / "frames" / "frames_62.yaml").read_text())
NONE = yaml.safe_load((CONF / "augmentation" / "none.yaml").read_text())
WAVEFORM = yaml.safe_load((CONF / "augmentation" / "waveform.yaml").read_text())
NAMES = ["pitch_shift", "time_stretch", "noise", "time_shift"]
ALL = ["original", *NAMES]
RATE = 16_000
IDS = [f"ravdess/Actor_01/{k}" for k in range(20)]


def variant(name: str, waveform: np.ndarray, utterance: str = IDS[0], sample_rate: int = RATE) -> np.ndarray:
    """Variant `name` of a waveform, by system B's settings."""
    settings = WAVEFORM | {"variants": {name: WAVEFORM["variants"][name]}}
    return augmentation.augmented(waveform, sample_rate, utterance=utterance, **settings)[name]


def draw(name: str, utterance: str, low: float, high: float) -> float:
    return float(augmentation.generator(0, utterance, name).uniform(low, high))


def frequency(waveform: np.ndarray, sample_rate: int = RATE) -> float:
    """Hz of the highest peak of the spectrum of the middle half, to a tenth of a bin or better."""
    middle = waveform[waveform.size // 4 : 3 * waveform.size // 4]
    n_fft = 16 * middle.size
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size), n_fft))
    return float(spectrum.argmax() * sample_rate / n_fft)


# effect on a signal


@pytest.mark.parametrize("utterance", IDS[:6])
@pytest.mark.parametrize("sample_rate", [16_000, 48_000])
def test_the_pitch_of_a_sine_moves_by_the_drawn_semitones(utterance: str, sample_rate: int) -> None:
    semitones = draw("pitch_shift", utterance, -2, 2)
    shifted = variant("pitch_shift", tone(440, 1, sample_rate), utterance, sample_rate)
    measured = 12 * np.log2(frequency(shifted, sample_rate) / 440)
    assert measured == pytest.approx(semitones, abs=0.03)  # 2 % of a semitone is 0.5 Hz
    assert shifted.size == sample_rate


@pytest.mark.parametrize("utterance", IDS[:6])
def test_a_stretched_tone_has_the_duration_of_the_rate_and_its_own_pitch(utterance: str) -> None:
    rate = draw("time_stretch", utterance, 0.9, 1.1)
    stretched = variant("time_stretch", tone(440, 1), utterance)
    assert stretched.size == round(RATE / rate)
    assert frequency(stretched) == pytest.approx(440, rel=0.002)
    middle = stretched[stretched.size // 4 : 3 * stretched.size // 4]
    # a sine is in three bins, and the vocoder treats their phases apart: up to 0.9 dB are lost
    assert middle.std() == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


def test_the_noise_is_white_and_of_deviation_sigma() -> None:
    waveform = tone(440, 4)
    added = variant("noise", waveform) - waveform
    n_samples = added.size
    assert added.std() == pytest.approx(0.005, rel=5 / np.sqrt(2 * n_samples))  # five standard errors
    assert abs(added.mean()) < 5 * 0.005 / np.sqrt(n_samples)
    power = np.abs(np.fft.rfft(added)[1:-1]) ** 2
    bands = power[: power.size // 8 * 8].reshape(8, -1).mean(axis=1)
    np.testing.assert_allclose(bands, n_samples * 0.005**2, rtol=5 / np.sqrt(power.size / 8))


@pytest.mark.parametrize("utterance", IDS[:6])
@pytest.mark.parametrize("position", [0, 1000, 8000, 15_999])
def test_an_impulse_moves_by_the_drawn_samples_and_never_wraps(utterance: str, position: int) -> None:
    n_samples = round(draw("time_shift", utterance, -0.1, 0.1) * RATE)
    impulse = np.zeros(RATE, np.float32)
    impulse[position] = 0.5
    shifted = variant("time_shift", impulse, utterance)
    expected = np.zeros_like(impulse)
    if 0 <= position + n_samples < RATE:
        expected[position + n_samples] = 0.5
    np.testing.assert_array_equal(shifted, expected)


def test_impulses_move_both_ways() -> None:
    impulse = np.zeros(RATE, np.float32)
    impulse[RATE // 2] = 1
    moves = [int(variant("time_shift", impulse, utterance).argmax()) - RATE // 2 for utterance in IDS]
    assert min(moves) < -100
    assert max(moves) > 100
    assert max(map(abs, moves)) <= 1600


def test_half_of_the_shortest_utterance_remains() -> None:
    for utterance in IDS:
        shifted = variant("time_shift", np.ones(1600, np.float32), utterance)
        assert 800 <= np.count_nonzero(shifted) <= 1600


@pytest.mark.parametrize("duration", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("sample_rate", [8000, 22_050, 48_000])
@pytest.mark.parametrize("is_silent", [False, True])
def test_every_variant_is_finite_and_mono_and_has_the_expected_length(
    duration: float, sample_rate: int, is_silent: bool
) -> None:
    waveform = speech_like(0, duration, sample_rate) * np.float32(not is_silent)
    kept = waveform.copy()
    made = augmentation.augmented(waveform, sample_rate, utterance=IDS[0], **WAVEFORM)
    assert list(made) == ALL
    assert made["original"] is waveform
    np.testing.assert_array_equal(waveform, kept)  # no variant changes its input
    for name, values in made.items():
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
        assert values.any() == (not is_silent or name == "noise")
        rate = draw("time_stretch", IDS[0], 0.9, 1.1) if name == "time_stretch" else 1
        assert values.shape == (round(waveform.size / rate),)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sample_rate", [8000, 48_000])
def test_features_of_the_shortest_variants_are_finite(name: str, sample_rate: int) -> None:
    shortest = variant(name, speech_like(0, 0.1, sample_rate), sample_rate=sample_rate)
    for sets in SETS.values():
        assert np.isfinite(list(functionals(shortest, sample_rate, **sets).values())).all()
    assert np.isfinite(log_mel(shortest, sample_rate, **LOG_MEL)).all()


# random draws


def test_draws_lie_in_their_ranges_and_fill_them() -> None:
    many = [f"tess/{k}" for k in range(300)]
    for name, low, high in (("pitch_shift", -2, 2), ("time_stretch", 0.9, 1.1), ("time_shift", -0.1, 0.1)):
        draws = np.array([draw(name, utterance, low, high) for utterance in many])
        assert low <= draws.min() < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < draws.max() <= high
        assert np.unique(draws).size == len(many)


def test_variants_utterances_and_seeds_draw_differently() -> None:
    sources = [(seed, utterance, name) for seed in (0, 1) for utterance in IDS for name in NAMES]
    draws = [augmentation.generator(*source).random() for source in sources]
    assert len(set(draws)) == len(sources)


def test_draws_are_the_same_on_every_machine() -> None:
    """Python's hash differs between processes, a digest does not."""
    assert augmentation.generator(0, "ravdess/a", "noise").integers(2**32) == 3048921408


def test_a_variant_does_not_depend_on_the_others_or_on_their_order() -> None:
    waveform = speech_like(1, 0.5, RATE)
    first = augmentation.augmented(waveform, RATE, utterance=IDS[0], **WAVEFORM)
    backwards = WAVEFORM | {"variants": dict(reversed(WAVEFORM["variants"].items()))}
    second = augmentation.augmented(waveform, RATE, utterance=IDS[0], **backwards)
    assert list(second) == ["original", *reversed(NAMES)]
    for name in NAMES:
        np.testing.assert_array_equal(first[name], second[name])
        np.testing.assert_array_equal(first[name], variant(name, waveform))


def test_an_unknown_variant_is_refused_with_the_known_and_the_remedy() -> None:
    settings = {"name": "mine", "seed": 0, "variants": {"noise": {"sigma": 0.1}, "pitchshift": {}}}
    message = r"unknown variant 'pitchshift' in augmentation\.variants; it is one of pitch_shift, time_stretch, noise,"
    for call in (
        lambda: augmentation.augmented(tone(440, 0.2), RATE, utterance="u", **settings),
        lambda: rows_of_variants(utterance_table(1), settings),
        lambda: next(
            tabular.feature_rows(
                utterance_table(1), Path(), one_by_one(loudness), augmentation=settings, description=""
            )
        ),
    ):
        with pytest.raises(
            ValueError, match=message + r".* other_conditions: correct it in conf/augmentation, or leave it out"
        ):
            call()


def test_a_mistyped_setting_is_refused() -> None:
    settings = {"name": "mine", "seed": 0, "variants": {"noise": {"sigme": 0.1}}}
    with pytest.raises(TypeError, match="sigme"):
        augmentation.augmented(tone(440, 0.2), RATE, utterance="u", **settings)


# extraction


def loudness(waveform: np.ndarray, sample_rate: int) -> dict[str, float]:
    return {"level": float(waveform.std()), "length": waveform.size, "first": float(waveform[:800].std())}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """Folder and table of five utterances."""
    root = tmp_path_factory.mktemp("corpus")
    return root, small_corpora.with_table(root, n=5, sample_rate=RATE, shortest=0.3, step=0.1)


def table(
    corpus: tuple[Path, pd.DataFrame], settings: dict = WAVEFORM, extractor: Any = loudness, *, threads: bool = True
) -> pd.DataFrame:
    root, utterances = corpus
    chunks = tabular.feature_rows(
        utterances, root, one_by_one(extractor), augmentation=settings, description="test", threads=threads
    )
    return pd.concat(chunks, ignore_index=True)


def test_each_utterance_has_its_original_and_then_its_variants_as_configured(
    corpus: tuple[Path, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabular, "CHUNK", 3)  # a chunk ends within an utterance
    rows = tables.FEATURES.validate(table(corpus))
    assert len(rows) == 5 * (1 + 4)
    assert rows["utterance"].tolist() == [name for name in corpus[1]["utterance"] for _ in ALL]
    assert rows["variant"].tolist() == ALL * 5
    assert rows["emotion"].tolist() == [name for name in corpus[1]["emotion"] for _ in ALL]
    assert len(rows.drop_duplicates(["level", "length", "first"])) == len(rows)


def test_the_values_of_a_row_are_those_of_its_variant(corpus: tuple[Path, pd.DataFrame]) -> None:
    root, utterances = corpus
    rows = table(corpus).set_index(["utterance", "variant"])
    for utterance, path in zip(utterances["utterance"], utterances["path"], strict=True):
        waveform = soundfile.read(root / path, dtype="float32")[0]
        for name in NAMES:
            expected = loudness(variant(name, waveform, utterance), RATE)
            assert rows.loc[(utterance, name)].drop("emotion").to_dict() == {
                key: np.float32(x) for key, x in expected.items()
            }


def test_augmentation_does_not_change_the_originals(corpus: tuple[Path, pd.DataFrame]) -> None:
    with_variants, without = table(corpus), table(corpus, NONE)
    originals = with_variants[with_variants["variant"] == "original"].reset_index(drop=True)
    pd.testing.assert_frame_equal(originals, without)
    root, utterances = corpus
    by_default = tabular.feature_rows(utterances, root, one_by_one(loudness), description="test", threads=True)
    pd.testing.assert_frame_equal(without, pd.concat(by_default))


def test_one_worker_and_two_processes_and_threads_give_equal_tables(
    corpus: tuple[Path, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    extractor = partial(functionals, **SETS["means_42"])
    made = []
    for n_workers, threads in (("1", False), ("2", False), ("2", True)):
        monkeypatch.setenv("LOKY_MAX_CPU_COUNT", n_workers)
        made.append(table(corpus, extractor=extractor, threads=threads))
    pd.testing.assert_frame_equal(made[0], made[1], check_exact=True)
    pd.testing.assert_frame_equal(made[0], made[2], check_exact=True)


def test_rows_do_not_depend_on_the_order_or_number_of_utterances(corpus: tuple[Path, pd.DataFrame]) -> None:
    root, utterances = corpus
    rows = table(corpus).set_index(["utterance", "variant"])
    few = table((root, utterances.iloc[[3, 1]])).set_index(["utterance", "variant"])
    pd.testing.assert_frame_equal(few, rows.loc[few.index])


def test_every_recording_is_decoded_once(corpus: tuple[Path, pd.DataFrame], monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[Path] = []
    opened = reading.opened
    monkeypatch.setattr(reading, "opened", lambda path: decoded.append(path) or opened(path))
    assert len(table(corpus)) == 25
    assert sorted(path.name for path in decoded) == sorted(corpus[1]["path"])


def test_utterances_are_extracted_lazily(corpus: tuple[Path, pd.DataFrame], monkeypatch: pytest.MonkeyPatch) -> None:
    """The corpus is never in memory as a whole: the first chunk is complete before later utterances are read."""
    root, utterances = corpus
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    monkeypatch.setattr(cached_map, "CHUNKS_PER_WORKER", 1)
    monkeypatch.setattr(cached_map, "CHUNK", 2)
    missing = utterances.assign(path=[*utterances["path"].iloc[:2], *["nowhere.flac"] * 3])
    values = extracted(missing, root, one_by_one(loudness), augmentation=WAVEFORM, description="test")
    assert len([next(values) for _ in range(2 * len(ALL))]) == 10
    with pytest.raises(FileNotFoundError, match="nowhere"):
        next(values)


def test_a_recording_that_changed_since_ingest_is_refused(corpus: tuple[Path, pd.DataFrame]) -> None:
    root, utterances = corpus
    swapped = utterances.assign(path=utterances["path"].tolist()[::-1])
    with pytest.raises(ValueError, match=r"4\.flac is not the recording that was ingested; run: dvc repro"):
        table((root, swapped))


def test_tables_of_both_representations_can_be_combined(corpus: tuple[Path, pd.DataFrame], tmp_path: Path) -> None:
    names = {"level": "a", "length": "b", "first": "c"}
    of = {"first": table(corpus), "other": table(corpus), "none": table(corpus, NONE)}
    for name, rows in of.items():
        own = rows.rename(columns={column: f"{name}_{short}" for column, short in names.items()})
        tables.write(own, tmp_path / f"{name}.csv")
    (both,) = combined(tmp_path / "first.csv", tmp_path / "other.csv")
    assert both.columns.tolist() == [*tables.KEYS, *(f"{name}_{k}" for name in ("first", "other") for k in "abc")]
    with pytest.raises(ValueError, match="different utterances"):
        list(combined(tmp_path / "first.csv", tmp_path / "none.csv"))


@pytest.mark.parametrize("settings", [NONE, WAVEFORM], ids=lambda settings: settings["name"])
def test_stages_write_tables_and_arrays_of_the_same_rows(
    corpus: tuple[Path, pd.DataFrame], settings: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, utterances = corpus
    monkeypatch.chdir(tmp_path)
    sets = {"librosa": SETS["means_42"], "log_mel": LOG_MEL, "frames": FRAMES}
    params = {"corpus": {"root": str(root)}, "augmentation": settings, "tables": {"format": "csv"}, **sets}
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    tables.write(utterances, Path("data/utterances.csv"))
    for stage in (extract_log_mel, extract_frames):
        files.write_json(stage.AVAILABILITY, {"wanted": True})
    for stage in (extract_librosa, extract_log_mel, extract_frames):
        stage.main()
    rows = tables.read_features(Path("data/librosa_extracted_features.csv"))
    assert len(rows) == 5 * (1 + len(settings["variants"]))
    for name in ("log_mel", "frames"):
        index, array = arrays.read(Path("data") / name)
        assert len(array) == len(rows)
        pd.testing.assert_frame_equal(index, rows[list(tables.KEYS)])
        assert len(np.unique(array, axis=0)) == len(array)


@pytest.mark.parametrize("name", ["librosa", "yamnet", "ssl", "whisper", "opensmile", "log_mel", "frames"])
def test_extraction_depends_on_neither_partition_nor_balance(name: str) -> None:
    stage = f"stages.extract_{name}"
    assert set(wiring.stage_params(stage)) - {"tables.format"} == {"corpus.root", "augmentation", name}
    assert "data/partitions.csv" not in wiring.path_constants(stage)
    assert not {"ser/protocol/partitions.py", "ser/protocol/balancing.py"} & wiring.module_files(stage)


# dev and test rows are not in training

UTTERANCES = utterance_table(6, emotions=("neutral", "happy", "sad", "angry"))
PARTITIONS = {
    "holdout": partitions.partition_table(
        UTTERANCES, name="speaker_holdout", test_fraction=1 / 3, dev_fraction=1 / 6, seed=0
    ),
    "folds": partitions.partition_table(UTTERANCES, name="speaker_folds", n_folds=3, seed=0),
}
BALANCE = [{"name": "smote", "k_neighbors": 5}, {"name": "random_oversampler"}, {"name": "none"}]
over_partitions = pytest.mark.parametrize("partition", PARTITIONS)
over_balance = pytest.mark.parametrize("settings", BALANCE, ids=lambda settings: settings["name"])


def augmented_table(utterances: pd.DataFrame = UTTERANCES) -> pd.DataFrame:
    """Features of every utterance and of its four variants, which have similar values."""
    originals = feature_table(utterances).set_index("utterance")
    rows = rows_of_variants(utterances, WAVEFORM)
    values = originals.loc[rows["utterance"], tables.feature_columns(originals)].reset_index(drop=True)
    moved = np.random.default_rng(1).normal(0, 0.1, values.shape) * (rows["variant"] != "original").to_numpy()[:, None]
    return pd.concat([rows, (values + moved).astype("float32")], axis=1)


FEATURES = augmented_table()
COLUMNS = tables.feature_columns(FEATURES)
INDEX = FEATURES[list(tables.KEYS)]


def rows_in(table: pd.DataFrame, fold: int, partition: str) -> set[str]:
    return set(table.loc[(table["fold"] == fold) & (table["partition"] == partition), "utterance"])


def balanced(features: pd.DataFrame, table: pd.DataFrame, settings: dict) -> pd.DataFrame:
    return balancing.balanced_folds(features, table, balance=settings, seed=0)


def only_training_utterances(rows: pd.DataFrame, table: pd.DataFrame) -> None:
    """Fail unless the rows are exactly the training utterances with all their variants, once each."""
    assert sorted(rows["fold"].unique()) == sorted(table["fold"].unique())
    for fold, own in rows.groupby("fold"):
        training = rows_in(table, fold, "train")
        assert training
        assert set(own["utterance"]) == training
        real = own[~own["synthetic"]]
        assert sorted(zip(real["utterance"], real["variant"], strict=True)) == sorted(
            (utterance, name) for utterance in training for name in ALL
        )
        assert set(own.loc[own["synthetic"], "variant"]) <= {*ALL, "smote"}


@over_partitions
@over_balance
def test_balanced_rows_of_a_table_are_training_utterances_only(partition: str, settings: dict) -> None:
    rows = balanced(FEATURES, PARTITIONS[partition], settings)
    assert rows["synthetic"].any() == (settings["name"] != "none")
    only_training_utterances(rows, PARTITIONS[partition])


@over_partitions
@pytest.mark.parametrize("settings", BALANCE[1:], ids=lambda settings: settings["name"])
def test_balanced_rows_of_an_array_are_training_utterances_only(partition: str, settings: dict) -> None:
    rows = balanced(INDEX, PARTITIONS[partition], settings)
    assert rows["synthetic"].any() == (settings["name"] != "none")
    only_training_utterances(rows, PARTITIONS[partition])


@over_partitions
@over_balance
def test_training_rows_do_not_depend_on_the_features_of_dev_and_test(partition: str, settings: dict) -> None:
    """A row that was interpolated, copied or scaled with a dev or test row would change or be NaN."""
    for fold, table in PARTITIONS[partition].groupby("fold"):
        poisoned = FEATURES.copy()
        poisoned.loc[~FEATURES["utterance"].isin(rows_in(table, fold, "train")), COLUMNS] = np.nan
        rows = balanced(poisoned, table, settings)
        pd.testing.assert_frame_equal(rows, balanced(FEATURES, table, settings), check_exact=True)
        assert np.isfinite(rows[COLUMNS].to_numpy()).all()
        looked_up = references.dereferenced(references.referenced(rows), poisoned)
        pd.testing.assert_frame_equal(looked_up[rows.columns], rows)


@over_partitions
@pytest.mark.parametrize("features", [FEATURES, INDEX], ids=["table", "array"])
def test_rows_of_a_partition_are_its_utterances_with_all_their_variants(partition: str, features: pd.DataFrame) -> None:
    table = PARTITIONS[partition]
    for fold in table["fold"].unique():
        found = {name: balancing.rows_of(features, table, fold=fold, partition=name) for name in tables.PARTITIONS}
        for name, rows in found.items():
            assert set(rows["utterance"]) == rows_in(table, fold, name)
            assert len(rows) == 5 * len(rows_in(table, fold, name))
        assert sum(map(len, found.values())) == len(features)


def test_no_variant_of_a_test_speaker_is_in_training() -> None:
    speaker = UTTERANCES.set_index("utterance")["speaker"]
    table = PARTITIONS["folds"]
    for fold, own in balanced(FEATURES, table, BALANCE[1]).groupby("fold"):
        held_out = rows_in(table, fold, "dev") | rows_in(table, fold, "test")
        assert not set(speaker[own["utterance"]]) & set(speaker[sorted(held_out)])


class Remembering:
    """Model that records the rows that it predicts."""

    labels = sorted(UTTERANCES["emotion"].unique())

    def probabilities(self, features: Representation, positions: np.ndarray) -> np.ndarray:
        self.rows = features.rows.iloc[positions]
        return np.full((len(positions), len(self.labels)), 1 / len(self.labels))


@pytest.mark.parametrize("features", [FEATURES, INDEX], ids=["table", "array"])
def test_only_originals_are_predicted(features: pd.DataFrame) -> None:
    rows = PARTITIONS["folds"]
    rows = rows[rows["partition"] != "train"]
    array = None if features is FEATURES else np.zeros((len(features), 2, 3), np.float32)
    model: Any = Remembering()
    predictions = predictions_of(rows, UTTERANCES, Representation(features, array), model)
    assert len(predictions) == len(rows)
    assert set(model.rows["variant"]) == {"original"}
    assert model.rows["utterance"].tolist() == predictions["utterance"].tolist()


# calibration


def test_probabilities_are_calibrated_on_originals_only_and_variants_are_in_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calibrated_on, learned_from = [], []

    class Spied(classifier_training.CalibratedClassifierCV):  # type: ignore[misc]
        def fit(self, values: np.ndarray, emotion: np.ndarray) -> Any:
            calibrated_on.append(values)
            super().fit(values, emotion)
            estimator = self.calibrated_classifiers_[0].estimator
            fit = estimator.fit
            estimator.fit = lambda values, emotion: learned_from.append(values) or fit(values, emotion)
            return self

    monkeypatch.setattr(classifier_training, "CalibratedClassifierCV", Spied)
    rows = balancing.balanced(FEATURES, name="random_oversampler", seed=0)
    speaker = rows["utterance"].map(UTTERANCES.set_index("utterance")["speaker"])
    classifier_training.fitted(rows, speaker, name="svm", n_calibration_folds=3, seed=0, **SETTINGS["svm"])
    originals = training_rows(UTTERANCES)
    np.testing.assert_array_equal(calibrated_on[0], originals[COLUMNS].to_numpy())
    np.testing.assert_array_equal(learned_from[0], rows[COLUMNS].to_numpy())


def test_variants_change_neither_sole_speakers_nor_calibration_groups() -> None:
    rows = balancing.balanced(FEATURES, name="none", seed=0)
    speaker = rows["utterance"].map(UTTERANCES.set_index("utterance")["speaker"])
    assert classifier_training.sole_speakers(rows, speaker) == set()
    only_one = (rows["emotion"] != "sad") | (speaker == "ravdess/02")
    rows, speaker = rows[only_one], speaker[only_one]
    assert classifier_training.sole_speakers(rows, speaker) == {"ravdess/02"}
    group = pd.Series(classifier_training.calibration_group(rows, speaker), rows.index)
    assert (group.groupby(rows["utterance"]).nunique() == 1).all()
