"""Every `dvc.yaml` states exactly what the scripts of its stages do."""

import re
from functools import cache
from typing import NamedTuple

import pytest
import yaml

from ser.ingest import inventory
from studies.leakage import protocol_scores
from tests.support import wiring

CROSS_CORPUS, EMOBOX, LEAKAGE = "studies/cross_corpus", "studies/emobox", "studies/leakage"
ORDER = [
    *("probe", "ingest", "partition", "extract_yamnet", "extract_ssl", "extract_whisper", "extract_opensmile"),
    *(
        "extract_librosa",
        "extract_log_mel",
        "extract_frames",
        "extract_yamnet_bands",
        "extract_whisper_states",
        "extract_added",
        "combine",
        "adapt",
        "balance",
        "project",
    ),
    *("train_member", "train", "evaluate", "audit", "report", "summarise"),
]
EXTRACTIONS = [
    *("extract_yamnet", "extract_ssl", "extract_whisper", "extract_opensmile", "extract_librosa"),
    *("extract_log_mel", "extract_frames", "extract_yamnet_bands", "extract_whisper_states", "extract_added"),
]
SHARED = {
    **{study: ["probe", "ingest", *EXTRACTIONS, "combine"] for study in (CROSS_CORPUS, EMOBOX)},
    LEAKAGE: ["probe", "ingest", *EXTRACTIONS[:5], "extract_added", "combine"],  # tables, which SMOTE needs
}
OWN = {CROSS_CORPUS: ["transfer", "compare"], EMOBOX: ["folds", "compare"], LEAKAGE: ["assess", "audit", "compare"]}
ITEMS = {  # of a list, of a mapping
    (CROSS_CORPUS, "transfer"): "${key}",
    (EMOBOX, "folds"): "${key}",
    (LEAKAGE, "assess"): "${item}",
    (LEAKAGE, "audit"): "${item}",
    ("", "train_member"): "${key}",
}
FORMAT = "${tables.format}"
CHECK = "data/partition_check.json"  # extraction waits for it and does not read it
CODE = ("ser", "stages", "studies")  # folders of code
CONF = "conf/"  # of the root, also for a stage of a study
READERS_OF_FEATURES = {  # stage -> where the representation of its model lies
    **dict.fromkeys((("", "balance"), ("", "project"), ("", "audit")), "${representation.path}"),
    **dict.fromkeys(((CROSS_CORPUS, "transfer"), (EMOBOX, "folds"), (LEAKAGE, "assess")), "${representation.path}"),
    **dict.fromkeys((("", "train"), ("", "evaluate"), ("", "report")), "${model_input}"),
    ("", "train_member"): "${item.representation.path}",
    ("", "adapt"): "${paths.extracted}",
}


@cache
def content(folder):
    return yaml.safe_load((wiring.ROOT / folder / "dvc.yaml").read_text())


def as_csv(name):
    """A path of a file, where the large tables are csv."""
    return name.replace(FORMAT, "csv")


def of_all_items(name):
    """A path of a stage for each item: the folder of all items."""
    return re.sub(r"/\$\{(item|key)\}(\.\w+)?$", "", name)


class Stage(NamedTuple):
    """A stage of one of the files."""

    folder: str
    name: str
    module: str

    @property
    def stated(self):
        """Entry of the stage in `dvc.yaml`; for a `foreach` stage, the entry of one item."""
        stage = content(self.folder)["stages"][self.name]
        return stage.get("do", stage)

    @property
    def is_for_each(self):
        return "foreach" in content(self.folder)["stages"][self.name]

    @property
    def up(self):
        """Way from the folder of `dvc.yaml` to the project's root."""
        return "../" * len(self.folder.split("/")) if self.folder else ""

    def stated_code(self):
        """Files and folders of code, relative to the project's root."""
        deps = (dep.removeprefix(self.up) for dep in self.stated["deps"])
        return {dep for dep in deps if dep.split("/")[0] in CODE}

    def stated_data(self):
        deps = (dep for dep in self.stated["deps"] if not dep.startswith("${"))
        data = (dep for dep in deps if dep.removeprefix(self.up).split("/")[0] not in CODE and dep != CHECK)
        return {of_all_items(as_csv(dep.removeprefix(self.up) if CONF in dep else dep)) for dep in data}

    def stated_outputs(self):
        """Outputs as the script names them; for a `foreach` stage, the folder of all items."""
        entries = [*self.stated.get("outs", []), *self.stated.get("metrics", [])]
        names = {next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries}
        return {of_all_items(as_csv(name)) for name in names if not name.startswith("${")}

    @property
    def item(self):
        return ITEMS.get((self.folder, self.name))


