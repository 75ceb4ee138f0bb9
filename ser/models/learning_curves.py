"""Loss and scores of each epoch, recorded by DVCLive during training."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ser.core import files
from ser.models.progress import Epoch


@contextmanager
def recorded(folder: Path) -> Iterator[Callable[[int, int, Epoch], None]]:
    """Record the epochs of folds in `folder`, where they can be watched during training.

    Yields
    ------
    function
        Function of the fold, the index of the epoch, and its figures.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with recorded(Path(folder)) as log:
    ...         log(0, 4, {"loss": 0.5})  # fold 0, epoch 4
    ...     files.read_json(Path(folder, "metrics.json"))
    {'fold_0': {'loss': 0.5}, 'step': 4}
    """
    from dvclive.live import Live  # imported late: it is slow, and classifiers have no epochs

    with Live(str(folder), dvcyaml=None, report=None, save_dvc_exp=False) as live:
        last: dict[int, int] = {}

        def log(fold: int, epoch: int, values: Epoch) -> None:
            live.step = last[fold] = epoch
            for name, value in values.items():
                live.log_metric(f"fold_{fold}/{name}", value)
            live.make_summary()

        yield log
        if last:  # the step in the summary must not depend on the order in which parallel folds end
            live.step = last[max(last)]
            live.make_summary()


def write_none(folder: Path, model: str) -> None:
    """Write a json file which notes that the model has no epochs; DVC expects the folder.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_none(Path(folder), "svm")
    ...     files.read_json(Path(folder, "none.json"))
    {'svm': 'is not trained in epochs'}
    """
    files.write_json(folder / "none.json", {model: "is not trained in epochs"})
