"""Columns and dtypes of every table; read, write, validate."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pandera.pandas as pandera
import pyarrow as arrow

from ser.core import formats
from ser.core.row_keys import ORIGINAL as ORIGINAL

EMOTIONS = (
    *("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"),
    *("pleasant_surprise", "boredom"),
)
PARTITIONS = ("train", "dev", "test")
UNAVAILABLE = "unavailable"
"""Name of the one extra column of a feature table whose features could not be had; it has no rows."""

KEYS = {"utterance": arrow.string(), "variant": arrow.string(), "emotion": arrow.string()}
TYPES: Mapping[str, arrow.DataType] = {
    **KEYS,
    **dict.fromkeys(("corpus", "path", "speaker", "sex", "language", "corpus_label", "intensity"), arrow.string()),
    **dict.fromkeys(("statement", "repetition", "vocal_channel", "audio_hash", "duplicate_of"), arrow.string()),
    **dict.fromkeys(("sample_rate", "channels", "n_samples", "fold"), arrow.int64()),
    **dict.fromkeys(("partition", "truth", "prediction"), arrow.string()),
    "duration": arrow.float64(),
    "synthetic": arrow.bool_(),
}
TEXT = tuple(column for column, kind in TYPES.items() if kind == arrow.string())

BALANCED_KEYS = ("fold", "utterance", "variant", "synthetic", "emotion")

_text = pandera.Column(str)
_optional = pandera.Column(str, nullable=True)
_emotion = pandera.Column(str, pandera.Check.isin(EMOTIONS))
_partition = pandera.Column(str, pandera.Check.isin(PARTITIONS))
_fold = pandera.Column(int, pandera.Check.ge(0))
_count = pandera.Column(int, pandera.Check.gt(0))
_feature = pandera.Column("float32", regex=True)
_FEATURES = r"^(?!(utterance|variant|emotion|fold|synthetic|unavailable)$).+"

UTTERANCES = pandera.DataFrameSchema(
    {
        "utterance": pandera.Column(str, unique=True),
        "corpus": _text,
        "path": _text,
        "speaker": _optional,
        "sex": _optional,
        "language": _optional,
        "emotion": _emotion,
        "corpus_label": _text,
        "intensity": _optional,
        "statement": _optional,
        "repetition": _optional,
        "vocal_channel": _optional,
        "sample_rate": _count,
        "channels": _count,
        "n_samples": _count,
        "duration": pandera.Column(float, pandera.Check.gt(0)),
        "audio_hash": _text,
        "duplicate_of": _optional,
    },
    strict=True,
    ordered=True,
)
PARTITION_TABLE = pandera.DataFrameSchema(
    {"fold": _fold, "utterance": _text, "partition": _partition},
    strict=True,
    ordered=True,
    unique=["fold", "utterance"],
)
FEATURES = pandera.DataFrameSchema(
    {"utterance": _text, "variant": _text, "emotion": _emotion, _FEATURES: _feature},
    strict=True,
    unique=["utterance", "variant"],
)
INDEX = pandera.DataFrameSchema(
    {"utterance": _text, "variant": _text, "emotion": _emotion}, strict=True, unique=["utterance", "variant"]
)
BALANCED = pandera.DataFrameSchema(
    {
        "fold": _fold,
        "utterance": _text,
        "variant": _text,
        "synthetic": pandera.Column(bool),
        "emotion": _emotion,
        _FEATURES: pandera.Column("float32", regex=True, nullable=True, required=False),
    },
    strict=True,
)
PREDICTIONS = pandera.DataFrameSchema(
    {
        "fold": _fold,
        "partition": _partition,
        "utterance": _text,
        "corpus": _text,
        "speaker": _optional,
        "sex": _optional,
        "intensity": _optional,
        "truth": _emotion,
        "prediction": _emotion,
        r"^p_.+": pandera.Column(float, pandera.Check.in_range(0, 1), regex=True),
    },
    strict=True,
    unique=["fold", "utterance"],
)


@contextmanager
def writing(path: Path) -> Iterator[formats.Writer]:
    """Write a table as its rows are made; it appears under its name when the block ends without an error.

    A path that ends in `.parquet` is a feature table or a balanced one; any other is a csv.
    """
    with formats.writing(path, _type) as write:
        yield write


def write(rows: pd.DataFrame, path: Path) -> None:
    """Write a whole table."""
    write_parts([rows], path)


def write_parts(parts: Iterable[pd.DataFrame], path: Path) -> None:
    """Write a table whose rows come some at a time, as `writing` does."""
    with writing(path) as append:
        for rows in parts:
            append(rows)


def write_balanced(rows: pd.DataFrame, path: Path) -> None:
    """Write a balanced table, its keys before its features."""
    keys = list(BALANCED_KEYS)
    write(rows[[*keys, *feature_columns(rows)]], path)


def write_unavailable(path: Path) -> None:
    """Write a feature table that says that its features could not be had."""
    write(pd.DataFrame(columns=[*KEYS, UNAVAILABLE], dtype=str), path)


def is_unavailable(path: Path) -> bool:
    """Whether a feature table comes from `write_unavailable`."""
    with _whole(path):
        return UNAVAILABLE in formats.columns(path)


def read_utterances(path: Path) -> pd.DataFrame:
    """Read the table of utterances."""
    return _read(path, UTTERANCES)


def read_partitions(path: Path) -> pd.DataFrame:
    """Read the long table of fold, utterance, partition."""
    return _read(path, PARTITION_TABLE)


def read_features(path: Path) -> pd.DataFrame:
    """Read a feature table: utterance, variant, emotion, and one float32 column a feature.

    Raises
    ------
    ValueError
        If the features were marked unavailable when they were to be extracted.
    """
    _check_available(path)
    return _read(path, FEATURES)


def feature_parts(path: Path, *, n_rows: int) -> Iterator[pd.DataFrame]:
    """Read a feature table `n_rows` at a time.

    Raises
    ------
    ValueError
        As `read_features`.
    """
    _check_available(path)
    with _whole(path):
        for rows in formats.parts(path, _type, n_rows=n_rows):
            yield FEATURES.validate(rows)


def _check_available(path: Path) -> None:
    if is_unavailable(path):
        raise ValueError(
            f"{path} is marked unavailable: its network could not be had, or nothing asked for it; make it with dvc exp"
            " run and the -S model.representation that takes it (for YAMNet, set TFHUB_CACHE_DIR to a TF Hub cache that"
            " has it, or connect to the network); or choose -S model.representation=librosa"
        )


def read_index(path: Path) -> pd.DataFrame:
    """Read the keys of an array's rows: utterance, variant, emotion."""
    return _read(path, INDEX)


