import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from ser.core import files
from ser.features import opensmile
from ser.features.encoders import hugging_face, whisper_files
from ser.features.yamnet import hub
from ser.sections import checking
from stages import probe

WHISPER = "openai/whisper-base"
HANDLE = "https://tfhub.dev/google/yamnet/1"
ENCODER, COMMIT = "someone/small", "0123456789" * 4


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with an empty cache and without network access."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TFHUB_CACHE_DIR", raising=False)
    monkeypatch.setattr(hub, "is_reachable", lambda _: False)
    monkeypatch.setattr(checking, "check", lambda _: None)  # the parameters here are a part of those of a study
    (tmp_path / "corpus").mkdir()
    return tmp_path


def configure(
    *,
    root: str = "corpus",
    representation: str = "librosa",
    required: bool = False,
    ssl_required: bool = False,
    whisper_required: bool = False,
    members: Sequence[str] = (),
    representation_section: Mapping[str, Any] | None = None,
    **others: Any,
) -> None:
    content = {
        "corpus": {"name": "demo", "root": root},
        "partition": {"name": "speaker_holdout"},
        "model": {"name": "svm", "representation": representation},
        "members": {name: {"model": {"name": "svm", "representation": name}} for name in members},
        "yamnet": {"handle": HANDLE, "required": required},
        "ssl": {"model": ENCODER, "revision": COMMIT, "required": ssl_required},
        "whisper": {"model": WHISPER, "revision": COMMIT, "required": whisper_required},
        "whisper_states": {"model": WHISPER, "revision": COMMIT},
        "representation": representation_section or {"name": representation},
        "adaptation": {"name": "none"},
        "extract": "needed",
        "paths": {"extracted": f"data/{representation}_extracted_features.csv"},
    }
    content |= others
    Path("params.yaml").write_text(yaml.safe_dump(content))


def availability() -> dict[str, Any]:
    content: dict[str, Any] = files.read_json(probe.YAMNET)
    return content


