"""Read YAML by the parser in C, which takes a tenth of the time, where PyYAML has it."""

from typing import Any

import yaml

from ser.core import bounds

# values of a document, those of an alias counted each time: a few lines of aliases can stand for 9^20
MOST_NODES = 10**6

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def loaded(text: str) -> Any:
    """Content of a document of plain values: no tag makes an object.

    Raises
    ------
    yaml.YAMLError
        If it is not YAML, has lists or mappings deeper than `bounds.MAX_DEPTH`, more than `MOST_NODES` values, or a
        number or date that is not valid.

    Examples
    --------
    >>> loaded("model: {name: svm, C: 10}")
    {'model': {'name': 'svm', 'C': 10}}
    """
    try:
        _check_size(text)
        return yaml.load(text, _LOADER)
    except ValueError as error:
        raise yaml.YAMLError(str(error)) from None


def _check_size(text: str) -> None:
    """Raise a `ValueError` if a document is deep or large: the parser would crash the process, or fill the memory."""
    inside = [0]  # values in the document, and in each list and mapping that is open
    sizes: dict[str, int] = {}  # of the values that aliases stand for
    names: list[str | None] = []  # of the lists and mappings that are open
    for event in yaml.parse(text, _LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            inside.append(1)
            names.append(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            size, name = inside.pop(), names.pop()
            inside[-1] += size
            if name is not None:
                sizes[name] = size
        elif isinstance(event, yaml.AliasEvent):
            inside[-1] += sizes.get(str(event.anchor), 1)
        else:
            inside[-1] += 1
        if len(names) > bounds.MAX_DEPTH:
            raise ValueError(f"more than {bounds.MAX_DEPTH} lists and mappings inside each other")
        if inside[-1] > MOST_NODES:
            raise ValueError(f"more than {MOST_NODES} values, with those that aliases stand for")
