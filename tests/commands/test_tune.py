"""`ser tune`: from the tables of a study to the file of an experiment, and errors."""

import math
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from ser import cli
from ser.commands import tune
from ser.core import extras, tables, unavailable
from ser.protocol import partitions
from ser.tuning import experiments, objective, search
from tests.support import warm_python
from tests.support.dvc_project import Project
from tests.support.learning_tables import feature_table, utterance_table, without_speakers
from tests.support.paths import ROOT
from tests.support.small_study import by_speaker
from tests.support.synthesis import ravdess_corpus

UTTERANCES = utterance_table(8, n_repetitions=1)  # 30 a speaker, 2 of them neutral
STUDY = ("-S", "partition=speaker_folds", "-S", "partition.n_folds=4")
FILE = Path("conf/experiment/tuned_demo_svm.yaml")
FEATURES = Path("data/librosa_extracted_features.csv")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of four folds, in which each feature depends weakly on the emotion; the tests change copies of it."""
    folder = tmp_path_factory.mktemp("study")
    write_study(folder, *STUDY[1::2])
    return folder


@pytest.fixture(autouse=True)
def folder(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with a copy of the study."""
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_study(folder: Path, *overrides: str, utterances: pd.DataFrame = UTTERANCES) -> None:
    """Write the configuration, and the outputs of the stages before balancing with their record in `dvc.lock`."""
    shutil.copytree(ROOT / "conf", folder / "conf", dirs_exist_ok=True)
    config = experiments.composed(list(overrides), conf=folder / "conf")
    settings = config["partition"] | {"seed": config["seed"]}
    known = utterances if utterances["speaker"].notna().all() else UTTERANCES
    tables.write(utterances, folder / tune.UTTERANCES)
    tables.write(partitions.partition_table(known, **settings), folder / tune.PARTITIONS)
    tables.write(feature_table(UTTERANCES, separation=0.5), folder / FEATURES)
    stages = {
        "ingest": stage(tune.UTTERANCES, config, "corpus", "labels"),
        "partition": stage(tune.PARTITIONS, config, "partition", "seed", deps=[tune.UTTERANCES]),
        "extract_librosa": stage(FEATURES, config, "augmentation", "librosa", deps=[tune.UTTERANCES]),
    }
    named = {name: facts | {"cmd": f"python -m stages.{name}"} for name, facts in stages.items()}
    (folder / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": named}))


def stage(out: Path, config: dict[str, Any], *names: str, deps: list[Path] | None = None) -> dict[str, Any]:
    recorded = {"params.yaml": {name: config[name] for name in names}}
    entries = [{"path": path.as_posix()} for path in deps or []]
    return {"outs": [{"path": out.as_posix()}], "deps": entries, "params": recorded}


def run(*arguments: str, n_trials: int = 3) -> None:
    cli.main(["tune", *arguments, "--trials", str(n_trials)])


def complaint(*arguments: str, n_trials: int = 3) -> str:
    with pytest.raises(SystemExit) as raised:
        run(*arguments, n_trials=n_trials)
    return str(raised.value.code)


def table_of(printed: str) -> dict[int, tuple[float, str]]:
    """Number of each trial -> its dev UAR in percent, and its settings, as printed."""
    lines = printed.splitlines()
    start = lines.index("trial  dev UAR, %  settings") + 1
    rows = [line.split(maxsplit=2) for line in lines[start : lines.index("", start)]]
    return {int(number): (float(uar), settings) for number, uar, settings in rows}


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Parameters of every evaluated study; their score depends only on C, and C = 1 is the best."""
    found: list[dict[str, Any]] = []

    def quick(given: objective.Data, config: dict[str, Any], *, run: str) -> float:
        found.append(config)
        return 1 / (2 + abs(math.log10(config["model"]["C"])))

    monkeypatch.setattr(objective, "dev_uar", quick)
    return found


@pytest.mark.slow
def test_the_best_settings_are_written_as_an_experiment_that_composes_to_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(*STUDY, n_trials=6)
    printed = capsys.readouterr().out
    shown = table_of(printed)
    uar, settings = next(iter(shown.values()))
    content = experiments.composed(["experiment=tuned_demo_svm"])
    assert content == experiments.composed([*STUDY[1::2], *settings.split()])
    assert content["partition"]["n_folds"] == 4
    assert uar == max(score for score, _ in shown.values()) > 12.5
    assert shown[0][1] == "unchanged"
    assert len(shown) == 6  # the best five, and the unchanged study
    scores = [score for score, _ in shown.values()][:5]
    assert scores == sorted(scores, reverse=True)
    comments = [line for line in FILE.read_text().splitlines() if line.startswith("# ")]
    assert comments[1] == f"# Dev UAR {uar} %, the best of 6 trials; unchanged {shown[0][0]} %."
    assert comments[2] == (
        "# corpus demo, partition speaker_folds, svm on functionals_120: dev of the study's 4 folds."
    )
    assert comments[3] == "# Found by: ser tune -S partition=speaker_folds -S partition.n_folds=4 --seed 0"
    assert f"written: {FILE}\nrun it with: dvc exp run -S experiment=tuned_demo_svm\n" in printed
    assert printed.count("note: each speaker is in the test partition of one fold") == 1
    assert not list(Path("conf").rglob(".partial*"))


@pytest.mark.slow
def test_the_file_is_the_same_every_time(evaluated: list[dict[str, Any]]) -> None:
    run(*STUDY)
    first = FILE.read_bytes()
    shutil.rmtree("checkpoints")
    FILE.unlink()
    run(*STUDY)
    assert FILE.read_bytes() == first


@pytest.mark.slow
def test_a_finished_search_is_not_repeated(capsys: pytest.CaptureFixture[str], evaluated: list[dict[str, Any]]) -> None:
    run(*STUDY)
    first = capsys.readouterr()
    run(*STUDY)
    again = capsys.readouterr()
    assert len(evaluated) == 4
    assert "3 trials of an earlier run" in again.out
    assert table_of(again.out) == table_of(first.out)
    run(*STUDY, n_trials=4)
    assert len(evaluated) == 5
    run(*STUDY, "--seed", "1", "--name", "other", n_trials=1)  # beside it
    assert len(evaluated) == 7


def test_changed_features_start_a_new_search(evaluated: list[dict[str, Any]]) -> None:
    run(*STUDY, n_trials=1)
    features = tables.read_features(FEATURES)
    tables.write(features.assign(feature_0=features["feature_0"] + 1), FEATURES)
    run(*STUDY, "--name", "afresh", n_trials=1)
    assert len(evaluated) == 4


@pytest.mark.slow
def test_within_one_fold_its_test_speakers_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Features and labels of the test speakers can be anything; even the stored search is found again."""
    fold = (*STUDY, "--fold", "2", "--folds", "3")
    run(*fold, n_trials=2)
    first = table_of(capsys.readouterr().out)
    partition = tables.read_partitions(tune.PARTITIONS)
    tested = partition.loc[(partition["fold"] == 2) & (partition["partition"] == "test"), "utterance"]
    for path, read in ((FEATURES, tables.read_features), (tune.UTTERANCES, tables.read_utterances)):
        rows = read(path)
        own = rows["utterance"].isin(tested)
        assert own.sum() == 2 * 30
        rows.loc[own, "emotion"] = "sad"
        rows.loc[own, tables.feature_columns(rows)] = 1e6 if path == FEATURES else None
        tables.write(rows, path)
    run(*fold, n_trials=2)
    second = capsys.readouterr().out
    assert "2 trials of an earlier run" in second
    assert table_of(second) == first
    search.STORAGE.unlink()
    run(*fold, n_trials=2)
    third = capsys.readouterr().out
    assert "earlier run" not in third
    assert table_of(third) == first
    assert "note:" not in third
    assert "--fold 2 --folds 3 --seed 0" in FILE.read_text()
    assert "dev of 3 folds of the 6 speakers that fold 2 does not test" in FILE.read_text()


def test_settings_of_the_command_line_are_not_searched(evaluated: list[dict[str, Any]]) -> None:
    run(*STUDY, "-S", "balance=none", "-S", "model.C=3.5")
    assert {config["model"]["C"] for config in evaluated} == {3.5}
    assert {config["balance"]["name"] for config in evaluated} == {"none"}
    assert len({config["model"]["gamma"] for config in evaluated}) == 4
    content = experiments.composed(["experiment=tuned_demo_svm"])
    assert (content["model"]["C"], content["balance"]["name"]) == (3.5, "none")


def test_a_study_can_start_from_an_experiment(evaluated: list[dict[str, Any]]) -> None:
    experiments.write(Path("conf/experiment/mine.yaml"), list(STUDY[1::2]), [])
    run("-S", "experiment=mine", n_trials=1)
    assert experiments.composed(["experiment=tuned_demo_svm"])["partition"]["n_folds"] == 4
    assert "starts from conf/experiment/mine.yaml" in complaint("-S", "experiment=mine", "--name", "mine")


def test_another_model_and_another_space_can_be_chosen(
    capsys: pytest.CaptureFixture[str], evaluated: list[dict[str, Any]]
) -> None:
    Path("mine.yaml").write_text("model.C: {choices: [0.01, 0.1, 1.0]}\n")
    run(*STUDY, "-S", "model=logistic_regression", "--space", "mine.yaml", "--name", "mine")
    settings = {row for _, row in table_of(capsys.readouterr().out).values()}
    assert settings <= {"unchanged", "model.C=0.01", "model.C=0.1", "model.C=1.0"}
    assert "--space mine.yaml" in Path("conf/experiment/mine.yaml").read_text()


def test_the_file_states_if_no_trial_was_better(evaluated: list[dict[str, Any]]) -> None:
    Path("mine.yaml").write_text("model.C: {low: 1.0e-9, high: 1.0e-8}\n")
    run(*STUDY, "--space", "mine.yaml", n_trials=2)
    assert "# Unchanged: none of 2 trials had a higher dev UAR than 33.3 %.\n" in FILE.read_text()
    assert experiments.composed(["experiment=tuned_demo_svm"]) == experiments.composed(list(STUDY[1::2]))


@pytest.mark.slow
def test_failed_settings_are_reported_and_do_not_end_the_search(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text("balance.k_neighbors: {choices: [2, 1000]}\nmodel.C: {low: 0.1, high: 1.0}\n")
    run(*STUDY, "--space", "mine.yaml", n_trials=6)
    printed = capsys.readouterr().out
    n_failed = 7 - len(table_of(printed))
    assert 0 < n_failed < 6
    assert f"{n_failed} of 7 failed; the first (balance.k_neighbors=1000 model.C=" in printed
    assert "smote needs more than balance.k_neighbors=1000 training rows" in printed
    Path("mine.yaml").write_text("balance.k_neighbors: {choices: [1000, 2000]}\n")
    message = complaint(*STUDY, "-S", "balance.k_neighbors=50", "--space", "mine.yaml", "--name", "none")
    assert "sets all settings of mine.yaml" in message
    Path("mine.yaml").write_text("model.gamma: {choices: [none, neither]}\n")
    message = complaint(*STUDY, "-S", "balance.k_neighbors=50", "--space", "mine.yaml", "--name", "none")
    assert message.startswith("error: all 4 trials failed; the first: smote needs more than")
    assert not Path("conf/experiment/none.yaml").exists()


# Errors before any computation


def test_a_file_of_another_origin_is_not_overwritten(evaluated: list[dict[str, Any]]) -> None:
    FILE.write_text("# mine\n")
    message = complaint(*STUDY)
    assert f"error: {FILE} exists, and is not a result of this search; choose another --name, or add --force" in message
    assert FILE.read_text() == "# mine\n"
    assert not evaluated
    run(*STUDY, "--force", n_trials=1)
    run(*STUDY, n_trials=2)  # of this search now
    assert "the best of 2 trials" in FILE.read_text()
    assert "exists, and is not a result of this search" in complaint(*STUDY, "--seed", "1")


@pytest.mark.parametrize("name", ["a/b", "../x", "a b", "ä", ".hidden"])
def test_an_invalid_name_is_refused(name: str) -> None:
    assert f"--name is {name!r}; use only letters" in complaint(*STUDY, "--name", name)


@pytest.mark.parametrize("path", [tune.UTTERANCES, tune.PARTITIONS, FEATURES])
def test_a_missing_table_is_named_with_the_command_that_makes_it(path: Path) -> None:
    path.unlink()
    command = "dvc exp run -S partition=speaker_folds -S partition.n_folds=4 partition extract_librosa"
    assert complaint(*STUDY) == f"error: no {path} here; make it with: {command}"


@pytest.mark.parametrize(
    ("model", "stage"),
    [
        (["model.representation=yamnet"], "extract_yamnet"),
        (["model.representation=yamnet_librosa"], "combine"),
        (["model=cnn"], "extract_log_mel"),
        (["model=conv_bilstm"], "extract_frames"),
    ],
)
def test_a_missing_representation_is_made_by_its_stage(model: list[str], stage: str) -> None:
    overrides = [word for override in model for word in ("-S", override)]
    assert complaint(*STUDY, *overrides).endswith(f" partition {stage}")
    assert stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def test_features_that_no_model_asked_for_are_named_with_the_command_that_makes_them() -> None:
    unavailable.write(FEATURES)
    found = complaint(*STUDY)
    assert found.startswith(
        f"error: {FEATURES} is marked unavailable, because no model asked for it; make it with: dvc"
    )
    assert found.endswith(" partition extract_librosa")


@pytest.mark.parametrize(
    ("override", "path", "name"),
    [
        ("librosa=means_42", FEATURES, "librosa"),
        ("seed=3", tune.PARTITIONS, "seed"),
        ("corpus=ravdess", tune.UTTERANCES, "corpus"),
        ("labels=common_four", tune.UTTERANCES, "labels"),
    ],
)
def test_a_table_of_another_study_is_refused_with_the_command_that_makes_it(
    override: str, path: Path, name: str
) -> None:
    message = complaint(*STUDY, "-S", override)
    assert f"error: {path} was made with another {name} than that of the study; make it with: dvc exp run -S" in message
    assert message.endswith(f"-S {override} partition extract_librosa")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-S", "model=ensemble"], "model=ensemble has no settings of its own; tune each member alone"),
        (["-S", "model=nonsense"], "does not compose with"),
        (["-S", "model=svm,mlp"], "does not compose with"),
        (["-S", "model.C=choice(1,2)"], "does not compose with"),
        (["-S", "~model.C"], "~model.C cannot be written to the file of an experiment"),
        (["--fold", "4"], "there is no fold 4; wanted one of the study: 0, 1, 2, 3"),
        (["--fold", "0", "--folds", "2"], "--folds is 2; it must be 3 or more"),
        (["--seed", "-1"], "--seed is -1; it must be 0 or more"),
        (["--timeout", "0"], "--timeout is 0.0; it must be above 0 seconds"),
        (["--timeout", "nan"], "--timeout is nan; it must be above 0 seconds"),
        (["--space", "nowhere.yaml"], "no file nowhere.yaml; search spaces are in conf/tune"),
        (["-S", "balance=none", "-S", "model.C=1", "-S", "model.gamma=1"], "so none is left to search; remove one -S"),
    ],
    ids=" ".join,
)
def test_a_search_that_is_not_possible_is_refused(arguments: list[str], expected: str) -> None:
    message = complaint(*STUDY, *arguments)
    assert message.startswith("error: ")
    assert expected in message
    assert not FILE.exists()


