"""Settings of a study that its trained models depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ser.models import NEURAL
from ser.models.progress import Rules
from ser.models.variation import Variation

AFTER_TRAINING = ("bias_correction", "refit")  # settings that the epochs do not depend on


@dataclass(frozen=True)
class Settings:
    """Settings of a study that its trained models depend on, as `params.yaml` has them.

    Examples
    --------
    >>> svm = {"name": "svm", "representation": "librosa", "C": 10}
    >>> settings = Settings.of({"model": svm, "training": {}, "representation": {"name": "librosa"}, "seed": 1})
    >>> settings.name, settings.is_network, settings.architecture
    ('svm', False, {'name': 'svm', 'C': 10})
    """

    model: Mapping[str, Any]
    """name, representation, and the settings of the architecture."""
    training: Mapping[str, Any]
    """Settings of `NetworkTraining`, or of the training of a classifier."""
    representation: Mapping[str, Any]
    """name, path, settings, and `adaptation` in a transductive study."""
    seed: int

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Settings:
        """Take the sections model, training, representation and seed of the parameters of a study."""
        return cls(**{one.name: config[one.name] for one in fields(cls)})

    @property
    def name(self) -> str:
        """Name of the model."""
        return str(self.model["name"])

    @property
    def is_network(self) -> bool:
        """True for a neural network, False for a classifier of scikit-learn."""
        return self.name in NEURAL

    @property
    def architecture(self) -> dict[str, Any]:
        """Settings of the model without its representation."""
        return {key: value for key, value in self.model.items() if key != "representation"}


@dataclass(frozen=True, kw_only=True)
class NetworkTraining:
    """Settings of the training of a network.

    Examples
    --------
    >>> rules = Rules("last", 20, None, None, reduce_factor=0.5, min_learning_rate=0.0, warm_up=None)
    >>> plain = dict.fromkeys(("class_weight", "deterministic", "bias_correction", "refit"), False)
    >>> plain |= {"label_smoothing": 0.0, "mixup": 0.0, "variation": None, "weight_decay": 0.0}
    >>> training = NetworkTraining(rules=rules, batch_size=32, learning_rate=0.01, **plain)
    >>> "refit" in training.of_epochs()
    False
    """

    rules: Rules
    """Rules that decide by dev."""
    batch_size: int
    learning_rate: float
    """Learning rate of the first epoch, or the highest one where the rules have a warm-up."""
    weight_decay: float
    """Share of every weight that a step removes, times the learning rate (AdamW)."""
    class_weight: bool
    """True: the loss weighs each label by the inverse of its frequency."""
    label_smoothing: float
    """Share of the label of an example that is spread over all labels."""
    mixup: float
    """Both parameters of the beta distribution of the weights that mix pairs of examples; 0: no mixing."""
    variation: Mapping[str, Any] | None
    """Settings of `ser.models.variation.varied`; None: every epoch has the same examples."""
    deterministic: bool
    bias_correction: bool
    """True: the calibration fits a bias of each label, too."""
    refit: bool
    """True: a second network is trained on train and dev, and predicts test."""
    multipliers: Mapping[str, float] = field(default_factory=dict)
    """Beginning of the name of a layer -> factor of its learning rate; of several that fit, the longest one counts."""

    def __post_init__(self) -> None:
        """Check the settings.

        Raises
        ------
        ValueError
            If a setting is out of its range, or a refit is asked for although dev decides on the training.
        """
        if self.batch_size < 1:
            raise ValueError(f"training.batch_size is {self.batch_size}; it must be 1 or more")
        if self.learning_rate <= 0:
            raise ValueError(f"training.learning_rate is {self.learning_rate}; it must be above 0")
        if self.weight_decay < 0:
            raise ValueError(f"training.weight_decay is {self.weight_decay}; it must be 0 or more")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"training.label_smoothing is {self.label_smoothing}; it must be 0 or more and below 1")
        if self.mixup < 0:
            raise ValueError(f"training.mixup is {self.mixup}; it must be 0 or more")
        if self.variation is not None:
            Variation(**self.variation)
        if bad := [name for name, factor in self.multipliers.items() if factor < 0]:
            factor = self.multipliers[bad[0]]
            raise ValueError(f"training.multipliers.{bad[0]} is {factor}; it must be 0 or more")
        if self.refit and self.rules.uses_dev:
            raise ValueError(
                "training.refit is true, and dev decides on the training (training.select, patience, or"
                " reduce_patience); choose -S training.refit=false, or training=fine_tuning, where dev decides nothing"
            )

    @classmethod
    def of(cls, training: Mapping[str, Any]) -> NetworkTraining:
        """Take the section `training` of the parameters of a study.

        Raises
        ------
        ValueError
            If the settings are those of a classifier, or one is out of its range.

        Examples
        --------
        >>> NetworkTraining.of({"refit": True, "n_calibration_folds": 5})  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: training has the settings refit, n_calibration_folds, and a network needs others; choose ...
        """
        if "max_epochs" not in training or "batch_size" not in training:
            raise ValueError(
                f"training has the settings {', '.join(training)}, and a network needs others; choose -S"
                " training=system_b, or another file of conf/training for networks"
            )
        of_rules = {one.name for one in fields(Rules)}
        rules = Rules(**{key: value for key, value in training.items() if key in of_rules})
        return cls(rules=rules, **{key: value for key, value in training.items() if key not in of_rules})

    def of_epochs(self) -> dict[str, Any]:
        """Settings that the epochs depend on."""
        return {key: value for key, value in asdict(self).items() if key not in AFTER_TRAINING}
