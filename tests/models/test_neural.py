"""Training epoch by epoch: reproducibility, resumption, damaged checkpoints, and another backend."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import recall_score

from ser.core import files
from ser.core.quiet import silent_stderr
from ser.models import backend, checkpoints, neural
from ser.models.backend import keras
from ser.models.examples import Examples
from ser.models.networks import network
from ser.models.progress import Progress
from ser.models.settings import NetworkTraining
from tests.support import warm_python
from tests.support.paths import ROOT
from tests.support.small_training import N_LABELS, N_TRAIN, NETWORKS, Run, Stopped, Watch, data, rules, run
from tests.support.training_settings import OPTIONS

N_BATCHES = 4


def weights(model: Any) -> list[np.ndarray]:
    return list(model.get_weights())


def assert_same(first: Run, second: Run) -> None:
    """Figures and weights are equal to the last bit."""
    assert first.progress.epochs == second.progress.epochs
    for one, other in zip(weights(first.model), weights(second.model), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """An uninterrupted training, and its folder."""
    folder = tmp_path_factory.mktemp("whole") / "key"
    return run(folder), folder


def test_training_reports_every_epoch_once_and_every_batch(whole: tuple[Run, Path]) -> None:
    done, _ = whole
    assert done.epochs == [0, 1, 2, 3]
    assert done.n_batches == 4 * N_BATCHES
    assert all(set(epoch) == set(done.progress.epochs[0]) for epoch in done.progress.epochs)


def test_the_figures_of_dev_are_those_of_the_network_that_is_kept(whole: tuple[Run, Path]) -> None:
    done, _ = whole
    _, dev = data()
    probability = done.model.predict_on_batch(dev.values[dev.positions]).astype(np.float64)
    figures = done.progress.epochs[done.progress.best_epoch(rules())]
    prediction = probability.argmax(axis=1)
    assert figures["dev_loss"] == pytest.approx(-np.log(probability[np.arange(len(dev)), dev.codes]).mean(), rel=1e-5)
    assert figures["dev_accuracy"] == pytest.approx((prediction == dev.codes).mean())
    assert figures["dev_uar"] == pytest.approx(recall_score(dev.codes, prediction, average="macro"))
    assert figures["dev_loss"] == min(epoch["dev_loss"] for epoch in done.progress.epochs)


def test_training_again_after_other_work_gives_the_same_weights_and_figures(
    whole: tuple[Run, Path], tmp_path: Path
) -> None:
    np.random.seed(99)  # noqa: NPY002 (what others do to the global state)
    keras.utils.set_random_seed(99)
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5), keras.layers.Dropout(0.5)])
    other(np.ones((2, 3), np.float32), training=True)
    assert_same(run(tmp_path / "again"), whole[0])


def test_another_thread_that_draws_random_numbers_leaves_the_initial_weights_as_they_are() -> None:
    """As a Dask worker's threads do while the worker trains a fold."""

    def build(*, meanwhile: Callable[[], object]) -> keras.Model:
        inputs = keras.Input((6,))
        hidden = keras.layers.Dense(5)(inputs)
        thread = threading.Thread(target=meanwhile)
        thread.start()
        thread.join()
        return keras.Model(inputs, keras.layers.Dense(3)(hidden))

    drawn = []
    for meanwhile in (lambda: None, random.random):
        backend.seed_everything(3, deterministic=True)
        with backend.initial_weights(3):
            drawn.append(weights(build(meanwhile=meanwhile)))
    np.testing.assert_equal(drawn[1], drawn[0])

    def of_keras() -> list[np.ndarray]:
        backend.seed_everything(3, deterministic=True)
        return weights(build(meanwhile=lambda: None))

    # Keras's own values, for which a thread that an earlier test has left behind may draw from the shared generator
    assert any(all(map(np.array_equal, of_keras(), drawn[0])) for _ in range(20))


@pytest.mark.slow
def test_another_seed_gives_other_weights_and_figures(whole: tuple[Run, Path], tmp_path: Path) -> None:
    other = run(tmp_path / "other", seed=1, given=rules(max_epochs=1))
    assert other.progress.epochs[0] != whole[0].progress.epochs[0]


