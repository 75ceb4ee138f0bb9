import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from ser.core import tables
from ser.corpora.naming import InvalidName, Kind
from ser.ingest import utterance_table
from ser.ingest.survey import Reject
from stages import ingest as stage
from tests.support import small_corpora
from tests.support.small_corpora import LFS_POINTER, Ingested, configure, written
from tests.support.synthesis import ravdess_corpus, tone

RAVDESS_EMOTIONS = tables.EMOTIONS[:8]
NAME = "03-01-05-01-02-01-12"
HAPPY = "03-01-03-01-02-01-12"
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100)

# Common folder names and their emotions.
SYNONYMS = {
    "neutral": ("Neutral",),
    "calm": ("Calm", "Calmness"),
    "happy": ("Happy", "Happiness", "Joy", "Joyful"),
    "sad": ("Sad", "Sadness"),
    "angry": ("Angry", "Anger", "Rage"),
    "fearful": ("Fearful", "Fear", "Afraid", "Scared"),
    "disgust": ("Disgust", "Disgusted"),
    "surprised": ("Surprised", "Surprise"),
    "pleasant_surprise": ("Pleasant Surprise", "Pleasantly Surprised", "PS"),
    "boredom": ("Boredom", "Bored"),
}


def ingested(root: Path, corpus: str = "ravdess", **changes: Any) -> Ingested:
    return small_corpora.ingested(root, f"corpus={corpus}", **changes)


def ids(utterances: pd.DataFrame) -> list[str]:
    return utterances["utterance"].tolist()


def truncated(path: Path) -> None:
    content = written(path, tone(440, 0.5)).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def with_nan(path: Path) -> None:
    waveform = tone(440, 0.5)
    waveform[7] = np.nan
    written(path, waveform, subtype="FLOAT")


def of_integers(path: Path) -> None:
    """32-bit integers, which a float file has as they are."""
    written(path, 2**31 * tone(440, 0.5), subtype="FLOAT")


INVALID: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "03-01-01-01-01-01-12.wav": (Path.touch, "0 bytes", "replace it by an intact copy"),
    "03-01-02-01-01-01-12.wav": (lambda path: path.write_text("not found"), "not readable as audio", "replace it"),
    "03-01-03-01-01-01-12.wav": (
        lambda path: path.write_text(LFS_POINTER),
        "a Git LFS pointer, not audio",
        "fetch the audio with `git lfs pull`",
    ),
    "03-01-04-01-01-01-12.wav": (truncated, "truncated: 39", "replace it by an intact copy"),
    "03-01-04-02-01-01-12.flac": (truncated, "not readable as audio", "replace it by an intact copy"),
    "03-01-05-01-01-01-12.wav": (with_nan, "NaN or infinite samples", "replace it by an intact copy"),
    "03-01-05-02-01-01-12.wav": (
        of_integers,
        "samples of up to 6.44e+08, and full scale is 1",
        "if they are integers, divide them by",
    ),
    "03-01-06-01-01-01-12.wav": (lambda path: written(path, np.zeros(8000)), "every sample is zero", "replace it"),
    "03-01-07-01-01-01-12.wav": (lambda path: written(path, tone(440, 0.05)), "0.05 s long, shorter", "remove it"),
    "03-01-08-01-01-01-12.wav": (lambda path: path.symlink_to("gone"), "cannot be opened (No such file", "link leads"),
    "hello.wav": (written, "not a file name of RAVDESS", "name it like 03-01-05-01-02-01-12.wav"),
    "03-01-09-01-01-01-12.wav": (written, "unknown emotion '09'", "known are 01, 02, 03, 04, 05, 06, 07, 08"),
    "02-01-05-01-01-01-12.mp4": (Path.touch, "modality 02 is video without sound", "use the audio (03)"),
    "01-01-06-01-01-02-12.mp4": (
        lambda path: path.write_bytes(MP4),
        "an M4A, MP4 or 3GP file",
        "",  # depends on FFmpeg
    ),
}


@pytest.fixture
def invalid_corpus(tmp_path: Path) -> Path:
    """One valid recording and one of each invalid kind."""
    root = tmp_path / "corpus"
    written(root / "Actor_12" / f"{NAME}.wav")
    for name, (make, _, _) in INVALID.items():
        make(root / "Actor_12" / name)
    return root


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ravdess_corpus(tmp_path_factory.mktemp("corpus"), speakers=("01", "02"))


def test_one_error_lists_every_invalid_file_with_reason_and_remedy(invalid_corpus: Path) -> None:
    with pytest.raises(utterance_table.InvalidCorpus) as raised:
        ingested(invalid_corpus)
    head, *lines = str(raised.value).splitlines()
    assert head.startswith(f"14 invalid files in {invalid_corpus}; mend them, or set corpus.on_invalid=exclude")
    listed = {line.partition(": ")[0].strip(): line for line in lines}
    assert list(listed) == sorted(f"Actor_12/{name}" for name in INVALID)
    for name, (_, reason, remedy) in INVALID.items():
        found, _, wanted = listed[f"Actor_12/{name}"].partition("; ")
        assert reason in found
        assert remedy in wanted


