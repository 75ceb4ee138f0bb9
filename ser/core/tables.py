"""Functions that read, validate and write every table; `table_schemas` has their columns and types."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pandera.pandas as pandera
import pyarrow as arrow

from ser.core import emotions, formats, schema_checks, unavailable
from ser.core.row_keys import ORIGINAL as ORIGINAL
from ser.core.table_schemas import BALANCED as BALANCED
from ser.core.table_schemas import BALANCED_KEYS as BALANCED_KEYS
from ser.core.table_schemas import EMOTIONS as EMOTIONS
from ser.core.table_schemas import FEATURE_NAMES
from ser.core.table_schemas import FEATURES as FEATURES
from ser.core.table_schemas import INDEX as INDEX
from ser.core.table_schemas import KEYS as KEYS
from ser.core.table_schemas import PARTITION_TABLE as PARTITION_TABLE
from ser.core.table_schemas import PARTITIONS as PARTITIONS
from ser.core.table_schemas import PREDICTIONS as PREDICTIONS
from ser.core.table_schemas import TEXT as TEXT
from ser.core.table_schemas import TYPES as TYPES
from ser.core.table_schemas import UTTERANCES as UTTERANCES
from ser.core.table_schemas import check_features as check_features
from ser.core.table_suffixes import SUFFIXES


@contextmanager
def writing(path: Path) -> Iterator[formats.Writer]:
    """Write a table in parts; the file appears when the block ends without an error.

    A path that ends in `.parquet` gives a Parquet file, which suits feature tables and balanced tables; any other path
    gives a csv.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "partitions.csv")
    ...     with writing(path) as append:
    ...         append(pd.DataFrame({"fold": [0], "utterance": ["a"], "partition": ["train"]}))
    ...         append(pd.DataFrame({"fold": [0], "utterance": ["b"], "partition": ["test"]}))
    ...     path.read_text().split()
    ['fold,utterance,partition', '0,a,train', '0,b,test']
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
    """Write a table from its parts, in their order.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "partitions.csv")
    ...     row = pd.DataFrame({"fold": [0], "utterance": ["a"], "partition": ["test"]})
    ...     write_parts([row, row.assign(fold=1)], path)
    ...     path.read_text().split()
    ['fold,utterance,partition', '0,a,test', '1,a,test']
    """
    with writing(path) as append:
        for rows in parts:
            append(rows)


def write_balanced(rows: pd.DataFrame, path: Path) -> None:
    """Write a balanced table with its keys before its features.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> row = {"rms": [0.25], "fold": [0], "utterance": ["a"], "emotion": ["sad"], "variant": ["original"]}
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "balanced.csv")
    ...     write_balanced(pd.DataFrame({**row, "synthetic": [False]}), path)
    ...     path.read_text().split()[0]
    'fold,utterance,variant,synthetic,emotion,rms'
    """
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
    """Read the table of utterances.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "utterances.csv")
    ...     write(pd.DataFrame({"utterance": ["a"]}), path)
    ...     read_utterances(path)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: ...utterances.csv is not a valid table: column 'corpus' not in dataframe...
    """
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
        If the table is marked unavailable or is not valid, or a feature must not have its name.

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
    _check_columns(path)
    return _read(path, FEATURES)


def feature_parts(path: Path, *, n_rows: int) -> Iterator[pd.DataFrame]:
    """Read a feature table in parts of `n_rows`; the last part may be shorter.

    Raises
    ------
    ValueError
        For the same reasons as `read_features`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> keys = {"utterance": ["a", "b", "c"], "variant": ORIGINAL, "emotion": "sad"}
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "features.csv")
    ...     write(pd.DataFrame(keys | {"rms": 0.25}), path)
    ...     [len(rows) for rows in feature_parts(path, n_rows=2)]
    [2, 1]
    """
    _check_columns(path)
    with _whole(path):
        for rows in formats.parts(path, _type, n_rows=n_rows):
            yield _valid(rows, FEATURES)


def _check_columns(path: Path) -> None:
    if is_unavailable(path):
        raise ValueError(f"{path} {unavailable.REASON}")
    try:
        check_features(formats.columns(path))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


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
    """Read the balanced training rows: fold, utterance, variant, synthetic, emotion, and features if there are any.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> row = {"fold": [0], "utterance": ["a"], "variant": ["original"], "synthetic": [True], "emotion": ["sad"]}
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "balanced.csv")
    ...     write_balanced(pd.DataFrame(row | {"rms": [0.25]}), path)
    ...     read_balanced(path)["synthetic"].tolist()
    [True]
    """
    return _read(path, BALANCED)


def read_predictions(path: Path) -> pd.DataFrame:
    """Read predictions: one row per fold and utterance, with one probability `p_<label>` per class.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> row = {"fold": 0, "partition": "test", "utterance": "a", "corpus": "emodb", "speaker": "emodb/03"}
    >>> row |= {"sex": "male", "intensity": None, "truth": "sad", "prediction": "calm", "p_calm": 0.75, "p_sad": 0.25}
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "predictions.csv")
    ...     write(pd.DataFrame([row]), path)
    ...     read_predictions(path)["p_calm"].tolist()
    [0.75]
    """
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
    return schema_checks.valid(rows, schema, pattern=FEATURE_NAMES, features=feature_columns(rows))


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Raise a ValueError with the path and the remedy if the content of the file is not valid."""
    try:
        yield
    except (pandera.errors.SchemaError, pandera.errors.SchemaErrors, arrow.ArrowInvalid) as error:
        first = error.schema_errors[0] if isinstance(error, pandera.errors.SchemaErrors) else error
        raise ValueError(f"{path} is not a valid table: {first}; make it again with: dvc repro -f") from error
