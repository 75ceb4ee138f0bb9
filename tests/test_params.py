import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ser import params

ROOT = Path(__file__).parents[1]
CHOICES = sorted(
    f"{path.parent.name}={path.stem}" for path in (ROOT / "conf").glob("*/*.yaml") if path.parent.name != "experiment"
)
EXPERIMENTS = sorted(path.stem for path in (ROOT / "conf/experiment").glob("*.yaml"))


def composed(path: Path, *overrides: str) -> dict[str, Any]:
    params.compose(list(overrides), conf=ROOT / "conf", path=path)
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def test_params_yaml_is_the_composition_of_conf(tmp_path: Path) -> None:
    composed(tmp_path / "params.yaml")
    assert (ROOT / "params.yaml").read_bytes() == (tmp_path / "params.yaml").read_bytes(), "run: python -m ser.params"


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_composes_into_the_section_of_its_group(tmp_path: Path, choice: str) -> None:
    group, name = choice.split("=")
    content = composed(tmp_path / "params.yaml", choice)
    chosen = yaml.safe_load((ROOT / "conf" / group / f"{name}.yaml").read_text())
    expected = {key: value for key, value in chosen.get(group, chosen).items() if key != "defaults"}
    assert expected.items() <= content[group].items()


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_composes(tmp_path: Path, experiment: str) -> None:
    content = composed(tmp_path / "params.yaml", f"experiment={experiment}")
    assert content["representation"]["path"] == content["paths"][content["model"]["representation"]]
    assert "experiment" not in content


def test_emobox_svm_is_the_svm_on_the_six_actor_folds_of_ravdess(tmp_path: Path) -> None:
    content = composed(tmp_path / "params.yaml", "experiment=emobox_svm")
    actors = [actor for fold in content["partition"]["folds"] for actor in fold]
    assert (content["corpus"]["name"], content["model"]["name"]) == ("ravdess", "svm")
    assert len(content["partition"]["folds"]) == 6
    assert sorted(actors) == [f"{actor:02}" for actor in range(1, 25)]  # text, and every actor once


@pytest.mark.parametrize("representation", ["librosa", "yamnet", "yamnet_librosa"])
def test_the_representation_of_the_model_names_its_path_and_settings(tmp_path: Path, representation: str) -> None:
    content = composed(tmp_path / "params.yaml", "model=random_forest", f"model.representation={representation}")
    assert content["model"]["name"] == "random_forest"
    assert content["representation"]["name"] == representation
    assert content["representation"]["path"] == content["paths"][representation]
    assert content["representation"]["settings"] == content[representation]


def test_a_value_of_the_command_line_wins_over_the_chosen_file(tmp_path: Path) -> None:
    assert composed(tmp_path / "params.yaml", "model.C=0.5", "seed=7", "model=svm")["model"]["C"] == 0.5


@pytest.mark.parametrize("override", ["model=nonsense", "model.gama=1", "nonsense=1", "model.representation=x", "="])
def test_an_override_that_fits_nothing_is_named_and_leaves_the_old_params(tmp_path: Path, override: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("seed: 0\n")
    with pytest.raises(ValueError, match=f"conf does not compose with {override}: "):
        params.compose([override], conf=ROOT / "conf", path=path)
    assert [file.name for file in tmp_path.iterdir()] == ["params.yaml"]
    assert path.read_text() == "seed: 0\n"


def test_the_module_composes_what_its_arguments_say(tmp_path: Path) -> None:
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    command = [sys.executable, "-m", "ser.params", "model=mlp", "model.representation=yamnet"]
    subprocess.run(command, cwd=tmp_path, check=True, env={"PYTHONPATH": str(ROOT)}, capture_output=True)
    expected = composed(tmp_path / "expected.yaml", "model=mlp", "model.representation=yamnet")
    assert yaml.safe_load((tmp_path / "params.yaml").read_text()) == expected


def test_the_module_ends_with_a_message_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    command = [sys.executable, "-m", "ser.params", "model=nonsense"]
    ended = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: conf does not compose with model=nonsense: ")
    assert "Traceback" not in ended.stderr


def test_sections_and_single_values_load_under_the_name_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text('corpus:\n  root: data\n  label_map: {"01": neutral}\nseed: 0\n')
    assert params.load("corpus.root", "seed", path=path) == {"corpus.root": "data", "seed": 0}
    assert params.load("corpus.label_map", path=path) == {"corpus.label_map": {"01": "neutral"}}


@pytest.mark.parametrize("missing", ["model", "corpus.rot", "seed.value", "corpus.root.x"])
@pytest.mark.parametrize("content", ["corpus:\n  root: data\nseed: 0\n", ""])
def test_a_missing_section_is_named_with_the_remedy(tmp_path: Path, missing: str, content: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=rf"params\.yaml lacks {missing}; compose it again with: python -m ser.params"):
        params.load(missing, path=path)
