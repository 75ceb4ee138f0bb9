"""`ser diff` and `ser compare` in a throwaway project with a history, under Git and DVC."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.support.dvc_project import Project

pytestmark = pytest.mark.slow

PIPELINE = {
    "stages": {
        "evaluate": {
            "cmd": "python make.py",
            "params": ["accuracy"],
            "deps": ["make.py"],
            "outs": ["reports/predictions.csv"],
            "metrics": [{"reports/metrics.json": {"cache": False}}],
        }
    }
}
MAKE = """\
\"\"\"Write predictions that are right as often as `accuracy` says, of 8 speakers.\"\"\"

import json
import random
from pathlib import Path

import yaml

accuracy = yaml.safe_load(Path("params.yaml").read_text())["accuracy"]
labels, random = ("neutral", "happy", "sad"), random.Random(accuracy)
lines, right = ["fold,partition,utterance,corpus,speaker,sex,intensity,truth,prediction,p_neutral,p_happy,p_sad"], 0
for speaker in range(8):
    for number in range(30):
        truth = labels[number % 3]
        hit = random.random() < accuracy
        prediction = truth if hit else labels[(number + 1) % 3]
        right += hit
        p = ",".join("0.8" if label == prediction else "0.1" for label in labels)
        lines.append(f"0,test,u{speaker}-{number},demo,demo/{speaker},female,normal,{truth},{prediction},{p}")
Path("reports").mkdir(exist_ok=True)
Path("reports/predictions.csv").write_text("\\n".join(lines) + "\\n")
Path("reports/metrics.json").write_text(json.dumps({"uar": round(right / 240, 6)}))
"""
SER = ("python", "-c", "from ser.cli import main; main()")


def set_accuracy(project: Project, accuracy: float) -> None:
    """Set the accuracy in the parameters, and run the pipeline."""
    (project.folder / "params.yaml").write_text(f"accuracy: {accuracy}\n")
    project.run("dvc", "repro")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A branch `main` with accuracy 0.9, and a commit on another with 0.6."""
    project = Project(tmp_path_factory.mktemp("history"))
    shutil.rmtree(project.folder / "conf")
    (project.folder / "dvc.yaml").write_text(yaml.safe_dump(PIPELINE))
    (project.folder / "make.py").write_text(MAKE)
    project.run("git", "init", "--quiet", "--initial-branch=main")
    project.run("dvc", "config", "hydra.enabled", "false")
    set_accuracy(project, 0.9)
    project.commit("accuracy 0.9")
    project.run("git", "checkout", "--quiet", "-b", "change")
    set_accuracy(project, 0.6)
    project.commit("accuracy 0.6")
    return project


@pytest.fixture
def project(history: Project) -> Project:
    """The project at its last commit, without a page."""
    history.run("git", "checkout", "--quiet", "--force", "change")
    history.run("dvc", "checkout", "--force", "--quiet")
    (history.folder / "reports/diff.md").unlink(missing_ok=True)
    return history


def page(project: Project) -> str:
    return (project.folder / "reports/diff.md").read_text()


def squeezed(text: str) -> str:
    """Text without the padding of its columns."""
    return re.sub("-+", "-", re.sub(" +", " ", text))


def test_a_significant_drop_is_on_the_page_and_fails(project: Project) -> None:
    output = project.run(*SER, "diff", "main", fails=True)
    assert "error: UAR" in output
    assert "**a significant drop** (p = 0.0078)" in page(project)  # of 2^8 swaps, two
    assert page(project) in output
    assert "| reports/metrics.json | uar" in page(project)
    assert "| params.yaml | accuracy | 0.9" in page(project)
    assert "main" in page(project)
    for name in ("base", "change"):
        assert (project.folder / f"reports/diff/{name}.png").read_bytes().startswith(b"\x89PNG")
        assert f"(diff/{name}.png)" in page(project)
    assert project.run("git", "status", "--short") == ""  # Git ignores the page


def test_an_earlier_commit_can_be_the_base_and_a_gain_does_not_fail(project: Project) -> None:
    project.run(*SER, "diff", "HEAD~1", "--name", "target", fails=True)
    assert page(project).startswith("### Figures against `target`\n")
    set_accuracy(project, 0.95)
    assert "**a significant gain**" in project.run(*SER, "diff", "HEAD")


