"""`ser predict`: output, input, models and errors."""

import argparse
import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from ser import cli, predict_emotion
from ser.audio import microphone
from ser.commands.predict import add_options
from ser.commands.prediction_output import MAX_NAME
from ser.core.arguments import files_of
from ser.core.wording import counted
from ser.models import bundle, packaged
from ser.serving import inputs
from tests.support.bundles import with_network
from tests.support.paths import ROOT

DEMO = sorted((ROOT / "data/demo").rglob("*.flac"))
LABELS = ["neutral", "happy", "sad", "angry", "fearful", "disgust"]
SPEECH, RATE = soundfile.read(DEMO[0], dtype="float32")

Predict = Callable[..., tuple[int, str, str]]


class Terminal(io.StringIO):
    """Stream of a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def predict(capsys: pytest.CaptureFixture[str]) -> Predict:
    """`ser predict …` -> exit status, standard output, standard error and the last message."""

    def run(*arguments: Path | str) -> tuple[int, str, str]:
        code, message = 0, ""
        try:
            cli.main(["predict", *map(str, arguments)])
        except SystemExit as left:
            code, message = (1, left.code) if isinstance(left.code, str) else (int(left.code or 0), "")
        found = capsys.readouterr()
        return code, found.out, found.err + message

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings of speech, one of silence, a damaged one, and other files."""
    (tmp_path / "below").mkdir()
    for name, source in (("a.flac", DEMO[0]), ("below/c.flac", DEMO[40])):
        (tmp_path / name).write_bytes(source.read_bytes())
    soundfile.write(tmp_path / "b.wav", np.zeros(2 * RATE), RATE)
    (tmp_path / "below/d.wav").write_bytes(b"")
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".hidden.wav").touch()
    return tmp_path


def ended(code: int, message: str, n_recordings: int, *failed: Path) -> None:
    assert code == 1
    named = ", ".join(map(str, failed))
    failures = f"{len(failed)} of {counted(n_recordings, 'recording')}"
    last = f"error: {failures} could not be predicted: {named}; see {'its row' if len(failed) == 1 else 'their rows'}"
    assert message.endswith(last)


# Output


def test_json_is_a_list_of_results_of_predict_emotion_and_errors(folder: Path, predict: Predict) -> None:
    code, out, message = predict("--json", folder)
    ended(code, message, 4, folder / "below/d.wav")
    assert message.startswith(f"note: {folder / 'notes.txt'} is left out: it is no recording, by its name and content")
    rows = json.loads(out)
    names = ("a.flac", "b.wav", "below/c.flac")
    assert rows[:3] == [{"path": str(folder / name), **predict_emotion(folder / name)} for name in names]
    assert list(rows[0]) == ["path", "emotion", "confidence", "probabilities", "duration"]
    assert list(rows[0]["probabilities"]) == LABELS
    assert (rows[1]["emotion"], rows[1]["confidence"], rows[1]["probabilities"]) == ("no speech", 1.0, {})
    assert rows[3] == {
        "path": str(folder / "below/d.wav"),
        "error": "0 bytes; replace it by an intact copy, or remove it",
    }


def test_csv_has_a_column_for_each_value_and_empty_cells_for_missing_ones(folder: Path, predict: Predict) -> None:
    code, out, message = predict("--csv", folder)
    ended(code, message, 4, folder / "below/d.wav")
    table = pd.read_csv(io.StringIO(out))
    columns = ["path", "emotion", "confidence", *(f"p_{label}" for label in LABELS), "duration", "error"]
    assert list(table.columns) == columns
    assert list(table["path"]) == [str(folder / name) for name in ("a.flac", "b.wav", "below/c.flac", "below/d.wav")]
    by_label = table[[f"p_{label}" for label in LABELS]]
    expected = predict_emotion(folder / "below/c.flac")
    assert by_label.iloc[2].tolist() == list(expected["probabilities"].values())
    assert (table["emotion"][2], table["confidence"][2]) == (expected["emotion"], expected["confidence"])
    np.testing.assert_allclose(by_label.iloc[[0, 2]].sum(axis=1), 1, atol=1e-5)
    assert by_label.iloc[[1, 3]].isna().all(axis=None)
    assert table["error"].notna().tolist() == [False, False, False, True]
    assert table["duration"].isna().tolist() == [False, False, False, True]


