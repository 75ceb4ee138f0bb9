import re
import shlex
import subprocess
import sys
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import yaml

from ser import corpora, params
from ser.core import yaml_text
from ser.core.params_file import load
from ser.corpora import labels, words
from ser.ingest import inventory
from ser.sections import table
from tests.support import small_corpora
from tests.support.paths import ROOT

NO_SECTION = ("experiment", "member", "representation", "tune")  # they make or derive others, or are read alone
CHOICES = sorted(
    f"{path.parent.name}={path.stem}" for path in (ROOT / "conf").glob("*/*.yaml") if path.parent.name not in NO_SECTION
)
# related to each other, or to other groups
RELATED = ("corpus", "labels", "partition", "model", "training", "adaptation", "features")
EXPERIMENTS = sorted(path.stem for path in (ROOT / "conf/experiment").glob("*.yaml"))
LABELS = sorted(path.stem for path in (ROOT / "conf/labels").glob("*.yaml"))
STUDIES = {
    "cross_corpus": ("corpus=combined", "corpus.root=../../data/raw", "partition=cross_corpus"),
    "emobox": ("corpus=combined", "corpus.root=../../data/raw", "partition=emobox"),
    "leakage": ("corpus.root=../../data/demo", "partition=speaker_folds", "augmentation=waveform"),
}


def rounds() -> list[tuple[str, ...]]:
    """Choices that are composed at once: one of each group whose files have only values of their own section."""
    groups: dict[str, list[str]] = {}
    for choice in CHOICES:
        groups.setdefault(choice.partition("=")[0], []).append(choice)
    apart = [(choice,) for group in RELATED for choice in groups.pop(group)]
    return apart + [tuple(filter(None, row)) for row in zip_longest(*groups.values())]


TOGETHER = {choice: row for row in rounds() for choice in row}


@cache
def findings(choices: tuple[str, ...]) -> list[str]:
    """What the stages would refuse in the default study with these choices."""
    return table.findings(small_corpora.composed(*choices))


def composed(path: Path, *overrides: str) -> dict[str, Any]:
    params.compose(list(overrides), conf=ROOT / "conf", path=path)
    content: dict[str, Any] = yaml_text.loaded(path.read_text())
    return content


def test_params_yaml_is_the_composition_of_conf(tmp_path: Path) -> None:
    composed(tmp_path / "params.yaml")
    assert (ROOT / "params.yaml").read_bytes() == (tmp_path / "params.yaml").read_bytes(), "run: python -m ser.params"


@pytest.mark.parametrize("study", STUDIES)
def test_params_yaml_of_a_study_is_the_composition_of_conf(tmp_path: Path, study: str) -> None:
    composed(tmp_path / "params.yaml", *STUDIES[study])
    path = f"studies/{study}/params.yaml"
    message = f"run: python -m ser.params --to {path} {' '.join(STUDIES[study])}"
    assert (ROOT / path).read_bytes() == (tmp_path / "params.yaml").read_bytes(), message


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_composes_into_the_section_of_its_group_and_fits(choice: str) -> None:
    group, name = choice.split("=")
    content = small_corpora.composed(*TOGETHER[choice])
    assert group == "training" or findings(TOGETHER[choice]) == []  # a model chooses its training, and fits with that
    path = ROOT / "conf" / group / f"{name}.yaml"
    chosen = yaml.safe_load(path.read_text())
    assert group in RELATED or not re.search(r"@package|\$\{|defaults:", path.read_text())
    own = chosen.get(group, chosen)
    expected = {key: value for key, value in own.items() if key != "defaults" and "${" not in str(value)}
    assert expected.items() <= content[group].items()


def test_every_group_of_choices_is_tried_here_or_through_another() -> None:
    tried = {choice.split("=")[0] for choice in CHOICES} | set(NO_SECTION)
    folders = {path.parent.relative_to(ROOT / "conf").as_posix() for path in (ROOT / "conf").rglob("*.yaml")}
    assert folders - {"."} == tried


