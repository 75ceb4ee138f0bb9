"""Built-in models: their names, and their folders."""

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "serving" / "embedded"  # has one folder for each model
DEFAULT = "general"
NOTES = {  # name -> sentence on speech of other kinds, in figures of the model's card
    "general": (
        "on corpora that it was not trained on, this model recognised 41 to 67 % of six emotions (UAR), at a mean"
        " confidence of 57 to 74 %"
    ),
    "ravdess": (
        "on corpora that it was not trained on, this model recognised 29 to 49 % of the emotions (UAR), at a mean"
        " confidence of 56 to 71 %"
    ),
    "research": (
        "each corpus that was left out of its training was recognised at 52 to 87 % of five emotions (UAR), at a mean"
        " confidence of 51 to 71 %"
    ),
}


def folders() -> dict[str, Path]:
    """Name of each model -> its folder; the default model is the first.

    Examples
    --------
    >>> next(iter(folders())) == DEFAULT
    True
    """
    found = sorted(path.parent for path in FOLDER.glob("*/bundle.json"))
    return {folder.name: folder for folder in sorted(found, key=lambda folder: folder.name != DEFAULT)}


def is_packaged(folder: Path) -> bool:
    """True for the folder of a built-in model: the tests check it, so that no reader has to.

    Examples
    --------
    >>> is_packaged(FOLDER / DEFAULT), is_packaged(Path("models/fold_0"))
    (True, False)
    """
    return folder.parent == FOLDER and folder.name != ".."


def resolved(model: str | Path | None = None) -> Path:
    """Folder of a model: a word that names a built-in model, or else a path; by default the default model.

    A path with a separator, and a `Path`, is never a name.

    Raises
    ------
    ValueError
        If a word is neither the name of a built-in model nor a path that is there.

    Examples
    --------
    >>> resolved("ravdess") == FOLDER / "ravdess"
    True
    >>> resolved("./ravdess").as_posix(), resolved(Path("ravdess")).as_posix()
    ('ravdess', 'ravdess')
    """
    if model is None:
        return FOLDER / DEFAULT
    if not isinstance(model, str | Path) or (isinstance(model, str) and not model.strip()):  # Path("") is a folder
        raise ValueError(f"the model is {model!r:.60}; give a name of {', '.join(folders())}, or the folder of a model")
    if isinstance(model, Path) or any(one in model for one in (os.sep, os.altsep) if one):
        return Path(model)
    known = folders()
    if model in known:
        return known[model]
    if not Path(model).exists():
        raise ValueError(
            f"no model {model!r}; give a name of {', '.join(known)}, or the folder of a trained model, as models/fold_0"
        )
    return Path(model)
