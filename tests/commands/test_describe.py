"""`ser describe`: a whole study, single recordings, and errors."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml

from ser import cli
from ser.audio import reading
from ser.commands import drawing
from ser.core import tables
from tests.support.learning_tables import utterance_table, without_speakers
from tests.support.synthesis import Waveform, tone

RATE = 16_000
STUDY = ("classes.png", "groups.csv", "outliers.csv", "pitch.csv", "pitch.png", "recordings.png", "speakers.png")
WRITTEN = {*STUDY, "summary.txt", "utterances.csv"}
OUT = Path("reports/description")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def study(utterances: pd.DataFrame, root: str = "corpus") -> pd.DataFrame:
    """Write audio, table and parameters: each utterance is a tone, from 200 Hz in steps of a semitone."""
    rows = utterances.copy()
    for row in rows.index:
        path = Path(root, rows.loc[row, "path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, tone(200 * 2 ** (row / 12), 0.3 + 0.01 * row, RATE), RATE)
        recording = reading.read(path)
        rows.loc[row, "audio_hash"] = recording.audio_hash
        rows.loc[row, ["n_samples", "sample_rate"]] = recording.waveform.size, RATE
        rows.loc[row, "duration"] = recording.duration
    tables.write(rows, Path("data/utterances.csv"))
    Path("params.yaml").write_text(yaml.safe_dump({"corpus": {"root": root}}))
    return rows


def of_two() -> pd.DataFrame:
    return utterance_table(2, emotions=["neutral", "angry"], n_repetitions=1)


def said(*arguments: object, capsys: pytest.CaptureFixture[str]) -> str:
    cli.main(["describe", *map(str, arguments)])
    return capsys.readouterr().out


def failure(*arguments: object) -> str:
    with pytest.raises(SystemExit) as raised:
        cli.main(["describe", *map(str, arguments)])
    message = str(raised.value.code)
    assert message.startswith("error: ")
    return message.removeprefix("error: ")


def wav(path: str, waveform: Waveform, rate: int = RATE) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, waveform, rate)
    return Path(path)


def is_picture(path: Path) -> bool:
    return path.read_bytes().startswith(b"\x89PNG")


# The corpus of the study


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame, str]:
    """Folder of a study whose description is in `OUT`, with a cache; its utterances; what was printed."""
    top, printed = tmp_path_factory.mktemp("described"), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        use_cache(top, patch)
        patch.chdir(top)
        rows = study(of_two())
        cli.main(["describe"])
    return top, rows, printed.getvalue()


def use_cache(top: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("SER_CACHE_DIR", str(top / "cache"))
    patch.setenv("SER_CACHE_GB", "1")


def test_a_study_is_described_in_tables_pictures_and_words(described: tuple[Path, pd.DataFrame, str]) -> None:
    top, rows, text = described
    out = top / OUT
    assert {path.name for path in out.iterdir()} == WRITTEN
    assert all(is_picture(out / name) for name in STUDY if name.endswith(".png"))
    found = pd.read_csv(out / "utterances.csv")
    assert found["utterance"].tolist() == rows["utterance"].tolist()
    semitones = 12 * np.log2(found["f0_median"] / 200)
    np.testing.assert_allclose(semitones, range(len(rows)), atol=0.25)
    np.testing.assert_allclose(found["rms_dbfs"], 20 * np.log10(0.3 / np.sqrt(2)), atol=0.05)
    assert text.splitlines()[0].startswith("ravdess: 12 utterances of 2 speakers (1 female, 1 male)")
    assert (out / "summary.txt").read_text() in text


def test_two_runs_write_the_same_bytes_also_if_one_is_from_the_cache(
    described: tuple[Path, pd.DataFrame, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    top = described[0]
    monkeypatch.chdir(top)
    use_cache(top, monkeypatch)
    assert (top / "cache").is_dir()
    said("--out", "kept", capsys=capsys)
    for name in WRITTEN:
        assert (OUT / name).read_bytes() == Path("kept", name).read_bytes()


def test_a_study_of_one_utterance_without_a_speaker_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    one = without_speakers(of_two()).head(1)
    study(one.assign(sex=pd.Series(None, one.index, dtype="str")))
    assert said(capsys=capsys).startswith("ravdess: 1 utterance of unknown speakers")
    assert {path.name for path in OUT.iterdir()} == WRITTEN - {"speakers.png"}


@pytest.mark.slow
def test_several_corpora_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    other = utterance_table(1, emotions=["neutral", "boredom"], n_repetitions=1, corpus="emodb")
    mixed = pd.concat([other.assign(path="emodb/" + other["path"]), of_two()], ignore_index=True)
    study(mixed)
    assert said(capsys=capsys).startswith("emodb and ravdess: ")
    assert is_picture(OUT / "recordings_by_corpus.png")


def test_without_a_study_the_message_says_how_to_begin() -> None:
    assert failure() == "no data/utterances.csv here; make it with: dvc repro ingest; or give audio files"


def test_missing_recordings_are_counted_and_one_is_named() -> None:
    rows = study(of_two())
    Path("corpus", rows["path"][3]).unlink()
    assert failure() == (
        f"1 of the 12 recordings of data/utterances.csv are not in corpus, such as {rows['path'][3]};"
        " put them there, or run: dvc repro ingest"
    )


def test_a_recording_that_was_replaced_is_named() -> None:
    rows = study(of_two())
    wav(f"corpus/{rows['path'][3]}", tone(300, 1.0))
    assert "is not the recording that was ingested; run: dvc repro" in failure()


def test_an_output_folder_that_is_a_file_is_refused() -> None:
    study(of_two())
    Path("here").touch()
    assert failure("--out", "here") == "here is a file; --out takes the name of a folder"


# Single recordings


def test_a_recording_is_drawn_without_any_study(capsys: pytest.CaptureFixture[str]) -> None:
    wav("my voice.wav", tone(220, 1.0, level=0.5))
    text = said("my voice.wav", capsys=capsys)
    assert is_picture(OUT / "my_voice.wav.png")
    assert "my voice.wav: duration 1 s, sample rate 16,000 Hz, peak -6.0 dBFS, RMS level -9.0 dBFS" in text
    frequency = re.search(r"pitch \(F0\) (\d+) Hz", text)
    assert frequency is not None
    assert int(frequency[1]) == pytest.approx(220, rel=0.01)


@pytest.mark.parametrize("given", ["id", "end", "path", "link"])
def test_an_utterance_is_found_by_its_id_the_end_of_its_id_and_its_file(given: str, folder: Path) -> None:
    row = study(of_two()).iloc[5]
    path = Path("corpus", row["path"])
    Path("link.wav").symlink_to(path.resolve())
    names = {"id": row["utterance"], "end": row["path"].removesuffix(".wav"), "path": str(path), "link": "link.wav"}
    found = drawing.KnownRecordings(Path("data/utterances.csv")).find(names[given])
    assert (found.name, found.labels) == (row["utterance"], (row["emotion"], f"speaker {row['speaker']}"))
    assert found.path.resolve() == path.resolve()


def test_an_unknown_speaker_is_not_in_the_title() -> None:
    row = study(without_speakers(of_two())).iloc[0]
    assert drawing.KnownRecordings(Path("data/utterances.csv")).find(row["utterance"]).labels == (row["emotion"],)


@pytest.mark.parametrize(
    ("waveform", "part"),
    [
        (np.zeros(RATE, np.float32), "digital silence"),
        (tone(400, 0.01), "duration 0.01 s"),
        (np.stack([tone(220, 1.0, level=0.5)] * 2, axis=1), "peak -6.0 dBFS"),
        (np.full(5, 0.9999, np.float32), "clipped 5 samples"),
    ],
    ids=["silent", "10 ms", "stereo", "5 samples"],
)
def test_sounds_of_any_kind_are_drawn(waveform: Waveform, part: str, capsys: pytest.CaptureFixture[str]) -> None:
    wav("x.wav", waveform)
    assert part in said("x.wav", "--out", "there", capsys=capsys)
    assert is_picture(Path("there/x.wav.png"))


def test_the_first_minute_of_a_long_recording_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    wav("x.wav", tone(220, 70.0, 4000) * (np.arange(280_000) < 4000), 4000)  # silence costs no time
    assert "duration 70 s (measurements of the first 60 s)" in said("x.wav", capsys=capsys)


def test_recordings_with_equal_or_odd_names_get_separate_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    paths = [wav(name, tone(220, 0.2)) for name in ("a/x.wav", "b/x.wav", "a/$5^{ä \u4f60.wav")]
    said(*paths, capsys=capsys)
    assert {path.name for path in OUT.iterdir()} == {"x.wav.png", "x.wav-2.png", "5_ä_\u4f60.wav.png"}


def test_a_damaged_recording_is_reported_after_the_others_are_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    wav("good.wav", tone(220, 0.2))
    Path("bad.wav").write_text("Dear diary")
    Path("empty.wav").touch()
    wav("hollow.wav", np.empty(0, np.float32))
    message = failure("bad.wav", "good.wav", "empty.wav", "hollow.wav")
    assert "bad.wav: not readable as audio" in message
    assert "empty.wav: 0 bytes" in message
    assert "hollow.wav: it has no samples" in message
    assert is_picture(OUT / "good.wav.png")
    assert "good.wav: duration 0.2 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.wav", "nowhere.wav is not a file, and there is no data/utterances.csv here to look for an utterance"),
        (".", r"\. is a folder; give recordings, or nothing to describe the whole corpus"),
        ("x" * 5000, "File name too long"),
    ],
)
def test_a_name_without_a_recording_is_refused(name: str, message: str) -> None:
    assert re.search(message, failure(name))
    assert not OUT.exists()


def test_a_mistyped_id_is_answered_with_similar_ids() -> None:
    rows = study(of_two())
    name = rows["utterance"][0]
    assert failure(f"{name}x").startswith(f"{name}x is not a file, and data/utterances.csv has no such")
    assert name in failure(f"{name}x")
    assert failure("zzz").endswith(f"no such utterance; give an id of it, such as {name}")


def test_a_mistyped_end_of_an_id_is_answered_with_similar_ids() -> None:
    rows = of_two()
    rows["utterance"] = rows["utterance"].str.replace(
        "ravdess/", "a/folder/whose/name/is/longer/than/that/of/a/recording/"
    )
    name = study(rows)["utterance"][5]
    assert name in failure(f"{name.rpartition('/')[2]}x").rpartition("such as ")[2]


def test_the_end_of_several_ids_is_refused() -> None:
    rows = study(of_two())
    ending = rows["utterance"][0].rpartition("/")[2]
    assert f"2 ids in data/utterances.csv end with it: ravdess/Actor_01/{ending}" in failure(ending)