def test_zero_trials_are_refused() -> None:
    assert complaint(*STUDY, n_trials=0) == "error: --trials is 0; it must be 1 or more"


def test_unknown_and_too_few_speakers_are_refused(folder: Path) -> None:
    holdout = ("partition=speaker_holdout", "partition.test_fraction=0.6")
    write_study(folder, *holdout, utterances=without_speakers(UTTERANCES))
    options = [word for override in holdout for word in ("-S", override)]
    assert "have no speaker, and a search needs folds of speakers" in complaint(*options)
    write_study(folder, *holdout)
    few = by_speaker(dict.fromkeys(("01", "02", "03", "04", "05", "06"), "test") | {"07": "dev"}, utterances=UTTERANCES)
    tables.write(few, tune.PARTITIONS)
    assert "train and dev have 2 speakers, and a search needs 3" in complaint(*options)


def test_without_optuna_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert complaint(*STUDY) == f"error: ser tune needs Optuna, which is not installed; {extras.remedy('tune')}"


def test_outside_the_project_the_message_has_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert complaint() == "error: no folder conf here; go to the folder of the project"


# Killed searches


HALTING = """
import sys, time
from ser import cli
from ser.tuning import objective

dev_uar, n_left = objective.dev_uar, int(sys.argv.pop())

def halting(*given, **options):
    global n_left
    n_left -= 1
    if n_left < 0:
        print("halts", flush=True)
        time.sleep(3600)
    return dev_uar(*given, **options)

objective.dev_uar = halting
cli.main()
"""