@pytest.mark.usefixtures("workplace")
def test_the_probe_prints_the_study_and_writes_its_findings(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    probe.main()
    first, warning = capsys.readouterr().out.splitlines()
    assert first == "corpus demo, partition speaker_holdout, model svm"
    assert warning == f"warning: YAMNet features are marked unavailable: {hub.remedy(HANDLE)}"
    assert files.read_json(probe.CORPUS_ROOT) == {"root": "corpus", "links": {}}
    assert availability() == {"handle": HANDLE, "available": False, "failed_downloads": 0}


@pytest.mark.usefixtures("workplace")
def test_settings_that_do_not_fit_end_the_probe_before_anything_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(config: Mapping[str, Any]) -> None:
        assert config["corpus"]["root"] == "nowhere"
        raise ValueError("does not fit")

    monkeypatch.setattr(checking, "check", check)
    configure(root="nowhere")
    with pytest.raises(ValueError, match="does not fit"):
        probe.main()
    assert capsys.readouterr().out == ""


def test_a_root_with_a_tilde_ends_with_the_option_that_names_it_in_full(workplace: Path) -> None:
    configure(root="~/my corpus")
    with pytest.raises(ValueError, match="write the path in full: ") as raised:
        probe.main()
    assert str(raised.value).endswith(f"""-S 'corpus.root="{workplace}/home/my corpus"'""")


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("root", ["nowhere", "params.yaml"])
def test_a_missing_root_ends_with_every_way_to_provide_it(root: str) -> None:
    configure(root=root)
    with pytest.raises(ValueError, match=rf"corpus\.root {root} is not a folder; .*`dvc add {root}`.*absolute root"):
        probe.main()
    assert not Path("data").exists()


@pytest.mark.usefixtures("workplace")
def test_a_name_that_is_not_utf_8_ends_the_probe_before_dvc_meets_it() -> None:
    for name in (b"a/caf\xe9.wav", b"W\xfctend/notes.txt", "a/café.wav".encode()):
        path = Path("corpus", os.fsdecode(name))
        path.parent.mkdir(exist_ok=True)
        path.touch()
    configure()
    with pytest.raises(ValueError, match=r"corpus has 2 files .* corpus\.on_invalid=exclude does not help") as raised:
        probe.main()
    first, second = str(raised.value).splitlines()[1:]
    assert first.startswith(r"  W\xfctend/notes.txt: its name is not UTF-8; rename it, ")
    assert second.startswith(r"  a/caf\xe9.wav: its name is not UTF-8; rename it, ")
    assert first.endswith(": convmv -f latin1 -t utf8 -r --notest corpus")
    assert not Path("data").exists()


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize(
    ("representation", "required"),
    [("yamnet", False), ("yamnet_librosa", False), ("librosa", True)],
)
def test_a_study_that_needs_yamnet_fails_with_the_remedy_if_it_is_unavailable(
    representation: str, required: bool
) -> None:
    configure(representation=representation, required=required)
    with pytest.raises(ValueError, match=f"{HANDLE} is not in .*; set TFHUB_CACHE_DIR"):
        probe.main()
    assert not Path("data").exists()


@pytest.mark.usefixtures("workplace")
def test_the_representation_of_a_member_is_needed() -> None:
    configure(members=["librosa", "yamnet"])
    with pytest.raises(ValueError, match=f"{HANDLE} is not in"):
        probe.main()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """List of the speech encoders that were looked for; none is available."""
    sought: list[tuple[str, str]] = []

    def check(model: str, revision: str) -> None:
        sought.append((model, revision))
        raise hugging_face.Unavailable("not here")

    monkeypatch.setattr(hugging_face, "check", check)
    return sought


@pytest.mark.usefixtures("workplace")
def test_an_unneeded_speech_encoder_is_not_looked_for(asked: list[tuple[str, str]]) -> None:
    configure(members=["librosa", "log_mel"])
    probe.main()
    assert files.read_json(probe.SSL) == {"wanted": False}
    assert asked == []


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize(
    "settings", [{"representation": "ssl"}, {"ssl_required": True}, {"members": ["librosa", "ssl"]}]
)
def test_a_study_that_needs_a_speech_encoder_fails_if_it_is_unavailable(
    settings: dict[str, Any], asked: list[tuple[str, str]]
) -> None:
    configure(**settings)
    with pytest.raises(ValueError, match="not here"):
        probe.main()
    assert asked == [(ENCODER, COMMIT)]
    assert not Path("data").exists()


@pytest.mark.usefixtures("workplace")
def test_a_study_that_needs_a_speech_encoder_continues_if_it_is_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hugging_face, "check", lambda *_: None)
    configure(representation="ssl")
    probe.main()
    assert files.read_json(probe.SSL) == {"wanted": True}


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize(
    "settings", [{"representation": "whisper"}, {"whisper_required": True}, {"members": ["librosa", "whisper"]}]
)
def test_whisper_is_looked_for_only_if_a_model_takes_it(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sought: list[Any] = []
    monkeypatch.setattr(whisper_files, "check", lambda *names, section: sought.append((*names, section)))
    monkeypatch.setattr(whisper_files, "weights", lambda _: {"whisper": "digest"})
    configure(members=["librosa", "log_mel"])
    probe.main()
    assert (files.read_json(probe.WHISPER), sought) == ({"wanted": False}, [])
    configure(**settings)
    probe.main()
    found = {"wanted": True, "weights": {"whisper": "digest"}}
    assert (files.read_json(probe.WHISPER), sought) == (found, [(WHISPER, COMMIT, "whisper")])


@pytest.mark.usefixtures("workplace")
def test_whisper_s_states_need_its_weights_and_not_the_table_of_its_features(monkeypatch: pytest.MonkeyPatch) -> None:
    sought: list[Any] = []
    monkeypatch.setattr(whisper_files, "check", lambda *names, section: sought.append((*names, section)))
    monkeypatch.setattr(whisper_files, "weights", lambda _: {"whisper": "digest"})
    configure(members=["librosa", "whisper_states"])
    probe.main()
    assert sought == [(WHISPER, COMMIT, "whisper_states")]
    assert [files.read_json(path) for path in (probe.WHISPER_STATES, probe.WHISPER)] == [
        {"wanted": True, "weights": {"whisper": "digest"}},
        {"wanted": False},
    ]


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("settings", [{"representation": "opensmile"}, {"members": ["librosa", "opensmile"]}])
def test_opensmile_is_looked_for_only_if_a_model_takes_it(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opensmile, "check_installed", lambda: 1 / 0)
    configure(members=["librosa", "log_mel"])
    probe.main()
    assert files.read_json(probe.OPENSMILE) == {"wanted": False}
    configure(**settings)
    with pytest.raises(ZeroDivisionError):
        probe.main()
    monkeypatch.setattr(opensmile, "check_installed", lambda: None)
    probe.main()
    assert files.read_json(probe.OPENSMILE) == {"wanted": True}


def wanted() -> set[str]:
    """Names of the representations that a stage makes on request."""
    return {path.stem.removesuffix("_availability") for path in probe.WANTED if files.read_json(path)["wanted"]}


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("name", ["log_mel", "frames", "yamnet_bands", "yamnet_librosa"])
def test_a_representation_is_made_for_the_model_or_a_member_and_not_without(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "is_cached", lambda _: True)
    configure()
    probe.main()
    assert wanted() == set()
    configure(representation=name)
    probe.main()
    assert wanted() == {name}
    configure(members=["librosa", name])
    probe.main()
    assert wanted() == {name}


@pytest.mark.usefixtures("workplace")
def test_all_is_all_that_can_be_made_and_a_warning_names_each_that_cannot(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opensmile, "check_installed", lambda: None)
    monkeypatch.setattr(whisper_files, "check", lambda *_, **__: None)
    configure(extract="all")
    probe.main()
    names = {path.stem.removesuffix("_availability") for path in probe.WANTED}
    assert wanted() == names - {"ssl"}
    assert asked == [(ENCODER, COMMIT)]
    assert files.read_json(probe.SSL) == {"wanted": False, "missing": True}
    assert "warning: the representation ssl is not made: not here\n" in capsys.readouterr().out


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("found_by", ["is_cached", "is_reachable"])
def test_a_study_that_needs_yamnet_continues_if_it_is_available(monkeypatch: pytest.MonkeyPatch, found_by: str) -> None:
    monkeypatch.setattr(hub, found_by, lambda handle: handle == HANDLE)
    configure(representation="yamnet")
    probe.main()
    assert availability()["available"] is True


def test_targets_of_links_in_the_corpus_are_part_of_the_finding(workplace: Path) -> None:
    """DVC does not follow links, so the stages that read audio depend on this file too."""
    elsewhere = workplace / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "1.wav").write_text("text")
    (workplace / "corpus" / "Actor_01").symlink_to(elsewhere)
    configure()
    probe.main()
    before = probe.CORPUS_ROOT.read_bytes()
    content = files.read_json(probe.CORPUS_ROOT)
    assert list(content) == ["root", "links"]
    assert content["links"] == files.linked_folders(workplace / "corpus")
    assert list(content["links"]) == ["Actor_01"]
    (workplace / "corpus" / "2.wav").write_text("text")  # not behind a symbolic link
    probe.main()
    assert probe.CORPUS_ROOT.read_bytes() == before
    (elsewhere / "2.wav").write_text("text")
    probe.main()
    assert probe.CORPUS_ROOT.read_bytes() != before


