"""Every true file name of the corpora parses, and the counts are the published ones."""

from collections import Counter
from pathlib import Path, PurePosixPath

import pytest
import yaml

from ser import corpora
from ser.corpora.naming import InvalidName

CONF = Path(__file__).parents[1] / "conf" / "corpus"
PUBLISHED = {  # emotions, and utterances a speaker where they are alike
    "tess": dict.fromkeys(("neutral", "happy", "sad", "angry", "fearful", "disgust", "pleasant_surprise"), 400),
    "crema_d": {"neutral": 1087, **dict.fromkeys(("happy", "sad", "angry", "fearful", "disgust"), 1271)},
    "savee": {"neutral": 120, **dict.fromkeys(("happy", "sad", "angry", "fearful", "disgust", "surprised"), 60)},
    "emodb": {"angry": 127, "boredom": 81, "disgust": 46, "fearful": 69, "happy": 71, "neutral": 79, "sad": 62},
}
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


def listed(corpora_root, name):
    lines = (corpora_root / "file_lists" / f"{name}.txt").read_text().splitlines()
    return [corpora.corpus(name).parse(PurePosixPath(line)) for line in lines]


@pytest.mark.real
@pytest.mark.parametrize("name", PUBLISHED)
def test_every_true_name_parses_and_emotions_are_as_published(name, corpora_root):
    label_map = yaml.safe_load((CONF / f"{name}.yaml").read_text())["label_map"]
    assert Counter(label_map[naming.corpus_label] for naming in listed(corpora_root, name)) == PUBLISHED[name]


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


def test_both_layouts_of_savee_name_the_same():
    parse = corpora.corpus("savee").parse
    assert parse(PurePosixPath("DC/sa01.wav")) == parse(PurePosixPath("all/DC_sa01.wav"))


def test_crema_d_knows_its_silent_file():
    assert list(corpora.corpus("crema_d").KNOWN_DEFECTS) == ["1076_MTI_SAD_XX"]


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