@pytest.mark.parametrize("name", ["a,b.wav", 'say "hi".wav', "'; DROP.wav"])
def test_names_with_commas_and_quotes_survive_csv(name: str, tmp_path: Path, predict: Predict) -> None:
    soundfile.write(tmp_path / name, SPEECH, RATE)
    assert list(csv.reader(io.StringIO(predict("--csv", tmp_path)[1])))[1][0] == str(tmp_path / name)


@pytest.mark.parametrize("first", ["=", "+", "-", "@"])
def test_a_name_is_no_formula_in_csv(
    first: str, tmp_path: Path, predict: Predict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = f"{first}cmd|' !A0.wav"
    Path(name).write_bytes(b"RIFF")
    (row,) = csv.DictReader(io.StringIO(predict("--csv", f"--file={name}")[1]))
    assert row["path"] == f"'{name}"


def test_the_table_for_people_has_a_line_for_each_recording(
    folder: Path, predict: Predict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    _, out, _ = predict(".")
    head, first, silent, second, broken = out.splitlines()
    assert head.split() == ["path", "emotion", "confidence", *LABELS]
    found = predict_emotion("a.flac")
    shares = [f"{share:.1%}" for share in found["probabilities"].values()]
    assert first.split() == ["a.flac", found["emotion"], f"{found['confidence']:.1%}", *shares]
    assert silent.split() == ["b.wav", "no", "speech", "100.0%", *("-" for _ in LABELS)]
    assert broken.split(maxsplit=2) == [
        "below/d.wav",
        "error:",
        "0 bytes; replace it by an intact copy, or remove it",
    ]
    assert len({len(line) for line in (head, first, silent, second)}) == 1  # columns are straight


def test_a_note_states_what_the_model_of_ravdess_does_on_other_corpora_in_the_figures_of_its_card(
    tmp_path: Path, predict: Predict
) -> None:
    card = (packaged.resolved("ravdess") / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:EmoDB|TESS|SAVEE|CREMA-D) \| \d+ \| ([\d.]+) \| ([\d.]+) \|$", card, re.MULTILINE)
    assert len(rows) == 4
    uar, confidence = (sorted(round(float(one)) for one in column) for column in zip(*rows, strict=True))
    (note,) = predict("--model", "ravdess", DEMO[0])[2].splitlines()
    assert f"{uar[0]} to {uar[-1]} % of the emotions (UAR)" in note
    assert f"confidence of {confidence[0]} to {confidence[-1]} %" in note
    assert predict("--json", DEMO[0])[2] == predict("--csv", DEMO[0])[2] == ""
    assert predict("--model", small(tmp_path / "fold_0"), DEMO[0])[2] == ""


def test_the_table_has_the_end_of_a_long_path(tmp_path: Path, predict: Predict) -> None:
    (tmp_path / ("b" * 60)).mkdir()
    for name in ("one.wav", "two.wav"):
        soundfile.write(tmp_path / ("b" * 60) / name, SPEECH, RATE)
    lines = predict(tmp_path)[1].splitlines()
    assert [line[:MAX_NAME][-9:] for line in lines[1:]] == ["b/one.wav", "b/two.wav"]
    assert all(line.startswith("…") for line in lines[1:])


@pytest.mark.parametrize("options", [[""], [DEMO[0], "--enrol", ""], [DEMO[0], "--model", " "], ["--dir", ""]], ids=str)
def test_an_empty_name_is_refused_since_it_would_be_the_current_folder(options: list[str], predict: Predict) -> None:
    code, _, message = predict(*options)
    assert code == 2
    assert "the name is empty; give a file or a folder" in message


def test_formats_exclude_each_other(predict: Predict) -> None:
    code, _, message = predict("--json", "--csv", DEMO[0])
    assert code == 2
    assert "not allowed with argument" in message


# Input


def test_file_and_dir_are_the_same_as_a_path(folder: Path, predict: Predict) -> None:
    expected = predict("--json", DEMO[1], folder)[1]
    assert json.loads(predict("--json", "--file", DEMO[1], "--dir", folder)[1]) == json.loads(expected)
    both = json.loads(predict("--json", DEMO[1], "--file", DEMO[0], "--file", DEMO[1])[1])
    assert [row["path"] for row in both] == [str(DEMO[1]), str(DEMO[0]), str(DEMO[1])]


def test_standard_input_is_a_recording(predict: Predict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DEMO[0].read_bytes())))
    code, out, _ = predict("--json", "-")
    assert code == 0
    assert json.loads(out) == [{"path": "-", **predict_emotion(DEMO[0])}]


