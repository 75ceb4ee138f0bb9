"""`tools/tune_encoder.py` on a small random encoder: what it trains, and that an interrupted training goes on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ser.features.encoders import whisper_weights
from ser.features.encoders.whisper import normal
from ser.features.encoders.whisper_layers import NumpyStates
from ser.features.encoders.whisper_spectra import log_mel_spectra
from tests.support import small_whisper
from tests.support.synthesis import speech_like

N_LAYERS = 2  # of 3


@pytest.fixture(scope="module")
def tune_encoder() -> Any:
    """The module; it imports torch, which processes without these tests can spare."""
    pytest.importorskip("torch", reason="torch is not installed: pip install -e '.[ssl]'")
    pytest.importorskip("transformers", reason="transformers is not installed: pip install -e '.[ssl]'")
    return pytest.importorskip("tools.tune_encoder")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_whisper.written(tmp_path_factory.mktemp("whisper") / "small") / "model.safetensors"


@pytest.fixture(scope="module")
def examples(tune_encoder: Any) -> Any:
    """Three emotions, of recordings of different levels."""
    waveforms = [0.1 ** (k % 3) * speech_like(k, 0.8 + 0.02 * k, 16_000) for k in range(34)]
    torch = tune_encoder.torch
    return tune_encoder.Examples(waveforms, torch.tensor([k % 3 for k in range(34)]), torch.ones(34))


@pytest.fixture
def tuned(tune_encoder: Any, published: Path, examples: Any) -> Callable[[Path, int], Any]:
    """Function that trains an encoder for some epochs, or the rest of them, and keeps its state in a file."""

    def train(kept: Path, n_epochs: int) -> Any:
        model = tune_encoder.Tuned(published, N_LAYERS)
        model.fit_first(examples)
        tune_encoder.train(model, examples, seed=1, kept=kept, n_epochs=n_epochs)
        return model

    return train


@pytest.mark.slow
def test_an_interrupted_training_ends_with_the_same_weights(
    tune_encoder: Any, tuned: Callable[[Path, int], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tuned(tmp_path / "whole.pt", 2).arrays()
    steps = iter(range(3))  # two batches an epoch
    step = tune_encoder._step

    def killed(*given: Any) -> float:
        if next(steps, None) is None:
            raise KeyboardInterrupt
        return float(step(*given))

    monkeypatch.setattr(tune_encoder, "_step", killed)
    with pytest.raises(KeyboardInterrupt):
        tuned(tmp_path / "part.pt", 2)
    monkeypatch.undo()
    again = tuned(tmp_path / "part.pt", 2).arrays()
    assert all(tune_encoder.torch.equal(whole[name], again[name]) for name in whole)


def test_only_the_first_layers_change_and_the_file_is_read_as_the_published_one(
    tune_encoder: Any, tuned: Callable[[Path, int], Any], examples: Any, tmp_path: Path
) -> None:
    model = tuned(tmp_path / "kept.pt", 1)
    before, after = small_whisper.tensors(), model.arrays()
    assert list(after) == sorted(before)
    changed = {name for name, array in after.items() if not np.array_equal(array.numpy(), before[name])}
    assert changed == {name for name in before if "layers.0." in name or "layers.1." in name}
    path = tmp_path / "tuned.safetensors"
    tune_encoder.safetensors.torch.save_file(after, path)
    states = NumpyStates(whisper_weights.read(path, n_layers=N_LAYERS))
    (state,) = states(log_mel_spectra(examples.waveforms[0])[:, :80], [N_LAYERS])
    wanted = normal(state.mean(axis=0, dtype=np.float64))
    found = model.eval_features([examples.waveforms[0]])[0]
    assert np.corrcoef(wanted, found)[0, 1] > 0.999  # it computes with 8 bits of mantissa


def test_emotions_weigh_alike_in_their_corpus_and_a_corpus_by_the_root_of_its_size(tune_encoder: Any) -> None:
    rows = pd.DataFrame({"corpus": ["a"] * 4 + ["b"], "emotion": ["sad", "sad", "sad", "calm", "sad"]})
    weights = tune_encoder.weights_of(rows).numpy()
    of_corpora = [weights[:4].sum(), weights[4]]
    assert of_corpora[0] == pytest.approx(2 * of_corpora[1])
    assert weights[:3].sum() == pytest.approx(weights[3])
    assert weights.mean() == pytest.approx(1)


def test_half_of_the_draws_change_the_recording_and_a_seed_gives_the_same_batches(
    tune_encoder: Any, examples: Any
) -> None:
    first, second = (
        [(spectra.numpy(), list(rows)) for spectra, rows in tune_encoder.batches(examples, np.random.default_rng(3))]
        for _ in range(2)
    )
    assert len(first) == 2
    for (spectra, rows), (again, same) in zip(first, second, strict=True):
        assert spectra.shape[:2] == (16, 80)
        assert spectra.shape[2] % 2 == 0
        assert (rows, spectra.tolist()) == (same, again.tolist())
    assert len({row for _, rows in first for row in rows}) == 32
