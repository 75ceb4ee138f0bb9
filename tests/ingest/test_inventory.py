"""Inventory of installed corpora by file names; the files here contain a few bytes that are no audio."""

from pathlib import Path

import pytest

from ser.ingest import corpus_root, inventory
from ser.ingest.inventory import Holding
from tests.support.corpus_names import POINTER, SAVEE, with_files
from tests.support.wiring import ROOT

RAVDESS_SPEECH = [  # by the naming rule of the Zenodo record: neutral has no strong intensity
    f"Actor_{actor:02}/03-01-{emotion:02}-{intensity:02}-{statement:02}-{repetition:02}-{actor:02}.wav"
    for actor in range(1, 25)
    for emotion in range(1, 9)
    for intensity in ((1,) if emotion == 1 else (1, 2))
    for statement in (1, 2)
    for repetition in (1, 2)
]
RAVDESS_SONG = [  # no disgust or surprise in song, and no song of actor 18
    name.replace("/03-01-", "/03-02-")
    for name in RAVDESS_SPEECH
    if name[15:17] not in ("07", "08") and not name.startswith("Actor_18")
]
PUBLISHED = {"tess": (2800, 2), "crema_d": (7442, 91), "savee": (480, 4), "emodb": (535, 10)}


def listed(corpora_root: Path, corpus: str) -> list[str]:
    """The names of every published recording."""
    return (corpora_root / "file_lists" / f"{corpus}.txt").read_text().splitlines()


def only(corpus: str, folder: Path, channel: str = "speech") -> Holding:
    """The one holding of a vocal channel."""
    (holding,) = (holding for holding in inventory.holdings_of(corpus, folder) if holding.vocal_channel == channel)
    return holding


def counts(holding: Holding) -> tuple[int, int]:
    return holding.n_recordings, holding.n_speakers


@pytest.mark.real
@pytest.mark.parametrize("corpus", PUBLISHED)
def test_a_corpus_with_the_name_of_every_published_recording_is_complete(
    corpora_root: Path, corpus: str, tmp_path: Path
) -> None:
    holding = only(corpus, with_files(tmp_path, listed(corpora_root, corpus)))
    assert counts(holding) == PUBLISHED[corpus]
    assert (holding.expected_recordings, holding.expected_speakers) == PUBLISHED[corpus]
    assert holding.is_complete
    assert holding.n_stubs == 0


@pytest.mark.real
@pytest.mark.parametrize(
    ("corpus", "name", "code"),
    [
        ("tess", "OAF_neutral/OA_bite_neutral.wav", "neutral"),  # the misnamed one
        ("tess", "YAF_pleasant_surprised/YAF_youth_ps.wav", "ps"),
        ("crema_d", "1001_DFA_ANG_XX.wav", "ANG"),
        ("crema_d", "1076_MTI_SAD_XX.wav", "SAD"),  # the silent one
        ("savee", "DC/sa01.wav", "sa"),
        ("emodb", "03a01Nc.wav", "N"),
    ],
)
def test_a_corpus_that_lacks_one_name_is_incomplete_and_the_emotion_is_named(
    corpora_root: Path, corpus: str, name: str, code: str, tmp_path: Path
) -> None:
    with_files(tmp_path, listed(corpora_root, corpus))
    (tmp_path / name).unlink()
    holding = only(corpus, tmp_path)
    assert holding.lacking == {code: 1}
    assert not holding.is_complete
    assert holding.n_recordings == PUBLISHED[corpus][0] - 1


def test_a_whole_ravdess_has_1440_recordings_of_speech_and_1012_of_song(tmp_path: Path) -> None:
    assert (len(RAVDESS_SPEECH), len(RAVDESS_SONG)) == (1440, 1012)  # as the Zenodo record states
    speech, song = inventory.holdings_of("ravdess", with_files(tmp_path, RAVDESS_SPEECH + RAVDESS_SONG))
    assert (speech.corpus, speech.vocal_channel, counts(speech)) == ("ravdess", "speech", (1440, 24))
    assert (song.corpus, song.vocal_channel, counts(song)) == ("ravdess", "song", (1012, 23))
    assert speech.is_complete
    assert song.is_complete


def test_each_channel_is_complete_by_itself(tmp_path: Path) -> None:
    with_files(tmp_path, RAVDESS_SPEECH + RAVDESS_SONG[1:])
    assert only("ravdess", tmp_path, "speech").is_complete
    assert only("ravdess", tmp_path, "song").lacking == {"01": 1}


