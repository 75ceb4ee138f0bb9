"""Training of a network on one fold: its rows, decisions on dev, and unsuitable partitions."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ser.core import tables
from ser.models import calibration, checkpoints, network_training, neural
from ser.models.backend import keras
from ser.models.calibration import cross_entropy, softened
from ser.models.examples import Examples
from ser.models.settings import Settings
from ser.models.variation import Variation
from ser.protocol import balancing, references
from ser.representation.reading import Representation
from tests.support.training_settings import OPTIONS, RULES

EMOTIONS = ("neutral", "happy", "sad", "angry")
N_UTTERANCES = 40
PARTITIONS = np.array((["train"] * 3 + ["dev"] + ["test"]) * 8)
SMALL: Mapping[str, dict[str, Any]] = {
    "dnn": {"name": "dnn", "representation": "librosa", "dense_units": [8], "dropouts": [0.1]},
    "cnn": {"name": "cnn", "representation": "log_mel", "filters": [2], "dense_units": 4, "dropout": 0.1},
    "conv_bilstm": {
        "name": "conv_bilstm",
        "representation": "frames",
        "filters": [2],
        "kernel_size": 3,
        "recurrent_units": 2,
        "dense_units": [2],
        "dropout": 0.1,
        "l2": 0.001,
    },
}
TRAINING = RULES | OPTIONS | {"max_epochs": 2}
SHAPES = {"log_mel": (16, 20), "frames": (20, 3)}


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder, for checkpoints."""
    monkeypatch.chdir(tmp_path)


def lies_in(partition: str) -> np.ndarray:
    return np.array([name == partition for name in PARTITIONS])