STAGES = [
    *(Stage("", name, f"stages.{name}") for name in ORDER),
    *(Stage(study, name, f"stages.{name}") for study, names in SHARED.items() for name in names),
    *(Stage(study, name, f"{study.replace('/', '.')}.{name}") for study, names in OWN.items() for name in names),
]


READING = [stage for stage in STAGES if stage.name != "summarise"]  # which waits for tables and reads none


def each(stages):
    return pytest.mark.parametrize("stage", stages, ids=lambda stage: f"{stage.folder}:{stage.name}")


@pytest.mark.parametrize(
    ("folder", "scripts", "common", "own"),
    [("", "stages", [], ORDER), *((study, study, SHARED[study], OWN[study]) for study in SHARED)],
    ids=["root", *SHARED],
)
def test_stages_are_those_of_the_scripts_in_order(folder, scripts, common, own):
    assert list(content(folder)["stages"]) == [*common, *own]
    started = [path for path in (wiring.ROOT / scripts).glob("*.py") if "__main__" in path.read_text()]
    assert {path.stem for path in started} == set(own)


@each(STAGES)
def test_stage_says_what_its_script_does(stage):
    environment = f"PYTHONPATH={stage.up.removesuffix('/')} " if stage.up else ""
    assert stage.is_for_each == (stage.item is not None)
    item = f" {stage.item}" if stage.is_for_each else ""
    assert stage.stated["cmd"] == f"{environment}python -m {stage.module}{item}"
    script = (wiring.ROOT / wiring.script(stage.module)).read_text()
    assert script.endswith("run_item(main)\n" if stage.is_for_each else "run(main)\n")
    assert stage.stated["desc"] == wiring.description(stage.module)
    assert tuple(stage.stated.get("params", ())) == wiring.stage_params(stage.module)
    assert stage.stated_data() | stage.stated_outputs() == wiring.path_constants(stage.module)
    assert not stage.stated_data() & stage.stated_outputs()
    outputs = {f"{stage.folder}/{path}".removeprefix("/") for path in stage.stated_outputs()}
    assert not {path for path in outputs if wiring.holding(path, stage.stated_code())}  # DVC refuses the whole file


@each(STAGES)
def test_every_file_that_a_stage_imports_lies_in_a_stated_dependency_and_every_one_holds_such_a_file(stage):
    files, stated = wiring.module_files(stage.module), stage.stated_code()
    assert wiring.script(stage.module) in stated
    assert {file for file in files if not wiring.holding(file, stated)} == set()
    assert {dep for dep in stated if not any(wiring.holding(file, {dep}) for file in files)} == set()


@each(STAGES)
def test_a_stage_has_at_most_14_dependencies(stage):
    assert len(stage.stated["deps"]) <= 14


@pytest.mark.parametrize("folder", ["", *SHARED])
def test_a_file_of_stages_is_short_and_has_a_blank_line_between_stages(folder):
    lines = (wiring.ROOT / folder / "dvc.yaml").read_text().splitlines()
    assert len(lines) <= 400
    first, *others = [k for k, line in enumerate(lines) if re.fullmatch(r"  \w+:", line) and k > lines.index("stages:")]
    names = list(content(folder)["stages"])
    assert lines[first] == f"  {names[0]}:"
    for k in others[: len(names) - 1]:
        assert lines[k - 1] == "", lines[k]


@each(STAGES)
def test_a_stage_fits_one_screen_and_nothing_imports_it(stage):
    assert len((wiring.ROOT / wiring.script(stage.module)).read_text().splitlines()) <= 60
    others = wiring.module_files(stage.module) - {wiring.script(stage.module)}
    assert not [file for file in others if file.startswith("stages/")]


@pytest.mark.parametrize(("study", "name"), [(study, name) for study, names in SHARED.items() for name in names])
def test_a_shared_stage_is_that_of_the_root_but_for_the_folder(study, name):
    study, root = (content(folder)["stages"][name] for folder in (study, ""))
    assert set(study["deps"]) == {f"../../{dep}" if dep.startswith((*CODE, CONF)) else dep for dep in root["deps"]} - {
        CHECK
    }
    assert study.get("params") == root.get("params")


@each(READING)
def test_every_variable_path_is_a_parameter_that_the_script_loads(stage):
    params = wiring.stage_params(stage.module)
    outs = (next(iter(out)) if isinstance(out, dict) else out for out in stage.stated["outs"])
    for dep in (*stage.stated["deps"], *outs):
        if dep.startswith("${"):
            variable = dep.removeprefix("${").removesuffix("}").replace("item.", "members.${key}.")
            assert any(variable == param or variable.startswith(f"{param}.") for param in params)


@each([stage for stage in STAGES if stage.name in ("ingest", "audit", *EXTRACTIONS, "report")])
def test_stages_that_read_audio_depend_on_the_corpus(stage):
    assert "${corpus.root}" in stage.stated["deps"]


