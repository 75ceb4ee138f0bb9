"""Every field of a description of a bundle, deleted or replaced by values that it must not have."""

import copy
import json
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]

DEEP: Any = json.loads("[" * 60 + "]" * 60)
WRONG: dict[str, Any] = {
    "null": None,
    "true": True,
    "text": "no value of this field",
    "empty text": "",
    "markup": "=<b>![](https://example.org/a.png)",
    "minus one": -1,
    "half": 0.5,
    "huge": 1e308,
    "huge integer": 10**30,
    "hugely negative": -1e308,
    "NaN": float("nan"),
    "infinite": float("inf"),
    "empty list": [],
    "list of numbers": list(range(300)),
    "empty object": {},
    "object": {"name": "x", "a": {"b": [1, {"c": None}]}},
    "deep": DEEP,
}


def fields(content: Any, path: Path = ()) -> Iterator[Path]:
    """Path of each field, at any depth; of a list, its first and last item."""
    if path:
        yield path
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    last = len(content) - 1 if isinstance(content, list) else None
    for key, value in items:
        if last is None or key in (0, last):
            yield from fields(value, (*path, key))


def tampered(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and JSON of each tampered description."""
    for path in fields(content):
        yield f"{path} deleted", json.dumps(_changed(content, path, lambda holder, key: holder.pop(key)))
        original = _at(content, path)
        values = WRONG | {"twice": [original, original], "many": [original] * 200, "nested": {"value": original}}
        for name, value in values.items():
            if value != original:
                replaced = _changed(content, path, lambda holder, key, value=value: holder.__setitem__(key, value))
                yield f"{path} {name}", json.dumps(replaced)
    yield "an unknown field", json.dumps(content | {"hook": "os.system"})


def _at(content: Any, path: Path) -> Any:
    for key in path:
        content = content[key]
    return content


def _changed(content: dict[str, Any], path: Path, change: Any) -> dict[str, Any]:
    found = copy.deepcopy(content)
    change(_at(found, path[:-1]), path[-1])
    return found