def test_a_corpus_that_is_a_link_as_a_whole_has_no_links(workplace: Path) -> None:
    (workplace / "corpus" / "1.wav").write_text("text")
    (workplace / "whole").symlink_to(workplace / "corpus")
    configure(root="whole")
    probe.main()
    assert files.read_json(probe.CORPUS_ROOT) == {"root": "whole", "links": {}}


def test_several_corpora_that_are_links_are_found_under_their_names(workplace: Path) -> None:
    for name in ("tess", "ravdess"):
        (workplace / "elsewhere" / name / "a").mkdir(parents=True)
        (workplace / "elsewhere" / name / "a" / f"{name}.wav").write_text("text")
        (workplace / "corpus" / name).symlink_to(workplace / "elsewhere" / name)
    configure()
    probe.main()
    links = files.read_json(probe.CORPUS_ROOT)["links"]
    assert list(links) == ["ravdess", "tess"]
    assert links["ravdess"] != links["tess"]


@pytest.mark.usefixtures("workplace")
def test_a_failed_download_changes_the_finding_so_that_extraction_is_tried_again() -> None:
    configure()
    probe.main()
    before = probe.YAMNET.read_bytes()
    probe.main()
    assert probe.YAMNET.read_bytes() == before
    hub.record_failed_download(HANDLE)
    probe.main()
    assert availability()["failed_downloads"] == 1


# adaptation

ADAPTED = {"name": "librosa", "adaptation": "speaker"}


@pytest.mark.usefixtures("workplace")
def test_an_adapted_study_is_announced_as_transductive(capsys: pytest.CaptureFixture[str]) -> None:
    configure(adaptation={"name": "speaker"}, representation_section=ADAPTED)
    probe.main()
    printed = "corpus demo, partition speaker_holdout, model svm, adaptation speaker (transductive)\n"
    assert capsys.readouterr().out.startswith(printed)


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"adaptation": {"name": "speaker"}},
            "adaptation.name is speaker, but the model reads .* adaptation none; choose",
        ),
        ({"representation_section": ADAPTED}, "adaptation.name is none, but the model reads .* adaptation speaker"),
        (
            {"paths": {"extracted": "data/log_mel"}},
            "needs a feature table, but the librosa of model svm are arrays; choose -S adaptation=none, or a model of",
        ),
        (
            {"members": ["librosa"]},
            "needs a model of one feature table, but svm has members .* choose -S adaptation=none",
        ),
    ],
    ids=["name alone", "representation alone", "array", "ensemble"],
)
def test_an_impossible_adaptation_is_an_error_before_extraction(changes: dict[str, Any], message: str) -> None:
    both = {"adaptation": {"name": "speaker"}, "representation_section": ADAPTED}
    configure(**(changes if changes.keys() & both.keys() else both | changes))
    with pytest.raises(ValueError, match=message):
        probe.main()
    assert not probe.CORPUS_ROOT.exists()