def test_missing_recordings_are_counted_by_emotion(tmp_path: Path) -> None:
    without = [name for name in SAVEE if not name.startswith(("DC/a", "KL/sa0"))]
    holding = only("savee", with_files(tmp_path, without))
    assert holding.lacking == {"a": 15, "sa": 9}
    assert counts(holding) == (480 - 15 - 9, 4)


def test_surplus_of_one_emotion_does_not_replace_another(tmp_path: Path) -> None:
    holding = only("savee", with_files(tmp_path, [*SAVEE[1:], "DC/n31.wav"]))
    assert (holding.n_recordings, holding.expected_recordings) == (480, 480)
    assert holding.lacking == {"a": 1}
    assert not holding.is_complete


def test_the_demo_corpus_of_the_project_is_complete() -> None:
    demo = only("demo", ROOT / "data" / "demo")
    assert (demo.is_complete, counts(demo)) == (True, (360, 12))


def test_folders_inside_folders_do_not_matter(tmp_path: Path) -> None:
    with_files(tmp_path / "download" / "AudioData", SAVEE)
    assert only("savee", tmp_path).is_complete


def test_the_target_of_a_linked_folder_is_counted(tmp_path: Path) -> None:
    with_files(tmp_path / "elsewhere", SAVEE)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "savee").symlink_to(tmp_path / "elsewhere")
    assert only("savee", tmp_path / "raw" / "savee").is_complete


def test_a_copy_counts_once_and_does_not_replace_a_missing_recording(tmp_path: Path) -> None:
    with_files(tmp_path, RAVDESS_SPEECH[1:])
    with_files(tmp_path / "audio_speech_actors_01-24", RAVDESS_SPEECH[1:])
    speech = only("ravdess", tmp_path)
    assert counts(speech) == (1439, 24)
    assert speech.lacking == {"01": 1}


def test_both_layouts_of_savee_name_the_same_recordings(tmp_path: Path) -> None:
    with_files(tmp_path, SAVEE[:100])
    with_files(tmp_path / "ALL", [name.replace("/", "_") for name in SAVEE])
    holding = only("savee", tmp_path)
    assert (holding.is_complete, counts(holding)) == (True, (480, 4))


def test_a_secondary_form_counts_if_the_primary_form_is_missing(tmp_path: Path) -> None:
    film = [name.replace("/03-", "/01-").replace(".wav", ".mp4") for name in RAVDESS_SPEECH]
    speech = only("ravdess", with_files(tmp_path, RAVDESS_SPEECH[:700] + film))
    assert (speech.is_complete, counts(speech)) == (True, (1440, 24))
    crema_d = with_files(tmp_path / "crema_d", ["AudioWAV/1001_DFA_ANG_XX.wav", "AudioMP3/1001_DFA_ANG_XX.mp3"])
    with_files(crema_d, ["AudioMP3/1002_DFA_ANG_XX.mp3"])
    assert counts(only("crema_d", crema_d)) == (2, 2)


@pytest.mark.parametrize("content", [b"", POINTER], ids=["empty", "pointer"])
def test_empty_files_and_pointers_are_no_recordings_and_counted_separately(tmp_path: Path, content: bytes) -> None:
    with_files(tmp_path, SAVEE)
    with_files(tmp_path, ["DC/a01.wav", "JE/su15.wav"], content)
    holding = only("savee", tmp_path)
    assert holding.lacking == {"a": 1, "su": 1}
    assert (holding.n_recordings, holding.n_stubs) == (478, 2)


def test_a_broken_link_does_not_count(tmp_path: Path) -> None:
    with_files(tmp_path, SAVEE[1:])
    (tmp_path / SAVEE[0]).symlink_to(tmp_path / "nowhere.wav")
    holding = only("savee", tmp_path)
    assert (holding.lacking, holding.n_stubs) == ({"a": 1}, 1)


def test_a_long_file_is_no_pointer(tmp_path: Path) -> None:
    with_files(tmp_path, SAVEE[:1], POINTER + bytes(2000))
    holding = only("savee", tmp_path)
    assert (holding.n_recordings, holding.n_stubs) == (1, 0)


def test_a_recording_counts_if_one_of_its_copies_is_no_stub(tmp_path: Path) -> None:
    with_files(tmp_path, SAVEE, POINTER)
    with_files(tmp_path / "unpacked", SAVEE)
    holding = only("savee", tmp_path)
    assert (holding.is_complete, holding.n_recordings, holding.n_stubs) == (True, 480, 480)


