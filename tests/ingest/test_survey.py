"""Survey of file names; every file here is empty, because nothing is decoded."""

import os
from collections import Counter
from pathlib import Path, PurePosixPath

import pytest

from ser import corpora
from ser.ingest.survey import Named, Survey, survey
from tests.support import small_corpora

NAME = "03-01-05-01-02-01-12"


def touched(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def surveyed(root: Path, reader: str = "ravdess") -> Survey:
    return survey(root, corpora.corpus(reader))


def paths(found: Survey) -> list[str]:
    return [str(entry.path) for entry in found.named]


def recordings(found: Survey) -> list[str]:
    return [entry.recording for entry in found.named]


def test_a_file_is_a_recording_by_its_name_and_not_by_its_content(tmp_path: Path) -> None:
    found = surveyed(touched(tmp_path, f"Actor_12/{NAME}.wav"))
    path = PurePosixPath(f"Actor_12/{NAME}.wav")
    assert found == Survey(named=[Named(path, corpora.corpus("ravdess").parse(path))])
    assert recordings(found) == [f"Actor_12/{NAME}"]


def test_an_empty_file_with_the_suffix_of_any_sound_or_film_is_a_recording(tmp_path: Path) -> None:
    decoded = ("wav", "WAV", "flac", "ogg", "mp3", "aif", "aiff", "opus", "caf", "au", "raw")
    others = ("m4a", "mp4", "aac", "webm", "amr", "wma", "wv", "3gp", "mov", "flv", "ape", "spx", "AAC")
    names = [f"Angry/{k}.{suffix}" for k, suffix in enumerate((*decoded, *others))]
    found = surveyed(touched(tmp_path, *names), "folders")
    assert sorted(paths(found)) == sorted(names)
    assert found.not_audio == {}


@pytest.mark.parametrize(
    ("reader", "names", "expected"),
    [
        ("ravdess", ("Actor_12/03-01-05-01-02-01-12.wav",), {"Actor_12/03-01-05-01-02-01-12"}),
        ("tess", ("OAF_Fear/OAF_bar_fear.wav", "OAF_neutral/OA_bite_neutral.wav"), {"OAF_bar_fear", "OA_bite_neutral"}),
        ("crema_d", ("AudioWAV/1001_DFA_ANG_XX.wav",), {"1001_DFA_ANG_XX"}),
        ("savee", ("DC/a01.wav", "JE/a01.wav"), {"DC/a01", "JE/a01"}),
        ("savee", ("DC_a01.wav", "JE_a01.wav"), {"DC/a01", "JE/a01"}),
        ("emodb", ("wav/03a01Fa.wav",), {"03a01Fa"}),
    ],
)
@pytest.mark.parametrize("deeper", ["", "archive", "archive/Actor_01"])
def test_a_recording_keeps_its_name_in_a_folder_further_down(
    tmp_path: Path, reader: str, names: tuple[str, ...], expected: set[str], deeper: str
) -> None:
    found = surveyed(touched(tmp_path / "root", *(f"{deeper}/{name}".lstrip("/") for name in names)), reader)
    assert set(recordings(found)) == expected


def test_a_recording_in_an_emotion_folder_is_named_by_its_whole_path(tmp_path: Path) -> None:
    found = surveyed(
        touched(tmp_path, "Angry/a.wav", "Happy/a.wav", "Happy/take 1.2.flac", "deep/Happy/a.wav"), "folders"
    )
    assert sorted(recordings(found)) == ["Angry/a", "Happy/a", "Happy/take 1.2", "deep/Happy/a"]


def test_files_are_ordered_by_depth_and_then_alphabetically(tmp_path: Path) -> None:
    found = surveyed(touched(tmp_path, *(f"{folder}{NAME}.wav" for folder in ("a/b/", "z/", "", "y/"))))
    assert paths(found) == [f"{NAME}.wav", f"y/{NAME}.wav", f"z/{NAME}.wav", f"a/b/{NAME}.wav"]
    assert set(recordings(found)) == {f"Actor_12/{NAME}"}


def test_other_names_are_rejected_with_reason_and_remedy(tmp_path: Path) -> None:
    found = surveyed(touched(tmp_path, "x/hello.wav", f"02{NAME[2:]}.mp4", f"{NAME}.wav"))
    assert {reject.path: (reject.reason, reject.remedy) for reject in found.rejects} == {
        "x/hello.wav": ("not a file name of RAVDESS", "name it like 03-01-05-01-02-01-12.wav, or move it elsewhere"),
        f"02{NAME[2:]}.mp4": ("modality 02 is video without sound", "move it elsewhere, or use the audio (03)"),
    }
    assert paths(found) == [f"{NAME}.wav"]


def test_every_copy_of_a_defective_recording_is_a_known_defect(tmp_path: Path) -> None:
    stems = ("1076_MTI_SAD_XX", "1076_MTI_NEU_XX")
    names = [f"{folder}/{stem}.{folder[-3:].lower()}" for folder in ("AudioWAV", "AudioMP3") for stem in stems]
    found = surveyed(touched(tmp_path, *names), "crema_d")
    assert found.known_defects == {
        "AudioMP3/1076_MTI_SAD_XX.mp3": "silent",
        "AudioWAV/1076_MTI_SAD_XX.wav": "silent",
    }
    assert paths(found) == ["AudioWAV/1076_MTI_NEU_XX.wav"]
    assert found.rejects == []


def test_a_lossy_copy_is_left_out_only_if_its_wav_file_exists(tmp_path: Path) -> None:
    wav = [f"AudioWAV/{stem}.wav" for stem in ("1001_DFA_ANG_XX", "1001_DFA_NEU_XX")]
    mp3 = [f"AudioMP3/{stem}.mp3" for stem in ("1001_DFA_ANG_XX", "1001_DFA_NEU_XX", "1001_DFA_SAD_XX")]
    found = surveyed(touched(tmp_path, *wav, *mp3), "crema_d")
    assert sorted(paths(found)) == ["AudioMP3/1001_DFA_SAD_XX.mp3", *wav]
    assert found.secondary == {"AudioMP3": 2}


def test_films_are_left_out_only_if_their_audio_exists_in_any_folder(tmp_path: Path) -> None:
    films = [f"Video_Song_Actor_12/Actor_12/01-02-{emotion}-01-02-01-12.mp4" for emotion in ("03", "04", "05")]
    audio = [f"Actor_12/03-02-{emotion}-01-02-01-12.wav" for emotion in ("03", "04")]
    spoken = "Actor_12/03-01-05-01-02-01-12.wav"  # not the same recording as the sung one
    found = surveyed(touched(tmp_path, *films, *audio, spoken))
    assert sorted(paths(found)) == sorted([*audio, spoken, films[2]])
    assert found.secondary == {"Video_Song_Actor_12/Actor_12": 2}
    assert recordings(found)[paths(found).index(films[2])] == "Actor_12/03-02-05-01-02-01-12"


def test_the_source_of_a_converted_recording_is_left_out(tmp_path: Path) -> None:
    found = surveyed(touched(tmp_path, "Angry/a.m4a", "Angry/a.wav", "Angry/b.m4a", "Angry/film.webm"), "folders")
    assert paths(found) == ["Angry/a.wav", "Angry/b.m4a", "Angry/film.webm"]
    assert found.secondary == {"Angry": 1}


def test_a_name_that_is_not_utf_8_is_rejected_with_its_bytes_and_the_remedy(tmp_path: Path) -> None:
    names = (os.fsdecode(b"Angry/caf\xe9.wav"), os.fsdecode(b"W\xfctend/a.wav"), os.fsdecode(b"a.n\xf6te"))
    found = surveyed(touched(tmp_path, *names, "Angry/café.wav"), "folders")
    assert paths(found) == ["Angry/café.wav"]
    assert sorted((reject.path, reject.reason) for reject in found.rejects) == [
        (r"Angry/caf\xe9.wav", "its name is not UTF-8"),
        (r"W\xfctend/a.wav", "its name is not UTF-8"),
    ]
    assert {reject.remedy.rpartition(": ")[2] for reject in found.rejects} == {
        f"convmv -f latin1 -t utf8 -r --notest {tmp_path}"
    }
    assert found.not_audio == {r".n\xf6te": 1}


@pytest.mark.parametrize("inside", ["Angry/a\r.wav", "Angry/\nb.wav", "An\r\ngry/a.wav", "Angry/a.wav\r"])
def test_a_name_with_a_line_break_is_rejected_in_one_line(tmp_path: Path, inside: str) -> None:
    """The table of utterances is csv: a carriage return in it ended the row."""
    small_corpora.written(tmp_path / inside, container="WAV")
    found = surveyed(touched(tmp_path, "Sad/a.wav"), "folders")
    assert paths(found) == ["Sad/a.wav"]
    plain = inside.replace("\r\n", "_").replace("\r", "_").replace("\n", "_")
    shown = inside.replace("\r", r"\r").replace("\n", r"\n")
    assert [(one.path, one.reason, one.remedy) for one in found.rejects] == [
        (shown, "its name has a line break", f"rename it, as to {plain}")
    ]


def test_copies_of_films_without_audio_are_copies_and_not_substitutes(tmp_path: Path) -> None:
    found = surveyed(touched(tmp_path, f"01{NAME[2:]}.wav", f"again/01{NAME[2:]}.wav"))
    assert recordings(found) == [f"Actor_12/{NAME}"] * 2
    assert found.secondary == {}


def test_other_files_are_counted_by_suffix_and_hidden_ones_ignored(tmp_path: Path) -> None:
    names = ("README.md", "a/LICENSE", "a/notes.MD", "labels.csv", ".DS_Store", "._a.wav", ".git/a.wav", "a/.b/c.wav")
    found = surveyed(touched(tmp_path, *names))
    assert found == Survey(not_audio=Counter({".md": 2, ".csv": 1, "no suffix": 1}))


def test_text_in_utf_16_is_no_mpeg_audio(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.csv").write_text("path,speaker,sex\n" * 500, encoding="utf-16")
    assert surveyed(tmp_path).not_audio == {".csv": 1}
    assert capfd.readouterr().err == ""  # of libmpg123


def test_a_folder_that_is_linked_into_itself_is_surveyed_once(tmp_path: Path) -> None:
    touched(tmp_path, f"Actor_12/{NAME}.wav")
    (tmp_path / "Actor_12" / "up").symlink_to(tmp_path)
    (tmp_path / "Actor_12" / "self").symlink_to(".")
    assert paths(surveyed(tmp_path)) == [f"Actor_12/{NAME}.wav"]


def test_speakers_come_from_the_pattern_and_files_without_one_are_rejected(tmp_path: Path) -> None:
    touched(tmp_path, "Angry/anna_1.wav", "Happy/ben_1.wav", "Happy/1.wav")
    found = survey(tmp_path, corpora.corpus("folders"), speaker_pattern="(?P<speaker>[a-z]+)_")
    assert {str(entry.path): entry.naming.speaker for entry in found.named} == {
        "Angry/anna_1.wav": "anna",
        "Happy/ben_1.wav": "ben",
    }
    assert [(reject.path, reject.remedy) for reject in found.rejects] == [
        ("Happy/1.wav", "rename it, or mend the pattern")
    ]


@pytest.mark.parametrize("name", ["gone", "file"])
def test_a_path_that_is_no_folder_is_refused_with_the_remedy(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=rf"{name} is not a folder; put the corpus there, or set corpus\.root"):
        surveyed(tmp_path / name)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "n_recordings"), [("tess", 2800), ("crema_d", 7442 - 7), ("savee", 480), ("emodb", 535)]
)
def test_the_whole_corpus_is_found_under_its_true_names(
    name: str, n_recordings: int, corpora_root: Path, tmp_path: Path
) -> None:
    names = (corpora_root / "file_lists" / f"{name}.txt").read_text().splitlines()
    found = surveyed(touched(tmp_path, *names), name)
    assert len(set(recordings(found))) == len(found.named) == n_recordings
    assert found.rejects == []
    assert len(found.known_defects) == (7 if name == "crema_d" else 0)
