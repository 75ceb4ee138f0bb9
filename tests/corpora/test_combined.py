"""Several corpora as one table."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from ser.core import tables
from ser.corpora import labels
from ser.ingest import corpus_root, inventory, utterance_table
from ser.ingest.counts import Tally
from stages import ingest as stage
from tests.support.small_corpora import FILES, LFS_POINTER, composed, ingested, six_corpora, written

SPEECH = "03-01-01-01-01-01-01"
IDS = [
    *("crema_d/1001_DFA_ANG_XX", "crema_d/1001_DFA_NEU_XX", "crema_d/1091_IEO_FEA_LO"),
    *("emodb/03a01Fa", "emodb/03a01Wa", "emodb/03a04Lc"),
    *("folders/Angry/a01", "folders/Pleasant Surprise/a 01", "folders/joy/a01"),
    *("ravdess/Actor_01/03-01-01-01-01-01-01", "ravdess/Actor_01/03-01-02-01-01-01-01"),
    *("ravdess/Actor_02/03-01-05-01-01-01-02", "ravdess/Actor_02/03-01-08-02-01-01-02"),
    *("savee/DC/a01", "savee/DC/n01", "savee/JE/a01", "savee/JE/su01"),
    *("tess/OAF_back_angry", "tess/OAF_back_ps", "tess/OA_bite_neutral", "tess/YAF_back_ps"),
]
COUNTS = {"crema_d": 3, "emodb": 3, "folders": 3, "ravdess": 4, "savee": 4, "tess": 4}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return six_corpora(tmp_path / "raw")


@pytest.fixture
def workplace(raw: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder beside the corpora, in which stages run."""
    folder = raw.parent / "workplace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def configure(root: Path, *overrides: str) -> None:
    config = composed(*overrides)
    content = {"corpus": config["corpus"] | {"root": str(root)}, "labels": config["labels"]}
    Path("params.yaml").write_text(yaml.safe_dump(content))


def ids(utterances: pd.DataFrame) -> list[str]:
    return utterances["utterance"].tolist()


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    stage.main()
    return capsys.readouterr().out.splitlines()


def test_six_corpora_are_one_table(raw: Path) -> None:
    utterances, report = ingested(raw, "corpus=combined")
    tables.UTTERANCES.validate(utterances)
    assert utterances.columns.tolist() == [
        name for name, column in tables.UTTERANCES.columns.items() if column.required
    ]
    assert ids(utterances) == IDS
    assert utterances.set_index("path")["emotion"].to_dict() == FILES
    assert utterances["corpus"].tolist() == [name.split("/")[0] for name in IDS]
    assert utterances["duplicate_of"].isna().all()
    assert report["per_corpus"] == COUNTS
    assert report["n_utterances"] == 21


def test_speakers_of_two_corpora_have_different_names(raw: Path) -> None:
    written(raw / "emodb/wav/08a01Fd.wav")  # speaker 08
    written(raw / "ravdess/Actor_08/03-01-05-01-01-01-08.wav")  # another 08
    utterances, report = ingested(raw, "corpus=combined")
    speakers = {corpus: set(rows["speaker"].dropna()) for corpus, rows in utterances.groupby("corpus")}
    assert speakers == {
        "crema_d": {"crema_d/1001", "crema_d/1091"},
        "emodb": {"emodb/03", "emodb/08"},
        "folders": set(),
        "ravdess": {"ravdess/01", "ravdess/02", "ravdess/08"},
        "savee": {"savee/DC", "savee/JE"},
        "tess": {"tess/OAF", "tess/YAF"},
    }
    assert report["n_speakers"] == 11


