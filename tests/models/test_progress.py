"""End of training, learning rate and selected epoch, on sequences that were worked by hand."""

import math
from collections.abc import Sequence
from typing import Any

import pytest

from ser.models.progress import SELECTIONS, Progress, Rules


def rules(**changes: Any) -> Rules:
    """Rules; by default, training neither stops early nor reduces the learning rate."""
    settings = {
        "select": "dev_loss",
        "max_epochs": 100,
        "patience": None,
        "reduce_patience": None,
        "reduce_factor": 0.5,
        "min_learning_rate": 1e-6,
        "warm_up": None,
    }
    return Rules(**{**settings, **changes})


def progress(dev_loss: Sequence[float], **others: Sequence[float]) -> Progress:
    """Epochs with these dev losses; all other figures are 0 by default."""
    names = ("loss", "accuracy", "learning_rate", "dev_accuracy", "dev_uar")
    columns = {**{name: [0.0] * len(dev_loss) for name in names}, **others, "dev_loss": dev_loss}
    return Progress([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])


def n_trained(dev_loss: Sequence[float], given: Rules) -> int:
    """Number of epochs that are trained with this sequence of dev losses."""
    return next(k for k in range(len(dev_loss) + 1) if progress(dev_loss[:k]).is_over(given))


@pytest.mark.parametrize(
    ("select", "kept"),
    [
        ("dev_loss", 2),  # 0.4 is the lowest
        ("dev_uar", 1),  # 0.7 is the highest
        ("mean_accuracy", 3),  # 0.45, 0.5, 0.55, 0.6
    ],
)
def test_the_epoch_that_is_kept_is_the_best_by_the_rule_chosen(select: str, kept: int) -> None:
    done = progress(
        [0.9, 0.5, 0.4, 0.6],
        dev_uar=[0.1, 0.7, 0.6, 0.2],
        accuracy=[0.1, 0.3, 0.5, 0.9],
        dev_accuracy=[0.8, 0.7, 0.6, 0.3],
    )
    assert done.best_epoch(rules(select=select)) == kept


def test_system_c_s_rule_is_the_mean_of_training_and_dev_accuracy_alone() -> None:
    """Neither the best training accuracy (epoch 2) nor the best dev accuracy (epoch 0), nor any loss or recall."""
    done = progress(
        [0.1, 0.9, 0.2], accuracy=[0.2, 0.6, 0.9], dev_accuracy=[0.8, 0.6, 0.2], dev_uar=[0.9, 0.1, 0.9], loss=[1, 9, 1]
    )
    assert done.best_epoch(rules(select="mean_accuracy")) == 1


@pytest.mark.parametrize("select", SELECTIONS)
def test_the_first_of_equal_epochs_is_kept(select: str) -> None:
    same = [0.5] * 4
    assert progress(same, dev_uar=same, accuracy=same, dev_accuracy=same).best_epoch(rules(select=select)) == 0
    later = progress([0.6, 0.5, 0.5], dev_uar=[0.1, 0.5, 0.5], accuracy=[0.1, 0.5, 0.5], dev_accuracy=[0.1, 0.5, 0.5])
    assert later.best_epoch(rules(select=select)) == 1


def test_an_equal_epoch_does_not_reset_patience() -> None:
    assert n_trained([0.5] * 10, rules(patience=3)) == 4


@pytest.mark.parametrize(
    ("dev_loss", "patience", "expected"),
    [
        ([5, 4, 3, 2, 1, 1, 1, 1, 1, 1], 2, 7),  # the best is epoch 4; two without improvement follow
        ([5, 6, 4, 6, 3, 6, 6, 6], 2, 7),  # single worse epochs do not stop training
        ([5, 6, 6, 4, 3], 2, 3),  # later epochs are unknown
        ([5, 6, 6, 4, 5, 5, 5], 3, 7),
        ([1, 2], 1, 2),
    ],
)
def test_training_stops_after_patience_epochs_without_improvement(
    dev_loss: list[float], patience: int, expected: int
) -> None:
    assert n_trained(dev_loss, rules(patience=patience)) == expected


def test_patience_follows_the_selected_figure_and_not_the_loss() -> None:
    """The dev loss falls to the end; the dev recall is best in epoch 0."""
    done = progress([5, 4, 3], dev_uar=[0.9, 0.5, 0.6])
    assert done.is_over(rules(select="dev_uar", patience=2))
    assert not done.is_over(rules(select="dev_loss", patience=2))


def test_without_patience_every_epoch_is_trained() -> None:
    assert n_trained([1.0 + k for k in range(30)], rules(max_epochs=30)) == 30


@pytest.mark.parametrize("patience", [None, 5])
def test_no_more_than_max_epochs_are_trained(patience: int | None) -> None:
    falling = [1 / (k + 1) for k in range(10)]
    assert n_trained(falling, rules(max_epochs=7, patience=patience)) == 7
    assert n_trained(falling, rules(max_epochs=1, patience=patience)) == 1


