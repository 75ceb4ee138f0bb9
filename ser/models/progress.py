"""Progress of the training of a network, and the rules that decide by dev."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import cos, pi

Epoch = Mapping[str, float]
"""loss, accuracy, learning_rate, dev_loss, dev_accuracy, dev_uar."""

SELECTIONS: Mapping[str, Callable[[Epoch], float]] = {  # the epoch with the largest value is selected
    "dev_loss": lambda epoch: -epoch["dev_loss"],
    "dev_uar": lambda epoch: epoch["dev_uar"],
    "mean_accuracy": lambda epoch: (epoch["accuracy"] + epoch["dev_accuracy"]) / 2,  # system C's rule
}
LAST = "last"  # selects the last epoch, whatever its figures on dev are


@dataclass(frozen=True)
class Rules:
    """Rules for the selected epoch, the learning rate and the end of training; they use dev only.

    Examples
    --------
    >>> options = {"reduce_patience": None, "reduce_factor": 0.5, "min_learning_rate": 0.0, "warm_up": None}
    >>> Rules("last", max_epochs=20, patience=None, **options).uses_dev
    False
    >>> Rules("dev_uar", max_epochs=20, patience=0, **options)
    Traceback (most recent call last):
    ValueError: training.patience is 0; it must be 1 or more, or null for never
    """

    select: str
    """Rule for the epoch to keep: one of `SELECTIONS`, or `LAST`."""
    max_epochs: int
    patience: int | None
    """Number of epochs without improvement after which training stops; None: never."""
    reduce_patience: int | None
    """Number of epochs without a lower dev loss after which the learning rate is reduced; None: never."""
    reduce_factor: float
    min_learning_rate: float
    warm_up: float | None
    """Share of `max_epochs` in which the learning rate rises before it falls along a cosine; None: it is constant."""

    def __post_init__(self) -> None:
        """Check the settings.

        Raises
        ------
        ValueError
            If one is out of its range.
        """
        if self.select not in (*SELECTIONS, LAST):
            raise ValueError(f"unknown training.select {self.select!r}; it is one of {', '.join([*SELECTIONS, LAST])}")
        if self.max_epochs < 1:
            raise ValueError(f"training.max_epochs is {self.max_epochs}; it must be 1 or more")
        for name, epochs in (("patience", self.patience), ("reduce_patience", self.reduce_patience)):
            if epochs is not None and epochs < 1:
                raise ValueError(f"training.{name} is {epochs}; it must be 1 or more, or null for never")
        if self.min_learning_rate < 0:
            raise ValueError(f"training.min_learning_rate is {self.min_learning_rate}; it must be 0 or more")
        if self.warm_up is not None and not 0 <= self.warm_up < 1:
            raise ValueError(f"training.warm_up is {self.warm_up}; it must be 0 or more and below 1, or null")
        if self.warm_up is not None and self.reduce_patience is not None:
            raise ValueError(
                "the learning rate follows either training.warm_up or training.reduce_patience; set one of them to null"
            )
        if not 0 < self.reduce_factor < 1:
            raise ValueError(f"training.reduce_factor is {self.reduce_factor}; it must be between 0 and 1")

    @property
    def uses_dev(self) -> bool:
        """True if a decision depends on dev."""
        return self.select != LAST or self.patience is not None or self.reduce_patience is not None


@dataclass
class Progress:
    """Figures of the finished epochs, from which everything else is derived.

    Examples
    --------
    >>> options = {"reduce_patience": 1, "reduce_factor": 0.5, "min_learning_rate": 0.0, "warm_up": None}
    >>> rules = Rules("dev_loss", max_epochs=20, patience=2, **options)
    >>> progress = Progress([{"dev_loss": 0.75}, {"dev_loss": 0.5}, {"dev_loss": 0.625}])
    >>> progress.best_epoch(rules), progress.is_over(rules), progress.next_learning_rate(rules, first=0.01)
    (1, False, 0.005)
    """

    epochs: list[Epoch] = field(default_factory=list)

    def best_epoch(self, rules: Rules) -> int:
        """Index of the selected epoch, the first one if several are equal."""
        if rules.select == LAST:
            return len(self.epochs) - 1
        scores = [SELECTIONS[rules.select](epoch) for epoch in self.epochs]
        return scores.index(max(scores))

    def is_over(self, rules: Rules) -> bool:
        """True if no further epoch must be trained."""
        n_epochs = len(self.epochs)
        if n_epochs == 0 or n_epochs >= rules.max_epochs:
            return n_epochs > 0
        return rules.patience is not None and n_epochs - 1 - self.best_epoch(rules) >= rules.patience

    def next_learning_rate(self, rules: Rules, first: float) -> float:
        """Learning rate of the next epoch.

        With `warm_up`, it rises linearly and falls along a cosine. With `reduce_patience`, it is reduced whenever that
        many epochs have brought no lower dev loss.
        """
        if rules.warm_up is not None:
            return first * _one_cycle((len(self.epochs) + 0.5) / rules.max_epochs, rise=rules.warm_up)
        if rules.reduce_patience is None:
            return first
        least = min(rules.min_learning_rate, first)
        rate, lowest, waited = first, float("inf"), 0
        for epoch in self.epochs:
            waited = 0 if epoch["dev_loss"] < lowest else waited + 1
            lowest = min(lowest, epoch["dev_loss"])
            if waited >= rules.reduce_patience:
                rate = max(rate * rules.reduce_factor, least)
                waited = 0
        return rate


def _one_cycle(done: float, *, rise: float) -> float:
    """Share of the highest learning rate when the share `done` of a training is over.

    References
    ----------
    .. [1] Smith and Topin (2019), Super-convergence, arXiv 1708.07120; the fall along a cosine is that of PyTorch.
    """
    if done < rise:
        return done / rise
    return (1 + cos(pi * (done - rise) / (1 - rise))) / 2
