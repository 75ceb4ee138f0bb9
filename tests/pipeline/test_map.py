"""docs/map.md is true: its tree is the tree, and whoever follows it literally has a new member of each kind."""

import doctest
import json
import re
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support import map_page
from tests.support.dvc_project import Project
from tests.support.paths import ROOT
from tests.support.synthesis import ravdess_corpus
from tools import layers

SPEAKERS = tuple(f"{number:02}" for number in range(1, 9))
NAMES = dict(zip(SPEAKERS, ("anna", "ben", "clara", "dan", "eva", "finn", "gina", "hugo"), strict=True))
WORDS = {"01": "calm", "03": "happy", "04": "sad", "05": "furious"}  # of RAVDESS's codes


def test_the_tree_has_every_layer_in_order_and_every_folder() -> None:
    tree = map_page.section("Where things are")
    rooms = re.findall(r"^  ([a-z_]+)(?:/|\.py) ", tree, re.MULTILINE)
    assert rooms == list(layers.LAYERS)
    shown = set(re.findall(r"^([\w.]+)/", tree, re.MULTILINE))
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))}
    written = {name for name in folders if name.endswith(".egg-info")} | {"checkpoints", "exports", "dvc_plots", "site"}
    assert folders - written | {"models"} == shown


def test_every_kind_is_added_by_one_file_of_code_and_one_of_conf() -> None:
    added = [map_page.files(map_page.section(f"Add a {kind}")) for kind in KINDS]
    assert [[path.split("/")[0] for path in files] for files in added] == [["ser", "conf"]] * len(KINDS)
    for path in (path for files in added for path in files):
        assert not (ROOT / path).exists(), path


KINDS = {  # arguments of `ser new` that write the files of the page as they are
    "corpus": ("corpus", "voice_memos"),
    "representation": ("features", "levels"),
    "network": ("network", "band_means"),
    "feature set": ("descriptor", "spectral_flatness"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_of_the_page_are_true(kind: str) -> None:
    """A new function of `ser/` needs an example, so the files that `ser new` writes have one."""
    files = map_page.files(map_page.section(f"Add a {kind}"))
    (code,) = (text for path, text in files.items() if path.endswith(".py"))
    module = ModuleType(kind)
    exec(code, module.__dict__)
    failed, attempted = doctest.testmod(module)
    assert attempted
    assert failed == 0


class Copy(Project):
    """A copy of the project with a small corpus, whose stages run without DVC."""

    def __init__(self, top: Path) -> None:
        super().__init__(top)
        self.copy("docs/map.md")
        self.corpus = ravdess_corpus(top / "corpus", speakers=SPEAKERS)

    def add(self, kind: str) -> list[list[str]]:
        """Write the files of a section of the page with `ser new`; the overrides of its commands."""
        return map_page.choices(self.ser("new", *KINDS[kind]))

    def stages(self, *names: str) -> str:
        """Run the scripts of some stages; what they print."""
        return "".join(self.run("python", "-m", f"stages.{name}") for name in names)

    def python(self, script: str, *arguments: str) -> str:
        return self.run("python", "-c", script, *arguments)

    def predicted(self) -> dict[str, Any]:
        """Prediction of the trained model for a recording, as `ser predict` prints it."""
        path = next(self.corpus.rglob("*.flac"))
        output = self.ser("predict", str(path), "--model", "models/fold_0", "--json")
        return dict(json.loads(output[output.index("[") :])[0])


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = Copy(tmp_path_factory.mktemp("map"))
    copy.compose(f"corpus.root={copy.corpus}")
    copy.stages("ingest", "partition")
    return copy


@pytest.mark.slow
def test_a_representation_is_extracted_trained_and_served(copy: Copy) -> None:
    (choices,) = copy.add("representation")
    copy.compose(f"corpus.root={copy.corpus}", *choices)
    copy.stages("extract_added", "balance", "train")
    features = copy.read("data/levels_features.csv")
    assert features.shape == (240, 3 + 5)
    assert features["Level_95"].between(features["Level_50"], 0).all()
    assert set(copy.predicted()["probabilities"]) >= {"happy", "sad"}


@pytest.mark.slow
def test_a_representation_that_nobody_chooses_is_marked_as_not_asked_for(copy: Copy) -> None:
    copy.compose(f"corpus.root={copy.corpus}")
    assert "no added representation is chosen" in copy.stages("extract_added")
    assert list(copy.read("data/added_features.csv"))[-1] == "unavailable"


@pytest.mark.slow
def test_a_network_is_trained_and_served(copy: Copy) -> None:
    (choices,) = copy.add("network")
    copy.compose(f"corpus.root={copy.corpus}", *choices, "training.max_epochs=1")
    copy.stages("probe", "extract_log_mel", "balance", "train")
    assert (copy.folder / "models/fold_0/model.keras").is_file()
    assert set(copy.predicted()["probabilities"]) >= {"happy", "sad"}
    script = "from ser.models import NEURAL; from ser.tuning import spaces; print(NEURAL, spaces.path_of('band_means'))"
    known = copy.python(script)
    assert "'band_means'" in known
    assert "network.yaml" in known


@pytest.mark.slow
def test_a_feature_set_with_a_new_descriptor_is_extracted_and_trained(copy: Copy) -> None:
    (choices,) = copy.add("feature set")
    copy.compose(f"corpus.root={copy.corpus}", *choices)
    copy.stages("extract_librosa", "balance", "train")
    features = copy.read("data/librosa_extracted_features.csv")
    assert features.shape == (240, 3 + 28)
    assert features["Spectral_Flatness"].between(0, 1).all()
    assert set(copy.predicted()["probabilities"]) >= {"happy", "sad"}


@pytest.mark.slow
def test_a_corpus_is_read_alone_and_with_others_and_known_everywhere(copy: Copy) -> None:
    alone, combined = copy.add("corpus")
    root = copy.folder / "data/raw/voice_memos"
    root.mkdir(parents=True)
    for number, path in enumerate(sorted(copy.corpus.rglob("*.flac"))):
        _, _, emotion, *_, speaker = path.stem.split("-")
        if emotion in WORDS:
            shutil.copy(path, root / f"{NAMES[speaker]}_{WORDS[emotion]}_{number % 30:02}.wav")
    for choices in (alone, combined):
        copy.compose(*choices)
        copy.stages("ingest")
        utterances = copy.read("data/utterances.csv")
        assert set(utterances["speaker"]) == {f"voice_memos/{name}" for name in NAMES.values()}
        assert set(utterances["emotion"]) == {"neutral", "happy", "sad", "angry"}
        assert len(utterances) == 8 * (2 + 3 * 4)
    assert "voice_memos" in copy.ser("corpora")
    shutil.copytree(ROOT / "app", copy.folder / "app")
    script = "from app.page import words; print(words.trained_on({'corpora': ['voice_memos'], 'speakers': ['a']}))"
    assert copy.python(script) == "1 speaker of Voice memos (acted speech, English)\n"
    copy.copy_study("cross_corpus")
    copy.compose("--to", "studies/cross_corpus/params.yaml", *combined)
    copy.commit("a corpus")
    assert "transfer@voice_memos" in copy.run("dvc", "stage", "list", inside="studies/cross_corpus").split()