def test_each_of_several_corpora_has_the_same_rows_as_alone(raw: Path) -> None:
    together = ingested(raw, "corpus=combined").utterances
    for name in COUNTS:
        alone = ingested(raw / name, f"corpus={name}").utterances
        alone["path"] = f"{name}/" + alone["path"]
        rows = together[together["corpus"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, alone.astype(rows.dtypes))  # an empty column has no type of its own


def test_corpora_with_more_folders_around_them_give_the_same_utterances(raw: Path, tmp_path: Path) -> None:
    for name in COUNTS.keys() - {"folders"}:  # whose utterances are named by their whole paths
        shutil.copytree(raw / name, tmp_path / "deeper" / name / "archive (1)" / name.upper())
    shutil.copytree(raw / "folders", tmp_path / "deeper" / "folders")
    expected, found = (ingested(root, "corpus=combined").utterances for root in (raw, tmp_path / "deeper"))
    pd.testing.assert_frame_equal(found.drop(columns="path"), expected.drop(columns="path"))


def test_corpora_may_be_symbolic_links(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    for name in COUNTS:
        (tmp_path / "links" / name).symlink_to(raw / name)
    (raw / "ravdess" / "back").symlink_to(raw)  # this link does not add the other corpora again
    expected = ingested(tmp_path / "links", "corpus=combined")
    assert ids(expected.utterances) == IDS
    assert expected.report["copies"] == {}
    pd.testing.assert_frame_equal(ingested(raw, "corpus=combined").utterances, expected.utterances)


def test_copies_in_any_corpus_count_once_and_the_report_names_their_folder(raw: Path) -> None:
    before = ingested(raw, "corpus=combined").utterances
    shutil.copytree(raw / "ravdess" / "Actor_01", raw / "ravdess/audio_speech_actors_01-24/Actor_01")
    shutil.copytree(raw / "tess" / "OAF_angry", raw / "tess/tess/oaf_ANGRY")
    (raw / "savee" / "all").mkdir()
    for speaker, name in (("DC", "a01"), ("DC", "n01"), ("JE", "a01"), ("JE", "su01")):
        shutil.copy(raw / "savee" / speaker / f"{name}.wav", raw / "savee" / "all" / f"{speaker}_{name}.wav")
    utterances, report = ingested(raw, "corpus=combined")
    pd.testing.assert_frame_equal(utterances.drop(columns="path"), before.drop(columns="path"))
    assert report["copies"].pop("ravdess/audio_speech_actors_01-24/Actor_01") == 2
    assert report["copies"].pop("tess/tess/oaf_ANGRY") == 1
    assert sum(report["copies"].values()) == 4  # both layouts of SAVEE are equally near to the root
    assert {folder.split("/")[0] for folder in report["copies"]} == {"savee"}
    assert report["duplicates"] == {}


def test_one_recording_in_two_corpora_is_two_utterances_and_a_duplicate(raw: Path) -> None:
    shutil.copy(raw / "ravdess/Actor_02/03-01-05-01-01-01-02.wav", raw / "folders/Angry/mine.wav")
    utterances, report = ingested(raw, "corpus=combined")
    assert len(utterances) == 22
    assert report["duplicates"] == {"ravdess/Actor_02/03-01-05-01-01-01-02": "folders/Angry/mine"}
    assert report["copies"] == {}


@pytest.mark.parametrize(
    ("choice", "corpora"),
    [
        ("combined", set(COUNTS)),
        ("ravdess_tess", {"ravdess", "tess"}),
        ("ravdess_crema_d_savee_tess", {"ravdess", "crema_d", "savee", "tess"}),
    ],
)
def test_the_composed_section_is_the_arguments_of_ingesting(raw: Path, choice: str, corpora: set[str]) -> None:
    config = composed(f"corpus={choice}", f"corpus.root={raw}")
    tally = Tally()
    (utterances,) = utterance_table.utterances(
        **config["corpus"], scheme=labels.merged(**config["labels"]), tally=tally
    )
    report = tally.report()
    assert config["corpus"]["name"] == choice
    assert set(config["corpus"]["members"]) == set(inventory.INSTALLABLE)
    assert report["per_corpus"] == {name: COUNTS[name] for name in sorted(corpora)}
    assert set(utterances["corpus"]) == corpora
    assert report["not_read"] == sorted(set(COUNTS) - corpora)


@pytest.mark.slow
def test_the_members_have_the_settings_of_the_corpora_alone() -> None:
    members = composed("corpus=combined")["corpus"]["members"]
    assert members == {name: composed(f"corpus={name}")["corpus"] for name in members}


def test_all_corpora_in_the_root_are_read_and_other_folders_are_reported(raw: Path) -> None:
    for name in ("crema_d", "folders", "savee"):
        shutil.rmtree(raw / name)
    for name in ("my_phone", "RAVDESS backup", ".cache"):
        written(raw / name / f"{SPEECH}.wav")
    (raw / "emodb.dvc").write_text("outs: []")
    corpus_root.prepare({"root": str(raw / "table"), "reader": "table", "list": "my.csv"})  # an earlier study
    assert (raw / "table").is_dir()
    report = ingested(raw, "corpus=combined").report
    assert report["per_corpus"] == {"emodb": 3, "ravdess": 4, "tess": 4}
    assert report["not_read"] == ["RAVDESS backup", "my_phone"]


def test_a_list_of_corpora_is_read_and_the_others_are_reported(raw: Path) -> None:
    report = ingested(raw, "corpus=combined", "corpus.corpora=[savee,emodb]").report
    assert report["per_corpus"] == {"emodb": 3, "savee": 4}
    assert report["not_read"] == ["crema_d", "folders", "ravdess", "tess"]


def test_the_order_of_the_list_changes_nothing(raw: Path) -> None:
    some, others = (
        ingested(raw, "corpus=combined", "labels=common_four", corpora=names)
        for names in (["savee", "emodb", "ravdess"], ["ravdess", "savee", "emodb"])
    )
    pd.testing.assert_frame_equal(some.utterances, others.utterances)
    assert some.report == others.report


def test_a_corpus_that_is_listed_twice_is_not_counted_twice(raw: Path) -> None:
    utterances = ingested(raw, "corpus=combined", corpora=["savee", "savee"]).utterances
    assert ids(utterances) == [name for name in IDS if name.startswith("savee/")]


@pytest.mark.parametrize("corpora", [["tess", "iemo", "msp"], ["iemo", "msp"]])
def test_an_unknown_corpus_is_refused_with_the_known_ones(raw: Path, corpora: list[str]) -> None:
    message = "corpus.corpora names iemo, msp; the members are ravdess, tess, crema_d, savee, emodb, aesdd, "
    with pytest.raises(ValueError, match=f"^{re.escape(message)}.*, folders, table$"):
        ingested(raw, "corpus=combined", corpora=corpora)


def test_a_list_without_brackets_is_refused_with_the_correct_form(raw: Path) -> None:
    with pytest.raises(ValueError, match=r"corpus\.corpora is 'savee'; .*\[savee\]"):
        ingested(raw, "corpus=combined", "corpus.corpora=savee")


def test_a_missing_listed_corpus_is_an_error_with_the_command_that_fetches_it(raw: Path) -> None:
    shutil.rmtree(raw / "tess")
    shutil.rmtree(raw / "crema_d")
    (raw / "crema_d").touch()
    message = rf"corpus\.corpora names crema_d, tess, and {raw} has no folder of that name; `ser download crema_d`"
    with pytest.raises(ValueError, match=message + r" fetches it or explains how, `ser corpora` lists the installed"):
        ingested(raw, "corpus=ravdess_crema_d_savee_tess")


@pytest.mark.parametrize("corpora", [None, []])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_root_without_corpora_is_an_error_with_their_names(
    tmp_path: Path, corpora: list[str] | None, *, is_there: bool
) -> None:
    root = tmp_path / "raw"
    if is_there:
        written(root / "my_phone" / f"{SPEECH}.wav")
        written(root / f"{SPEECH}.wav")
    message = (
        rf"{root} contains no corpus; wanted a folder with one of the names ravdess, tess, crema_d, savee, emodb,"
        r" .*, folders, table\. "
    )
    with pytest.raises(ValueError, match=message + r"`ser download ravdess` fetches one"):
        ingested(root, "corpus=combined", corpora=corpora)


def test_a_corpus_without_recordings_is_an_error_that_names_its_folder(raw: Path) -> None:
    shutil.rmtree(raw / "tess")
    (raw / "tess").mkdir()
    with pytest.raises(ValueError, match=rf"no audio below {raw / 'tess'}"):
        ingested(raw, "corpus=combined", on_invalid="exclude")


@pytest.mark.parametrize("key", ["label_map", "vocal_channels", "vocal_chanels"])
def test_an_option_of_one_corpus_is_refused_with_several_corpora(raw: Path, key: str) -> None:
    with pytest.raises(TypeError, match=key):
        ingested(raw, "corpus=combined", **{key: None})


@pytest.fixture
def with_invalid_files(raw: Path) -> dict[str, tuple[str, str]]:
    """Files of three of the corpora are invalid: path -> reason, remedy."""
    (raw / "crema_d/AudioWAV/1001_DFA_ANG_XX.wav").write_text(LFS_POINTER)
    written(raw / "crema_d/AudioWAV/1076_MTI_SAD_XX.wav", np.zeros(4000))
    (raw / "savee/DC/a01.wav").write_bytes((raw / "savee/DC/a01.wav").read_bytes()[:1000])
    written(raw / "folders/Angri/a.wav")
    written(raw / "ravdess/hello.wav")
    return {
        "crema_d/AudioWAV/1001_DFA_ANG_XX.wav": ("a Git LFS pointer, not audio", "git lfs pull"),
        "folders/Angri/a.wav": ("unknown emotion 'angri'", "did you mean 'angry'"),
        "ravdess/hello.wav": ("not a file name of RAVDESS", "name it like 03-01-"),
        "savee/DC/a01.wav": ("truncated: ", "replace it"),
    }


def test_one_error_lists_the_invalid_files_of_all_corpora(
    raw: Path, with_invalid_files: dict[str, tuple[str, str]]
) -> None:
    with pytest.raises(
        utterance_table.InvalidCorpus, match=rf"^4 invalid files in {raw}; mend them, or set "
    ) as raised:
        ingested(raw, "corpus=combined")
    assert [reject.path for reject in raised.value.rejects] == list(with_invalid_files)
    for line, (reason, remedy) in zip(str(raised.value).splitlines()[1:], with_invalid_files.values(), strict=True):
        assert reason in line
        assert remedy in line


def test_invalid_files_of_any_corpus_can_be_excluded(raw: Path, with_invalid_files: dict[str, tuple[str, str]]) -> None:
    utterances, report = ingested(raw, "corpus=combined", on_invalid="exclude")
    assert ids(utterances) == [name for name in IDS if name not in ("crema_d/1001_DFA_ANG_XX", "savee/DC/a01")]
    assert [reject["path"] for reject in report["rejects"]] == list(with_invalid_files)
    assert report["known_defects"] == {"crema_d/AudioWAV/1076_MTI_SAD_XX.wav": "silent"}


def test_the_remedy_of_an_unknown_folder_names_the_map_of_its_corpus(raw: Path) -> None:
    written(raw / "folders/Angrry/a.wav")
    with pytest.raises(utterance_table.InvalidCorpus, match=r"\+\+corpus\.members\.folders\.label_map\.angrry=angry"):
        ingested(raw, "corpus=combined")
    mended = ingested(raw, "corpus=combined", "+corpus.members.folders.label_map.angrry=angry").utterances
    assert mended.set_index("utterance").loc["folders/Angrry/a", "emotion"] == "angry"


def test_dropped_emotions_are_counted_by_corpus_and_label_and_need_not_be_valid(raw: Path) -> None:
    for name in ("emodb/wav/03a04Lc.wav", "emodb/wav/03a07La.wav", "ravdess/Actor_01/03-01-02-01-01-01-01.wav"):
        (raw / name).write_bytes(b"")
    utterances, report = ingested(raw, "corpus=combined", "labels=common_four")
    assert set(utterances["emotion"]) == {"neutral", "happy", "angry"}
    assert report["dropped"] == {
        "crema_d": {"fearful": 1},
        "emodb": {"boredom": 2},
        "folders": {"pleasant_surprise": 1},
        "ravdess": {"calm": 1, "surprised": 1},
        "savee": {"surprised": 1},
        "tess": {"pleasant_surprise": 2},
    }
    assert report["n_utterances"] == 21 - 8  # of the 9 dropped files, one is not among the 21
    assert report["rejects"] == []


def test_a_corpus_without_kept_emotions_is_reported(raw: Path) -> None:
    shutil.rmtree(raw / "tess")
    written(raw / "tess/OAF_back_ps.wav")
    report = ingested(raw, "corpus=ravdess_tess", "labels=common_four").report
    assert report["per_corpus"] == {"ravdess": 2}
    assert report["dropped"]["tess"] == {"pleasant_surprise": 1}


def test_labels_of_several_corpora_are_merged_and_the_original_labels_kept(raw: Path) -> None:
    utterances, report = ingested(raw, "corpus=combined", "labels=big_six")
    surprised = utterances[utterances["emotion"] == "surprised"]
    assert surprised[["utterance", "corpus_label"]].to_numpy().tolist() == [
        ["folders/Pleasant Surprise/a 01", "pleasant_surprise"],
        ["ravdess/Actor_02/03-01-08-02-01-01-02", "08"],
        ["savee/JE/su01", "su"],
        ["tess/OAF_back_ps", "ps"],
        ["tess/YAF_back_ps", "ps"],
    ]
    assert report["per_emotion"]["surprised"] == 5
    assert {name: counts.get("surprised") for name, counts in report["per_corpus_label"].items()} == {
        "crema_d": None,
        "emodb": None,
        "folders": {"pleasant_surprise": 1},
        "ravdess": {"08": 1},
        "savee": {"su": 1},
        "tess": {"ps": 2},
    }


def test_the_scheme_of_system_b_keeps_surprise_and_pleasant_surprise_apart(raw: Path) -> None:
    report = ingested(raw, "corpus=ravdess_tess", "labels=nine_class").report
    assert report["per_corpus_label"]["ravdess"]["surprised"] == {"08": 1}
    assert report["per_corpus_label"]["tess"]["pleasant_surprise"] == {"ps": 2}
    assert report["dropped"] == {}


def test_substitutes_copies_and_other_channels_are_counted_with_their_corpus(raw: Path) -> None:
    (raw / "crema_d/AudioMP3").mkdir()
    (raw / "crema_d/AudioMP3/1001_DFA_ANG_XX.mp3").write_text(LFS_POINTER)
    written(raw / "ravdess/Actor_01" / f"01{SPEECH[2:]}.wav")
    written(raw / "ravdess/song/03-02-03-01-01-01-01.wav")
    for name in ("tess/README.md", "emodb/erkennung.txt", "crema_d/LICENSE.txt"):
        (raw / name).write_text("text")
    utterances, report = ingested(raw, "corpus=combined")
    assert ids(utterances) == IDS
    assert report["substitutes"] == {"crema_d/AudioMP3": 1, "ravdess/Actor_01": 1}
    assert report["not_selected"] == {"ravdess, song": 1}
    assert report["not_audio"] == {".md": 1, ".txt": 2}


def test_song_is_selected_in_the_corpus_that_has_it(raw: Path) -> None:
    written(raw / "ravdess/song/03-02-03-01-01-01-01.wav")
    utterances = ingested(raw, "corpus=combined", "corpus.members.ravdess.vocal_channels=null").utterances
    assert (utterances["vocal_channel"] == "song").sum() == 1
    assert len(utterances) == 22


def test_two_forced_runs_write_identical_bytes_for_any_order_of_files(
    raw: Path, workplace: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    for name in sorted(FILES, reverse=True):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(raw / name, other / name)
    contents = []
    for root in (raw, raw, other):
        shutil.copytree(root / "ravdess" / "Actor_01", root / "ravdess" / "again", dirs_exist_ok=True)
        configure(root, "corpus=combined", "labels=big_six")
        stage.main()
        contents.append((stage.UTTERANCES.read_bytes(), stage.REPORT.read_bytes()))
        shutil.rmtree(workplace / "data")
        shutil.rmtree(workplace / "reports")
    assert contents[0] == contents[1] == contents[2]
    assert b"\r" not in contents[0][0]


@pytest.mark.usefixtures("workplace")
def test_the_table_is_read_as_it_was_written(raw: Path) -> None:
    configure(raw, "corpus=combined")
    stage.main()
    expected = ingested(raw, "corpus=combined").utterances
    pd.testing.assert_frame_equal(tables.read_utterances(stage.UTTERANCES), expected, check_dtype=False)


@pytest.mark.usefixtures("workplace")
def test_the_stage_prints_the_counts_of_each_corpus_and_of_all(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(raw, "corpus=combined")
    assert printed(capsys) == [
        "crema_d: 3 utterances",
        "emodb: 3 utterances",
        "folders: 3 utterances",
        "ravdess: 4 utterances",
        "savee: 4 utterances",
        "tess: 4 utterances",
        "together: 21 utterances, 9 speakers, 0 files excluded",
    ]


@pytest.mark.usefixtures("workplace", "with_invalid_files")
def test_the_stage_prints_the_utterances_that_it_left_out(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(raw / "ravdess", raw / "ravdess" / "again" / "deeper")
    (raw / "ravdess/again/deeper/hello.wav").unlink()
    (raw / "my_phone").mkdir()
    configure(raw, "corpus=ravdess_crema_d_savee_tess", "labels=big_six", "corpus.on_invalid=exclude")
    assert printed(capsys) == [
        "crema_d: 1 utterance",
        "ravdess: 2 utterances",
        "savee: 2 utterances",
        "tess: 3 utterances",
        "together: 8 utterances, 5 speakers, 3 files excluded (3 .wav)",
        "dropped by labels=big_six: 1 neutral, 1 calm of ravdess",
        "dropped by labels=big_six: 1 neutral of crema_d",
        "dropped by labels=big_six: 1 neutral of savee",
        "dropped by labels=big_six: 1 neutral of tess",
        "counted once: 2 files with recordings of other folders",
        "left out, defective in every copy of the corpus: crema_d/AudioWAV/1076_MTI_SAD_XX.wav (silent)",
        "warning: folders of no chosen corpus, not read: emodb, folders, my_phone",
    ]
