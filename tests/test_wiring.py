"""`dvc.yaml` says exactly what the scripts of its stages do."""

import ast
import hashlib

import pytest
import wiring
import yaml

STAGES = yaml.safe_load((wiring.ROOT / "dvc.yaml").read_text())["stages"]
ORDER = [
    *("probe", "ingest", "partition", "extract_yamnet", "extract_librosa"),
    *("combine", "balance", "project", "train", "evaluate"),
]


def outputs(stage):
    entries = [*stage["outs"], *stage.get("metrics", [])]
    return {next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries}


def test_stages_are_those_of_the_scripts_in_order():
    assert list(STAGES) == ORDER
    assert {path.stem for path in (wiring.ROOT / "stages").glob("[!_]*.py")} == set(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_stage_says_what_its_script_does(name):
    stage = STAGES[name]
    script = wiring.ROOT / "stages" / f"{name}.py"
    assert stage["cmd"] == f"python -m stages.{name}"
    assert stage["desc"] == wiring.description(name)
    assert tuple(stage.get("params", ())) == wiring.stage_params(name)
    code = {"stages/__init__.py", f"stages/{name}.py", *wiring.module_files(script)}
    variables = {dep for dep in stage["deps"] if dep.startswith("${")}
    assert {dep for dep in stage["deps"] if dep.endswith(".py")} == code
    data = set(stage["deps"]) - code - variables
    assert data | outputs(stage) == wiring.path_constants(name)
    assert not data & outputs(stage)


@pytest.mark.parametrize("name", ORDER)
def test_every_variable_dependency_is_a_parameter_that_the_script_loads(name):
    params = wiring.stage_params(name)
    for dep in STAGES[name]["deps"]:
        if dep.startswith("${"):
            variable = dep.removeprefix("${").removesuffix("}")
            assert any(variable == param or variable.startswith(f"{param}.") for param in params)


@pytest.mark.parametrize("name", ["ingest", "extract_yamnet", "extract_librosa"])
def test_stages_that_read_audio_depend_on_the_corpus(name):
    assert "${corpus.root}" in STAGES[name]["deps"]


def test_only_the_probe_always_runs():
    assert [name for name, stage in STAGES.items() if stage.get("always_changed")] == ["probe"]


@pytest.mark.parametrize("name", ORDER)
def test_script_loads_no_other_params_than_it_declares(name):
    tree = ast.parse((wiring.ROOT / "stages" / f"{name}.py").read_text())
    loads = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func) == "params.load"
    ]
    assert [ast.unparse(argument) for load in loads for argument in load.args] == (
        ["*PARAMS"] if wiring.stage_params(name) else []
    )


def test_closure_follows_imports_of_imports():
    files = wiring.module_files(wiring.ROOT / "stages" / "extract_librosa.py")
    assert {"ser/features/functionals.py", "ser/features/descriptors.py", "ser/audio.py"} <= files
    assert "ser/features/__init__.py" not in files
    assert not any("bundle" in file or "yamnet" in file for file in files)


def test_lock_and_metrics_in_git_are_of_this_code():
    """Else the committed scores are of another program: `dvc repro`, then commit `dvc.lock` and `reports`."""
    locked = yaml.safe_load((wiring.ROOT / "dvc.lock").read_text())["stages"]
    recorded = {
        dep["path"]: dep["md5"] for stage in locked.values() for dep in stage["deps"] if dep["path"][-3:] == ".py"
    }
    files = {path: hashlib.md5((wiring.ROOT / path).read_bytes()).hexdigest() for path in recorded}
    assert recorded == files
    assert set(recorded) == {dep for stage in STAGES.values() for dep in stage["deps"] if dep.endswith(".py")}