def test_invalid_files_can_be_excluded_and_are_reported(invalid_corpus: Path) -> None:
    utterances, report = ingested(invalid_corpus, on_invalid="exclude")
    assert ids(utterances) == [f"ravdess/Actor_12/{NAME}"]
    assert [reject["path"] for reject in report["rejects"]] == sorted(f"Actor_12/{name}" for name in INVALID)
    for reject in report["rejects"]:
        _, reason, remedy = INVALID[Path(reject["path"]).name]
        assert reason in reject["reason"]
        assert remedy in reject["remedy"]


@pytest.mark.parametrize(
    ("peak", "is_valid"), [(1.5, True), (10**1.5, True), (2**15 * 10**-2.3, False), (2**15, False), (2**23, False)]
)
def test_gain_beyond_full_scale_is_accepted_and_the_scale_of_integers_is_not(
    tmp_path: Path, peak: float, is_valid: bool
) -> None:
    """30 dB above full scale is gain; -46 dB on the scale of 16 bit is quieter than speech that anybody annotated."""
    for name, level in ((NAME, peak), (HAPPY, 0.5)):
        written(tmp_path / "Actor_12" / f"{name}.wav", level * tone(440, 0.5, level=1.0), subtype="FLOAT")
    utterances, report = ingested(tmp_path, on_invalid="exclude")
    assert [Path(one).name for one in ids(utterances)] == [HAPPY, NAME][: 1 + is_valid]
    assert len(report["rejects"]) == 1 - is_valid


@pytest.mark.parametrize(("rate", "is_valid"), [(1, False), (3_999, False), (4_000, True), (384_001, False)])
def test_a_header_with_a_rate_of_no_speech_is_refused_as_in_prediction(
    tmp_path: Path, rate: int, is_valid: bool
) -> None:
    """8,000 samples at 1 Hz would be 128 million at the 16 kHz of the analysis."""
    written(tmp_path / "Actor_12" / f"{HAPPY}.wav")
    soundfile.write(tmp_path / "Actor_12" / f"{NAME}.wav", tone(440, 4.0), rate)
    utterances, report = ingested(tmp_path, on_invalid="exclude")
    assert [Path(one).name for one in ids(utterances)] == [HAPPY, NAME][: 1 + is_valid]
    reasons = [reject["reason"] for reject in report["rejects"]]
    assert reasons == [] if is_valid else reasons == [f"a sample rate of {rate} Hz"]


