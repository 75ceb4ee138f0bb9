"""Reading and writing of `bundle.json`: training writes it and serving reads it by the same schema.

The schema is in `ser.models.bundle_schema`, whose library takes a third of the time of a first prediction to import.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser.core import files
from ser.models import packaged

FORMAT = 1
NAME = "bundle.json"
BEFORE_REFIT = "before_refit"  # bundle trained on train alone, inside the one that was trained on train and dev
LARGEST = 2**24  # bytes of the file
TRAIN, TRAIN_ANEW = "train one with: dvc repro train", "train anew with: dvc repro -f train"
REMEDY = f"get an intact copy of it, or {TRAIN_ANEW}"


def write(description: Mapping[str, Any], folder: Path) -> None:
    """Write the description of a bundle to its folder.

    Raises
    ------
    ser.core.file_checks.Invalid
        If `read` would refuse it.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> values = {"representation": {"name": "log_mel", "settings": {}}, "columns": []}
    >>> about = {"format": FORMAT, "labels": ["sad", "calm"], **values}
    >>> with TemporaryDirectory() as folder:
    ...     write(about, Path(folder))
    ...     read(Path(folder)) == about
    True
    """
    from ser.models import bundle_schema

    bundle_schema.check(description)
    files.write_json(folder / NAME, description)


def read(folder: Path) -> dict[str, Any]:
    """Read the description of a bundle.

    Raises
    ------
    ValueError
        If there is no bundle, its description is damaged or has another format, or a field must not have its value.

    Examples
    --------
    >>> read(Path("no_such_folder"))
    Traceback (most recent call last):
    ValueError: no model in no_such_folder (bundle.json); train one with: dvc repro train
    """
    path = folder / NAME
    if not path.is_file():
        raise ValueError(f"no model in {folder} ({NAME}); {_remedy(folder)}")
    if packaged.is_packaged(folder):
        packaged_description: dict[str, Any] = files.read_json(path)
        return packaged_description
    from ser.models import bundle_schema

    if (size := path.stat().st_size) > LARGEST:
        raise ValueError(f"{path} has {size} bytes; wanted at most {LARGEST}; {REMEDY}")
    try:
        description: dict[str, Any] = bundle_schema.parsed(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); {REMEDY}") from error
    if not isinstance(description, dict):
        raise ValueError(f"{path} is damaged (no object); {REMEDY}")
    if description.get("format") != FORMAT:
        raise ValueError(
            f"{folder} has format {description.get('format')!s:.40}, this version reads {FORMAT}; train anew"
        )
    try:
        bundle_schema.check(description)
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}; {REMEDY}") from None
    return description


def _remedy(folder: Path) -> str:
    """Remedy for a folder without a model: the models in its folders, as in `models` or `exports/fold_0`."""
    models = sorted(str(found.parent) for found in folder.glob(f"*/{NAME}") if found.parent.name != BEFORE_REFIT)
    return f"choose one of {', '.join(models)}" if models else TRAIN
