"""Columns, types and schemas of every table."""

from collections import Counter
from collections.abc import Iterable, Mapping

import pandas as pd
import pandera.pandas as pandera
import pyarrow as arrow

from ser.core import emotions, unavailable

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
NOT_FEATURES = frozenset((*TYPES, unavailable.COLUMN))  # columns
BALANCED_KEYS = ("fold", "utterance", "variant", "synthetic", "emotion")

_text = pandera.Column(str)
_optional = pandera.Column(str, nullable=True)
_emotion = pandera.Column(str, pandera.Check(emotions.are_names, error=emotions.FORM))
_partition = pandera.Column(str, pandera.Check.isin(PARTITIONS))
_fold = pandera.Column(int, pandera.Check.ge(0))
_count = pandera.Column(int, pandera.Check.gt(0))
_feature = pandera.Column("float32", regex=True)
FEATURE_NAMES = rf"^(?!(utterance|variant|emotion|fold|synthetic|{unavailable.COLUMN})$).+"

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
    {"utterance": _text, "variant": _text, "emotion": _emotion, FEATURE_NAMES: _feature},
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
        FEATURE_NAMES: pandera.Column("float32", regex=True, nullable=True, required=False),
    },
    strict=True,
)


def _have_probabilities(rows: pd.DataFrame) -> bool:
    """True if every emotion of the table has its column; scores would leave the others out."""
    return {f"p_{emotion}" for emotion in (*rows["truth"], *rows["prediction"])} <= set(rows)


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
    checks=pandera.Check(_have_probabilities, error="every truth and every prediction has a column p_<label>"),
    strict=True,
    unique=["fold", "utterance"],
)


def check_features(columns: Iterable[str]) -> None:
    """Check the columns of a feature table: the keys, and features, which share tables with other columns.

    Raises
    ------
    ValueError
        If a feature has the name of another column or of another feature, or a name that is no text of one line.

    Examples
    --------
    >>> check_features(["utterance", "variant", "emotion", "RMS"])
    >>> check_features(["utterance", "variant", "emotion", "RMS", "duration"])
    Traceback (most recent call last):
    ValueError: a feature has the name 'duration' of a column of the pipeline; rename it, as to 'feature_duration'
    """
    counts = Counter(columns)
    counts.subtract(list(KEYS))  # each once: a feature may not have the name of a key
    for name, count in counts.items():
        if count > 0 and name in NOT_FEATURES:
            found = f"a feature has the name {name!r} of a column of the pipeline"
            raise ValueError(f"{found}; rename it, as to 'feature_{name}'")
        if count > 1:
            raise ValueError(f"{count} features have the name {name!r}; rename all but one")
        if not (isinstance(name, str) and name.strip() and name.isprintable()):
            raise ValueError(f"a feature has the name {name!r}; wanted a text of one line: rename it")
