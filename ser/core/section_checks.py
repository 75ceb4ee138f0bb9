"""Check of a section of `params.yaml`: its settings must be the keyword arguments of the functions that it is for."""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, cast, get_type_hints

from pydantic import ValidationError, create_model

from ser.core.wording import guess

STRICT = {"strict": True, "arbitrary_types_allowed": True, "protected_namespaces": ()}
WANTED = {  # type of an error of pydantic -> words
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "list_type": "a list",
    "sequence_str": "a list",
    "is_instance_of": "a list",
    "mapping_type": "names with values",
    "dict_type": "names with values",
}
EXAMPLES = {"a list": ", as [{}]", "text": ", as '\"{}\"'"}  # of a value that is not one
NO_TYPES: Mapping[str, Any] = MappingProxyType({})
MISSING, UNKNOWN = "missing", "extra_forbidden"
SettingsFunction = Callable[..., Any]
"""Function whose keyword-only arguments, or class whose arguments, are settings."""


def problems(
    section: str,
    settings: object,
    /,
    *functions: SettingsFunction,
    not_settings: Collection[str] = (),
    types: Mapping[str, Any] = NO_TYPES,
) -> list[str]:
    """Problems of a section, one line each: unknown settings, values of another type, and missing settings.

    Parameters
    ----------
    section
        Dotted name, as `corpus.members.tess`; empty for the names of the sections themselves.
    functions
        Functions and classes that together accept the settings. A single one with `**keywords` allows unknown names.
    not_settings
        Arguments of `functions` that do not come from the section.
    types
        Types of further settings.

    Examples
    --------
    >>> def smote(rows, *, k_neighbors: int, seed: int): ...
    >>> problems("balance", {"k_neighbors": "none"}, smote, not_settings=("seed",))
    ["balance.k_neighbors is 'none'; wanted a whole number"]
    >>> problems("balance", {"k_neighbors": 5, "k_neigbors": 5}, smote, not_settings=("seed",))
    ['balance has no setting k_neigbors; did you mean k_neighbors? it has k_neighbors']
    """
    if not isinstance(settings, Mapping):
        return [f"{section} is {settings!r}; wanted names with values, as in conf/"]
    fields: dict[str, Any] = {name: field for function in functions for name, field in _fields(function).items()}
    fields |= {name: (type_, ...) for name, type_ in types.items()}
    fields = {name: field for name, field in fields.items() if name not in not_settings}
    extra = "allow" if len(functions) == 1 and _accepts_any(functions[0]) else "forbid"
    config: Any = STRICT | {"extra": extra}
    try:
        create_model("Settings", __config__=config, **fields).model_validate(dict(settings))
    except ValidationError as error:
        return _lines(section, settings, fields, error.errors(include_url=False))
    return []


def choice_of(names: Iterable[str]) -> Any:
    """Type of a setting that has one of these names as its value.

    Examples
    --------
    >>> problems("balance", {"name": "smoot"}, types={"name": choice_of(["smote", "none"])})
    ["balance.name is 'smoot'; wanted 'smote' or 'none'"]
    """
    return Literal.__getitem__(tuple(names))


def unknown(section: str, name: object, known: Iterable[str]) -> list[str]:
    """Line on a choice that is not one of `known`; empty if it is.

    Examples
    --------
    >>> unknown("balance.name", "smoot", ["smote", "none"])
    ["balance.name is 'smoot'; did you mean smote? it is one of smote, none"]
    """
    known = list(known)
    return [] if name in known else [f"{section} is {name!r}; {guess(str(name), known)}it is one of {', '.join(known)}"]


def _fields(function: SettingsFunction) -> dict[str, Any]:
    """Name -> type and default, `...` where there is none, of the settings that a function accepts."""
    types = get_type_hints(function)
    return {
        name: (types[name], ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY or isinstance(function, type)
    }


def _accepts_any(function: SettingsFunction) -> bool:
    return any(one.kind is one.VAR_KEYWORD for one in inspect.signature(function).parameters.values())


def _lines(
    section: str, settings: Mapping[str, Any], fields: Collection[str], errors: Sequence[Mapping[str, Any]]
) -> list[str]:
    lines: dict[str, list[str]] = {}  # what was found -> what was wanted; several things for a union of types
    for error in errors:
        name, value = _found(section, settings, error["loc"])
        if error["type"] == MISSING:
            lines[f"{name} is missing; give it a value, as conf/ has"] = []
        elif error["type"] == UNKNOWN:
            lines[_no_setting(section, str(error["loc"][0]), fields)] = []
        else:
            wanted = WANTED.get(error["type"], error["msg"].removeprefix("Input should be "))
            example = EXAMPLES.get(wanted, "") if isinstance(value, str | int | float) else ""
            shown = "null" if value is None else repr(value)
            lines.setdefault(f"{name} is {shown}", []).append(wanted + example.format(value))
    return [f"{found}; wanted {' or '.join(wanted)}" if wanted else found for found, wanted in lines.items()]


def _found(section: str, settings: Mapping[str, Any], location: Sequence[int | str]) -> tuple[str, Any]:
    """Dotted name and value at a location, which may end with names of types that are no part of the settings."""
    name, value = section, cast(Any, settings)
    for part in location:
        is_there = part in value if isinstance(value, Mapping) else isinstance(value, list) and isinstance(part, int)
        if not is_there and value is not settings:
            break
        name = f"{name}[{part}]" if isinstance(value, list) else f"{name}.{part}".removeprefix(".")
        value = value[part] if is_there else None
    return name, value


def _no_setting(section: str, name: str, known: Collection[str]) -> str:
    if section:
        return f"{section} has no setting {name}; {guess(name, known)}it has {', '.join(known) or 'none'}"
    return f"there is no section {name}; {guess(name, known)}the sections are {', '.join(known)}"