def read_balanced(path: Path) -> pd.DataFrame:
    """Read the balanced training rows: fold, utterance, variant, synthetic, emotion, features (or none)."""
    return _read(path, BALANCED)


def read_predictions(path: Path) -> pd.DataFrame:
    """Read predictions, one row an utterance and fold, with one `p_<label>` a class."""
    return _read(path, PREDICTIONS)


def probability_columns(predictions: pd.DataFrame) -> list[str]:
    """Names of the columns that hold probabilities, in the order of the emotions."""
    return [f"p_{emotion}" for emotion in EMOTIONS if f"p_{emotion}" in predictions]


def feature_columns(features: pd.DataFrame) -> list[str]:
    """Names of the columns that hold features."""
    return [column for column in features.columns if column not in TYPES]


def _type(column: str) -> arrow.DataType:
    return TYPES.get(column, arrow.float32())


def _probability_type(column: str) -> arrow.DataType:
    return TYPES.get(column, arrow.float64())


def _read(path: Path, schema: pandera.DataFrameSchema) -> pd.DataFrame:
    with _whole(path):
        rows = formats.read(path, _probability_type if schema is PREDICTIONS else _type)
        return schema.validate(rows, inplace=True)  # a copy of a large table is large


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Name the file, and the remedy, in errors of what is read from it."""
    try:
        yield
    except (pandera.errors.SchemaError, pandera.errors.SchemaErrors, arrow.ArrowInvalid) as error:
        first = error.schema_errors[0] if isinstance(error, pandera.errors.SchemaErrors) else error
        raise ValueError(f"{path} is not the table it should be: {first}; make it anew with: dvc repro -f") from error