@pytest.mark.slow
def test_a_training_that_was_stopped_twice_has_the_same_result(whole: tuple[Run, Path], tmp_path: Path) -> None:
    """Stopped once between two epochs and once within one; only the unfinished epoch is trained again."""
    folder = tmp_path / "key"
    with pytest.raises(Stopped):
        run(folder, watch=Watch(stop_after=1))
    second = Watch(stop_in_batch=N_BATCHES + 2)
    with pytest.raises(Stopped):
        run(folder, watch=second)
    assert second.epochs == [0, 1]  # the first is reported again, but not trained again
    last = run(folder)
    assert last.epochs == [0, 1, 2, 3]
    assert last.n_batches == 2 * N_BATCHES
    assert_same(last, whole[0])


def test_a_training_that_was_complete_is_not_trained_again(whole: tuple[Run, Path], tmp_path: Path) -> None:
    """As after a power failure between the last epoch and the stage's end."""
    folder = shutil.copytree(whole[1], tmp_path / "key")
    again = run(folder)
    assert again.n_batches == 0
    assert again.epochs == [0, 1, 2, 3]
    assert_same(again, whole[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["progress.json", "best.keras", "last.keras"])
def test_a_training_stopped_while_it_writes_a_checkpoint_has_the_same_result(
    whole: tuple[Run, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Training stops when the file is written for the second time, and leaves a partial file beside it."""
    folder, real, n_writes = tmp_path / "key", files.replacing, 0

    def stopping(path: Path) -> Any:
        nonlocal n_writes
        n_writes += path.name.endswith(name)
        if n_writes == 2 and path.name.endswith(name):
            path.with_name(f".partial.{path.name}").write_bytes(b"half")  # the partial file of a killed process
            raise Stopped
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(files, "replacing", stopping)
        with pytest.raises(Stopped):
            run(folder)
    last = run(folder)
    assert last.n_batches <= 3 * N_BATCHES
    assert_same(last, whole[0])


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def zeroed(path: Path) -> None:
    """Fill the file with zeros, as some file systems do after a power failure."""
    path.write_bytes(bytes(path.stat().st_size))


def one_block_zeroed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle - 256 : middle + 256] = bytes(512)
    path.write_bytes(content)


def replaced_by(text: str) -> Callable[[Path], object]:
    return partial(Path.write_text, data=text)


DAMAGES: Sequence[tuple[str, Callable[[Path], object]]] = [
    *[(name, damage) for name in ("best.keras", "4.last.keras") for damage in (cut_short, emptied, zeroed)],
    *[(name, damage) for name in ("best.keras", "4.last.keras") for damage in (one_block_zeroed, Path.unlink)],
    *[("progress.json", damage) for damage in (cut_short, emptied, zeroed)],
    *[("progress.json", replaced_by(text)) for text in ("[]", "{}", "null", "[1, 2]", '[{"loss": 1}]', "[[]]")],
]


@pytest.mark.parametrize(("name", "damage"), DAMAGES)
def test_a_damaged_checkpoint_gives_a_warning_and_is_not_resumed(
    whole: tuple[Run, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    damage: Callable[[Path], object],
) -> None:
    folder = shutil.copytree(whole[1], tmp_path / "key")
    first, *others = whole[0].progress.epochs
    files.write_json(folder / "progress.json", [{**first, "dev_loss": 0.0}, *others])  # the best is not the last one
    damage(folder / name)
    assert checkpoints.resumed(folder, rules()) is None
    warning = capsys.readouterr().out
    assert warning.startswith(f"warning: {folder} is damaged and cannot be resumed (")
    assert "training starts anew" in warning
    assert not folder.exists()


@pytest.mark.parametrize("damage", [cut_short, Path.unlink])
def test_a_damaged_best_network_is_made_anew_if_it_is_the_last_one(
    whole: tuple[Run, Path], tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    folder = shutil.copytree(whole[1], tmp_path / "key")
    assert whole[0].progress.best_epoch(rules()) == 3
    damage(folder / "best.keras")
    again = run(folder)
    assert again.n_batches == 0
    assert_same(again, whole[0])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "damage"), [("4.last.keras", cut_short), ("4.last.keras", emptied)])
def test_after_damage_a_new_training_has_the_same_result(
    whole: tuple[Run, Path], tmp_path: Path, name: str, damage: Callable[[Path], object]
) -> None:
    folder = shutil.copytree(whole[1], tmp_path / "key")
    damage(folder / name)
    again = run(folder)
    assert again.n_batches == 4 * N_BATCHES
    assert_same(again, whole[0])


@pytest.mark.parametrize("missing", ["best.keras", "progress.json"])
def test_the_best_network_is_that_of_the_figures_wherever_a_process_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """The second epoch is better; the process is killed before it writes `missing`."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    progress, real = Progress(), files.replacing

    def stopping(path: Path) -> Any:
        if path.name == missing and len(progress.epochs) == 2:
            raise Stopped
        return real(path)

    monkeypatch.setattr(files, "replacing", stopping)
    for epoch in (1, 2):
        model.set_weights([np.full((1, 1), epoch)])
        progress.epochs.append({"dev_loss": 1 / epoch})
        with nullcontext() if epoch == 1 else pytest.raises(Stopped):
            checkpoints.keep(tmp_path, model, progress, rules())
    monkeypatch.undo()
    found = checkpoints.resumed(tmp_path, rules())
    assert found is not None
    assert weights(checkpoints.best(tmp_path)) == [len(found[0].epochs)] == weights(found[1])


def test_a_checkpoint_without_figures_is_ignored(whole: tuple[Run, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(whole[1], tmp_path / "key")
    (folder / "progress.json").unlink()
    assert checkpoints.resumed(folder, rules()) is None


def test_a_checkpoint_has_figures_last_and_best_network_only(whole: tuple[Run, Path]) -> None:
    done, folder = whole
    assert sorted(path.name for path in folder.iterdir()) == ["4.last.keras", "best.keras", "progress.json"]
    assert json.loads((folder / "progress.json").read_text()) == done.progress.epochs


def key_of(settings: Mapping[str, Any], *examples: Examples, code: str = "code") -> str:
    return checkpoints.key(settings, *examples, code=code)


def changed_value(examples: Examples) -> Examples:
    values = examples.values.copy()
    values[examples.positions[-1]].flat[-1] += 1
    return Examples(values, examples.positions, examples.codes)


def changed_label(examples: Examples) -> Examples:
    codes = examples.codes.copy()
    codes[0] = (codes[0] + 1) % N_LABELS
    return Examples(examples.values, examples.positions, codes)


def reordered(examples: Examples) -> Examples:
    return Examples(examples.values, examples.positions[::-1], examples.codes[::-1])


def one_fewer(examples: Examples) -> Examples:
    return Examples(examples.values, examples.positions[:-1], examples.codes[:-1])


@pytest.mark.parametrize("change", [changed_value, changed_label, reordered, one_fewer])
def test_the_key_of_a_training_depends_on_every_value_and_label_of_training_and_dev(
    change: Callable[[Examples], Examples],
) -> None:
    train, dev = data()
    settings = {"seed": 0}
    expected = key_of(settings, train, dev)
    assert key_of(settings, *data()) == expected
    assert key_of(settings, change(train), dev) != expected
    assert key_of(settings, train, change(dev)) != expected


def test_the_key_of_a_training_depends_on_every_setting_and_no_other_row() -> None:
    train, dev = data()
    settings = {"seed": 0, "model": {"name": "cnn", "filters": [1, 2]}}
    expected = key_of(settings, train, dev)
    changes: list[dict[str, Any]] = [
        {"seed": 1},
        {"model": {"name": "cnn", "filters": [2, 1]}},
        {"model": {"name": "dnn", "filters": [1, 2]}},
        {"new": None},
    ]
    assert all(key_of({**settings, **change}, train, dev) != expected for change in changes)
    assert key_of(dict(reversed(settings.items())), train, dev) == expected
    few, _ = data(n_train=N_TRAIN - 4)
    values = few.values.copy()
    values[N_TRAIN - 4 : N_TRAIN] = 7  # rows of neither training nor dev
    given = key_of(settings, few, dev)
    assert key_of(settings, Examples(values, few.positions, few.codes), dev) == given


def test_the_key_of_a_training_depends_on_the_backend_and_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = key_of({}, *data())
    monkeypatch.setattr(checkpoints.backend, "versions", lambda: {"keras": "3.0", "tensorflow": "2.0"})
    assert key_of({}, *data()) != expected


def test_the_key_of_a_training_depends_on_the_code() -> None:
    assert key_of({}, *data(), code="one") != key_of({}, *data(), code="other")


def test_a_diverging_training_names_the_setting_and_saves_no_network_that_is_not_finite(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"diverged in epoch \d: loss .*; lower training\.learning_rate.* 1e\+30"):
        run(tmp_path / "key", learning_rate=1e30)
    kept = checkpoints.resumed(tmp_path / "key", rules())
    assert kept is None or np.isfinite([list(epoch.values()) for epoch in kept[0].epochs]).all()


def test_a_dev_value_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    train, dev = data()
    values = dev.values.copy()
    values[dev.positions[3], 2] = np.nan
    with pytest.raises(ValueError, match=r"1 rows .* NaN or infinite values, the first is row 31"):
        run(tmp_path / "key", examples=(train, Examples(values, dev.positions, dev.codes)))


def test_dev_labels_select_the_epoch_and_do_not_change_the_training(whole: tuple[Run, Path], tmp_path: Path) -> None:
    """With every dev label wrong, the dev loss rises during training: the first epoch is the best."""
    train, dev = data()
    wrong = Examples(dev.values, dev.positions, (dev.codes + 2) % N_LABELS)
    given = rules(max_epochs=4)
    other = run(tmp_path / "key", examples=(train, wrong), given=given)
    trained = [{name: epoch[name] for name in ("loss", "accuracy")} for epoch in other.progress.epochs]
    expected = [{name: epoch[name] for name in ("loss", "accuracy")} for epoch in whole[0].progress.epochs]
    assert trained == expected
    assert other.progress.best_epoch(given) != whole[0].progress.best_epoch(given)
    assert any((a != b).any() for a, b in zip(weights(other.model), weights(whole[0].model), strict=True))


@pytest.mark.slow
def test_the_dev_loss_reduces_the_learning_rate_and_stops_training(tmp_path: Path) -> None:
    """With every dev label wrong: the rate is reduced once, and training stops after two epochs without improvement."""
    train, dev = data()
    wrong = Examples(dev.values, dev.positions, (dev.codes + 2) % N_LABELS)
    given = rules(max_epochs=30, patience=2, reduce_patience=1)
    done = run(tmp_path / "key", examples=(train, wrong), given=given, learning_rate=0.05)
    n_epochs = len(done.progress.epochs)
    assert n_epochs == done.progress.best_epoch(given) + 3 < 30
    learned = [epoch["learning_rate"] for epoch in done.progress.epochs]
    lowest = np.minimum.accumulate([epoch["dev_loss"] for epoch in done.progress.epochs])
    waits = [False, False, *(lowest[1:-1] == lowest[:-2])]  # True if the epoch before had no lower loss
    assert learned == [pytest.approx(0.05 * 0.5 ** sum(waits[: k + 1])) for k in range(n_epochs)]
    _, last = checkpoints.resumed(tmp_path / "key", given) or (None, None)
    assert float(last.optimizer.learning_rate) == pytest.approx(learned[-1])
    assert learned[-1] < 0.05


@pytest.mark.slow
def test_class_weights_raise_the_probability_of_the_rare_label(tmp_path: Path) -> None:
    """All values are equal, so the best output is constant: the share of each label, or 1/2 with equal weights."""
    values = np.ones((40, 6), np.float32)
    examples = Examples(values, np.arange(40), np.array([0] * 36 + [1] * 4))
    probabilities = {}
    for balanced in (False, True):
        neural.trained(
            lambda: keras.Sequential([keras.Input((6,)), keras.layers.Dense(2, activation="softmax")]),
            *(examples, examples),
            n_labels=2,
            training=NetworkTraining(
                **OPTIONS | {"batch_size": 20, "learning_rate": 0.03, "class_weight": balanced},
                rules=rules(max_epochs=30),
            ),
            seed=0,
            folder=tmp_path / str(balanced),
            watch=neural.Watch(lambda: None, Watch().on_epoch),
        )
        last = neural.loaded(tmp_path / str(balanced) / "30.last.keras")
        probabilities[balanced] = neural.outputs(last, values[:1])[0]
    np.testing.assert_allclose(probabilities[False], [0.9, 0.1], atol=0.05)
    np.testing.assert_allclose(probabilities[True], [0.5, 0.5], atol=0.1)


@pytest.mark.slow
def test_training_need_not_be_deterministic(tmp_path: Path) -> None:
    done = run(tmp_path / "key", deterministic=False, given=rules(max_epochs=1))
    assert done.epochs == [0]


@pytest.mark.slow
def test_a_batch_larger_than_the_data_contains_all_data(tmp_path: Path) -> None:
    done = run(tmp_path / "key", batch_size=1000, given=rules(max_epochs=2))
    assert done.n_batches == 2


@pytest.mark.parametrize(("setting", "value"), [("batch_size", 0), ("batch_size", -4), ("learning_rate", -0.1)])
def test_a_setting_out_of_range_is_refused_by_its_name_and_value(tmp_path: Path, setting: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"training\.{setting} is {value}; it must be"):
        run(tmp_path / "key", given=rules(max_epochs=1), **{setting: value})


def test_a_classifier_gives_the_network_s_outputs_softened_and_refuses_other_shapes(whole: tuple[Run, Path]) -> None:
    labels = ["neutral", "happy", "sad", "angry"]
    _, dev = data()
    by = neural.calibration_on(whole[0].model, dev, bias_correction=False)
    classifier = neural.calibrated(whole[0].model, labels, by)
    values = np.random.default_rng(3).normal(size=(600, 6)).astype(np.float32)  # more than one chunk
    probability = classifier.predict_proba(values)
    assert probability.shape == (600, 4)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-9)
    plain = np.asarray(whole[0].model(values), np.float64)
    raised = plain ** (1 / classifier.temperature)
    np.testing.assert_allclose(probability, raised / raised.sum(axis=1, keepdims=True), rtol=1e-3, atol=1e-6)
    assert classifier.classes_ == labels
    with pytest.raises(ValueError, match=r"rows of shape \(5,\), and the model was trained on \(6,\); extract"):
        classifier.predict_proba(values[:, :5])


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    inputs = keras.Input((3,))
    keras.Model(inputs, keras.layers.Lambda(lambda values: values)(inputs)).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="holds Lambda layers"):
        neural.loaded(tmp_path / "model.keras")


def test_native_messages_are_discarded_within_the_block_and_errors_are_raised(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def failing() -> None:
        with silent_stderr():
            os.write(2, b"no GPU here")
            raise Stopped

    with pytest.raises(Stopped):
        failing()
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "dnn"])
def test_every_kind_of_network_has_the_same_result_if_it_is_stopped(name: str, tmp_path: Path) -> None:
    """Masks, spatial dropout, dropout in attention and in a recurrent layer, moving averages."""
    given = rules(max_epochs=3)
    with pytest.raises(Stopped):
        run(tmp_path / "stopped", name, watch=Watch(stop_after=1), given=given)
    resumed = run(tmp_path / "stopped", name, given=given)
    assert resumed.n_batches == 2 * N_BATCHES
    assert_same(resumed, run(tmp_path / "whole", name, given=given))


@pytest.mark.slow
def test_dropout_and_masks_differ_between_epochs_and_seeds() -> None:
    shape, settings = NETWORKS["attention"]
    model = network("attention", input_shape=shape, n_labels=N_LABELS, standardisation=None, **settings)
    values = data("attention")[0].values[:8]
    results = []
    for seed, epoch in [(0, 0), (0, 1), (1, 0), (0, 0)]:
        neural._seed_layers(model, seed=seed, epoch=epoch)
        results.append(keras.ops.convert_to_numpy(model(values, training=True)))
    assert not np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


SCRIPT = """
import json, sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
import numpy as np
from tests.support.small_training import Watch, run, rules

class Halting(Watch):
    def on_batch(self):
        super().on_batch()
        if self.n_batches == {halts_in}:
            print("halts", self.epochs, flush=True)
            time.sleep(3600)

done = run(Path({folder!r}), watch=Halting(), given=rules(max_epochs={max_epochs}))
np.savez({result!r}, *done.model.get_weights())
print(json.dumps({{"epochs": done.progress.epochs, "n_batches": done.n_batches}}), flush=True)
"""


def start(tmp_path: Path, name: str, *, folder: str, halts_in: int = 0, max_epochs: int = 4) -> Any:
    """A process that trains, and waits to be killed in a batch; it has TensorFlow imported already."""
    script = SCRIPT.format(
        tests=str(ROOT),
        folder=str(tmp_path / folder),
        result=str(tmp_path / f"{name}.npz"),
        halts_in=halts_in,
        max_epochs=max_epochs,
    )
    return subprocess.Popen(
        [warm_python.commands() / "python", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def finished(process: Any, tmp_path: Path, name: str) -> tuple[dict[str, Any], list[np.ndarray]]:
    out, err = process.communicate(timeout=3600)
    assert process.returncode == 0, err
    with np.load(tmp_path / f"{name}.npz") as arrays:
        return json.loads(out.splitlines()[-1]), list(arrays.values())


@pytest.mark.slow
def test_a_training_that_is_killed_twice_is_resumed_by_other_processes_with_the_same_result(
    whole: tuple[Run, Path], tmp_path: Path
) -> None:
    for epoch, number in enumerate([signal.SIGTERM, signal.SIGKILL]):
        killed = start(tmp_path, "killed", folder="killed", halts_in=N_BATCHES + 2)  # within its second epoch
        assert killed.stdout.readline() == f"halts {list(range(epoch + 1))}\n"
        os.kill(killed.pid, number)
        killed.communicate(timeout=600)
        assert killed.returncode == -number
        assert not (tmp_path / "killed.npz").exists()
    resumed, resumed_weights = finished(start(tmp_path, "resumed", folder="killed"), tmp_path, "resumed")
    assert resumed["n_batches"] == 2 * N_BATCHES
    assert resumed["epochs"] == whole[0].progress.epochs
    for one, other in zip(resumed_weights, weights(whole[0].model), strict=True):
        np.testing.assert_array_equal(one, other)


QUICKLY_COMPILED = ("--xla_backend_optimization_level=0", "--xla_llvm_disable_expensive_passes=true")
JAX = """
import os, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import numpy as np
from ser.models.backend import keras, versions
from ser.models import neural
from tests.support.small_training import NETWORKS, Stopped, Watch, data, rules, run

assert keras.backend.backend() == "jax" and "jax" in versions()
for name in ("attention", "cnn_gru", "conv_bilstm", "dnn"):
    folder = Path({folder!r}) / name
    one_epoch = run(folder, name, given=rules(max_epochs=1))
    values = data(name)[1].values
    probability = neural.outputs(one_epoch.model, values)
    assert np.isfinite(probability).all() and np.allclose(probability.sum(axis=1), 1, atol=1e-5), name
    if name == "attention":  # which has layers of our own
        one_epoch.model.save(folder / "saved.keras")
        again = neural.outputs(neural.loaded(folder / "saved.keras"), values)
        assert np.allclose(again, probability, atol=1e-6)
    print(name, one_epoch.progress.epochs, flush=True)
resumed = run(Path({folder!r}) / "dnn", given=rules(max_epochs=2))
whole = run(Path({folder!r}) / "whole", given=rules(max_epochs=2))
assert resumed.n_batches == 4 and resumed.progress.epochs == whole.progress.epochs
print("done")
"""


@pytest.mark.slow
def test_jax_trains_saves_and_resumes(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    script = JAX.format(tests=str(ROOT), folder=str(tmp_path))
    chosen = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": " ".join(QUICKLY_COMPILED)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, env=os.environ | chosen, timeout=3600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "done"
