"""Libraries that are not installed, by the extra that brings them."""

import importlib
import sys

import pytest

from ser.core import extras


@pytest.mark.parametrize(("library", "extra"), [("umap.umap_", "train"), ("skops", "classifiers")])
def test_a_missing_library_is_named_with_its_extra(library: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another test of this process may have imported it already.
    monkeypatch.delitem(sys.modules, library, raising=False)
    monkeypatch.setitem(sys.modules, library.partition(".")[0], None)
    with (
        pytest.raises(extras.Missing, match=rf"^this needs {library}, .*pip install -e '\.\[{extra}\]'$"),
        extras.named(),
    ):
        importlib.import_module(library)


def test_another_remedy_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(extras.Missing, match=r"this needs keras, .*\[train\]'; or export it$"):
        extras.check("keras", otherwise="; or export it")


def test_a_module_that_no_extra_brings_is_an_error_of_the_code() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"), extras.named():
        importlib.import_module("no_such_module")


def test_an_installed_library_passes() -> None:
    extras.check("sklearn")
