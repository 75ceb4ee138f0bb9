"""Members of a registry: found by the names of their files, and imported one by one."""

import subprocess
import sys
from pathlib import Path

import pytest

from ser.core import discovery
from tests.support.paths import ROOT


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `animals` of two members, of which one cannot be imported, and a module that is no member."""
    folder = tmp_path / "animals"
    (folder / "wild").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "wild" / "__init__.py").touch()
    (folder / "wild" / "owl.py").write_text('ANIMAL: str = "an owl"\n')
    (folder / "cat.py").write_text('ANIMAL = "a cat"\nraise ImportError("the cat is out")\n')
    (folder / "food.py").write_text('"""What an ANIMAL eats."""\n\nFOR_ANIMAL = ""\n')
    monkeypatch.setattr(discovery, "ROOT", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    discovery.modules.cache_clear()
    return folder


def test_members_are_the_files_that_assign_the_variable_in_alphabetical_order(package: Path) -> None:
    assert dict(discovery.modules("animals", "ANIMAL")) == {"cat": "animals.cat", "owl": "animals.wild.owl"}
    animals = discovery.Registry[str]("animals", "ANIMAL")
    assert (list(animals), len(animals)) == (["cat", "owl"], 2)
    assert "food" not in animals


def test_a_member_is_imported_alone_when_it_is_asked_for(package: Path) -> None:
    animals = discovery.Registry[str]("animals", "ANIMAL")
    assert animals["owl"] == "an owl"
    with pytest.raises(ImportError, match="the cat is out"):
        animals["cat"]
    with pytest.raises(KeyError):
        animals["dog"]


def test_two_members_of_one_name_are_refused(package: Path) -> None:
    (package / "owl.py").write_text('ANIMAL = "another owl"\n')
    with pytest.raises(ValueError, match=r"animals\..*owl and animals\..*owl are both named owl; rename one of them"):
        discovery.Registry[str]("animals", "ANIMAL")


def test_the_names_of_the_networks_are_known_without_keras() -> None:
    script = "import sys; from ser.models import NEURAL; print(len(NEURAL) > 9, 'keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "False"]
