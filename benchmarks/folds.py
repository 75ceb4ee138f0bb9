"""Compare two ways to train two folds of a network: in parallel on one core each, and in sequence on all cores.

Run as: TFHUB_CACHE_DIR=/path/to/models python -m benchmarks.folds
"""

import argparse
import statistics
import sys
import time

import numpy as np

from benchmarks.training import N_LABELS, settings_of
from ser.compute import processes
from ser.compute.processes import Send

MODELS = {"tuned_yamnet": (64, 256), "conv_bilstm": (94, 62)}  # network -> shape of its input
N_UTTERANCES, N_EPOCHS = 480, 3
FOLDS = (0, 1)
GOAL = 1.2  # parallel must be this many times as fast, on two cores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-pairs", type=int, default=3)
    arguments = parser.parse_args()
    sys.exit(False in [is_met(name, n_pairs=arguments.n_pairs) for name in MODELS])


def is_met(name: str, *, n_pairs: int) -> bool:
    """Print the ratio of the times of a model's epochs; return True if it reaches the goal."""
    ratios = [in_turn(name) / side_by_side(name) for _ in range(n_pairs)]
    print(
        f"{name}: in turn / side by side {statistics.median(ratios):.2f} (goal {GOAL}), median of {n_pairs} pairs,"
        f" {min(ratios):.2f} to {max(ratios):.2f}"
    )
    return statistics.median(ratios) >= GOAL


def in_turn(name: str) -> float:
    """Seconds for both folds, in one process with all cores."""
    return processes.in_own_process(_both, name)


def side_by_side(name: str) -> float:
    """Seconds for the slower fold, if both are trained at the same time."""
    items = [(name, fold) for fold in FOLDS]
    return max(seconds for _, seconds in processes.map_items(_of_one, items, n_processes=len(FOLDS), on_message=print))


def _both(name: str) -> float:
    return sum(epochs(name, fold) for fold in FOLDS)


def _of_one(send: Send, item: tuple[str, int]) -> float:
    return epochs(*item)


def epochs(name: str, seed: int) -> float:
    """Seconds for all epochs except the first, which compiles, on random values."""
    from ser.models import backend
    from ser.models.examples import Batches, Examples
    from ser.models.networks import network
    from ser.models.settings import NetworkTraining

    settings = settings_of(name)
    generator = np.random.default_rng(seed)
    values = generator.random((N_UTTERANCES, *MODELS[name]), np.float32)
    examples = Examples(values, np.arange(N_UTTERANCES), np.arange(N_UTTERANCES) % N_LABELS)
    backend.seed_everything(seed, deterministic=True)
    model = network(**settings["model"], input_shape=MODELS[name], n_labels=N_LABELS, standardisation=None)
    model.compile(backend.keras.optimizers.AdamW(1e-3), "categorical_crossentropy")
    training = NetworkTraining.of({**settings["training"], "batch_size": 32})
    batches = Batches(examples, training, weight=np.ones(N_LABELS, np.float32), seed=seed, epoch=0)
    model.fit(batches, shuffle=False, verbose=0)
    begin = time.perf_counter()
    model.fit(batches, shuffle=False, verbose=0, epochs=N_EPOCHS)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
