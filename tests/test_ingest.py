import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml
from synthesis import ravdess_corpus, tone

from ser import ingest, tables
from ser.corpora import ravdess
from stages import ingest as stage

ROOT = Path(__file__).parents[1]
LABEL_MAP = dict(zip([f"{code:02}" for code in range(1, 9)], tables.EMOTIONS, strict=False))
NAME = "03-01-05-01-02-01-12"


def config(root: Path, **changes: Any) -> dict[str, Any]:
    """Section `corpus` of the parameters."""
    section = {"root": str(root), "name": "ravdess", "reader": "ravdess", "label_map": LABEL_MAP}
    return section | {"vocal_channels": ["speech"], "emotions": None, "on_invalid": "error"} | changes


def ingested(root: Path, **changes: Any) -> ingest.Ingested:
    return ingest.ingested(**config(root, **changes))


def written(path: Path, waveform: np.ndarray | None = None, *, container: str | None = None, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    waveform = tone(440, 0.2) if waveform is None else waveform
    soundfile.write(path, waveform, 16_000, format=container, **options)
    return path


def truncated(path: Path) -> None:
    content = written(path, tone(440, 0.5)).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def with_nan(path: Path) -> None:
    waveform = tone(440, 0.5)
    waveform[7] = np.nan
    written(path, waveform, subtype="FLOAT")


INVALID: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "03-01-01-01-01-01-12.wav": (Path.touch, "0 bytes", "replace it by an intact copy"),
    "03-01-02-01-01-01-12.wav": (lambda path: path.write_text("not found"), "not readable as audio", "replace it"),
    "03-01-03-01-01-01-12.wav": (
        lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\nsize 76844\n"),
        "a Git LFS pointer, not audio",
        "fetch the audio with `git lfs pull`",
    ),
    "03-01-04-01-01-01-12.wav": (truncated, "truncated: 39", "replace it by an intact copy"),
    "03-01-04-02-01-01-12.flac": (truncated, "not readable as audio", "replace it by an intact copy"),
    "03-01-05-01-01-01-12.wav": (with_nan, "NaN or infinite samples", "replace it by an intact copy"),
    "03-01-06-01-01-01-12.wav": (lambda path: written(path, np.zeros(8000)), "every sample is zero", "replace it"),
    "03-01-07-01-01-01-12.wav": (lambda path: written(path, tone(440, 0.05)), "0.05 s long, shorter", "remove it"),
    "03-01-08-01-01-01-12.wav": (lambda path: path.symlink_to("gone"), "cannot be opened (No such file", "link leads"),
    "hello.wav": (written, "not a RAVDESS file name", "name it like 03-01-05-01-02-01-12.wav"),
    "03-01-09-01-01-01-12.wav": (written, "unknown emotion '09'", "known are 01, 02, 03, 04, 05, 06, 07, 08"),
    "02-01-05-01-01-01-12.mp4": (Path.touch, "modality 02 is video without sound", "use the audio (03)"),
}


@pytest.fixture
def invalid_corpus(tmp_path: Path) -> Path:
    """One good recording and one of each invalid kind."""
    root = tmp_path / "corpus"
    written(root / "Actor_12" / f"{NAME}.wav")
    for name, (make, _, _) in INVALID.items():
        make(root / "Actor_12" / name)
    return root


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ravdess_corpus(tmp_path_factory.mktemp("corpus"), speakers=("01", "02"))


def test_one_error_lists_every_invalid_file_with_reason_and_remedy(invalid_corpus: Path) -> None:
    with pytest.raises(ingest.InvalidCorpus) as raised:
        ingested(invalid_corpus)
    head, *lines = str(raised.value).splitlines()
    assert head.startswith(f"12 invalid file(s) in {invalid_corpus}; mend them, or set corpus.on_invalid=exclude")
    listed = {line.partition(": ")[0].strip(): line for line in lines}
    assert list(listed) == sorted(f"Actor_12/{name}" for name in INVALID)
    for name, (_, reason, remedy) in INVALID.items():
        found, _, wanted = listed[f"Actor_12/{name}"].partition("; ")
        assert reason in found
        assert remedy in wanted


def test_excluding_goes_on_and_reports_every_invalid_file(invalid_corpus: Path) -> None:
    utterances, report = ingested(invalid_corpus, on_invalid="exclude")
    assert utterances["utterance"].tolist() == [f"ravdess/Actor_12/{NAME}"]
    assert [reject["path"] for reject in report["rejects"]] == sorted(f"Actor_12/{name}" for name in INVALID)
    for reject in report["rejects"]:
        _, reason, remedy = INVALID[Path(reject["path"]).name]
        assert reason in reject["reason"]
        assert remedy in reject["remedy"]