@pytest.mark.parametrize("name", inventory.INSTALLABLE)
def test_a_corpus_that_can_be_installed_is_read_alike_alone_and_with_others(tmp_path: Path, name: str) -> None:
    alone = composed(tmp_path / "alone.yaml", f"corpus={name}")["corpus"]
    together = composed(tmp_path / "together.yaml", "corpus=combined")["corpus"]
    assert together["members"][name] == alone
    place = {"name": name, "reader": name, "root": f"data/raw/{name}", "on_invalid": "error"}
    assert place.items() <= alone.items()


def test_a_corpus_joins_the_combination_on_the_command_line(tmp_path: Path) -> None:
    overrides = ("corpus=combined", "+corpus@corpus.members.mine=emodb")
    members = composed(tmp_path / "params.yaml", *overrides)["corpus"]["members"]
    assert members["mine"] == members["emodb"]


@pytest.mark.parametrize("name", [name for name, corpus in corpora.CORPORA.items() if corpus.expected])
def test_a_label_map_has_every_emotion_code_of_the_whole_corpus(tmp_path: Path, name: str) -> None:
    label_map = composed(tmp_path / "params.yaml", f"corpus={name}")["corpus"]["label_map"]
    assert set(label_map) == {code for counts in corpora.CORPORA[name].expected.values() for code in counts}
    emotions = [emotion for emotion in label_map.values() if emotion is not None]
    assert len(set(emotions)) == len(emotions)  # no two codes of a corpus are one emotion


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [("ravdess_tess", ["ravdess", "tess"]), ("ravdess_crema_d_savee_tess", ["ravdess", "crema_d", "savee", "tess"])],
)
def test_a_combination_of_certain_corpora_is_the_combination_that_wants_them(
    tmp_path: Path, choice: str, wanted: list[str]
) -> None:
    combined = composed(tmp_path / "combined.yaml", "corpus=combined")["corpus"]
    certain = composed(tmp_path / "certain.yaml", f"corpus={choice}")["corpus"]
    assert certain == combined | {"name": choice, "corpora": wanted}


def test_certain_corpora_can_be_wanted_on_the_command_line(tmp_path: Path) -> None:
    corpus = composed(tmp_path / "params.yaml", "corpus=combined", "corpus.corpora=[emodb,ravdess]")["corpus"]
    assert corpus["corpora"] == ["emodb", "ravdess"]


def test_the_demo_corpus_is_read_like_ravdess(tmp_path: Path) -> None:
    demo, ravdess = (composed(tmp_path / name, f"corpus={name}")["corpus"] for name in ("demo", "ravdess"))
    assert demo == ravdess | {"name": "demo", "reader": "demo", "root": "data/demo"}


@pytest.mark.parametrize(
    ("choice", "kept", "merged"),
    [
        ("canonical", "neutral calm happy sad angry fearful disgust surprised pleasant_surprise boredom", {}),
        ("nine_class", "neutral calm happy sad angry fearful disgust surprised pleasant_surprise", {}),
        ("big_six", "happy sad angry fearful disgust surprised", {"pleasant_surprise": "surprised"}),  # Ekman's
        ("common_four", "neutral happy sad angry", {}),
        ("iemocap_four", "neutral happy sad angry", {"excited": "happy"}),
        ("iemocap_six", "neutral happy sad angry excited frustrated", {}),
    ],
)
def test_a_choice_of_labels_is_a_scheme_of_the_classes_that_its_name_says(
    tmp_path: Path, choice: str, kept: str, merged: dict[str, str]
) -> None:
    content = composed(tmp_path / "params.yaml", f"labels={choice}")["labels"]
    assert content["name"] == choice
    label_of = {emotion: label for emotion, label in labels.merged(**content).named.items() if label}
    assert label_of == {emotion: emotion for emotion in kept.split()} | merged


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("arousal", {"angry": "high", "excited": "high", "frustrated": "high", "boredom": "low", "relief": "low"}),
        ("valence", {"angry": "negative", "happy": "positive", "contempt": "negative", "pain": "negative"}),
    ],
)
def test_quadrants_have_two_labels_for_emotions_of_any_corpus(
    tmp_path: Path, choice: str, expected: dict[str, str]
) -> None:
    scheme = labels.merged(**composed(tmp_path / "params.yaml", f"labels={choice}")["labels"])
    assert len({label for label in scheme.named.values() if label}) == 2
    assert {emotion: scheme.label(emotion) for emotion in expected} == expected
    assert scheme.label("zesty") is None
    assert set(scheme.named) <= set(words.known().emotions.values())  # no misspelled name


