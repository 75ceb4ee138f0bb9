"""Schema of `bundle.json`: the fields of the description of a bundle, an export or an ensemble."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

import pydantic
import pydantic_core

from ser.core import emotions, file_checks
from ser.core.file_checks import HIGHEST, PLAIN, TEXT, Invalid, at_most, between, choices, fields, meeting
from ser.models import averaging
from ser.models.averaging import MEANS

TEMPERATURE = (0.01, 100)  # of the training: 0.05 to 20
DIGEST = re.compile(r"[0-9a-f]{64}")
MEMBER = re.compile(r"[\w-]+")  # name of a folder below that of the ensemble

Plain = Annotated[Any, PLAIN]
Text = Annotated[str, TEXT]
Columns = Annotated[list[Text], at_most(100_000, distinct=True)]
Label = Annotated[str, meeting(emotions.is_name, emotions.FORM)]
Digest = Annotated[str, meeting(lambda text: bool(DIGEST.fullmatch(text)), "a SHA-256 of 64 hexadecimal digits")]
Mean = Annotated[str, choices(*MEANS)]
Weights = Annotated[dict[Text, Annotated[float, between(0, HIGHEST)]], at_most(100)] | None
Facts = Annotated[dict[Text, Plain], at_most(1000)]
Count = Annotated[int, between(0, 1e15)]


@cache
def _wanted() -> Any:
    """Adapter of pydantic for a description; `_check_together` checks what its fields have in common."""
    return pydantic.TypeAdapter(
        fields(
            {
                "format": Literal[1],
                "labels": Annotated[list[Label], at_most(emotions.MAX_EMOTIONS, distinct=True)],
            },
            {
                "representation": fields({"name": Text, "settings": Facts}, {"adaptation": Text}),
                "columns": Columns,
                "centre": Annotated[list[float], at_most(100_000), between(-HIGHEST, HIGHEST)],
                "members": Annotated[list[Text], at_most(100, distinct=True)],
                "model": Annotated[fields({"name": Text}, {"mean": Mean, "weights": Weights}, others=True), PLAIN],
                "training": Facts,
                "metrics": Annotated[dict[Text, Annotated[float | None, PLAIN]], at_most(1000)],
                "temperature": Annotated[float | None, between(*TEMPERATURE)],
                "weights": Annotated[dict[Text, Digest], at_most(100)],
                "versions": Annotated[dict[Text, Text], at_most(1000)],
                "export": fields({"format": Text}),
                **dict.fromkeys(("seed", "n_rows", "n_synthetic_rows"), Count),
                **dict.fromkeys(("corpora", "speakers", "calibrated_within"), Annotated[list[Text], at_most(100_000)]),
            },
        )
    )


def check(description: Mapping[str, Any]) -> None:
    """Check the description of a bundle, an export or an ensemble.

    Raises
    ------
    ser.core.file_checks.Invalid
        If a field is missing or unknown, must not have its value, or contradicts another one.

    Examples
    --------
    >>> check({"format": 1, "labels": ["sad", "calm"], "representation": {"name": "librosa", "settings": {}}})
    Traceback (most recent call last):
    ser.core.file_checks.Invalid: columns is missing
    """
    file_checks.check(_wanted(), description)
    _check_together(description)


def _check_together(description: Mapping[str, Any]) -> None:
    labels = description["labels"]
    if len(labels) < 2:
        raise Invalid(f"labels is {labels}; wanted two or more emotions")
    uar = description.get("metrics", {}).get("dev_uar")
    if uar is not None and not 0 <= uar <= 1:
        raise Invalid(f"metrics.dev_uar is {uar}; wanted a number from 0 to 1")
    needed = ("model",) if "members" in description else ("representation", "columns")
    for field in needed:
        if field not in description:
            raise Invalid(f"{field} is missing")
    centre = description.get("centre")
    if centre is not None and len(centre) != (n_columns := len(description.get("columns", ()))):
        raise Invalid(f"centre has {len(centre)} numbers; wanted one for each of {n_columns} columns")
    members = description.get("members")
    if members is not None and not (members and all(MEMBER.fullmatch(name) for name in members)):
        raise Invalid(f"members is {file_checks.shown(members)}; wanted names of letters, digits, '_' and '-'")
    if members is not None and (weights := description["model"].get("weights")) is not None:
        averaging.check_weights(weights, members)


def parsed(content: bytes) -> Any:
    """Value of JSON without NaN, infinite numbers, and levels without end.

    Raises
    ------
    ValueError
        If it is not JSON, or has them.

    Examples
    --------
    >>> parsed(b'{"format": 1}')
    {'format': 1}
    >>> parsed(b'{"seed": NaN}')
    Traceback (most recent call last):
    ValueError: expected value at line 1 column 10
    """
    return pydantic_core.from_json(content, allow_inf_nan=False)