def test_the_stage_writes_nothing_where_a_file_is_invalid(
    invalid_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump({"corpus": config(invalid_corpus)}))
    with pytest.raises(ingest.InvalidCorpus):
        stage.main()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "params.yaml"]


def test_the_stage_writes_what_ingesting_gives(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump({"corpus": config(corpus)}))
    stage.main()
    assert capsys.readouterr().out == "60 utterances, 2 speakers, 0 files excluded\n"
    pd.testing.assert_frame_equal(
        tables.read_utterances(stage.UTTERANCES), ingested(corpus).utterances, check_dtype=False
    )
    first = stage.UTTERANCES.read_bytes(), stage.REPORT.read_bytes()
    stage.main()
    assert (stage.UTTERANCES.read_bytes(), stage.REPORT.read_bytes()) == first


def test_a_long_list_of_invalid_files_is_cut(tmp_path: Path) -> None:
    for k in range(52):
        (tmp_path / f"{k:02}.wav").touch()
    with pytest.raises(
        ingest.InvalidCorpus, match=r"52 invalid file\(s\)[\s\S]*49\.wav[\s\S]*\n  and 2 more$"
    ) as raised:
        ingested(tmp_path)
    assert len(raised.value.rejects) == 52


def test_a_corpus_of_invalid_files_only_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.wav").touch()
    with pytest.raises(ValueError, match="no utterance"):
        ingested(tmp_path, on_invalid="exclude")


def test_known_defects_are_excluded_and_reported_without_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ravdess, "KNOWN_DEFECTS", {NAME: "silent in every copy"})
    written(tmp_path / f"{NAME}.wav", np.zeros(8000))
    written(tmp_path / "03-01-03-01-02-01-12.wav")
    utterances, report = ingested(tmp_path)
    assert len(utterances) == 1
    assert report["known_defects"] == {f"{NAME}.wav": "silent in every copy"}
    assert report["rejects"] == []


def test_the_columns_and_their_order_are_those_of_the_schema(corpus: Path) -> None:
    utterances = ingested(corpus).utterances
    assert utterances.columns.tolist() == list(tables.UTTERANCES.columns)
    tables.UTTERANCES.validate(utterances)


def test_the_rows_are_ordered_by_utterance_whatever_the_folder_lists_first(corpus: Path) -> None:
    utterances = ingested(corpus).utterances["utterance"].tolist()
    assert len(utterances) == 60
    assert utterances == sorted(utterances)


def test_one_row_states_what_name_and_audio_say(tmp_path: Path) -> None:
    written(tmp_path / "Actor_12" / f"{NAME}.wav")
    (row,) = ingested(tmp_path).utterances.to_dict("records")
    assert len(row.pop("audio_hash")) == 32
    assert pd.isna(row.pop("duplicate_of"))
    assert row == {
        "utterance": "ravdess/Actor_12/03-01-05-01-02-01-12",
        "corpus": "ravdess",
        "path": "Actor_12/03-01-05-01-02-01-12.wav",
        "speaker": "ravdess/12",
        "sex": "female",
        "language": "en",
        "emotion": "angry",
        "corpus_label": "05",
        "intensity": "normal",
        "statement": "02",
        "repetition": "01",
        "vocal_channel": "speech",
        "sample_rate": 16_000,
        "channels": 1,
        "n_samples": 3200,
        "duration": 0.2,
    }


def test_the_report_counts_what_is_in_the_table(corpus: Path) -> None:
    report = ingested(corpus).report
    emotions = {emotion: 4 if emotion == "neutral" else 8 for emotion in sorted(LABEL_MAP.values())}
    assert report == {
        "n_utterances": 60,
        "n_speakers": 2,
        "per_corpus": {"ravdess": 60},
        "per_emotion": emotions,
        "per_speaker": {"ravdess/01": 30, "ravdess/02": 30},
        "per_sex": {"female": 30, "male": 30},
        "duration": {"min": 0.5, "median": 0.5, "mean": 0.5, "max": 0.5, "total": 30.0},
        "per_sample_rate": {"16000": 60},
        "per_channels": {"1": 60},
        "duplicates": {},
        "rejects": [],
        "known_defects": {},
        "not_selected": {},
        "not_audio": {},
    }