def test_every_choice_of_labels_is_known_above() -> None:
    schemes = ["arousal", "big_six", "canonical", "common_four", "iemocap_four", "iemocap_six", "nine_class", "valence"]
    assert schemes == LABELS


def test_one_emotion_is_dropped_or_merged_on_the_command_line(tmp_path: Path) -> None:
    overrides = ("labels.actions.calm=neutral", "labels.actions.boredom=drop")
    scheme = labels.merged(**composed(tmp_path / "params.yaml", *overrides)["labels"])
    assert [scheme.label(emotion) for emotion in ("calm", "boredom", "sad")] == ["neutral", None, "sad"]


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_composes_and_fits(experiment: str) -> None:
    content = small_corpora.composed(f"experiment={experiment}")
    assert findings((f"experiment={experiment}",)) == []
    assert content["representation"]["path"] == content["paths"][content["model"]["representation"]]
    assert "experiment" not in content


def test_emobox_svm_is_the_svm_on_the_six_actor_folds_of_ravdess(tmp_path: Path) -> None:
    content = composed(tmp_path / "params.yaml", "experiment=emobox_svm")
    chosen = tuple(content[section]["name"] for section in ("corpus", "model", "partition"))
    assert chosen == ("ravdess", "svm", "emobox")  # tests/protocol/test_emobox.py: these are six folds of actors


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


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ("model=mpl", "there is no conf/model/mpl.yaml; did you mean mlp? it is one of attention, best, "),
        ("models=mlp", "there is no group or setting models; did you mean model? it is one of adaptation, "),
        ("sed=1", "there is no group or setting sed; did you mean seed? it is one of adaptation, "),
        ("model.gama=1", "model has no setting gama; its settings are those of the chosen file of conf/model"),
        ("model", "wanted group=choice or setting=value, as model=mlp or seed=1"),
    ],
)
def test_an_override_that_fits_nothing_ends_with_the_nearest_name(tmp_path: Path, override: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"conf does not compose with {override}: {reason}")):
        composed(tmp_path / "params.yaml", override)


@pytest.mark.parametrize("root", ["/a (b)", "/a=b", "/Ärger", "/f's", "/a&b"])
def test_a_path_that_hydra_does_not_read_ends_with_the_override_that_it_reads(tmp_path: Path, root: str) -> None:
    with pytest.raises(ValueError, match="quote the value") as raised:
        composed(tmp_path / "params.yaml", f"corpus.root={root}")
    (remedy,) = shlex.split(str(raised.value).rpartition("shell: ")[2])
    assert composed(tmp_path / "params.yaml", remedy)["corpus"]["root"] == root


@pytest.mark.parametrize(
    ("override", "remedy"),
    [
        ("corpus=[ravdess,emodb]", "Several corpora in one study: -S corpus=combined -S 'corpus.corpora="),
        ("model=[svm,mlp]", "One study for each: dvc exp run --queue -S model=svm,mlp"),
        ("experiment=[embedded,best_ravdess]", "One study for each: dvc exp run --queue"),
    ],
)
def test_a_list_of_files_is_refused_with_the_remedy(tmp_path: Path, override: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=re.escape(override)) as raised:
        composed(tmp_path / "params.yaml", override)
    assert remedy in str(raised.value)


