"""Columns and types of every table; functions that read, validate and write them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pandera.pandas as pandera
import pyarrow as arrow

from ser.core import emotions, formats, schema_checks, unavailable
from ser.core.row_keys import ORIGINAL as ORIGINAL
from ser.core.table_suffixes import SUFFIXES

EMOTIONS = emotions.EMOTIONS
PARTITIONS = ("train", "dev", "test")

KEYS = dict.fromkeys(unavailable.KEYS, arrow.string())
TYPES: Mapping[str, arrow.DataType] = {
    **KEYS,
    **dict.fromkeys(("corpus", "path", "speaker", "sex", "language", "corpus_label", "intensity"), arrow.string()),
    **dict.fromkeys(("statement", "repetition", "vocal_channel", "audio_hash", "duplicate_of"), arrow.string()),
    **dict.fromkeys(("sample_rate", "channels", "n_samples", "fold"), arrow.int64()),
    **dict.fromkeys(("partition", "given_partition", "truth", "prediction"), arrow.string()),
    **dict.fromkeys(("start", "end", "duration"), arrow.float64()),
    "synthetic": arrow.bool_(),
}
TEXT = tuple(column for column, kind in TYPES.items() if kind == arrow.string())
BALANCED_KEYS = ("fold", "utterance", "variant", "synthetic", "emotion")

_text = pandera.Column(str)
_optional = pandera.Column(str, nullable=True)
_emotion = pandera.Column(str, pandera.Check(emotions.are_names, error=emotions.FORM))
_partition = pandera.Column(str, pandera.Check.isin(PARTITIONS))
_fold = pandera.Column(int, pandera.Check.ge(0))
_count = pandera.Column(int, pandera.Check.gt(0))
_feature = pandera.Column("float32", regex=True)
_FEATURES = rf"^(?!(utterance|variant|emotion|fold|synthetic|{unavailable.COLUMN})$).+"

UTTERANCES = pandera.DataFrameSchema(
    {
        "utterance": pandera.Column(str, unique=True),
        "corpus": _text,
        "path": _text,
        **dict.fromkeys(("start", "end"), pandera.Column(float, pandera.Check.ge(0), nullable=True, required=False)),
        "speaker": _optional,
        "sex": _optional,
        "language": _optional,
        "emotion": _emotion,
        "corpus_label": _text,
        **dict.fromkeys(("intensity", "statement", "repetition", "vocal_channel"), _optional),
        "given_partition": pandera.Column(str, nullable=True, required=False),
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
    """Write a table in parts; the file appears when the block ends without an error.

    A path that ends in `.parquet` gives a Parquet file, which suits feature tables and balanced tables; any other path
    gives a csv.
    """
    with formats.writing(path, _type) as write:
        yield write


def write(rows: pd.DataFrame, path: Path) -> None:
    """Write a whole table.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "partitions.csv")
    ...     write(pd.DataFrame({"fold": [0], "utterance": ["a"], "partition": ["dev"]}), path)
    ...     path.read_text().split()
    ['fold,utterance,partition', '0,a,dev']
    """
    write_parts([rows], path)


def write_parts(parts: Iterable[pd.DataFrame], path: Path) -> None:
    """Write a table from its parts, in their order."""
    with writing(path) as append:
        for rows in parts:
            append(rows)


def write_balanced(rows: pd.DataFrame, path: Path) -> None:
    """Write a balanced table with its keys before its features."""
    keys = list(BALANCED_KEYS)
    write(rows[[*keys, *feature_columns(rows)]], path)


def is_unavailable(path: Path) -> bool:
    """True if `unavailable.write` wrote the feature table, or the folder of an array.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "yamnet.csv")
    ...     unavailable.write(path)
    ...     is_unavailable(path)
    True
    """
    table = path if path.suffix in SUFFIXES else path / unavailable.INDEX
    with _whole(table):
        return unavailable.COLUMN in formats.columns(table)


def read_utterances(path: Path) -> pd.DataFrame:
    """Read the table of utterances."""
    return _read(path, UTTERANCES)


def read_partitions(path: Path) -> pd.DataFrame:
    """Read the table of partitions: fold, utterance, partition.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "partitions.csv")
    ...     write(pd.DataFrame({"fold": [0], "utterance": ["a"], "partition": ["dev"]}), path)
    ...     read_partitions(path)["partition"].tolist()
    ['dev']
    """
    return _read(path, PARTITION_TABLE)


def read_features(path: Path) -> pd.DataFrame:
    """Read a feature table: utterance, variant, emotion, and one float32 column per feature.

    Raises
    ------
    ValueError
        If the table is marked unavailable or is not valid.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> row = {"utterance": ["a"], "variant": [ORIGINAL], "emotion": ["sad"], "rms": [0.25]}
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "features.csv")
    ...     write(pd.DataFrame(row), path)
    ...     read_features(path)["rms"].dtype
    dtype('float32')
    """
    _check_available(path)
    return _read(path, FEATURES)


def feature_parts(path: Path, *, n_rows: int) -> Iterator[pd.DataFrame]:
    """Read a feature table in parts of `n_rows`; the last part may be shorter.

    Raises
    ------
    ValueError
        For the same reasons as `read_features`.
    """
    _check_available(path)
    with _whole(path):
        for rows in formats.parts(path, _type, n_rows=n_rows):
            yield _valid(rows, FEATURES)


def _check_available(path: Path) -> None:
    if is_unavailable(path):
        raise ValueError(
            f"{path} is marked unavailable: its network could not be loaded, or the model does not need these features;"
            " make it with: dvc exp run -S model.representation=NAME, where NAME uses these features (for YAMNet, set"
            " TFHUB_CACHE_DIR to a TF Hub cache that contains it, or connect to the internet); or choose -S"
            " model.representation=librosa"
        )


def read_index(path: Path) -> pd.DataFrame:
    """Read the index of an array: utterance, variant and emotion of each row.

    Examples
    --------
    >>> index = read_index(Path("no_such_folder/index.csv"))
    Traceback (most recent call last):
    FileNotFoundError: no_such_folder/index.csv does not exist; make it with: dvc repro
    """
    return _read(path, INDEX)


def read_balanced(path: Path) -> pd.DataFrame:
    """Read the balanced training rows: fold, utterance, variant, synthetic, emotion, and features if there are any."""
    return _read(path, BALANCED)


def read_predictions(path: Path) -> pd.DataFrame:
    """Read predictions: one row per fold and utterance, with one probability `p_<label>` per class."""
    return _read(path, PREDICTIONS)


def probability_columns(predictions: pd.DataFrame) -> list[str]:
    """Names of the columns of probabilities, in the order of emotions.

    Examples
    --------
    >>> probability_columns(pd.DataFrame(columns=["utterance", "truth", "p_excited", "p_sad", "p_happy"]))
    ['p_happy', 'p_sad', 'p_excited']
    """
    names = map(str, predictions.columns)
    return [f"p_{one}" for one in emotions.in_order(name[2:] for name in names if name.startswith("p_"))]


def feature_columns(features: pd.DataFrame) -> list[str]:
    """Names of the columns of features: those that are not columns of another kind of table.

    Examples
    --------
    >>> feature_columns(pd.DataFrame(columns=["utterance", "variant", "emotion", "rms_mean", "mfcc_1_mean"]))
    ['rms_mean', 'mfcc_1_mean']
    """
    return [column for column in features.columns if column not in TYPES]


def _type(column: str) -> arrow.DataType:
    return TYPES.get(column, arrow.float32())


def _probability_type(column: str) -> arrow.DataType:
    return TYPES.get(column, arrow.float64())


def _read(path: Path, schema: pandera.DataFrameSchema) -> pd.DataFrame:
    with _whole(path):
        rows = formats.read(path, _probability_type if schema is PREDICTIONS else _type)
        return _valid(rows, schema)


def _valid(rows: pd.DataFrame, schema: pandera.DataFrameSchema) -> pd.DataFrame:
    return schema_checks.valid(rows, schema, pattern=_FEATURES, features=feature_columns(rows))


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Raise a ValueError with the path and the remedy if the content of the file is not valid."""
    try:
        yield
    except (pandera.errors.SchemaError, pandera.errors.SchemaErrors, arrow.ArrowInvalid) as error:
        first = error.schema_errors[0] if isinstance(error, pandera.errors.SchemaErrors) else error
        raise ValueError(f"{path} is not a valid table: {first}; make it again with: dvc repro -f") from error