def test_equal_samples_in_any_container_are_duplicates_of_the_first(tmp_path: Path) -> None:
    samples = np.round(tone(440, 0.2) * 2**15).astype(np.int16)
    first, second, third, other = (f"03-01-03-01-02-01-0{actor}" for actor in (1, 2, 3, 4))
    written(tmp_path / f"{first}.flac", samples)
    written(tmp_path / f"{second}.wav", samples)
    written(tmp_path / f"{third}.wav", samples, container="FLAC")
    written(tmp_path / f"{other}.wav", samples[::-1])
    utterances, report = ingested(tmp_path)
    assert utterances["audio_hash"].nunique() == 2
    assert utterances["duplicate_of"].isna().tolist() == [True, False, False, True]
    assert utterances["duplicate_of"].dropna().unique().tolist() == [f"ravdess/{first}"]
    assert report["duplicates"] == {f"ravdess/{name}": f"ravdess/{first}" for name in (second, third)}


def test_stereo_is_counted_and_its_hash_is_that_of_the_mean(tmp_path: Path) -> None:
    samples = np.round(tone(440, 0.2) * 2**15).astype(np.int16)
    written(tmp_path / "03-01-03-01-02-01-01.wav", samples)
    written(tmp_path / "03-01-03-01-02-01-02.wav", np.column_stack([samples, samples]))
    utterances, report = ingested(tmp_path)
    assert utterances["channels"].tolist() == [1, 2]
    assert report["per_channels"] == {"1": 1, "2": 1}
    assert utterances["audio_hash"].nunique() == 1


def test_a_second_file_of_one_utterance_is_invalid(tmp_path: Path) -> None:
    written(tmp_path / f"{NAME}.wav")
    written(tmp_path / f"{NAME}.flac")
    written(tmp_path / "03-01-03-01-02-01-12.wav")
    second = rf"1 invalid[\s\S]*{NAME}\.wav: the utterance ravdess/{NAME} is {NAME}\.flac already; keep one of them"
    with pytest.raises(ingest.InvalidCorpus, match=second):
        ingested(tmp_path)
    excluded = ingested(tmp_path, on_invalid="exclude").utterances
    assert excluded["path"].tolist() == ["03-01-03-01-02-01-12.wav", f"{NAME}.flac"]


def test_hidden_files_and_folders_are_no_part_of_a_corpus(tmp_path: Path) -> None:
    written(tmp_path / f"{NAME}.wav")
    written(tmp_path / f"._{NAME}.wav")  # as macOS leaves them in archives
    written(tmp_path / ".git" / f"{NAME}.wav")
    utterances, report = ingested(tmp_path)
    assert len(utterances) == 1
    assert report["rejects"] == []
    assert report["not_audio"] == {}


def test_files_that_are_not_audio_are_counted_by_suffix(tmp_path: Path) -> None:
    written(tmp_path / f"{NAME}.wav")
    for name in ("README.md", "a/notes.MD", "a/LICENSE", "labels.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    assert ingested(tmp_path).report["not_audio"] == {".csv": 1, ".md": 2, "no suffix": 1}


def test_audio_under_any_suffix_is_an_utterance(tmp_path: Path) -> None:
    written(tmp_path / f"{NAME}.bin", container="FLAC")
    assert ingested(tmp_path).utterances["path"].tolist() == [f"{NAME}.bin"]


def test_the_root_and_what_is_in_it_may_be_symbolic_links(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "whole").symlink_to(corpus)
    (tmp_path / "parts").mkdir()
    for folder in corpus.iterdir():
        (tmp_path / "parts" / folder.name).symlink_to(folder)
    expected = ingested(corpus).utterances
    pd.testing.assert_frame_equal(ingested(tmp_path / "whole").utterances, expected)
    pd.testing.assert_frame_equal(ingested(tmp_path / "parts").utterances, expected)


@pytest.mark.parametrize(
    ("kept", "n_utterances"), [(["speech"], 60), (["song"], 1), (["speech", "song"], 61), (None, 61)]
)
def test_the_vocal_channel_is_selected(corpus: Path, tmp_path: Path, kept: list[str] | None, n_utterances: int) -> None:
    root = shutil.copytree(corpus, tmp_path / "corpus")
    written(root / "03-02-05-01-02-01-12.wav")
    utterances, report = ingested(root, vocal_channels=kept)
    assert len(utterances) == n_utterances
    assert sum(report["not_selected"].values()) == 61 - n_utterances
    assert set(utterances["vocal_channel"]) == set(kept or ["speech", "song"])


def test_emotions_are_selected_and_the_others_counted(corpus: Path) -> None:
    utterances, report = ingested(corpus, emotions=["happy", "neutral"])
    assert utterances["emotion"].value_counts().to_dict() == {"happy": 8, "neutral": 4}
    others = sorted(set(LABEL_MAP.values()) - {"happy", "neutral"})
    assert report["not_selected"] == {f"emotion {emotion}": 8 for emotion in others}


def test_what_is_not_selected_is_not_read(tmp_path: Path) -> None:
    written(tmp_path / f"{NAME}.wav")
    (tmp_path / "03-02-05-01-02-01-12.wav").touch()
    assert len(ingested(tmp_path).utterances) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"emotions": ["joy"]}, r"corpus\.emotions names joy; the corpus has neutral, calm, happy"),
        ({"vocal_channels": ["whisper"]}, r"corpus\.vocal_channels names whisper; the corpus has speech, song"),
        ({"vocal_channels": ["song"]}, r"no utterance of .* is left: 0 files are invalid .*, \d+ not selected"),
        ({"on_invalid": "ignore"}, r"corpus\.on_invalid is 'ignore'; it is error or exclude"),
        ({"reader": "tass"}, r"corpus\.reader is one of ravdess"),
    ],
)
def test_an_unknown_choice_is_refused(corpus: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ingested(corpus, **changes)


def test_a_root_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"corpus\.root .*gone is not a folder; put the corpus there, or set corpus\.root"
    ):
        ingested(tmp_path / "gone")
    (tmp_path / "README.md").write_text("text")
    with pytest.raises(ValueError, match=r"no audio below .*; is corpus\.root right\?"):
        ingested(tmp_path)