def test_the_stage_writes_nothing_if_a_file_is_invalid(
    invalid_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    configure(invalid_corpus, "corpus=ravdess")
    with pytest.raises(utterance_table.InvalidCorpus):
        stage.main()
    assert sorted(path.name for path in tmp_path.rglob("*") if "corpus" not in path.parts) == ["data", "params.yaml"]
    assert not list((tmp_path / "data").iterdir())


def test_the_stage_writes_table_and_report(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    configure(corpus, "corpus=ravdess")
    stage.main()
    assert capsys.readouterr().out == "ravdess: 60 utterances, 2 speakers, 0 files excluded\n"
    pd.testing.assert_frame_equal(
        tables.read_utterances(stage.UTTERANCES), ingested(corpus).utterances, check_dtype=False
    )
    first = stage.UTTERANCES.read_bytes(), stage.REPORT.read_bytes()
    stage.main()
    assert (stage.UTTERANCES.read_bytes(), stage.REPORT.read_bytes()) == first


def test_the_stage_prints_dropped_files_and_copies(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    root = shutil.copytree(corpus, tmp_path / "corpus")
    shutil.copytree(corpus / "Actor_01", root / "again" / "Actor_01")
    (root / "Actor_02" / "hello.wav").touch()
    configure(root, "corpus=ravdess", "labels=common_four", "corpus.on_invalid=exclude")
    stage.main()
    assert capsys.readouterr().out.splitlines() == [
        "ravdess: 28 utterances, 2 speakers, 1 file excluded (1 .wav)",  # 4 neutral, 8 each of happy, sad and angry
        "dropped by labels=common_four: 8 calm, 8 fearful, 8 disgust, 8 surprised of ravdess",
        "counted once: 14 files with recordings of other folders",
    ]


def test_a_long_list_of_invalid_files_is_cut(tmp_path: Path) -> None:
    written(tmp_path / f"{NAME}.wav")
    for k in range(52):
        (tmp_path / f"{k:02}.wav").touch()
    with pytest.raises(
        utterance_table.InvalidCorpus, match=r"52 invalid files[\s\S]*49\.wav[\s\S]*\n  and 2 more$"
    ) as raised:
        ingested(tmp_path)
    assert len(raised.value.rejects) == 52


def test_a_corpus_of_only_invalid_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.wav").touch()
    with pytest.raises(ValueError, match=r"no utterance of .* is left: 1 invalid"):
        ingested(tmp_path, on_invalid="exclude")


def test_the_columns_and_their_order_are_those_of_the_schema(corpus: Path) -> None:
    utterances = ingested(corpus).utterances
    assert utterances.columns.tolist() == [
        name for name, column in tables.UTTERANCES.columns.items() if column.required
    ]
    tables.UTTERANCES.validate(utterances)


def test_the_rows_are_ordered_by_utterance(corpus: Path) -> None:
    utterances = ids(ingested(corpus).utterances)
    assert len(utterances) == 60
    assert utterances == sorted(utterances)


def test_a_row_has_the_facts_of_name_and_audio(tmp_path: Path) -> None:
    written(tmp_path / "Actor_12" / f"{NAME}.wav", tone(440, 0.2))
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
    counts = {emotion: 4 if emotion == "neutral" else 8 for emotion in RAVDESS_EMOTIONS}
    codes = {emotion: f"{code:02}" for code, emotion in enumerate(RAVDESS_EMOTIONS, start=1)}
    assert ingested(corpus).report == {
        "n_utterances": 60,
        "n_speakers": 2,
        "per_corpus": {"ravdess": 60},
        "per_emotion": counts,
        "per_speaker": {"ravdess/01": 30, "ravdess/02": 30},
        "per_sex": {"female": 30, "male": 30},
        "per_corpus_label": {"ravdess": {emotion: {codes[emotion]: count} for emotion, count in counts.items()}},
        "duration": {"min": 0.5, "median": 0.5, "mean": 0.5, "max": 0.5, "total": 30.0},
        "per_sample_rate": {"16000": 60},
        "per_channels": {"1": 60},
        "duplicates": {},
        "dropped": {},
        "rejects": [],
        "known_defects": {},
        "not_selected": {},
        "copies": {},
        "substitutes": {},
        "not_audio": {},
        "not_read": [],
    }


def test_equal_samples_in_any_container_are_duplicates_of_the_first(tmp_path: Path) -> None:
    samples = np.round(tone(440, 0.2) * 2**15).astype(np.int16)
    first, second, third, other = (f"03-01-03-01-02-01-0{actor}" for actor in (1, 2, 3, 4))
    written(tmp_path / f"{first}.flac", samples)
    written(tmp_path / f"{second}.wav", samples)
    written(tmp_path / f"{third}.wav", samples, container="FLAC")
    written(tmp_path / f"{other}.wav", samples[::-1])
    utterances, report = ingested(tmp_path)
    original = f"ravdess/Actor_01/{first}"
    assert utterances["audio_hash"].nunique() == 2
    assert utterances["duplicate_of"].isna().tolist() == [True, False, False, True]
    assert utterances["duplicate_of"].dropna().unique().tolist() == [original]
    assert report["duplicates"] == {f"ravdess/Actor_02/{second}": original, f"ravdess/Actor_03/{third}": original}


def test_the_same_recording_under_two_labels_is_an_error_with_the_pair_and_exclude_drops_both(tmp_path: Path) -> None:
    same = tone(440, 0.2)
    for name in ("angry/a.wav", "angry/b.wav", "happy/c.wav"):
        written(tmp_path / name, same, subtype="PCM_16")
    written(tmp_path / "sad/d.wav")
    with pytest.raises(utterance_table.InvalidCorpus) as raised:
        ingested(tmp_path, "folders")
    reason = "the same recording has two labels"
    assert str(raised.value).splitlines()[1:] == [
        f"  angry/a.wav: {reason}; angry here, happy in happy/c.wav; keep the right one",
        f"  angry/b.wav: {reason}; angry here, happy in happy/c.wav; keep the right one",
        f"  happy/c.wav: {reason}; happy here, angry in angry/a.wav; keep the right one",
    ]
    utterances, report = ingested(tmp_path, "folders", on_invalid="exclude")
    assert ids(utterances) == ["folders/sad/d"]
    assert [reject["path"] for reject in report["rejects"]] == ["angry/a.wav", "angry/b.wav", "happy/c.wav"]
    assert report["duplicates"] == {}


def test_two_labels_in_different_corpora_contradict_each_other_too(tmp_path: Path) -> None:
    for name in ("folders/angry/a.wav", "savee/DC_h01.wav"):
        written(tmp_path / name, tone(440, 0.2))
    with pytest.raises(
        utterance_table.InvalidCorpus, match=r"savee/DC_h01\.wav: .*; happy here, angry in folders/angry"
    ):
        small_corpora.ingested(tmp_path, "corpus=combined")


def test_two_labels_that_every_copy_of_a_corpus_has_are_left_out_and_counted(tmp_path: Path) -> None:
    pair = {"1006_TIE_HAP_XX": "the audio of 1006_TIE_NEU_XX", "1006_TIE_NEU_XX": "the audio of 1006_TIE_HAP_XX"}
    for name in pair:
        written(tmp_path / f"{name}.wav", tone(440, 0.2))
    written(tmp_path / "1001_TIE_HAP_XX.wav")
    utterances, report = ingested(tmp_path, "crema_d")
    assert ids(utterances) == ["crema_d/1001_TIE_HAP_XX"]
    assert report["known_defects"] == {f"{name}.wav": defect for name, defect in pair.items()}
    assert (report["rejects"], report["duplicates"]) == ([], {})


def test_two_labels_that_the_scheme_merges_do_not_contradict_each_other(tmp_path: Path) -> None:
    for emotion in ("calm", "neutral"):
        written(tmp_path / emotion / "a.wav", tone(440, 0.2))
    written(tmp_path / "sad/d.wav")
    scheme = {"calm": "neutral", "neutral": "keep", "sad": "keep"}
    overrides = [f"labels.actions.{emotion}={action}" for emotion, action in scheme.items()]
    utterances = small_corpora.ingested(tmp_path, "corpus=folders", *overrides).utterances
    assert utterances["emotion"].tolist() == ["neutral", "neutral", "sad"]
    assert utterances["duplicate_of"].notna().sum() == 1


def test_a_label_that_the_scheme_drops_contradicts_an_equal_recording(tmp_path: Path) -> None:
    for name in ("angry/a.wav", "boredom/b.wav"):
        written(tmp_path / name, tone(440, 0.2))
    for name in ("boredom/c.wav", "calm/d.wav"):  # both dropped
        written(tmp_path / name, tone(550, 0.2))
    written(tmp_path / "sad/e.wav")
    with pytest.raises(utterance_table.InvalidCorpus) as raised:
        small_corpora.ingested(tmp_path, "corpus=folders", "labels=common_four")
    assert str(raised.value).splitlines()[1:] == [
        "  angry/a.wav: the same recording has two labels; angry here, boredom in boredom/b.wav, which the labels drop;"
        " keep the right one"
    ]
    chosen = "corpus=folders", "labels=common_four", "corpus.on_invalid=exclude"
    utterances, report = small_corpora.ingested(tmp_path, *chosen)
    assert ids(utterances) == ["folders/sad/e"]
    assert (report["dropped"], report["duplicates"]) == ({"folders": {"calm": 1, "boredom": 2}}, {})


def test_stereo_is_counted_and_its_hash_is_that_of_the_mean(tmp_path: Path) -> None:
    samples = np.round(tone(440, 0.2) * 2**15).astype(np.int16)
    written(tmp_path / "03-01-03-01-02-01-01.wav", samples)
    written(tmp_path / "03-01-03-01-02-01-02.wav", np.column_stack([samples, samples]))
    utterances, report = ingested(tmp_path)
    assert utterances["channels"].tolist() == [1, 2]
    assert report["per_channels"] == {"1": 1, "2": 1}
    assert utterances["audio_hash"].nunique() == 1


def test_recordings_that_are_changed_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    voice = tone(440, 0.6)
    for name, samples in (("a", np.column_stack([voice, -voice])), ("b", voice + 0.1), ("c", voice[::-1] - 0.2)):
        written(tmp_path / "corpus" / "Angry" / f"{name}.wav", samples, subtype="FLOAT")
    configure(tmp_path / "corpus", "corpus=folders")
    stage.main()
    opposite, offset = "channels of opposite sign: channel 1, the louder one, is taken", "a constant offset is removed"
    named = {"Angry/a.wav": opposite, "Angry/b.wav": offset, "Angry/c.wav": offset}
    assert json.loads(stage.REPORT.read_text())["adjusted"] == named
    printed = capsys.readouterr().out.splitlines()
    assert printed[-2:] == [f"adjusted, 2 recordings: {offset}", f"adjusted, 1 recording: {opposite}"]
    assert len(tables.read_utterances(stage.UTTERANCES)) == 3


def test_a_recording_in_two_containers_counts_once(tmp_path: Path) -> None:
    samples = np.round(tone(440, 0.2) * 2**15).astype(np.int16)
    written(tmp_path / f"{NAME}.wav", samples)
    written(tmp_path / f"{NAME}.flac", samples)
    utterances, report = ingested(tmp_path)
    assert ids(utterances) == [f"ravdess/Actor_12/{NAME}"]
    assert report["copies"] == {".": 1}
    assert report["duplicates"] == {}


def test_one_name_with_two_recordings_is_invalid(tmp_path: Path) -> None:
    written(tmp_path / f"{NAME}.wav", tone(440, 0.2))
    written(tmp_path / "again" / f"{NAME}.wav", tone(550, 0.2))
    written(tmp_path / f"{HAPPY}.wav")
    second = rf"1 invalid[\s\S]*again/{NAME}\.wav: the utterance ravdess/Actor_12/{NAME} is {NAME}\.wav already, with "
    with pytest.raises(utterance_table.InvalidCorpus, match=second + "other audio; keep one of them"):
        ingested(tmp_path)
    utterances, report = ingested(tmp_path, on_invalid="exclude")
    assert utterances["path"].tolist() == [f"{HAPPY}.wav", f"{NAME}.wav"]
    assert report["copies"] == {}


def test_the_other_copy_is_read_if_the_nearest_is_broken(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.wav").touch()
    written(tmp_path / "again" / f"{NAME}.wav")
    utterances, report = ingested(tmp_path, on_invalid="exclude")
    assert utterances["path"].tolist() == [f"again/{NAME}.wav"]
    assert [reject["path"] for reject in report["rejects"]] == [f"{NAME}.wav"]


@pytest.mark.parametrize("archive", ["audio_speech_actors_01-24", "Archive"])  # sorted after and before Actor_01
def test_ravdess_unpacked_twice_as_in_the_kaggle_archive_counts_once(
    corpus: Path, tmp_path: Path, archive: str
) -> None:
    root = shutil.copytree(corpus, tmp_path / "corpus")
    shutil.copytree(corpus, root / archive)
    (once, report), (twice, report_of_twice) = ingested(corpus), ingested(root)
    pd.testing.assert_frame_equal(twice, once)  # including the paths, which are those nearest to the root
    copies = {f"{archive}/Actor_01": 30, f"{archive}/Actor_02": 30}
    assert report_of_twice == report | {"copies": copies}


def test_tess_unpacked_twice_in_different_case_counts_once(tmp_path: Path) -> None:
    once, twice = tmp_path / "once", tmp_path / "twice"
    for name in ("OAF_angry/OAF_back_angry.wav", "YAF_pleasant_surprised/YAF_back_ps.wav"):
        written(once / name)
        copy = f"TESS Toronto emotional speech set data/{name.split('/')[0].upper()}/{name.split('/')[1].lower()}"
        for path in (twice / name, twice / copy):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(once / name, path)
    utterances, report = ingested(twice, "tess")
    assert ids(utterances) == ["tess/OAF_back_angry", "tess/YAF_back_ps"]
    pd.testing.assert_frame_equal(utterances, ingested(once, "tess").utterances)
    parent = "TESS Toronto emotional speech set data"
    assert report["copies"] == {f"{parent}/OAF_ANGRY": 1, f"{parent}/YAF_PLEASANT_SURPRISED": 1}


def test_the_one_file_of_tess_that_lacks_a_letter_is_of_the_same_actress(tmp_path: Path) -> None:
    for name in ("OAF_neutral/OA_bite_neutral", "OAF_neutral/OAF_back_neutral", "oaf_NEUTRAL/oa_bite_neutral"):
        written(tmp_path / f"{name}.wav", tone(440, 0.2) if "bite" in name else None)
    utterances = ingested(tmp_path, "tess").utterances
    assert utterances.set_index("utterance")["speaker"].to_dict() == {
        "tess/OAF_back_neutral": "tess/OAF",
        "tess/OA_bite_neutral": "tess/OAF",
    }


def test_savee_in_both_layouts_counts_once(tmp_path: Path) -> None:
    for speaker in ("DC", "KL"):
        for name in ("a01", "sa01"):
            written(tmp_path / "AudioData" / speaker / f"{name}.wav")
            (tmp_path / "ALL").mkdir(exist_ok=True)
            shutil.copy(tmp_path / "AudioData" / speaker / f"{name}.wav", tmp_path / "ALL" / f"{speaker}_{name}.wav")
    utterances, report = ingested(tmp_path, "savee")
    assert ids(utterances) == ["savee/DC/a01", "savee/DC/sa01", "savee/KL/a01", "savee/KL/sa01"]
    assert report["per_speaker"] == {"savee/DC": 2, "savee/KL": 2}
    assert report["duplicates"] == {}
    assert sum(report["copies"].values()) == 4


@pytest.mark.parametrize("kept", ["AudioData/{}/{}.wav", "{}/{}.wav", "ALL/{}_{}.wav", "{}_{}.wav"])
def test_either_layout_of_savee_gives_the_same_utterances(tmp_path: Path, kept: str) -> None:
    for speaker in ("JE", "JK"):
        for name in ("a01", "su01"):
            written(tmp_path / kept.format(speaker, name))
    utterances = ingested(tmp_path, "savee").utterances
    assert ids(utterances) == ["savee/JE/a01", "savee/JE/su01", "savee/JK/a01", "savee/JK/su01"]
    assert utterances["emotion"].tolist() == ["angry", "surprised"] * 2


@pytest.mark.parametrize("film", ["Actor_12", "Video_Speech_Actor_12/Actor_12", "."])
def test_the_sound_of_a_film_is_not_read_if_the_audio_file_exists(tmp_path: Path, film: str) -> None:
    written(tmp_path / "Actor_12" / f"{NAME}.wav", tone(440, 0.2))
    written(tmp_path / film / f"01{NAME[2:]}.wav", tone(550, 0.3))
    utterances, report = ingested(tmp_path)
    assert utterances[["utterance", "path"]].to_numpy().tolist() == [
        [f"ravdess/Actor_12/{NAME}", f"Actor_12/{NAME}.wav"],
    ]
    assert report["substitutes"] == {film: 1}
    assert report["rejects"] == []


def test_the_sound_of_a_film_without_audio_file_has_the_name_of_the_audio(tmp_path: Path) -> None:
    written(tmp_path / "Actor_12" / f"01{NAME[2:]}.wav")
    utterances, report = ingested(tmp_path)
    assert utterances[["utterance", "path"]].to_numpy().tolist() == [
        [f"ravdess/Actor_12/{NAME}", f"Actor_12/01{NAME[2:]}.wav"],
    ]
    assert report["substitutes"] == {}


def test_a_film_beside_its_audio_is_not_read(tmp_path: Path) -> None:
    written(tmp_path / "Actor_12" / f"{NAME}.wav")
    (tmp_path / "Actor_12" / f"01{NAME[2:]}.mp4").write_bytes(MP4)
    utterances, report = ingested(tmp_path)
    assert utterances["path"].tolist() == [f"Actor_12/{NAME}.wav"]
    assert report["substitutes"] == {"Actor_12": 1}


def test_the_silent_file_of_crema_d_is_reported_without_an_error(tmp_path: Path) -> None:
    written(tmp_path / "AudioWAV" / "1076_MTI_SAD_XX.wav", np.zeros(8000))
    written(tmp_path / "AudioWAV" / "1076_MTI_NEU_XX.wav")
    utterances, report = ingested(tmp_path, "crema_d")
    assert ids(utterances) == ["crema_d/1076_MTI_NEU_XX"]
    assert report["known_defects"] == {"AudioWAV/1076_MTI_SAD_XX.wav": "silent"}
    assert report["rejects"] == []


@pytest.fixture
def crema_d_clone(tmp_path: Path) -> Path:
    """A clone in which only the wav files were fetched by Git LFS."""
    for stem in ("1001_DFA_ANG_XX", "1001_DFA_NEU_XX"):
        written(tmp_path / "AudioWAV" / f"{stem}.wav")
        (tmp_path / "AudioMP3").mkdir(exist_ok=True)
        (tmp_path / "AudioMP3" / f"{stem}.mp3").write_text(LFS_POINTER)
    return tmp_path


def test_pointers_of_lossy_copies_are_not_read_if_the_wav_files_exist(crema_d_clone: Path) -> None:
    utterances, report = ingested(crema_d_clone, "crema_d")
    assert utterances["path"].tolist() == ["AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1001_DFA_NEU_XX.wav"]
    assert report["substitutes"] == {"AudioMP3": 2}
    assert report["rejects"] == []


def test_a_clone_without_git_lfs_lists_each_pointer_with_the_command_that_fetches_it(crema_d_clone: Path) -> None:
    for path in (crema_d_clone / "AudioWAV").iterdir():
        path.write_text(LFS_POINTER)
    with pytest.raises(utterance_table.InvalidCorpus, match=r"2 invalid") as raised:
        ingested(crema_d_clone, "crema_d")
    for reject in raised.value.rejects:
        assert re.fullmatch(r"AudioWAV/1001_DFA_(ANG|NEU)_XX\.wav", reject.path)
        assert (reject.reason, reject.remedy) == (
            "a Git LFS pointer, not audio",
            "fetch the audio with `git lfs pull`",
        )


def test_a_lossy_copy_without_wav_file_is_read(tmp_path: Path) -> None:
    written(tmp_path / "AudioWAV" / "1001_DFA_ANG_XX.wav")
    written(tmp_path / "AudioMP3" / "1001_DFA_NEU_XX.mp3")
    utterances, report = ingested(tmp_path, "crema_d")
    assert utterances["path"].tolist() == ["AudioWAV/1001_DFA_ANG_XX.wav", "AudioMP3/1001_DFA_NEU_XX.mp3"]
    assert report["substitutes"] == {}


def test_hidden_files_and_folders_are_ignored(tmp_path: Path) -> None:
    written(tmp_path / f"{NAME}.wav")
    written(tmp_path / f"._{NAME}.wav")  # as macOS leaves them in archives
    written(tmp_path / ".git" / f"{NAME}.wav")
    utterances, report = ingested(tmp_path)
    assert len(utterances) == 1
    assert report["rejects"] == []
    assert report["copies"] == {}
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


def test_the_root_its_folders_and_files_may_be_symbolic_links(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "whole").symlink_to(corpus)
    (tmp_path / "parts").mkdir()
    for folder in corpus.iterdir():
        (tmp_path / "parts" / folder.name).symlink_to(folder)
    (tmp_path / "parts" / "back").symlink_to(tmp_path / "parts")
    expected, report = ingested(corpus)
    for root in (tmp_path / "whole", tmp_path / "parts"):
        utterances, report_of_links = ingested(root)
        pd.testing.assert_frame_equal(utterances, expected)
        assert report_of_links == report


@pytest.mark.parametrize(
    ("kept", "n_utterances"), [(["speech"], 60), (["song"], 1), (["speech", "song"], 61), (None, 61)]
)
def test_the_vocal_channel_is_selected(corpus: Path, tmp_path: Path, kept: list[str] | None, n_utterances: int) -> None:
    root = shutil.copytree(corpus, tmp_path / "corpus")
    written(root / "03-02-05-01-02-01-12.wav")
    utterances, report = ingested(root, vocal_channels=kept)
    assert len(utterances) == n_utterances
    assert set(utterances["vocal_channel"]) == set(kept or ["speech", "song"])
    others = {f"ravdess, {channel}": n for channel, n in (("song", 1), ("speech", 60)) if kept and channel not in kept}
    assert report["not_selected"] == others


def test_files_of_other_channels_are_not_read(tmp_path: Path) -> None:
    written(tmp_path / f"{NAME}.wav")
    (tmp_path / "03-02-05-01-02-01-12.wav").touch()
    assert len(ingested(tmp_path).utterances) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocal_channels": ["whisper"]}, r"corpus\.vocal_channels names whisper; the corpus has speech, song"),
        ({"vocal_channels": ["song"]}, r"no utterance of .* is left: 0 .*, 0 dropped by labels, 60 not selected"),
        ({"on_invalid": "ignore"}, r"corpus\.on_invalid is 'ignore'; it is error or exclude"),
        ({"reader": "tass"}, r"corpus\.reader is one of aesdd"),
    ],
)
def test_an_unknown_choice_is_refused(corpus: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ingested(corpus, **changes)


@pytest.mark.parametrize("stray", ["corpora", "vocal_chanels"])
def test_an_option_that_a_corpus_does_not_have_is_refused(corpus: Path, stray: str) -> None:
    with pytest.raises(TypeError, match=stray):
        ingested(corpus, **{stray: ["speech"]})


def test_a_root_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"gone is not a folder; put the corpus there, or set corpus\.root"):
        ingested(tmp_path / "gone")
    (tmp_path / "README.md").write_text("text")
    with pytest.raises(ValueError, match=r"no audio below .* \(1 \.md\); is corpus\.root right\?"):
        ingested(tmp_path)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        (NAME, "the names fit BanglaSER or RAVDESS: choose -S corpus=bangla_ser or -S corpus=ravdess"),
        ("1001_DFA_ANG_XX", "the names fit CREMA-D: choose -S corpus=crema_d"),
        ("hello", "is corpus.root right? If it is: name it like 03a01Fa.wav, or move it elsewhere; for recordings of"),
    ],
)
def test_the_folder_of_another_corpus_is_told_in_one_sentence(tmp_path: Path, name: str, remedy: str) -> None:
    for path in (tmp_path / f"{name}.wav", tmp_path / "a" / f"{name}.wav"):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = f"no file below {tmp_path} has a name of EmoDB; found 2 files, such as {name}.wav; {remedy}"
    with pytest.raises(ValueError, match=re.escape(found)):
        ingested(tmp_path, corpus="emodb")


