"""Settings of the training of a small network: a few epochs without chance, of which dev selects one."""

from typing import Any

RULES: dict[str, Any] = {
    "select": "dev_loss",
    "max_epochs": 4,
    "patience": None,
    "reduce_patience": None,
    "reduce_factor": 0.5,
    "min_learning_rate": 1e-6,
    "warm_up": None,
}
OPTIONS: dict[str, Any] = {
    "batch_size": 8,
    "learning_rate": 0.01,
    "weight_decay": 0.0,
    "class_weight": False,
    "label_smoothing": 0.0,
    "mixup": 0.0,
    "variation": None,
    "deterministic": True,
    "bias_correction": False,
    "refit": False,
}