def test_a_corpus_of_folders_has_no_speakers_and_folders_of_any_case(tmp_path: Path) -> None:
    section = yaml.safe_load((ROOT / "conf/corpus/folders.yaml").read_text()) | {"root": str(tmp_path / "corpus")}
    for k, folder in enumerate(["happy", "HAPPY", "Joy", "Angry", "sub/aNGER", "PS"]):
        written(tmp_path / "corpus" / folder / "take 1, good.wav", tone(300 + k, 0.2))
    tables.write(ingest.ingested(**section).utterances, tmp_path / "utterances.csv")
    utterances = tables.read_utterances(tmp_path / "utterances.csv").set_index("corpus_label")
    assert utterances["emotion"].groupby(level=0).unique().str.join("").to_dict() == {
        "happy": "happy",
        "joy": "happy",
        "angry": "angry",
        "anger": "angry",
        "ps": "pleasant_surprise",
    }
    assert len(utterances) == 6
    assert utterances[["speaker", "sex", "language", "intensity"]].isna().all(axis=None)


def test_a_corpus_of_folders_lists_a_file_in_no_folder_and_an_unknown_folder(tmp_path: Path) -> None:
    section = yaml.safe_load((ROOT / "conf/corpus/folders.yaml").read_text()) | {"root": str(tmp_path)}
    written(tmp_path / "a.wav")
    written(tmp_path / "Meh/a.wav")
    with pytest.raises(
        ingest.InvalidCorpus, match=r"2 invalid[\s\S]*Meh/a.wav: unknown emotion 'meh'[\s\S]*a.wav: lies in"
    ):
        ingest.ingested(**section)


@pytest.fixture(scope="module")
def real_ravdess(corpora_root: Path) -> ingest.Ingested:
    return ingested(corpora_root / "ravdess")


@pytest.mark.real
def test_ravdess_speech_has_1440_utterances_of_24_speakers(real_ravdess: ingest.Ingested) -> None:
    report = real_ravdess.report
    assert (report["n_utterances"], report["n_speakers"]) == (1440, 24)
    assert report["per_emotion"] == {name: 96 if name == "neutral" else 192 for name in sorted(LABEL_MAP.values())}
    assert set(report["per_speaker"].values()) == {60}
    assert report["per_sex"] == {"female": 720, "male": 720}
    assert report["rejects"] == []


@pytest.mark.real
def test_ravdess_speech_is_48_khz_and_mono_but_for_five(real_ravdess: ingest.Ingested) -> None:
    assert real_ravdess.report["per_sample_rate"] == {"48000": 1440}
    assert real_ravdess.report["per_channels"] == {"1": 1435, "2": 5}


@pytest.mark.real
def test_ravdess_speech_has_one_pair_of_duplicates(real_ravdess: ingest.Ingested) -> None:
    assert real_ravdess.report["duplicates"] == {
        "ravdess/Actor_07/03-01-03-01-02-02-07": "ravdess/Actor_07/03-01-03-01-02-01-07"
    }