def test_labels_that_a_scheme_drops_are_counted_and_need_not_be_valid(tmp_path: Path) -> None:
    written(tmp_path / f"{NAME}.wav")
    for code, name in (("02", "calm"), ("02", "second"), ("08", "surprised")):
        statement = "02" if name == "second" else "01"
        (tmp_path / f"03-01-{code}-01-{statement}-01-12.wav").touch()
    utterances, report = small_corpora.ingested(tmp_path, "corpus=ravdess", "labels=common_four")
    assert utterances["emotion"].tolist() == ["angry"]
    assert report["dropped"] == {"ravdess": {"calm": 2, "surprised": 1}}
    assert report["rejects"] == []


def test_a_dropped_recording_with_a_copy_is_counted_once(corpus: Path, tmp_path: Path) -> None:
    root = shutil.copytree(corpus, tmp_path / "corpus")
    shutil.copytree(corpus, root / "audio_speech_actors_01-24")
    report = small_corpora.ingested(root, "corpus=ravdess", "labels=common_four").report
    assert report["dropped"] == {"ravdess": dict.fromkeys(("calm", "fearful", "disgust", "surprised"), 8)}
    assert report["n_utterances"] == 28
    assert sum(report["copies"].values()) == 28


def test_song_that_is_not_selected_is_not_counted_as_dropped(tmp_path: Path) -> None:
    written(tmp_path / f"{NAME}.wav")
    (tmp_path / "03-02-02-01-02-01-12.wav").touch()  # calm, sung
    report = small_corpora.ingested(tmp_path, "corpus=ravdess", "labels=common_four").report
    assert (report["dropped"], report["not_selected"]) == ({}, {"ravdess, song": 1})