def killed(folder: Path, *, after: int) -> None:
    """Run the command in another process, and kill it in the trial after those that it has finished."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    python = warm_python.commands() / "python"
    command = [python, "-c", HALTING, "tune", *STUDY, "--trials", "200", str(after)]
    running = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE)
    assert running.stdout is not None
    assert b"halts\n" in iter(running.stdout.readline, b"")
    running.send_signal(signal.SIGKILL)
    running.communicate()  # until nothing writes any more


@pytest.mark.slow
def test_a_killed_search_ends_like_an_uninterrupted_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    killed(folder, after=1)
    assert not FILE.exists()
    killed(folder, after=2)
    run(*STUDY, n_trials=6)
    resumed = capsys.readouterr().out
    text = FILE.read_bytes()
    assert " trials of an earlier run" in resumed
    shutil.rmtree("checkpoints")
    run(*STUDY, n_trials=6)
    assert table_of(capsys.readouterr().out) == table_of(resumed)
    assert FILE.read_bytes() == text


# Under DVC


@pytest.mark.slow
def test_the_experiment_runs_under_dvc_and_has_the_dev_uar_that_was_found(tmp_path: Path) -> None:
    project = Project(tmp_path / "dvc")
    corpus = ravdess_corpus(tmp_path / "corpus", speakers=tuple(f"{number:02}" for number in range(1, 7)))
    place = f"corpus.root={corpus}"
    study = (place, "librosa=means_42", "partition=speaker_folds", "partition.n_folds=3", "balance=random_oversampler")
    project.compose()
    project.commit("start")
    options = [word for override in study for word in ("-S", override)]
    command = ["tune", *options, "--trials", "3"]
    message = project.ser(*command, fails=True)
    project.run(*shlex.split(message.partition("make it with: ")[2]))  # the remedy in the message
    printed = project.ser(*command)
    assert place not in (project.folder / FILE).read_text()
    project.study("experiment=tuned_demo_svm", place, "evaluation.test=false", targets=["evaluate"])
    found = project.read_json("reports/metrics.json")["dev.uar"]
    assert f"{100 * found:.1f}" == f"{next(iter(table_of(printed).values()))[0]}"
    assert "3 trials of an earlier run" in project.ser(*command)
