"""Files that a module depends on: its imports, and the members of the registries that it makes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ser.compute import code_digest
from ser.core import discovery

Write = Callable[[str, str], None]

REGISTRY = "from ser.core import discovery\nANIMALS = discovery.Registry({})\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the source of a module into a made-up project of its own."""
    monkeypatch.setattr(code_digest, "ROOT", tmp_path)
    monkeypatch.setattr(discovery, "ROOT", tmp_path)

    def written(module: str, source: str) -> None:
        path = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        discovery.modules.cache_clear()
        code_digest.digest.cache_clear()

    written("ser.core.discovery", "")
    return written


def files(module: str) -> set[str]:
    return {path.as_posix() for path in code_digest.module_files(module)} - {"ser/core/discovery.py"}


def test_a_module_depends_on_what_it_imports_directly_or_not(write: Write) -> None:
    write("ser.a", "from ser import b\n")
    write("ser.b", "def f():\n    import ser.c\n")
    write("ser.c", "")
    write("ser.d", "")
    assert files("ser.a") == {"ser/a.py", "ser/b.py", "ser/c.py"}


def test_a_module_depends_on_every_member_of_a_registry_that_it_makes(write: Write) -> None:
    write("ser.zoo", REGISTRY.format('"ser.animals", "ANIMAL"'))
    write("ser.animals.cat", "from ser import milk\nANIMAL = 1\n")
    write("ser.animals.food", "")
    write("ser.milk", "")
    assert files("ser.zoo") == {"ser/zoo.py", "ser/animals/cat.py", "ser/milk.py"}
    before = code_digest.digest(("ser.zoo",))
    write("ser.animals.food", "FOOD = 1\n")
    assert code_digest.digest(("ser.zoo",)) == before
    write("ser.animals.dog", "ANIMAL = 2\n")
    assert code_digest.digest(("ser.zoo",)) != before


def test_a_member_does_not_depend_on_the_others(write: Write) -> None:
    write("ser.animals.cat", "ANIMAL = 1\n")
    write("ser.animals.dog", "ANIMAL = 2\n")
    write("ser.zoo", REGISTRY.format('"ser.animals", "ANIMAL"'))
    assert files("ser.animals.cat") == {"ser/animals/cat.py"}


def test_a_registry_that_cannot_be_followed_is_refused(write: Write) -> None:
    write("ser.zoo", "package = 'ser.animals'\n" + REGISTRY.format('package, "ANIMAL"'))
    with pytest.raises(ValueError, match=r"zoo\.py has discovery\.Registry\(package, 'ANIMAL'\); write package and"):
        code_digest.module_files("ser.zoo")


def test_ingest_depends_on_every_corpus_and_nothing_on_all_that_there_is() -> None:
    found = files("ser.corpora")
    assert {"ser/corpora/ravdess.py", "ser/corpora/folders.py", "ser/corpora/contract.py"} <= found
    assert "ser/corpora/labels.py" not in found