def test_a_scheme_that_drops_all_emotions_of_the_corpus_is_refused(tmp_path: Path) -> None:
    (tmp_path / "03-01-02-01-01-01-12.wav").touch()
    with pytest.raises(
        ValueError, match=r"no utterance of .* is left: 0 invalid .*, 1 dropped by labels, 0 not selected"
    ):
        small_corpora.ingested(tmp_path, "corpus=ravdess", "labels=common_four")


def test_merged_emotions_keep_the_label_of_their_corpus(tmp_path: Path) -> None:
    for k, folder in enumerate(["Surprise", "Pleasant Surprise", "PS", "Happy"]):
        written(tmp_path / folder / "a.wav", tone(300 + 100 * k, 0.12))
    utterances, report = small_corpora.ingested(tmp_path, "corpus=folders", "labels=big_six")
    assert utterances.set_index("corpus_label")["emotion"].to_dict() == {
        "surprise": "surprised",
        "pleasant_surprise": "surprised",
        "ps": "surprised",
        "happy": "happy",
    }
    assert report["per_emotion"] == {"happy": 1, "surprised": 3}
    assert report["per_corpus_label"] == {
        "folders": {"happy": {"happy": 1}, "surprised": {"pleasant_surprise": 1, "ps": 1, "surprise": 1}}
    }
    assert report["dropped"] == {}