def index() -> pd.DataFrame:
    names = [f"ravdess/{k:02}" for k in range(N_UTTERANCES)]
    emotion = [EMOTIONS[(k // 5) % 4] for k in range(N_UTTERANCES)]  # 6 in training and 2 in dev and test of each
    return pd.DataFrame({"utterance": names, "variant": tables.ORIGINAL, "emotion": emotion})


def representation(name: str = "librosa", *, seed: int = 0) -> Representation:
    """A table of six features, or an array; each emotion has another mean."""
    random = np.random.default_rng(seed)
    rows = index()
    code = rows["emotion"].map(EMOTIONS.index).to_numpy(float)
    if name == "librosa":
        values = (random.normal(size=(N_UTTERANCES, 6)) + 2 * code[:, None]).astype(np.float32)
        return Representation(pd.concat([rows, pd.DataFrame(values).add_prefix("feature_")], axis=1))
    values = random.normal(size=(N_UTTERANCES, *SHAPES[name])) + code[:, None, None]
    return Representation(rows, values.astype(np.float32))


def part(features: Representation, partition: str) -> pd.DataFrame:
    names = index()["utterance"][lies_in(partition)]
    return features.rows[features.rows["utterance"].isin(names)].assign(synthetic=False)


def with_copies(rows: pd.DataFrame, n: int = 5) -> pd.DataFrame:
    """Rows with the first one repeated, as by an oversampler."""
    return pd.concat([rows, *[rows.iloc[:1].assign(synthetic=True)] * n], ignore_index=True)


def no_report(epoch: int, figures: Mapping[str, float]) -> None:
    """A callback that does nothing."""


def fitted(features: Representation, *, name: str = "dnn", **changes: Any) -> network_training.Fit:
    options = {"model": SMALL[name], "training": TRAINING, "representation": {}, "seed": 0}
    settings = Settings(**{key: changes.pop(key, value) for key, value in options.items()})
    given = {
        "rows": part(features, "train"),
        "dev": part(features, "dev"),
        "run": "models",
        "description": "fold 0",
        "on_epoch": no_report,
        **changes,
    }
    return network_training.fitted(features=features, settings=settings, **given)


class Seen(Exception):
    """Inputs of a training that does not start."""

    def __init__(self, build: Callable[[], Any], train: Examples, dev: Examples, **options: Any) -> None:
        super().__init__()
        self.build, self.train, self.dev, self.options = build, train, dev, options

    @property
    def key(self) -> str:
        return str(self.options["folder"])

    def normalization(self) -> Any:
        return next(iter(layer for layer in self.build().layers if isinstance(layer, keras.layers.Normalization)), None)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Seen]:
    """Fit up to the start of the first epoch."""

    def trained(*examples: Any, **options: Any) -> None:
        raise Seen(*examples, **options)

    monkeypatch.setattr(neural, "trained", trained)

    def seen(features: Representation, **changes: Any) -> Seen:
        with pytest.raises(Seen) as caught:
            fitted(features, **changes)
        return caught.value

    return seen


def values_of(examples: Examples) -> np.ndarray:
    return np.concatenate(list(examples.chunks()))


@pytest.mark.parametrize("name", SMALL)
def test_training_has_its_rows_and_copies_and_dev_its_originals_and_neither_has_test(
    name: str, begun: Callable[..., Seen]
) -> None:
    features = representation(SMALL[name]["representation"])
    everything = features.array if features.array is not None else features.rows.filter(like="feature_").to_numpy()
    rows = with_copies(part(features, "train"))
    seen = begun(features, name=name, rows=rows)
    train = everything[lies_in("train")]
    np.testing.assert_array_equal(values_of(seen.train), np.concatenate([train, train[[0] * 5]]))
    np.testing.assert_array_equal(values_of(seen.dev), everything[lies_in("dev")])
    assert [EMOTIONS[code] for code in seen.train.codes] == rows["emotion"].tolist()
    assert [EMOTIONS[code] for code in seen.dev.codes] == part(features, "dev")["emotion"].tolist()


def test_rows_in_any_order_and_with_any_index_find_their_values(begun: Callable[..., Seen]) -> None:
    features = representation("log_mel")
    rows = part(features, "train").sample(frac=1, random_state=0).set_index(np.arange(100, 124))
    seen = begun(features, name="cnn", rows=rows)
    positions = [int(name.removeprefix("ravdess/")) for name in rows["utterance"]]
    np.testing.assert_array_equal(values_of(seen.train), features.array[positions])


def test_originals_look_their_features_up_and_synthetic_rows_carry_their_own(begun: Callable[..., Seen]) -> None:
    features = representation()
    rows = balancing.balanced(
        part(features, "train").iloc[2:].drop(columns="synthetic"), name="smote", k_neighbors=2, seed=0
    )
    assert rows["synthetic"].any()
    seen = begun(features, rows=references.referenced(rows))
    np.testing.assert_array_equal(values_of(seen.train), rows.filter(like="feature_").to_numpy())


@pytest.mark.parametrize("name", ["dnn", "conv_bilstm"])
def test_standardisation_is_over_real_training_rows_once_each(name: str, begun: Callable[..., Seen]) -> None:
    kind = SMALL[name]["representation"]
    features = representation(kind)
    if features.array is not None:
        features.array[~lies_in("train")] = 1e6
        values = features.array[lies_in("train")]
    else:
        columns = tables.feature_columns(features.rows)
        features.rows.loc[~lies_in("train"), columns] = np.float32(1e6)
        values = features.rows.loc[lies_in("train"), columns].to_numpy()
    layer = begun(features, name=name, rows=with_copies(part(features, "train"), 50)).normalization()
    rows = values.reshape(-1, values.shape[-1]).astype(np.float64)
    np.testing.assert_allclose(np.ravel(layer.mean), rows.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(np.ravel(layer.variance), rows.var(axis=0), rtol=1e-4)


def test_standardisation_is_over_originals_and_no_variants(begun: Callable[..., Seen]) -> None:
    features = representation("frames")
    shifted = features.rows.assign(variant="pitch_1")
    both = Representation(
        pd.concat([features.rows, shifted], ignore_index=True), np.concatenate([features.array, features.array + 50])
    )
    seen = begun(both, name="conv_bilstm", dev=part(features, "dev"))
    assert len(seen.train) == 48
    expected = begun(features, name="conv_bilstm").normalization()
    np.testing.assert_array_equal(seen.normalization().mean, expected.mean)
    np.testing.assert_array_equal(seen.normalization().variance, expected.variance)


def test_a_spectrogram_that_is_scaled_already_is_not_standardised(begun: Callable[..., Seen]) -> None:
    assert begun(representation("log_mel"), name="cnn").normalization() is None


def changed(features: Representation, partition: str, value: float) -> Representation:
    """Features in which the first row of a partition has another first value."""
    array = features.array.copy()
    array[np.flatnonzero(lies_in(partition))[0]].flat[0] = value
    return Representation(features.rows, array)


@pytest.mark.parametrize("value", [0.5, np.nan])
def test_test_rows_have_no_influence(begun: Callable[..., Seen], value: float) -> None:
    features = representation("log_mel")
    before, after = (begun(given, name="cnn") for given in (features, changed(features, "test", value)))
    assert before.key == after.key
    for one, other in ((before.train, after.train), (before.dev, after.dev)):
        np.testing.assert_array_equal(values_of(one), values_of(other))


@pytest.mark.parametrize("partition", ["train", "dev"])
def test_a_value_that_is_not_finite_is_refused_with_its_row(partition: str) -> None:
    features = changed(representation("log_mel"), partition, np.nan)
    row = np.flatnonzero(lies_in(partition))[0]
    with pytest.raises(ValueError, match=rf"1 rows .* NaN or infinite values, the first is row {row}; .* dvc repro -f"):
        fitted(features, name="cnn")


def test_training_restarts_after_any_change_of_an_input_and_resumes_without_one(begun: Callable[..., Seen]) -> None:
    features = representation("log_mel")
    relabelled = part(features, "train")
    relabelled.loc[relabelled.index[0], "emotion"] = "angry"
    start = partial(begun, name="cnn")
    keys = [
        start(features).key,
        start(changed(features, "train", 9)).key,
        start(changed(features, "dev", 9)).key,
        start(features, rows=relabelled).key,
        start(features, dev=part(features, "dev").iloc[1:]).key,
        start(features, rows=part(features, "train").iloc[::-1]).key,
        start(features, seed=1).key,
        start(features, model={**SMALL["cnn"], "dropout": 0.2}).key,
        start(features, model={**SMALL["cnn"], "representation": "librosa"}).key,
        *[start(features, training={**TRAINING, key: value}).key for key, value in OTHER_SETTINGS.items()],
        start(features, run="members/cnn").key,
    ]
    assert len(set(keys)) == len(keys)
    assert start(features, description="another", on_epoch=print).key == keys[0]
    assert keys[0].startswith(f"{checkpoints.CHECKPOINTS}/models/")
    assert keys[-1].startswith(f"{checkpoints.CHECKPOINTS}/members/cnn/")


OTHER_SETTINGS = {
    "select": "dev_uar",
    "max_epochs": 3,
    "patience": 4,
    "reduce_patience": 2,
    "reduce_factor": 0.1,
    "min_learning_rate": 1e-5,
    "warm_up": 0.3,
    "learning_rate": 0.1,
    "batch_size": 4,
    "weight_decay": 0.1,
    "class_weight": True,
    "label_smoothing": 0.2,
    "mixup": 0.4,
    "variation": {**dict.fromkeys(Variation.__dataclass_fields__, 0), "max_gain": 1.0},
    "deterministic": False,
}


def test_every_setting_of_training_is_tried_above() -> None:
    assert set(OTHER_SETTINGS) == set(TRAINING) - {"bias_correction", "refit"}  # which apply after training


def test_labels_are_the_emotions_of_training_in_their_own_order(begun: Callable[..., Seen]) -> None:
    features = representation()
    rows = part(features, "train")
    seen = begun(features, rows=rows[rows["emotion"] != "happy"])
    assert seen.options["n_labels"] == 3
    labels = np.array(["neutral", "sad", "angry"])  # as in `tables.EMOTIONS`
    kept = part(features, "dev")["emotion"]
    assert (
        labels[seen.dev.codes].tolist() == kept[kept != "happy"].tolist()
    )  # without the emotion that is never predicted


@pytest.mark.parametrize("emotions", [[], ["boredom"]])
def test_a_dev_partition_without_trained_emotions_is_refused_with_the_remedy(emotions: Sequence[str]) -> None:
    features = representation()
    dev = part(features, "dev").iloc[: len(emotions)].assign(emotion=emotions)
    match = "dev has no utterance of neutral, happy, sad, angry, and dev decides when to stop; choose another partition"
    with pytest.raises(ValueError, match=match):
        fitted(features, dev=dev)


def test_remarks_name_the_emotions_that_only_one_side_has() -> None:
    features = representation()
    rows, dev = part(features, "train"), part(features, "dev")
    assert network_training.remarks(rows, dev) == []
    unknown = network_training.remarks(rows[~rows["emotion"].isin(["sad", "happy"])], dev)
    assert unknown == ["happy, sad: in dev, not in training; never predicted, and dev decides without it"]
    (unchecked,) = network_training.remarks(rows, dev[dev["emotion"] != "angry"])
    assert unchecked.startswith("angry: in training, not in dev")
    assert len(network_training.remarks(rows[rows["emotion"] != "sad"], dev[dev["emotion"] != "happy"])) == 2


@pytest.mark.parametrize(("name", "kind"), [("conv_bilstm", "log_mel"), ("cnn", "frames")])
def test_an_array_with_other_axes_is_refused_with_the_remedy(name: str, kind: str) -> None:
    """With bands as frames, training would work but learn little."""
    with pytest.raises(ValueError, match=rf"model={name} takes .*{kind}.*model\.representation"):
        fitted(representation(kind), name=name, model={**SMALL[name], "representation": kind})


def test_a_table_for_a_network_of_spectrograms_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"model=cnn takes a mel spectrogram.*shape \(6,\).*model\.representation"):
        fitted(representation(), name="cnn", model={**SMALL["cnn"], "representation": "librosa"})


def test_the_training_of_a_classifier_is_refused_for_a_network_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"training=system_b"):
        fitted(representation(), training={"refit": True, "n_calibration_folds": 5, "calibration": "speakers"})


def test_a_fit_recognises_separable_emotions_and_reports_its_epochs(capsys: pytest.CaptureFixture[str]) -> None:
    features, epochs = representation(), []
    training = {**TRAINING, "max_epochs": 12, "learning_rate": 0.05}
    dev = part(features, "dev")
    dev.loc[dev.index[0], "emotion"] = "angry"  # a mistake, so that full certainty is not best
    fit = fitted(features, dev=dev, training=training, on_epoch=lambda *reported: epochs.append(reported))
    assert epochs == list(enumerate(fit.epochs))
    assert len(fit.epochs) == 12
    kept = fit.metrics["epoch"]
    assert kept == int(np.argmin([epoch["dev_loss"] for epoch in fit.epochs]))
    assert fit.metrics == {"epoch": kept, **fit.epochs[kept], "n_parameters": fit.model.network.count_params()}
    assert fit.model.classes_ == list(EMOTIONS)
    test = part(features, "test")
    probability = fit.model.predict_proba(test.filter(like="feature_").to_numpy())
    prediction = np.array(EMOTIONS)[probability.argmax(axis=1)]
    assert (prediction == test["emotion"]).mean() > 0.6  # chance is 0.25
    assert capsys.readouterr().err == ""  # the bar is for terminals
    outputs = neural.outputs(fit.model.network, dev.filter(like="feature_").to_numpy())
    codes = dev["emotion"].map(EMOTIONS.index).to_numpy()
    temperatures = np.array([1 / 1.1, 1, 1.1]) * fit.model.temperature
    entropies = [cross_entropy(softened(outputs, temperature), codes) for temperature in temperatures]
    assert min(entropies) == entropies[1]


def test_one_utterance_of_each_emotion_and_one_of_dev_are_fitted() -> None:
    features = representation()
    rows = part(features, "train").groupby("emotion").head(1)
    fit = fitted(features, rows=rows, dev=part(features, "dev").iloc[:1], training={**TRAINING, "max_epochs": 1})
    probability = fit.model.predict_proba(part(features, "test").filter(like="feature_").to_numpy())
    assert np.isfinite(probability).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-9)


