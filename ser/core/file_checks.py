"""Checks of nested values from files, by pydantic; the message names the field, the value, and the value wanted."""

import math
import reprlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NotRequired

import pydantic
from typing_extensions import TypedDict

DEEPEST = 12  # levels of a value of any kind
MOST = 200_000  # items of it, at all levels together
LONGEST = 1000  # characters of a text
HIGHEST = 1e15  # of a number in a value of any kind


class Invalid(ValueError):
    """A value that a field must not have: the field, what was found, and what was wanted.

    Examples
    --------
    >>> raise Invalid("units is 7.5; wanted a whole number")
    Traceback (most recent call last):
    ser.core.file_checks.Invalid: units is 7.5; wanted a whole number
    """


def fields(
    required: Mapping[str, Any], optional: Mapping[str, Any] = MappingProxyType({}), *, others: bool = False
) -> Any:
    """Type of an object with fields of given types, which are not converted.

    Parameters
    ----------
    others
        True: the object may have fields of other names.

    Examples
    --------
    >>> layer = pydantic.TypeAdapter(fields({"units": int}, {"name": str}))
    >>> check(layer, {"units": 64})
    >>> check(layer, {"units": 64, "size": 3})
    Traceback (most recent call last):
    ser.core.file_checks.Invalid: size is not a known field
    """
    content = {**required, **{name: NotRequired[kind] for name, kind in optional.items()}}
    config = pydantic.ConfigDict(strict=True, extra="allow" if others else "forbid", allow_inf_nan=False)
    made: Any = TypedDict("Object", content)  # type: ignore[misc] # by its functional form, for fields of any name
    return pydantic.with_config(config)(made)


def check(wanted: Any, content: Any, *, path: str = "") -> None:
    """Check an object from a file.

    Parameters
    ----------
    wanted
        Adapter of pydantic for a type that `fields` made.
    path
        Where the object stands in the file, for the message.

    Raises
    ------
    Invalid
        If a field is missing or unknown, or must not have its value.

    Examples
    --------
    >>> row = pydantic.TypeAdapter(fields({"labels": list[str]}))
    >>> check(row, {"labels": ["sad", 7]})
    Traceback (most recent call last):
        ...
    ser.core.file_checks.Invalid: labels.1 is 7; wanted a valid string
    """
    try:
        wanted.validate_python(content)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(map(str, filter(lambda part: part != "", (path, *first["loc"])))) or "the content"
        raise Invalid(_message(field, first["type"], first["msg"], first["input"])) from None


def _message(field: str, kind: str, wanted: str, found: Any) -> str:
    if kind == "missing":
        return f"{field} is missing"
    if kind == "extra_forbidden":
        return f"{field} is not a known field"
    wanted = wanted.removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{field} is {shown(found)}; wanted {wanted}"


def shown(value: Any) -> str:
    """Beginning of a value of any size, for a message.

    Examples
    --------
    >>> shown(list(range(1000)))
    '[0, 1, 2, 3, 4, 5, ...]'
    """
    return f"{reprlib.repr(value):.80}"


def _after(function: Callable[[Any], str | None]) -> pydantic.AfterValidator:
    """Validator by a function that returns what is wanted instead of a wrong value, or None."""

    def validated(value: Any) -> Any:
        if wanted := function(value):
            raise ValueError(wanted)
        return value

    return pydantic.AfterValidator(validated)


def between(lowest: float, highest: float) -> pydantic.AfterValidator:
    """Range of a number, of each number of a list, or of neither if there is None.

    Examples
    --------
    >>> from typing import Annotated
    >>> share = pydantic.TypeAdapter(fields({"dropout": Annotated[float, between(0, 1)]}))
    >>> check(share, {"dropout": 1.5})
    Traceback (most recent call last):
    ser.core.file_checks.Invalid: dropout is 1.5; wanted a number from 0 to 1
    """

    def problem(value: Any) -> str | None:
        numbers = value if isinstance(value, list) else [] if value is None else [value]
        inside = all(lowest <= one <= highest for one in numbers)
        return None if inside else f"a number from {lowest:.10g} to {highest:.10g}"

    return _after(problem)


def meeting(condition: Callable[[Any], bool], wanted: str) -> pydantic.AfterValidator:
    """Condition on a value; `wanted` names the values that meet it.

    Examples
    --------
    >>> from typing import Annotated
    >>> name = pydantic.TypeAdapter(fields({"name": Annotated[str, meeting(str.islower, "lower case")]}))
    >>> check(name, {"name": "Sad"})
    Traceback (most recent call last):
    ser.core.file_checks.Invalid: name is 'Sad'; wanted lower case
    """
    return _after(lambda value: None if condition(value) else wanted)


def choices(*values: str) -> pydantic.AfterValidator:
    """The values that a text may have.

    Examples
    --------
    >>> from typing import Annotated
    >>> padding = pydantic.TypeAdapter(fields({"padding": Annotated[str, choices("same", "valid")]}))
    >>> check(padding, {"padding": "half"})
    Traceback (most recent call last):
    ser.core.file_checks.Invalid: padding is 'half'; wanted one of same, valid
    """
    return meeting(lambda value: value in values, f"one of {', '.join(values)}")


def at_most(n_items: int, *, distinct: bool = False) -> pydantic.AfterValidator:
    """Largest number of items of a list or object.

    Examples
    --------
    >>> from typing import Annotated
    >>> labels = pydantic.TypeAdapter(fields({"labels": Annotated[list[str], at_most(8, distinct=True)]}))
    >>> check(labels, {"labels": ["sad", "sad"]})
    Traceback (most recent call last):
    ser.core.file_checks.Invalid: labels is ['sad', 'sad']; wanted at most 8 different items
    """
    kind = "different items" if distinct else "items"

    def problem(value: Any) -> str | None:
        repeats = distinct and len(set(value)) < len(value)
        return f"at most {n_items} {kind}" if repeats or len(value) > n_items else None

    return _after(problem)


def _text_problem(value: str | None) -> str | None:
    fits = value is None or (len(value) <= LONGEST and value.isprintable())
    return None if fits else f"at most {LONGEST} printable characters"


def plain_problem(value: Any) -> str | None:
    """Values wanted instead of one that is too large, or of a kind that JSON does not have; None if it fits.

    Examples
    --------
    >>> plain_problem({"rate": float("inf")})
    'finite numbers of at most 1e+15'
    >>> plain_problem({"rate": 0.5}) is None
    True
    """
    waiting, n_items = [(value, 1)], 0
    while waiting:
        one, depth = waiting.pop()
        n_items += 1
        if depth > DEEPEST or n_items > MOST:
            return f"at most {DEEPEST} levels and {MOST} items"
        if isinstance(one, Mapping):
            waiting += [(part, depth + 1) for pair in one.items() for part in pair]
        elif isinstance(one, list | tuple):
            waiting += [(part, depth + 1) for part in one]
        elif isinstance(one, str):
            if problem := _text_problem(one):
                return f"texts of {problem}"
        elif isinstance(one, int | float):
            if not math.isfinite(one) or abs(one) > HIGHEST:
                return f"finite numbers of at most {HIGHEST:g}"
        elif one is not None:
            return "numbers, texts, lists and objects"
    return None


TEXT = _after(_text_problem)
"""Annotation of a text of one line."""
PLAIN = _after(plain_problem)
"""Annotation of a value of any kind that JSON has, of limited size."""