@each([stage for stage in STAGES if stage.name in EXTRACTIONS])
def test_extraction_waits_until_the_study_can_be_trained_and_a_whole_comparison_does_not(stage):
    assert (CHECK in stage.stated["deps"]) == (not stage.folder)


@each([stage for stage in STAGES if (stage.folder, stage.name) in READERS_OF_FEATURES])
def test_stages_that_read_features_depend_on_those_of_the_representation(stage):
    assert READERS_OF_FEATURES[stage.folder, stage.name] in stage.stated["deps"]


def test_the_score_is_printed_after_every_other_stage():
    stages = {stage.name: stage for stage in STAGES if not stage.folder}
    before, waiting = set(), ["summarise"]
    while waiting:
        read = stages[waiting.pop()].stated_data()
        new = {name for name, stage in stages.items() if stage.stated_outputs() & read} - before
        before |= new
        waiting += new
    others = {"${features.path}": "extract_added", "${model_input}": "train_member"}  # outputs with a variable path
    assert before == set(stages) - {"summarise", *others.values()}
    assert "${features.path}" in stages["summarise"].stated["deps"]
    assert "${model_input}" in stages["train"].stated["deps"]


def test_only_the_probe_always_runs():
    always = [(stage.folder, stage.name) for stage in STAGES if stage.stated.get("always_changed")]
    assert always == [(folder, "probe") for folder in ("", *SHARED)]


@each(READING)
def test_a_stage_of_a_large_table_knows_its_format(stage):
    paths = [
        *stage.stated["deps"],
        *(next(iter(out)) if isinstance(out, dict) else out for out in stage.stated["outs"]),
    ]
    assert any(FORMAT in path for path in paths) == ("tables.format" in wiring.stage_params(stage.module))


def test_the_large_tables_bear_the_names_that_people_rely_on():
    stated = {out for stage in STAGES if not stage.folder for out in stage.stated.get("outs", []) if FORMAT in str(out)}
    names = ("yamnet_librosa_features", "adapted_features", "balanced_dataset")
    names += tuple(f"{name}_extracted_features" for name in ("yamnet", "ssl", "whisper", "opensmile", "librosa"))
    assert {as_csv(out) for out in stated} == {f"data/{name}.csv" for name in names}


@each(STAGES)
def test_script_loads_no_other_params_than_it_declares(stage):
    assert wiring.loaded_params(stage.module) == (["*PARAMS"] if wiring.stage_params(stage.module) else [])


def test_the_study_trains_on_every_corpus_that_can_be_installed():
    study = content(CROSS_CORPUS)
    assert study["stages"]["transfer"]["foreach"] == "${corpus.members}"
    members = yaml.safe_load((wiring.ROOT / CROSS_CORPUS / "params.yaml").read_text())["corpus"]["members"]
    assert set(members) == set(inventory.INSTALLABLE)
    (own,) = study["stages"]["transfer"]["do"]["outs"]
    assert list(own) == ["data/predictions/${key}"]  # one corpus's output is no other's


def test_the_study_of_leakage_assesses_and_audits_every_protocol():
    study = content(LEAKAGE)
    assert study["vars"] == [{"protocols": list(protocol_scores.ORDER)}]
    assert [study["stages"][name]["foreach"] for name in ("assess", "audit")] == ["${protocols}"] * 2


def test_closure_follows_imports_of_imports():
    files = wiring.module_files("stages.extract_librosa")
    assert {
        "ser/features/spectral/librosa.py",
        "ser/features/spectral/descriptors/mfcc.py",
        "ser/audio/reading.py",
    } <= files
    assert "ser/features/__init__.py" not in files
    assert not any("bundle" in file or "yamnet" in file for file in files)


def test_closure_follows_imports_of_studies():
    files = wiring.module_files("studies.cross_corpus.transfer")
    assert {"ser/study.py", "ser/models/classifier_training.py", "studies/cross_corpus/__init__.py"} <= files
    assert not {"studies/__init__.py", "studies/cross_corpus/compare.py", "ser/__init__.py"} & files


def test_lock_and_metrics_in_git_are_of_this_code():
    """Else the committed scores are of another program: `dvc repro`, then commit `dvc.lock` and `reports`."""
    locked = yaml.safe_load((wiring.ROOT / "dvc.lock").read_text())["stages"]
    ran = [stage for stage in STAGES if not stage.folder and stage.name != "train_member"]  # the default has no members
    for stage in ran:
        recorded = {dep["path"]: dep["md5"] for dep in locked[stage.name]["deps"] if dep["path"].split("/")[0] in CODE}
        assert recorded == {path: wiring.dvc_hash(path) for path in stage.stated_code()}, stage.name