@pytest.mark.slow
def test_a_stopped_fit_resumes_and_one_with_other_values_restarts() -> None:
    def stop(epoch: int, figures: Mapping[str, float]) -> None:
        raise KeyboardInterrupt

    features = representation()
    with pytest.raises(KeyboardInterrupt):
        fitted(features, on_epoch=stop)
    (kept,) = (checkpoints.CHECKPOINTS / "models").iterdir()
    assert (kept / "1.last.keras").exists()
    before = (kept / "progress.json").read_bytes()
    fitted(representation(seed=1))
    assert (kept / "progress.json").read_bytes() == before
    resumed = fitted(features)
    whole = fitted(features, run="another")
    assert resumed.epochs == whole.epochs
    for one, other in zip(resumed.model.network.get_weights(), whole.model.network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert resumed.model.temperature == whole.model.temperature
    checkpoints.discard("models")
    assert [path.name for path in checkpoints.CHECKPOINTS.iterdir()] == ["another"]


# a second network, which is also trained on dev

UNDECIDED = {**TRAINING, "select": "last", "refit": True}


@pytest.mark.slow
def test_a_refit_is_trained_on_train_and_dev_with_the_temperature_of_the_first_network() -> None:
    features = representation()
    fit = fitted(features, training=UNDECIDED)
    alone = fitted(features, training={**UNDECIDED, "refit": False})
    both = pd.concat([part(features, name) for name in ("train", "dev")], ignore_index=True)
    of_both = fitted(features, rows=both, training={**UNDECIDED, "refit": False})
    assert fit.before_refit is not None
    assert alone.before_refit is None
    for found, expected in ((fit.before_refit, alone.model), (fit.model, of_both.model)):
        for one, other in zip(found.network.get_weights(), expected.network.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    assert fit.model.temperature == fit.before_refit.temperature == alone.model.temperature
    assert (fit.epochs, fit.metrics) == (alone.epochs, alone.metrics)  # of the network that was not trained on dev


@pytest.mark.slow
def test_the_bias_correction_on_dev_is_applied_to_the_refitted_network() -> None:
    features = representation()
    plain = fitted(features, training=UNDECIDED)
    corrected = fitted(features, training={**UNDECIDED, "bias_correction": True})
    shifts = []
    for with_it, without in ((corrected.model, plain.model), (corrected.before_refit, plain.before_refit)):
        assert with_it is not None
        assert without is not None
        *shared, bias = with_it.network.get_weights()
        *expected, plain_bias = without.network.get_weights()
        for one, other in zip(shared, expected, strict=True):
            np.testing.assert_array_equal(one, other)
        shifts.append(bias - plain_bias)
    np.testing.assert_allclose(shifts[0], shifts[1], atol=1e-6)
    dev = part(features, "dev")
    values, codes = dev.filter(like="feature_").to_numpy(), dev["emotion"].map(EMOTIONS.index).to_numpy()
    assert plain.before_refit is not None
    expected = calibration.best(neural.outputs(plain.before_refit.network, values), codes, bias_correction=True)
    np.testing.assert_allclose(shifts[1], expected.shift, atol=1e-5)
    assert corrected.model.temperature == pytest.approx(expected.temperature, rel=1e-6)
    assert np.abs(expected.shift).max() > 0.01


@pytest.mark.parametrize(
    "deciding", [{"select": "dev_uar"}, {"patience": 1}, {"reduce_patience": 1}], ids=["select", "stop", "reduce"]
)
def test_a_refit_is_refused_if_dev_decides(deciding: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"training\.refit is true, and dev decides .* -S training\.refit=false"):
        fitted(representation(), training={**UNDECIDED, **deciding})
