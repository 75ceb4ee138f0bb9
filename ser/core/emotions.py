"""Names of emotions, their form and their order, without a library."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

EMOTIONS = (
    *("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"),
    *("pleasant_surprise", "boredom"),
)
"""The emotions that have an order and a colour of their own. A corpus may have others."""
MAX_NAME_LENGTH = 60  # characters of a name
MAX_EMOTIONS = 100  # emotions of a study, or of a model
FORM = f"a name of at most {MAX_NAME_LENGTH} letters, digits and underscores in lower case, such as pleasant_surprise"


def normal(text: str) -> str:
    """Text in the form of a name: in lower case, each letter one character, underscores instead of other signs.

    A name in this form is safe in a file name, a table, a web page and a formula of a spreadsheet.

    Examples
    --------
    >>> normal("Pleasant Surprise"), normal("Glück/Freude"), normal("=1+1")
    ('pleasant_surprise', 'glück_freude', '1_1')
    """
    lower = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    return re.sub("_+", "_", "".join(map(_sign, lower))).strip("_")


def _sign(sign: str) -> str:
    category = unicodedata.category(sign)
    if category == "Cf":  # invisible, such as the joiners of Persian and Urdu
        return ""
    return sign if category[0] in "LMN" else "_"  # M: marks on letters, such as the vowels of Hindi


def is_name(text: str) -> bool:
    """True if the text is the name of an emotion in its normal form, with at least one letter.

    Examples
    --------
    >>> [is_name(text) for text in ("excited", "Excited", "09", "", "a" * 61)]
    [True, False, False, False, False]
    """
    return len(text) <= MAX_NAME_LENGTH and normal(text) == text and any(map(str.isalpha, text))


def are_names(column: Any) -> Any:
    """Names of emotions in a column of pandas: True for each row that has one.

    Examples
    --------
    >>> import pandas as pd
    >>> are_names(pd.Series(["excited", "Excited"])).tolist()
    [True, False]
    """
    return column.isin([text for text in column.unique() if is_name(text)])


def in_order(names: Iterable[str]) -> list[str]:
    """Different names, those of `EMOTIONS` first and in their order, then all others in alphabetical order.

    Examples
    --------
    >>> in_order(["sad", "excited", "bored_stiff", "happy", "sad"])
    ['happy', 'sad', 'bored_stiff', 'excited']
    """
    return sorted(set(names), key=lambda name: (EMOTIONS.index(name) if name in EMOTIONS else len(EMOTIONS), name))
