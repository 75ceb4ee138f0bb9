import itertools
from collections import Counter
from pathlib import Path, PurePosixPath

import pytest

from ser import corpora
from ser.corpora import demo, folders, ravdess
from ser.corpora.naming import VOCAL_CHANNELS, InvalidName, Naming
from tests.support.paths import ROOT
from tests.support.synthesis import PROSODY, ravdess_corpus

TWO = ("01", "02")
EMOTIONS = tuple(f"{code:02}" for code in range(1, 9))
ACTORS = tuple(f"{actor:02}" for actor in range(1, 25))


def test_every_legal_code_of_ravdess_is_read_back_from_the_name() -> None:
    for codes in itertools.product(("01", "03"), TWO, EMOTIONS, TWO, TWO, TWO, ACTORS):
        _, channel, emotion, intensity, statement, repetition, actor = codes
        assert ravdess.CORPUS.parse(PurePosixPath(f"{'-'.join(codes)}.wav")) == Naming(
            corpus_label=emotion,
            speaker=actor,
            sex={1: "male", 0: "female"}[int(actor) % 2],
            language="en",
            intensity={"01": "normal", "02": "strong"}[intensity],
            statement=statement,
            repetition=repetition,
            vocal_channel={"01": "speech", "02": "song"}[channel],
            recording=f"Actor_{actor}/03-{'-'.join(codes[1:])}",
            is_secondary=codes[0] == "01",
        )


@pytest.mark.parametrize("path", ["Actor_12/03-01-05-01-02-01-12.wav", "x/y/03-01-05-01-02-01-12.FLAC"])
def test_neither_folder_nor_suffix_affects_a_ravdess_name(path: str) -> None:
    assert ravdess.CORPUS.parse(PurePosixPath(path)) == ravdess.CORPUS.parse(PurePosixPath("03-01-05-01-02-01-12.wav"))


@pytest.mark.parametrize(
    "stem",
    [
        "",
        "hello",
        "03-01-05-01-02-01",  # no actor
        "03-01-05-01-02-01-12-01",
        "03-01-05-01-02-01-1",
        "03_01_05_01_02_01_12",
        "03-01-05-01-02-01-12 (1)",
        "04-01-05-01-02-01-12",  # modality
        "00-01-05-01-02-01-12",
        "03-03-05-01-02-01-12",  # vocal channel
        "03-01-05-03-02-01-12",  # intensity
        "03-01-05-01-02-01-12\n",
    ],
)
def test_any_other_name_is_refused_with_an_example_of_a_valid_one(stem: str) -> None:
    with pytest.raises(InvalidName, match=r"not a file name of RAVDESS; name it like 03-01-05-01-02-01-12\.wav"):
        ravdess.CORPUS.parse(PurePosixPath("Actor_12") / f"{stem}.wav")


def test_video_without_sound_is_refused() -> None:
    with pytest.raises(InvalidName, match="modality 02 is video without sound; move it elsewhere"):
        ravdess.CORPUS.parse(PurePosixPath("02-01-05-01-02-01-12.mp4"))


def test_the_demo_corpus_has_the_design_of_ravdess() -> None:
    paths = sorted((ROOT / "data/demo").rglob("*.flac"))
    namings = [demo.CORPUS.parse(PurePosixPath(path.relative_to(ROOT / "data/demo").as_posix())) for path in paths]
    design = [
        (emotion, "normal" if intensity == "01" else "strong", statement, actor)
        for emotion, intensity, statement, actor in itertools.product(EMOTIONS, TWO, TWO, ACTORS[:12])
        if (emotion, intensity) != ("01", "02")
    ]
    listed = [(naming.corpus_label, naming.intensity, naming.statement, naming.speaker) for naming in namings]
    assert sorted(listed) == sorted(design)  # 12 speakers x 30
    assert {path.parent.name for path in paths} == {f"Actor_{naming.speaker}" for naming in namings}


def test_the_synthetic_corpus_of_these_tests_has_the_design_of_ravdess(tmp_path: Path) -> None:
    paths = list(ravdess_corpus(tmp_path, speakers=("07",)).rglob("*.flac"))
    codes = [(ravdess.CORPUS.parse(PurePosixPath(path.name)).corpus_label, path.stem) for path in paths]
    assert len({stem for _, stem in codes}) == 30
    assert {label: sum(label == other for other, _ in codes) for label in PROSODY} == {
        label: 2 if label == "01" else 4 for label in EMOTIONS
    }


@pytest.mark.parametrize(
    "path", ["happy/a.wav", "Happy/a.wav", "HAPPY/a.wav", " Happy /a.wav", "Deep/er/hApPy/03-01-05-01-02-01-12.wav"]
)
def test_the_folder_is_the_emotion_in_any_case(path: str) -> None:
    assert folders.CORPUS.parse(PurePosixPath(path)) == Naming(corpus_label="happy")


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("happy/anna/a.wav", "happy"),
        ("data/Happy/01/take 2/a.wav", "happy"),
        ("anna/happy/a.wav", "happy"),
        ("sad/happy/a.wav", "happy"),
        ("mine/blorp/a.wav", "blorp"),  # a new emotion
    ],
)
def test_the_emotion_is_the_nearest_folder_that_is_one(path: str, label: str) -> None:
    """The folders of speakers within those of emotions were taken as emotions."""
    assert folders.CORPUS.parse(PurePosixPath(path)).corpus_label == label


