"""`tools/cut_pavoque.py`: utterances of PAVOQUE's long recordings, with the names and the form of its release."""

import sys
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import soundfile

from ser.corpora import corpus
from tests.support.synthesis import tone
from tools import cut_pavoque

RATE = 44_100
ANGRY = """
- prompt: spike0001
  text: Ich bin Spike.
  style: angry
  start: 0.0
  end: 0.25
  segments:
  - {lab: H#, end: 0.1}
  - {lab: '?', end: 0.25}
- prompt: m0372
  text: 'Ach ja?'
  style: angry
  start: 0.25
  end: 0.75
"""
OUTTAKES = """
- prompt: m0372a
  text: 'Ach ja?'
  style: Neutral
  start: 0.5
  end: 1.0
"""


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Two long recordings of 1 s with their utterances, and a file that is neither."""
    for name, text in (("angry", ANGRY), ("outtakes", OUTTAKES)):
        soundfile.write(tmp_path / f"pavoque-{name}.flac", tone(300, 1.0, RATE), RATE, subtype="PCM_16")
        (tmp_path / f"pavoque-{name}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "LICENSE.md").write_text("CC BY-NC-SA 4.0")
    return tmp_path


def cut(monkeypatch: pytest.MonkeyPatch, folder: Path, target: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["cut_pavoque", str(folder), str(target)])
    cut_pavoque.main()


def test_each_utterance_becomes_a_file_that_the_corpus_reads(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "new" / "pavoque"
    cut(monkeypatch, release, target)
    spans = {"m0372-angry": (0.25, 0.75), "m0372a-neutral": (0.5, 1.0), "spike0001-angry": (0.0, 0.25)}
    assert sorted(path.name for path in target.iterdir()) == [f"pavoque-{name}.flac" for name in spans]
    whole, _ = soundfile.read(release / "pavoque-angry.flac", dtype="int16")
    for name, (start, end) in spans.items():
        samples, rate = soundfile.read(target / f"pavoque-{name}.flac", dtype="int16")
        assert rate == RATE
        np.testing.assert_array_equal(samples, whole[round(start * RATE) : round(end * RATE)])
    parse = corpus("pavoque").parse
    read = [parse(PurePosixPath(path.name)) for path in sorted(target.iterdir())]
    assert [(one.statement, one.corpus_label) for one in read] == [
        ("m0372", "angry"),
        ("m0372a", "neutral"),
        ("spike0001", "angry"),
    ]
    assert [line.partition("pavoque-")[2] for line in capsys.readouterr().out.splitlines()] == [
        "angry.flac: 2 utterances",
        "outtakes.flac: 1 utterances",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "pavoque-angry.yaml is not there; fetch it from the page of the recordings"),
        (
            "- prompt: a\n  style: angry\n  start: 0\n  end: 9.5\n",
            "utterance a ends at 9.5 s, after the recording",
        ),
        ("- prompt: ../a\n  style: angry\n  start: 0\n  end: 0.5\n", "the prompt '../a' is no name of a file"),
        ("- file: ./pavoque/test.wav\n  style: angry\n", "an utterance lacks prompt, style, start or end"),
        ("a: [", "is not YAML"),
    ],
)
def test_other_input_ends_with_a_message_that_names_it(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, message: str
) -> None:
    path = release / "pavoque-angry.yaml"
    path.unlink()
    if text is not None:
        path.write_text(text)
    with pytest.raises(SystemExit) as stopped:
        cut(monkeypatch, release, tmp_path / "target")
    assert message in str(stopped.value)


def test_a_folder_without_recordings_ends_with_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="has no flac files; give the folder of a release"):
        cut(monkeypatch, tmp_path, tmp_path / "target")