def test_no_change_is_not_a_drop(project: Project) -> None:
    output = project.run(*SER, "diff", "HEAD")
    assert "no significant difference (p = 1.00)" in output
    assert page(project).count("No difference.") == 2


def test_other_emotions_cannot_be_compared_and_do_not_fail(project: Project) -> None:
    path = project.folder / "reports/predictions.csv"
    text = path.read_text().replace("happy", "calm")
    path.unlink()
    path.write_text(text)
    output = project.run(*SER, "diff", "main")
    assert "The UAR cannot be compared (A: `main`, B: this change): A has the emotions neutral, happy, sad" in output


def test_a_base_without_predictions_in_the_cache_is_run_again(project: Project) -> None:
    project.run(*SER, "diff", "main", fails=True)
    expected = page(project)
    lock = yaml.safe_load(project.run("git", "show", "main:dvc.lock"))
    (md5,) = [out["md5"] for out in lock["stages"]["evaluate"]["outs"] if out["path"] == "reports/predictions.csv"]
    shutil.rmtree(project.folder / ".dvc/cache/runs")  # else DVC would restore the results of the same code
    (project.folder / ".dvc/cache/files/md5" / md5[:2] / md5[2:]).unlink()
    output = project.run(*SER, "diff", "main", fails=True)
    assert "reports/predictions.csv of main is not in DVC's cache" in output
    assert "running main again in a copy" in output
    assert squeezed(page(project)) == squeezed(expected)
    assert project.run("git", "status", "--short") == ""
    assert project.run("git", "branch", "--list", "--format=%(refname:short)").split() == ["change", "main"]


def test_with_rerun_the_base_is_run_again_with_its_own_code(project: Project) -> None:
    """The committed results of the base are good, but its code, run again, gives worse ones."""
    make = project.folder / "make.py"
    project.run("git", "checkout", "--quiet", "-B", "unrun", "main")
    make.write_text(MAKE.replace('["accuracy"]', '["accuracy"] - 0.6'))
    project.commit("worse code, not run")
    project.run("git", "checkout", "--quiet", "change")
    assert "a significant drop" in project.run(*SER, "diff", "unrun", fails=True)
    assert "**a significant gain**" in project.run(*SER, "diff", "unrun", "--rerun")
    project.run("git", "branch", "--quiet", "-D", "unrun")


def test_the_output_of_a_base_that_fails_is_in_the_message(project: Project) -> None:
    project.run("git", "checkout", "--quiet", "-B", "broken", "main")
    (project.folder / "make.py").write_text("import sys\nsys.exit('error: no corpus')\n")
    project.commit("broken")
    project.run("git", "checkout", "--quiet", "change")
    output = project.run(*SER, "diff", "broken", "--rerun", fails=True)
    assert "error: no corpus" in output
    assert "dvc repro failed in" in output
    project.run("git", "branch", "--quiet", "-D", "broken")


@pytest.mark.parametrize("command", ["diff", "compare"])
def test_an_unknown_revision_is_refused(project: Project, command: str) -> None:
    rest = ("workspace",) if command == "compare" else ()
    output = project.run(*SER, command, "mian", *rest, fails=True)
    assert "error: mian is no folder with predictions.csv, no Git revision and no experiment" in output


def test_runs_are_revisions_folders_experiments_and_the_workspace(project: Project, tmp_path: Path) -> None:
    project.run("dvc", "exp", "run", "--quiet", "--temp", "--name", "better", "-S", "accuracy=0.95")
    project.run("git", "checkout", "--quiet", "--force", "change")
    shutil.copy(project.folder / "reports/predictions.csv", tmp_path)
    said = {}
    for name in ("main", "better", "HEAD", "workspace", str(tmp_path)):
        found = json.loads(project.run(*SER, "compare", "HEAD", name, "--json"))
        said[name] = found["differences"][0]["difference"]
        assert (found["run_b"], found["n_utterances"], found["partition"]) == (name, 240, "test")
    assert said["better"] > said["main"] > 0.1
    assert {said["HEAD"], said["workspace"], said[str(tmp_path)]} == {0.0}


def test_the_csv_of_a_comparison_is_the_same_every_time(project: Project) -> None:
    first, again = (project.run(*SER, "compare", "main", "HEAD", "--csv") for _ in (0, 1))
    assert first == again
    assert first.splitlines()[0] == "metric,a,b,difference,low,high,p"