@pytest.mark.parametrize(
    "folder",
    ["Pleasant Surprise", "pleasant-surprise", "PLEASANT_SURPRISE", "Pleasant  - surprise", "pleasant\tsurprise"],
)
def test_blanks_and_hyphens_of_a_folder_are_underscores(folder: str) -> None:
    assert folders.CORPUS.parse(PurePosixPath(folder) / "a.wav").corpus_label == "pleasant_surprise"


@pytest.mark.parametrize(
    ("reader", "recording", "paths"),
    [
        (
            "ravdess",
            "Actor_07/03-02-05-01-02-01-07",
            ("03-02-05-01-02-01-07.wav", "x/Actor_07/01-02-05-01-02-01-07.mp4"),
        ),
        ("tess", "OAF_back_angry", ("OAF_back_angry.wav", "TESS/oaf_ANGRY/oaf_Back_angry.WAV")),
        ("tess", "OA_bite_neutral", ("OAF_neutral/OA_bite_neutral.wav", "oa_bite_neutral.wav")),
        ("crema_d", "1001_DFA_ANG_XX", ("AudioWAV/1001_DFA_ANG_XX.wav", "AudioMP3/1001_DFA_ANG_XX.mp3")),
        ("savee", "DC/sa01", ("DC/sa01.wav", "AudioData/DC/sa01.wav", "all/DC_sa01.wav", "JE/DC_sa01.wav")),
        ("emodb", "03a01Fa", ("03a01Fa.wav", "EmoDB/wav/03a01Fa.wav")),
    ],
)
def test_a_recording_has_one_name_in_every_layout(reader: str, recording: str, paths: tuple[str, ...]) -> None:
    parse = corpora.corpus(reader).parse
    assert {parse(PurePosixPath(path)).recording for path in paths} == {recording}


def test_films_and_lossy_copies_are_secondary_forms() -> None:
    crema_d = corpora.corpus("crema_d")
    assert ravdess.CORPUS.parse(PurePosixPath("01-01-05-01-02-01-12.wav")).is_secondary
    assert not ravdess.CORPUS.parse(PurePosixPath("03-01-05-01-02-01-12.mp3")).is_secondary
    assert crema_d.parse(PurePosixPath("AudioMP3/1001_DFA_ANG_XX.MP3")).is_secondary
    assert not crema_d.parse(PurePosixPath("AudioMP3/1001_DFA_ANG_XX.wav")).is_secondary


def test_a_file_in_no_folder_has_no_emotion() -> None:
    with pytest.raises(InvalidName, match="lies in no emotion folder; move it to <root>/<Emotion>/"):
        folders.CORPUS.parse(PurePosixPath("happy.wav"))


@pytest.mark.parametrize("name", corpora.CORPORA)
def test_every_corpus_states_where_it_is_from(name: str) -> None:
    module = corpora.corpus(name)
    assert all((module.title, module.citation, module.licence))
    assert callable(module.parse)


@pytest.mark.parametrize("name", corpora.CORPORA)
def test_every_corpus_states_how_to_install_it(name: str) -> None:
    steps = [step.format(root="data/raw/there") for step in corpora.corpus(name).steps]
    assert steps
    assert any("data/raw/there" in step or step.startswith(("ser download", "git checkout")) for step in steps)
    assert not any("{" in step for step in steps)


@pytest.mark.parametrize("name", [name for name, corpus in corpora.CORPORA.items() if corpus.expected])
def test_expected_counts_are_by_selectable_vocal_channels(name: str) -> None:
    module = corpora.corpus(name)
    assert set(module.expected) == set(module.n_speakers) <= set(VOCAL_CHANNELS)
    assert "speech" in module.expected


def test_the_demo_corpus_has_its_expected_counts() -> None:
    paths = (ROOT / "data/demo").rglob("*.flac")
    namings = [demo.CORPUS.parse(PurePosixPath(path.name)) for path in paths]
    assert Counter(naming.corpus_label for naming in namings) == demo.CORPUS.expected["speech"]
    assert len({naming.speaker for naming in namings}) == demo.CORPUS.n_speakers["speech"]


def test_an_unknown_reader_is_refused_with_the_known_ones() -> None:
    known = "aesdd, .*crema_d, demo, .*folders, .*ravdess"
    with pytest.raises(ValueError, match=rf"unknown corpus reader 'tass'; corpus\.reader is one of {known}"):
        corpora.corpus("tass")


def test_reports_on_synthetic_speech_have_a_note() -> None:
    assert corpora.notes(["ravdess", "demo", "one of my own"]) == [demo.CORPUS.note]
    assert "Synthetic speech" in demo.CORPUS.note