def test_a_list_of_files_is_refused_for_every_group() -> None:
    """The texts of `one_file` name all groups, and Hydra cannot insert a list there."""
    entries = yaml.safe_load((ROOT / "conf" / "config.yaml").read_text())["defaults"]
    pairs = [pair for entry in entries if isinstance(entry, dict) for pair in entry.items()]
    texts = " ".join(text for name, text in pairs if name.startswith("optional "))
    assert re.findall(r"\$\{(\w+)\}", texts) == [name for name, _ in pairs if not name.startswith("optional ")]


def test_the_module_composes_what_its_arguments_say(tmp_path: Path) -> None:
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    command = [sys.executable, "-m", "ser.params", "model=mlp", "model.representation=yamnet"]
    subprocess.run(command, cwd=tmp_path, check=True, env={"PYTHONPATH": str(ROOT)}, capture_output=True)
    expected = composed(tmp_path / "expected.yaml", "model=mlp", "model.representation=yamnet")
    assert yaml.safe_load((tmp_path / "params.yaml").read_text()) == expected


@pytest.mark.parametrize(
    "arguments",
    [["--to", "study/other.yaml", "model=mlp", "seed=1"], ["model=mlp", "--to", "study/other.yaml", "seed=1"]],
)
def test_the_module_writes_where_it_is_told_and_nowhere_else(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    (tmp_path / "params.yaml").write_text("mine: 1\n")
    command = [sys.executable, "-m", "ser.params", *arguments]
    subprocess.run(command, cwd=tmp_path, check=True, env={"PYTHONPATH": str(ROOT)}, capture_output=True)
    expected = composed(tmp_path / "expected.yaml", "model=mlp", "seed=1")
    assert yaml.safe_load((tmp_path / "study" / "other.yaml").read_text()) == expected
    assert (tmp_path / "params.yaml").read_text() == "mine: 1\n"


def test_the_module_ends_with_a_message_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    command = [sys.executable, "-m", "ser.params", "model=nonsense"]
    ended = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: conf does not compose with model=nonsense: ")
    assert "Traceback" not in ended.stderr


def test_outside_the_project_the_message_has_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"^no folder conf here; go to the folder of the project$"):
        params.compose([])


def test_sections_and_single_values_load_under_the_name_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text('corpus:\n  root: data\n  label_map: {"01": neutral}\nseed: 0\n')
    assert load("corpus.root", "seed", path=path) == {"corpus.root": "data", "seed": 0}
    assert load("corpus.label_map", path=path) == {"corpus.label_map": {"01": "neutral"}}


@pytest.mark.parametrize("missing", ["model", "corpus.rot", "seed.value", "corpus.root.x"])
@pytest.mark.parametrize("content", ["corpus:\n  root: data\nseed: 0\n", ""])
def test_a_missing_section_is_named_with_the_remedy(tmp_path: Path, missing: str, content: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(content)
    with pytest.raises(
        ValueError, match=rf"params\.yaml has no {missing}; compose it again with: python -m ser.params"
    ):
        load(missing, path=path)


@pytest.mark.parametrize("content", [b"<<<<<<< HEAD\nseed: 1\n=======\nseed: 2\n", b"seed: \xff", b"seed: [1, "])
def test_a_damaged_file_is_named_with_the_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"params\.yaml is no YAML \(.+\); compose it again with: python -m ser.params"
    ):
        load("seed", path=path)


@pytest.mark.parametrize("representation", ["yamnet", "log_mel"])  # a table, an array
def test_the_format_of_tables_is_that_of_every_path_to_one(tmp_path: Path, representation: str) -> None:
    choices = ("model=ensemble", f"model.representation={representation}")
    csv, parquet = (
        composed(tmp_path / "params.yaml", *choices, f"tables.format={name}") for name in ("csv", "parquet")
    )
    assert csv == composed(tmp_path / "params.yaml", *choices)
    assert parquet == yaml.safe_load(
        yaml.safe_dump(csv).replace(".csv", ".parquet").replace("format: csv", "format: parquet")
    )
    suffix = "" if representation == "log_mel" else ".parquet"
    assert Path(parquet["representation"]["path"]).suffix == suffix
    assert parquet["members"]["svm"]["representation"]["path"] == "data/librosa_extracted_features.parquet"