def test_every_synonym_of_an_emotion_names_a_folder_in_any_case_with_blanks_or_hyphens(tmp_path: Path) -> None:
    forms = (str, str.lower, str.upper, lambda name: name.replace(" ", "-"), lambda name: name.replace(" ", "_"))
    expected = {}
    for emotion, names in SYNONYMS.items():
        for folder in sorted({form(name) for form in forms for name in names}):
            path = written(tmp_path / "corpus" / folder / f"{len(expected):03}.wav")
            expected[path.relative_to(tmp_path / "corpus").as_posix()] = emotion
    utterances, report = ingested(tmp_path / "corpus", "folders")
    assert utterances.set_index("path")["emotion"].to_dict() == expected
    assert report["rejects"] == []


def test_a_corpus_of_folders_has_no_speakers_and_folders_of_any_case(tmp_path: Path) -> None:
    for k, folder in enumerate(["happy", "HAPPY", "Joy", "Angry", "sub/aNGER", "PS"]):
        written(tmp_path / "corpus" / folder / f"take {k}, good.wav", tone(300 + k, 0.2))
    tables.write(ingested(tmp_path / "corpus", "folders").utterances, tmp_path / "utterances.csv")
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


def test_a_file_in_no_folder_and_an_unknown_folder_are_listed(tmp_path: Path) -> None:
    written(tmp_path / "a.wav")
    written(tmp_path / "17/a.wav")
    with pytest.raises(
        utterance_table.InvalidCorpus, match=r"2 invalid[\s\S]*17/a.wav: unknown emotion '17'[\s\S]*a.wav: lies in"
    ):
        ingested(tmp_path, "folders")