def test_a_clone_of_crema_d_with_mp3_pointers_has_the_recordings_of_its_wav_files(tmp_path: Path) -> None:
    stems = [f"10{actor:02}_DFA_ANG_XX" for actor in range(1, 10)]
    with_files(tmp_path / "AudioWAV", [f"{stem}.wav" for stem in stems])
    with_files(tmp_path / "AudioMP3", [f"{stem}.mp3" for stem in stems], POINTER)
    holding = only("crema_d", tmp_path)
    assert (counts(holding), holding.n_stubs) == ((9, 9), 0)


def test_the_defective_recording_of_crema_d_counts(tmp_path: Path) -> None:
    names = ["AudioWAV/1076_MTI_SAD_XX.wav", "AudioMP3/1076_MTI_SAD_XX.mp3", "AudioWAV/1076_MTI_NEU_XX.wav"]
    holding = only("crema_d", with_files(tmp_path, names))
    assert counts(holding) == (2, 1)
    assert holding.lacking["SAD"] == 1270


@pytest.mark.parametrize("content", [b"", POINTER], ids=["empty", "pointer"])
def test_the_defective_recording_of_crema_d_does_not_count_as_a_stub(tmp_path: Path, content: bytes) -> None:
    holding = only("crema_d", with_files(tmp_path, ["1076_MTI_SAD_XX.wav", "1076_MTI_NEU_XX.wav"], content))
    assert (counts(holding), holding.n_stubs) == ((0, 0), 2)
    assert holding.lacking["SAD"] == 1271


def test_foreign_names_hidden_files_and_other_files_do_not_count(tmp_path: Path) -> None:
    others = ["DC/x01.wav", "XY/a01.wav", "DC/.a01.wav", ".git/DC/a02.wav", "DC/a03.txt", "README"]
    holding = only("savee", with_files(tmp_path, others))
    assert counts(holding) == (0, 0)
    assert holding.n_stubs == 0


def test_a_missing_folder_has_no_recordings(tmp_path: Path) -> None:
    holding = only("savee", tmp_path / "savee")
    assert counts(holding) == (0, 0)
    assert holding.lacking == {"n": 120, **dict.fromkeys(("a", "d", "f", "h", "sa", "su"), 60)}
    assert inventory.n_files("folders", tmp_path / "folders") == 0


def test_all_corpora_are_counted_in_the_folders_of_their_names(tmp_path: Path) -> None:
    with_files(tmp_path / "savee", SAVEE)
    with_files(tmp_path / "emodb" / "wav", ["03a01Fa.wav", "16b10Wb.wav"])
    with_files(tmp_path, RAVDESS_SPEECH)  # not in the folder of a corpus
    found = {(holding.corpus, holding.vocal_channel): counts(holding) for holding in inventory.holdings(tmp_path)}
    assert {corpus for corpus, _ in found} == set(inventory.INSTALLABLE) - set(inventory.UNCOUNTED)
    assert {key: count for key, count in found.items() if count != (0, 0)} == {
        ("savee", "speech"): (480, 4),
        ("emodb", "speech"): (2, 2),
    }


def test_the_folder_that_a_study_of_a_list_elsewhere_has_made_is_no_corpus(tmp_path: Path) -> None:
    """Its message would name a missing list."""
    corpus_root.prepare({"root": str(tmp_path / "table"), "reader": "table", "list": "my.csv"})
    assert (tmp_path / "table").is_dir()
    assert inventory.n_files("table", tmp_path / "table") == 0


def test_plain_folders_have_no_fixed_contents(tmp_path: Path) -> None:
    with_files(tmp_path, ["Happy/me.wav", "Sad/me.flac", "Happy/notes.txt", "alone.wav", ".git/x/y.wav"])
    with_files(tmp_path, ["Sad/empty.wav"], b"")
    assert inventory.n_files("folders", tmp_path) == 2
    assert inventory.holdings_of("folders", tmp_path) == []


def test_the_same_name_in_two_plain_folders_is_two_recordings(tmp_path: Path) -> None:
    assert inventory.n_files("folders", with_files(tmp_path, ["Happy/1.wav", "Sad/1.wav"])) == 2


def test_a_table_of_speakers_that_cannot_be_used_hides_no_other_corpus(tmp_path: Path) -> None:
    with_files(tmp_path, ["folders/Happy/1.wav"])
    (tmp_path / "folders" / "speakers.csv").write_text("nothing\n")
    with_files(tmp_path / "savee", SAVEE)
    assert [holding.is_complete for holding in inventory.holdings(tmp_path) if holding.corpus == "savee"] == [True]
    with pytest.raises(ValueError, match=r"speakers\.csv has no column path, speaker"):
        inventory.n_files("folders", tmp_path / "folders")
