"""Every published file name of the corpora parses, and the counts are the published ones."""

from collections import Counter
from pathlib import PurePosixPath

import pytest
import yaml

from ser import corpora
from ser.core import tables
from ser.core.emotions import is_name
from ser.corpora.naming import InvalidName
from tests.support.paths import ROOT

CONF = ROOT / "conf" / "corpus"
PUBLISHED = {  # utterances of each emotion, by the corpora's papers and pages
    "ravdess": {
        "speech": {"neutral": 96, **dict.fromkeys(tables.EMOTIONS[1:8], 192)},
        "song": {"neutral": 92, **dict.fromkeys(("calm", "happy", "sad", "angry", "fearful"), 184)},
    },
    "tess": {
        "speech": dict.fromkeys(("neutral", "happy", "sad", "angry", "fearful", "disgust", "pleasant_surprise"), 400)
    },
    "crema_d": {"speech": {"neutral": 1087, **dict.fromkeys(("happy", "sad", "angry", "fearful", "disgust"), 1271)}},
    "savee": {
        "speech": {"neutral": 120, **dict.fromkeys(("happy", "sad", "angry", "fearful", "disgust", "surprised"), 60)}
    },
    "emodb": {
        "speech": {"angry": 127, "boredom": 81, "disgust": 46, "fearful": 69, "happy": 71, "neutral": 79, "sad": 62}
    },
}
TOTALS = {  # utterances and speakers
    "ravdess": {"speech": (1440, 24), "song": (1012, 23)},
    "tess": {"speech": (2800, 2)},
    "crema_d": {"speech": (7442, 91)},
    "savee": {"speech": (480, 4)},
    "emodb": {"speech": (535, 10)},
}
LISTED = ("tess", "crema_d", "savee", "emodb")
SPEAKERS = {
    "tess": {"OAF": 1400, "YAF": 1400},
    "savee": dict.fromkeys(("DC", "JE", "JK", "KL"), 120),
    "emodb": dict(
        zip(
            ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16"),
            (49, 58, 43, 38, 55, 35, 61, 69, 56, 71),
            strict=True,
        )
    ),
}


def label_map(name):
    return yaml.safe_load((CONF / f"{name}.yaml").read_text())["label_map"]


def listed(corpora_root, name):
    lines = (corpora_root / "file_lists" / f"{name}.txt").read_text().splitlines()
    return [corpora.corpus(name).parse(PurePosixPath(line)) for line in lines]


@pytest.mark.parametrize("name", PUBLISHED)
def test_expected_counts_are_the_published_ones(name):
    module, codes = corpora.corpus(name), label_map(name)
    expected = {
        channel: {codes[code]: count for code, count in counts.items()} for channel, counts in module.expected.items()
    }
    assert expected == PUBLISHED[name]
    assert {
        channel: (sum(counts.values()), module.n_speakers[channel]) for channel, counts in expected.items()
    } == TOTALS[name]


@pytest.mark.parametrize(
    "name", [name for name, corpus in corpora.CORPORA.items() if not (corpus.is_included or corpus.is_list)]
)
def test_every_corpus_maps_every_code_to_an_emotion(name):
    content = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    assert content["reader"] == name
    assert all(emotion is None or is_name(emotion) for emotion in content["label_map"].values())
    expected = corpora.corpus(name).expected
    if expected:  # plain emotion folders have no fixed contents
        assert set(content["label_map"]) == {code for counts in expected.values() for code in counts}


@pytest.mark.real
@pytest.mark.parametrize("name", LISTED)
def test_every_published_name_parses_and_emotions_are_as_published(name, corpora_root):
    codes = label_map(name)
    assert Counter(codes[naming.corpus_label] for naming in listed(corpora_root, name)) == PUBLISHED[name]["speech"]


@pytest.mark.real
@pytest.mark.parametrize("name", LISTED)
def test_the_published_listing_has_the_expected_counts(name, corpora_root):
    namings, module = listed(corpora_root, name), corpora.corpus(name)
    assert Counter(naming.corpus_label for naming in namings) == module.expected["speech"]
    assert len({naming.speaker for naming in namings}) == module.n_speakers["speech"]
    assert {naming.vocal_channel for naming in namings} == {"speech"}


@pytest.mark.real
@pytest.mark.parametrize("name", LISTED)
def test_no_two_files_of_a_published_listing_are_one_recording(name, corpora_root):
    namings = listed(corpora_root, name)
    assert len({naming.recording for naming in namings}) == len(namings)
    assert not any(naming.is_secondary for naming in namings)


@pytest.mark.real
@pytest.mark.parametrize("name", SPEAKERS)
def test_speakers_are_as_published(name, corpora_root):
    assert Counter(naming.speaker for naming in listed(corpora_root, name)) == SPEAKERS[name]


@pytest.mark.real
def test_crema_d_has_48_men_and_43_women(corpora_root):
    sex = {naming.speaker: naming.sex for naming in listed(corpora_root, "crema_d")}
    assert Counter(sex.values()) == {"male": 48, "female": 43}


def test_one_file_of_tess_lacks_a_letter_of_its_speaker():
    assert corpora.corpus("tess").parse(PurePosixPath("OAF_neutral/OA_bite_neutral.wav")).speaker == "OAF"


def test_both_layouts_of_savee_have_the_same_recordings():
    parse = corpora.corpus("savee").parse
    assert parse(PurePosixPath("DC/sa01.wav")) == parse(PurePosixPath("all/DC_sa01.wav"))


def test_the_silent_file_and_three_equal_pairs_of_crema_d_are_known_defects():
    defects = dict(corpora.corpus("crema_d").known_defects)
    assert defects.pop("1076_MTI_SAD_XX") == "silent"
    assert len(defects) == 6
    assert all(
        defects[defect.removeprefix("the audio of ")] == f"the audio of {one}" for one, defect in defects.items()
    )


def test_recordings_of_ased_under_two_speakers_or_emotions_are_known_defects() -> None:
    module = corpora.corpus("ased")
    namings = {name: module.parse(PurePosixPath(f"{name}.wav")) for name in module.known_defects}
    assert len(namings) == 10
    for name, defect in module.known_defects.items():
        one, other = namings[name], namings[defect.removeprefix("the audio of ")]
        assert (one.speaker, one.corpus_label) != (other.speaker, other.corpus_label)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("tess", "OAF_angry.wav"),
        ("crema_d", "1001_DFA_ANG.wav"),
        ("savee", "XY/a01.wav"),
        ("savee", "a01.wav"),
        ("emodb", "04a01Fa.wav"),
        ("emodb", "03a01F.wav"),
    ],
)
def test_other_names_are_refused_with_an_example(name, path):
    with pytest.raises(InvalidName, match="name it like"):
        corpora.corpus(name).parse(PurePosixPath(path))