def test_one_error_lists_every_unknown_folder_with_the_nearest_known_label(tmp_path: Path) -> None:
    for folder in ("Angri", "Hapy", "Plesant Surprise", "Joy", "03"):
        written(tmp_path / folder / "a.wav")
    with pytest.raises(utterance_table.InvalidCorpus, match=r"4 invalid") as raised:
        ingested(tmp_path, "folders")
    listed = {reject.path.split("/")[0]: f"{reject.reason}; {reject.remedy}" for reject in raised.value.rejects}
    assert listed["Angri"].startswith("unknown emotion 'angri'; did you mean 'angry'? rename it, or add to the ")
    assert listed["Hapy"].startswith("unknown emotion 'hapy'; did you mean 'happy'? ")
    assert listed["Plesant Surprise"].startswith(
        "unknown emotion 'plesant_surprise'; did you mean 'pleasant_surprise'? "
    )
    assert listed["03"].startswith(
        "unknown emotion '03'; rename it, or add to label_map in conf/corpus/folders.yaml: '03': EMOTION"
    )
    assert set(listed) == {"Angri", "Hapy", "Plesant Surprise", "03"}


def test_an_unknown_folder_of_many_files_does_not_hide_the_next_one(tmp_path: Path) -> None:
    for folder in ("Angri", "Hapy"):
        (tmp_path / folder).mkdir()
        for k in range(60):
            (tmp_path / folder / f"{k}.wav").touch()
    with pytest.raises(utterance_table.InvalidCorpus, match=r"^120 invalid") as raised:
        ingested(tmp_path, "folders")
    assert [line.partition(";")[0] for line in str(raised.value).splitlines()[1:]] == [
        "  Angri/ (60 files): unknown emotion 'angri'",
        "  Hapy/ (60 files): unknown emotion 'hapy'",
    ]


@pytest.mark.parametrize(
    ("kind", "lines"),
    [(Kind.UNKNOWN_EMOTION, ["  a/ (2 files): x; y"]), (None, ["  a/1.wav: x; y", "  a/2.wav: x; y"])],
)
def test_files_of_a_folder_are_one_line_by_the_kind_of_the_reason_whatever_its_words_are(
    kind: Kind | None, lines: list[str]
) -> None:
    rejects = [Reject.of(path, InvalidName("x", "y", kind)) for path in ("a/1.wav", "a/2.wav")]
    assert str(utterance_table.InvalidCorpus(Path("root"), rejects)).splitlines()[1:] == lines