def test_training_that_has_not_begun_is_not_over() -> None:
    assert not Progress().is_over(rules(max_epochs=1, patience=1))


def rates(dev_loss: Sequence[float], first: float = 1.0, **changes: Any) -> list[float]:
    """Learning rate of each epoch, and of the one after them."""
    given = rules(**{"reduce_patience": 2, "min_learning_rate": 0.1, **changes})
    return [progress(dev_loss[:k]).next_learning_rate(given, first) for k in range(len(dev_loss) + 1)]


@pytest.mark.parametrize(
    ("dev_loss", "expected"),
    [
        ([], [1]),
        ([5, 4, 3, 2], [1, 1, 1, 1, 1]),
        ([5, 6, 6], [1, 1, 1, 0.5]),
        ([5, 5, 5, 5, 5], [1, 1, 1, 0.5, 0.5, 0.25]),  # an equal loss is not lower; the wait restarts after a reduction
        ([5, 6, 4, 6, 6, 3], [1, 1, 1, 1, 1, 0.5, 0.5]),  # a lower loss restarts the wait; the rate never rises
        ([5, 6, 5.5, 5.2, 5.1], [1, 1, 1, 0.5, 0.5, 0.25]),  # lower than the last is not lower than the lowest
        ([5] * 10, [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.1, 0.1]),  # not below the least rate
    ],
)
def test_the_learning_rate_is_reduced_for_each_wait_without_a_lower_dev_loss(
    dev_loss: list[float], expected: list[float]
) -> None:
    assert rates(dev_loss) == pytest.approx(expected)


def test_the_learning_rate_follows_the_loss_for_any_selection() -> None:
    assert rates([5, 6, 6], select="dev_uar")[-1] == 0.5


def test_without_reduce_patience_the_learning_rate_is_constant() -> None:
    assert rates([5.0] * 20, first=1e-3, reduce_patience=None) == [1e-3] * 21


def test_a_learning_rate_below_the_least_is_never_raised() -> None:
    assert max(rates([5.0] * 6, first=0.01, min_learning_rate=0.1)) == 0.01


def test_an_unknown_selection_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"training\.select 'dev_f1'; it is one of dev_loss, dev_uar, mean_accuracy"):
        rules(select="dev_f1")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        *[("max_epochs", 0), ("max_epochs", -1)],
        *[("reduce_factor", 0.0), ("reduce_factor", 1.0), ("reduce_factor", -0.5), ("reduce_factor", 10.0)],
        *[("patience", 0), ("patience", -1)],  # 0 would stop after the first epoch
        *[("reduce_patience", 0), ("reduce_patience", -1)],  # 0 would reduce after every epoch
        ("min_learning_rate", -1e-6),
    ],
)
def test_a_setting_out_of_range_is_refused_by_its_name_and_value(setting: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"training\.{setting} is {value}; it must be"):
        rules(**{setting: value})


def test_with_a_warm_up_the_rate_rises_linearly_and_falls_along_a_cosine() -> None:
    """As PyTorch's OneCycleLR at the middle of each epoch, with a rise in the first 4 of 10 epochs."""
    given = rules(max_epochs=10, warm_up=0.4)
    rates = [progress([1.0] * k).next_learning_rate(given, 2.0) for k in range(10)]
    assert rates[:4] == pytest.approx([2 * x for x in (0.125, 0.375, 0.625, 0.875)])
    assert rates[4:] == pytest.approx([1 + math.cos(math.pi * x / 12) for x in (1, 3, 5, 7, 9, 11)])


def test_reduce_patience_and_a_warm_up_exclude_each_other() -> None:
    with pytest.raises(ValueError, match=r"either training\.warm_up or training\.reduce_patience; set one of them"):
        rules(warm_up=0.1, reduce_patience=3)


@pytest.mark.parametrize("warm_up", [-0.1, 1.0, 2.0])
def test_a_warm_up_outside_0_to_1_is_refused(warm_up: float) -> None:
    with pytest.raises(ValueError, match=rf"training\.warm_up is {warm_up}; it must be 0 or more and below 1, or null"):
        rules(warm_up=warm_up)


def test_the_last_epoch_is_kept_if_dev_is_not_used() -> None:
    given = rules(select="last", max_epochs=3)
    assert progress([0.1, 0.9, 0.5]).best_epoch(given) == 2
    assert n_trained([0.1, 0.9, 0.5], given) == 3
    assert not given.uses_dev


@pytest.mark.parametrize("asking", [{"select": "dev_uar"}, {"patience": 3}, {"reduce_patience": 3}])
def test_every_rule_that_uses_dev_is_reported(asking: dict[str, Any]) -> None:
    assert rules(**{"select": "last", **asking}).uses_dev
