"""Models of the hub of Hugging Face, through its own client and a stand-in of the hub on this machine."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from ser import cli
from ser.models import bundle, bundle_file, packaged
from ser.reporting import hub_card
from ser.serving import hub, recognition
from tests.support import hub_host
from tests.support.hub_host import Hub
from tests.support.paths import EMBEDDED, ROOT

NAME = "someone/voices"
RECORDING = str(next((ROOT / "data/demo").rglob("*.flac")))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_host.running(tmp_path / "cache", monkeypatch) as found:
        yield found


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """An export with its card, and a file that is no part of a bundle."""
    folder = Path(shutil.copytree(packaged.resolved("ravdess"), tmp_path / "mine"))
    (folder / "secret.txt").write_text("not a part of the model")
    return folder


def failing(*arguments: str) -> str:
    with pytest.raises(SystemExit) as raised:
        cli.main(list(arguments))
    return str(raised.value.code)


def test_a_model_that_was_uploaded_predicts_as_before(
    host: Hub, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["push", "hf", NAME, str(model), "--private"])
    told = capsys.readouterr().out
    assert f"{host.address}/{NAME}/commit/{hub_host.COMMIT}" in told
    assert f"--model hf:{NAME}" in told
    assert host.private[NAME]
    files = host.models[NAME]
    assert set(files) == {"README.md", "bundle.json", "model.tflite"}
    card = ModelCard(files["README.md"].decode())
    card.validate()
    assert card.data.license == "cc-by-nc-sa-4.0"
    assert (card.data.library_name, card.data.pipeline_tag) == ("ser", "audio-classification")
    assert card.text.lstrip().startswith("# Model card")
    outputs = []
    for chosen in (str(model), f"hf:{NAME}", f"hf:{NAME}@{hub_host.COMMIT}"):
        cli.main(["predict", RECORDING, "--model", chosen, "--json"])
        outputs.append(json.loads(capsys.readouterr().out)[0]["probabilities"])
    assert outputs[0] == outputs[1] == outputs[2]


def test_names_of_speakers_of_own_recordings_are_not_uploaded(host: Hub, model: Path) -> None:
    about = bundle.read_description(model)
    bundle_file.write(about | {"speakers": ["folders/anna", "folders/mary", "ravdess/01"]}, model)
    hub.uploaded(NAME, model, "# Card", private=False)
    uploaded = json.loads(host.models[NAME]["bundle.json"])
    assert uploaded == about | {"speakers": ["folders/1", "folders/2", "ravdess/01"]}
    assert bundle.read_description(model)["speakers"][0] == "folders/anna"


def test_a_bundle_of_the_hub_is_checked_as_any_other_and_only_its_files_are_taken(host: Hub, model: Path) -> None:
    hub.uploaded(NAME, model, "# Card", private=False)
    files = host.models[NAME]
    files |= {"model.pkl": b"code", "deep/er/and/bundle.json": b"{}", "setup.py": b"code"}
    description = json.loads(files["bundle.json"])
    description["representation"]["settings"] |= {"model": "a/stranger"}
    files["bundle.json"] = json.dumps(description).encode()
    assert "names the network a/stranger, which is none that ser knows" in failing(
        "predict", RECORDING, "--model", f"hf:{NAME}"
    )
    folder = hub.downloaded(NAME)
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*")} == {"bundle.json", "model.tflite"}


def test_a_bundle_that_is_too_large_is_not_downloaded(host: Hub, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.uploaded(NAME, model, "# Card", private=False)
    monkeypatch.setattr("ser.core.bounds.MAX_SIZE", 1000)
    assert "the limit is" in failing("predict", RECORDING, "--model", f"hf:{NAME}")
    assert not [one for one in host.asked if "/resolve/" in one]


def test_without_an_answer_the_copy_in_the_cache_serves(
    host: Hub, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.uploaded(NAME, model, "# Card", private=False)
    first = hub.downloaded(NAME)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(hub, "PATIENCE", 1.0)
    assert hub.downloaded(NAME) == first
    with pytest.raises(hub.Unavailable, match=r"cannot download someone/other .*; connect to the network, or give"):
        hub.downloaded("someone/other")


def test_the_hub_is_asked_once_for_the_predictions_of_a_process(host: Hub, model: Path) -> None:
    name = "someone/asked-once"
    hub.uploaded(name, model, "# Card", private=False)
    found = [recognition.predict_emotion(RECORDING, model=f"hf:{name}")["emotion"] for _ in range(2)]
    assert found == [recognition.predict_emotion(RECORDING, model=model)["emotion"]] * 2
    assert host.asked.count(f"GET api/models/{name}") == 1


@pytest.mark.usefixtures("host")
def test_what_the_hub_refuses_is_told_with_the_remedy(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "cannot download someone/none" in failing("predict", RECORDING, "--model", "hf:someone/none")
    assert "wanted OWNER/NAME" in failing("predict", RECORDING, "--model", "hf:../../x")
    monkeypatch.setenv("HF_TOKEN", "hf_reader")
    assert "log in with a token that can write: hf auth login" in failing("push", "hf", NAME, str(model))


def test_a_model_of_the_hub_without_a_description_is_told(host: Hub) -> None:
    host.models[NAME], host.private[NAME] = {"model.bin": b""}, False
    with pytest.raises(hub.Unavailable, match=r"has no bundle\.json; wanted a model that ser push has uploaded"):
        hub.downloaded(NAME)


def test_the_front_matter_has_the_score_of_the_study_and_the_shared_licence() -> None:
    description = bundle.read_description(EMBEDDED) | {"corpora": ["ravdess", "tess"]}
    text = hub_card.with_front_matter("# Card\n", description, {"uar": 0.5}, tested=["emodb"])
    data = ModelCard(text).data
    assert (data.license, data.license_name) == ("other", "licence-of-the-corpora")
    assert data.eval_results is not None
    assert [(one.metric_value, one.dataset_name) for one in data.eval_results] == [(0.5, "emodb")]
