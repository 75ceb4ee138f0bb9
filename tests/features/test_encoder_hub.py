"""Availability of a speech encoder and check of its revision, on machines with and without torch and transformers."""

import importlib.util
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import soundfile
import yaml

from ser import cli
from ser.core import extras
from ser.features.encoders import hugging_face, ssl
from ser.features.encoders.hugging_face import Unavailable
from ser.models import bundle
from tests.support.bundles import trained
from tests.support.paths import ROOT
from tests.support.synthesis import tone

CONF = ROOT / "conf" / "ssl"
COMMIT = "4c66d4806a428f2e922ccfa1a962776e232d487b"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder of files with the names of those of an encoder."""
    for name in (*hugging_face.DESCRIPTIONS, *hugging_face.WEIGHTS):
        (tmp_path / name).write_text(f"of {name}")
    return tmp_path


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Function that pretends which of torch and transformers are installed."""

    def choose(*names: str) -> None:
        real = importlib.util.find_spec

        def found(name: str, *rest: Any) -> Any:
            return real("json") if name in names else None if name in hugging_face.PACKAGES else real(name, *rest)

        monkeypatch.setattr(importlib.util, "find_spec", found)
        ssl.loaded.cache_clear()

    return choose


def test_the_digest_is_of_the_files_that_make_the_encoder_and_of_no_others(folder: Path) -> None:
    before = hugging_face.digest(folder)
    assert re.fullmatch("[0-9a-f]{32}", before)
    (folder / "README.md").write_text("text")
    (folder / "pytorch_model.bin").write_text("not loaded beside model.safetensors")
    assert hugging_face.digest(folder) == before
    for name in (*hugging_face.DESCRIPTIONS, "model.safetensors"):
        kept = (folder / name).read_text()
        (folder / name).write_text(f"{kept}.")
        assert hugging_face.digest(folder) != before
        (folder / name).write_text(kept)
    assert hugging_face.digest(folder) == before
    (folder / "model.safetensors").unlink()
    assert hugging_face.digest(folder) != before


@pytest.mark.parametrize("missing", [*hugging_face.DESCRIPTIONS, "model.safetensors or pytorch_model.bin"])
def test_a_folder_without_an_encoder_is_told_what_it_lacks(folder: Path, missing: str) -> None:
    for name in missing.split(" or "):
        (folder / name).unlink()
    with pytest.raises(Unavailable, match=f"has no {missing}, so it is no encoder of transformers; put the files"):
        hugging_face.folder(str(folder), None)


def test_a_folder_is_taken_with_the_digest_of_its_files_alone(folder: Path, installed: Callable[..., None]) -> None:
    installed(*hugging_face.PACKAGES)
    digest = hugging_face.digest(folder)
    assert hugging_face.folder(str(folder), digest) == folder
    hugging_face.check(str(folder), digest)
    for other in (None, COMMIT):
        for function in (hugging_face.folder, hugging_face.check):
            with pytest.raises(Unavailable, match=rf"ssl\.revision is {other}, .* choose -S ssl\.revision={digest}"):
                function(str(folder), other)
    (folder / "config.json").write_text("{}")
    with pytest.raises(Unavailable, match=rf"ssl\.revision is {digest}, and the digest of the files in"):
        hugging_face.folder(str(folder), digest)


def test_a_folder_below_home_may_be_named_by_a_tilde(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    assert hugging_face.folder(f"~/{folder.name}", hugging_face.digest(folder)) == folder


@pytest.mark.parametrize("revision", [None, "main", COMMIT[:12], COMMIT.upper()])
def test_a_name_is_taken_with_a_commit_alone(revision: str | None) -> None:
    with pytest.raises(Unavailable, match=rf"ssl\.revision is {revision}; .*co/microsoft/wavlm-base-plus/commits/main"):
        hugging_face.folder("microsoft/wavlm-base-plus", revision)


@pytest.mark.parametrize("model", ["/no/such/folder", "./none", "~/none"])
def test_a_folder_that_is_not_there_is_not_looked_for_at_the_hub(model: str) -> None:
    with pytest.raises(Unavailable, match=f"ssl.model {model} is not a folder"):
        hugging_face.folder(model, COMMIT)


@pytest.mark.parametrize("name", sorted(path.stem for path in CONF.glob("*.yaml")))
def test_every_choice_names_its_encoder_for_good(name: str) -> None:
    settings = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    assert list(settings) == ["model", "revision", "layers", "weights", "max_duration", "required"]
    assert hugging_face.COMMIT.fullmatch(settings["revision"])
    assert not settings["required"]


@pytest.mark.parametrize(
    ("there", "missing"), [((), "torch, transformers"), (("torch",), "transformers"), (("transformers",), "torch")]
)
def test_what_is_not_installed_is_named_with_the_remedy(
    there: tuple[str, ...], missing: str, installed: Callable[..., None], folder: Path
) -> None:
    installed(*there)
    message = re.escape(f"ssl needs torch and transformers; not installed: {missing}; {extras.remedy('ssl')}")
    for function in (hugging_face.check, ssl.loaded):
        with pytest.raises(Unavailable, match=message):
            function(str(folder), None)


def test_a_model_on_an_encoder_says_what_to_install(
    installed: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installed()
    settings = yaml.safe_load((CONF / "wavlm_base_plus.yaml").read_text())
    made = replace(trained(), representation={"name": "ssl", "settings": settings})
    bundle.save(made, tmp_path / "model")
    soundfile.write(tmp_path / "a.wav", tone(300, 0.5), 16_000)
    with pytest.raises(SystemExit) as left:
        cli.main(["predict", str(tmp_path / "a.wav"), "--model", str(tmp_path / "model")])
    assert left.value.code == (
        "error: the representation ssl needs torch and transformers; not installed: torch, transformers;"
        f" {extras.remedy('ssl')}"
    )