@pytest.mark.parametrize("closed", [False, True], ids=["a terminal", "closed"])
def test_a_standard_input_without_a_pipe_is_refused(
    closed: bool, predict: Predict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None if closed else Terminal())
    code, _, message = predict("-")
    assert code == 1
    assert message == (
        "error: - means standard input, but nothing is piped into it; try: cat recording.wav | ser predict -"
    )


@pytest.mark.parametrize(("more", "is_shown"), [((), True), (("--timeline", "--hop", "3"), False)])
def test_a_long_recording_shows_its_progress_in_seconds_of_sound_on_a_terminal(
    more: tuple[str, ...], is_shown: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timeline shows it by its rows. A bar is cleared at the end."""
    long = np.tile(SPEECH, int(310 * RATE / SPEECH.size))
    soundfile.write(tmp_path / "long.wav", long, RATE)
    seconds = round(long.size / RATE)
    monkeypatch.setattr(inputs, "BLOCK", 60 * RATE)
    monkeypatch.setattr(sys, "stdout", out := Terminal())
    monkeypatch.setattr(sys, "stderr", shown := Terminal())
    monkeypatch.setenv("TQDM_MININTERVAL", "0")
    cli.main(["predict", *more, str(tmp_path / "long.wav")])
    assert "long.wav" in out.getvalue()
    for done in (60, 120, 180, 240, 300):
        assert (f"{done}/{seconds}" in shown.getvalue()) == is_shown
    assert ("of sound" in shown.getvalue()) == is_shown


def test_an_empty_standard_input_is_an_error_in_its_row(predict: Predict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    code, out, message = predict("--json", "-")
    ended(code, message, 1, Path("-"))
    assert json.loads(out)[0]["error"].startswith("0 bytes")


def test_a_record_duration_predicts_a_recording_from_the_microphone(
    predict: Predict, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = iter(np.split(SPEECH, range(1_600, SPEECH.size, 1_600)))
    monkeypatch.setattr(microphone, "blocks", lambda: heard)
    code, out, _ = predict("--json", "--record-duration", "1.5")
    (row,) = json.loads(out)
    assert (code, row["path"], row["duration"]) == (0, "microphone", 1.5)
    assert {**row, "path": None} == {"path": None, **predict_emotion(SPEECH[:24_000], RATE)}


def test_a_record_duration_without_a_value_is_three_seconds() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    assert parser.parse_args(["--record-duration", "--json"]).record_duration == 3.0
    assert parser.parse_args([]).record_duration is None


def test_a_pattern_that_the_shell_leaves_names_its_files(tmp_path: Path) -> None:
    for name in ("b.wav", "a.wav", "a1.wav", "a.txt"):
        (tmp_path / name).touch()
    assert files_of(f"{tmp_path}/*.wav") == [f"{tmp_path}/{name}" for name in ("a.wav", "a1.wav", "b.wav")]
    assert files_of(f"{tmp_path}/a[1].wav") == [f"{tmp_path}/a[1].wav"]


def test_a_folder_without_recordings_is_an_error_in_its_row_and_the_other_paths_are_predicted(
    tmp_path: Path, predict: Predict
) -> None:
    empty = [tmp_path / name for name in "abcd"]
    for one in empty:
        one.mkdir()
    (tmp_path / "a/notes.txt").touch()
    code, out, message = predict("--json", empty[0], DEMO[0], *empty[1:])
    first, *rest = json.loads(out)
    assert first["error"].startswith(f"no recordings in {empty[0]}; wanted files in WAV, FLAC, ")
    assert rest[0] == {"path": str(DEMO[0]), **predict_emotion(DEMO[0])}
    assert [row["path"] for row in rest[1:]] == list(map(str, empty[1:]))
    named = ", ".join(map(str, empty[:3]))
    expected = f"error: 4 of 5 recordings could not be predicted: {named} and 1 more; see their rows"
    assert (code, message) == (1, expected)


def test_nothing_to_predict_is_refused_with_an_example(predict: Predict) -> None:
    code, out, message = predict()
    assert (code, out) == (1, "")
    assert message == "error: nothing to predict; give files or folders, as: ser predict recording.wav"


@pytest.mark.parametrize("suffix", [".WAV", ".Mp3", ".oga"])
def test_recordings_in_folders_are_found_by_any_suffix_of_sound(suffix: str, tmp_path: Path, predict: Predict) -> None:
    (tmp_path / f"a{suffix}").write_bytes(DEMO[0].read_bytes())
    code, out, _ = predict("--json", tmp_path)
    assert (code, len(json.loads(out))) == (0, 1)


# Timelines


def test_a_timeline_has_a_row_for_each_window(tmp_path: Path, predict: Predict) -> None:
    soundfile.write(tmp_path / "a.wav", np.resize(SPEECH, 7 * RATE), RATE)
    code, out, _ = predict("--csv", "--timeline", "--hop", "2", tmp_path / "a.wav")
    table = pd.read_csv(io.StringIO(out))
    assert code == 0
    assert list(table.columns[:4]) == ["path", "start", "end", "emotion"]
    assert table["start"].tolist() == [0, 2, 4]
    assert table["end"].tolist() == [3, 5, 7]
    first = predict_emotion(np.resize(SPEECH, 3 * RATE), RATE)
    assert table.loc[0, [f"p_{label}" for label in LABELS]].tolist() == pytest.approx(
        list(first["probabilities"].values()),
        abs=1e-3,  # 16 bits
    )
    rows = json.loads(predict("--json", "--timeline", tmp_path / "a.wav")[1])
    assert [(row["start"], row["end"]) for row in rows] == [(0, 3), (1, 4), (2, 5), (3, 6), (4, 7)]


def test_a_timeline_has_the_notes_of_its_recording(tmp_path: Path, predict: Predict) -> None:
    word, path = SPEECH[: RATE // 2], tmp_path / "a.wav"
    soundfile.write(path, word, RATE)
    (row,), message = json.loads(predict("--json", "--timeline", path)[1]), predict("--timeline", path)[2]
    (note,) = predict_emotion(path)["notes"]
    assert row["notes"] == [note]
    assert message.splitlines()[0] == f"note: {path}: {note}" == predict(path)[2].splitlines()[0]
    soundfile.write(
        path, np.concatenate([np.resize(SPEECH, 3 * RATE), np.zeros(3 * RATE), word, np.zeros(2 * RATE)]), RATE
    )
    _, out, message = predict("--json", "--timeline", "--hop", "3", path)
    assert ["notes" in row for row in json.loads(out)] == [False, False, True]
    assert message.startswith(f"note: {path}: 1 of 2 windows with speech has less than 1 s of it: with less than 1 s, ")


def test_a_timeline_in_the_table_has_times(tmp_path: Path, predict: Predict) -> None:
    soundfile.write(tmp_path / "a.wav", np.resize(SPEECH, 4 * RATE), RATE)
    head, first, second = predict("--timeline", tmp_path / "a.wav")[1].splitlines()
    assert head.split()[1:4] == ["start", "end", "emotion"]
    assert (first.split()[1:3], second.split()[1:3]) == (["0.0", "3.0"], ["1.0", "4.0"])


def test_a_timeline_of_a_truncated_file_has_its_first_windows_and_the_error(tmp_path: Path, predict: Predict) -> None:
    soundfile.write(tmp_path / "a.wav", np.resize(SPEECH, 40 * RATE), RATE)
    (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes()[: 2 * 36 * RATE])
    code, out, message = predict("--json", "--timeline", "--hop", "3", tmp_path / "a.wav")
    ended(code, message, 1, tmp_path / "a.wav")
    rows = json.loads(out)
    assert "emotion" in rows[0]
    assert rows[-1]["error"].startswith("truncated")


def test_a_hop_without_a_timeline_is_refused_and_not_ignored(predict: Predict) -> None:
    code, out, message = predict("--hop", "2", DEMO[0])
    assert (code, out) == (1, "")
    assert message == "error: --hop is only for a timeline; add --timeline, or leave out --hop"


@pytest.mark.parametrize("hop", ["0", "-1", "4", "inf", "nan"])
def test_a_hop_out_of_range_is_refused_in_one_line(hop: str, predict: Predict) -> None:
    code, out, message = predict("--timeline", "--hop", hop, DEMO[0])
    assert (code, out) == (1, "")  # not the head of a table
    assert "wanted above 0, and at most the 3 s of a window" in message
    assert len(message.splitlines()) == 1


# Models


def small(folder: Path) -> Path:
    """A bundle of an untrained network on the mel spectrogram of 1.45 s."""
    made = with_network("cnn", filters=[4], dense_units=8)
    settings = {"name": "small", "sample_rate": 16_000, "duration": 1.45, "n_fft": 512, "hop_length": 800}
    made.representation.update(name="log_mel", settings={**settings, "n_mels": 24, "fmax": 8_000.0})
    bundle.save(made, folder)
    return folder


def test_another_model_is_named_by_its_folder(tmp_path: Path, predict: Predict) -> None:
    folder = small(tmp_path / "fold_0")
    code, out, _ = predict("--json", "--model", folder, DEMO[0])
    assert code == 0
    (row,) = json.loads(out)
    assert list(row["probabilities"]) == ["neutral", "happy", "sad", "verträumt"]
    assert row == {"path": str(DEMO[0]), **predict_emotion(DEMO[0], model=folder)}


def test_a_folder_with_several_folds_is_refused(tmp_path: Path, predict: Predict) -> None:
    for fold in (0, 1):
        (tmp_path / f"fold_{fold}").mkdir()
    code, _, message = predict("--model", tmp_path, DEMO[0])
    assert (code, message) == (1, f"error: {tmp_path} contains 2 models; choose one, as {tmp_path}/fold_0")


def test_labels_are_for_keras_files_only(predict: Predict) -> None:
    code, _, message = predict("--labels", "happy,sad", DEMO[0])
    assert code == 1
    assert message == "error: --labels is only for a Keras file, as --model custom.h5; a bundle has its own"


def test_all_speech_never_answers_no_speech(folder: Path, predict: Predict) -> None:
    (row,) = json.loads(predict("--json", "--all-speech", folder / "b.wav")[1])
    assert row["emotion"] in LABELS
    assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-5)


# As a process


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    run = f"{shlex.quote(sys.executable)} -c 'from ser.cli import main; main()'"
    return subprocess.run(
        ["bash", "-c", command.replace("ser ", f"{run} ", 1)],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, **environment},
        cwd=ROOT,
    )


def test_a_pipe_that_closes_early_prints_no_error() -> None:
    for form in ("", "--csv"):
        ended = shell(f"ser predict {form} data/demo/Actor_01 | head -1")
        assert ended.stderr == ""
        assert ended.stdout.startswith("path")
        assert len(ended.stdout.splitlines()) == 1


def test_a_terminal_of_ascii_gets_an_answer_too(tmp_path: Path) -> None:
    (tmp_path / "…é.flac").write_bytes(DEMO[0].read_bytes())
    for form in ("", "--json", "--csv"):
        ended = shell(f"ser predict {form} {tmp_path}", PYTHONIOENCODING="ascii")
        assert "Traceback" not in ended.stderr
        assert ended.returncode == 0
        assert "angry" in ended.stdout


def test_errors_are_on_standard_error_and_rows_on_standard_output(tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    ended = shell(f"ser predict --json {tmp_path}/bad.wav {shlex.quote(str(DEMO[0]))}")
    assert ended.returncode == 1
    assert ["error" in row for row in json.loads(ended.stdout)] == [True, False]
    assert ended.stderr == f"error: 1 of 2 recordings could not be predicted: {tmp_path}/bad.wav; see its row\n"


def test_each_row_is_printed_at_once(predict: Predict, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first row is on standard output before the second recording is opened."""
    flushed: list[str] = []

    class Watched(io.StringIO):
        def flush(self) -> None:
            flushed.append(self.getvalue())

    opened: list[int] = []
    original = inputs.opened

    def counted(source: Any) -> Any:
        opened.append(len(flushed[-1].splitlines()) if flushed else 0)
        return original(source)

    monkeypatch.setattr(sys, "stdout", Watched())
    monkeypatch.setattr(inputs, "opened", counted)
    predict("--csv", *DEMO[:3])
    assert opened[1:] == [2, 3]  # lines: the head, and a row each


# Adjustment to a speaker and to a place


def test_an_enrolment_is_reported_and_its_predictions_are_those_of_the_library(folder: Path, predict: Predict) -> None:
    (folder / "below/d.wav").unlink()
    code, out, message = predict("--csv", "--enrol", folder, "--prior=neutral=0.5,sad=0.1", "--unsure=0.9", DEMO[0])
    assert code == 0
    (row,) = csv.DictReader(io.StringIO(out))
    expected = predict_emotion(DEMO[0], enrol=folder, prior={"neutral": 0.5, "sad": 0.1}, unsure=0.9)
    assert float(row["p_neutral"]) == expected["probabilities"]["neutral"]
    assert (row["emotion"], row["protocol"]) == (expected["emotion"], expected.get("protocol"))
    *left_out, used = message.splitlines()
    assert left_out == [
        f"note: {folder / 'notes.txt'} is not enrolled: it is no recording, by its name and content",
        f"note: {folder / 'b.wav'} is not enrolled: no speech",
    ]
    assert used == (
        "note: transductive: adapted to 2 recordings of the same speaker:"
        f" {folder / 'a.flac'}, {folder / 'below/c.flac'}"
    )
    assert json.loads(predict("--json", "--enrol", folder, DEMO[0])[1])[0]["protocol"].startswith("transductive")


@pytest.mark.parametrize(
    ("options", "reason"),
    {
        "folder": (["--enrol", "no/such"], "there is no file or folder no/such to enrol"),
        "prior": (["--prior", "bored=0.6"], "names 'bored', which the model does not know"),
        "threshold": (["--unsure", "50"], "unsure is 50.0; wanted a confidence from 0 to 1"),
    }.values(),
    ids=str,
)
def test_a_wrong_adjustment_is_refused_before_anything_is_predicted(
    options: list[str], reason: str, predict: Predict
) -> None:
    code, out, message = predict(*options, DEMO[0])
    assert (code, out) == (1, "")
    assert reason in message
