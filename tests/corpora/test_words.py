"""Words for emotions."""

from pathlib import Path

import pytest

from ser.core.emotions import EMOTIONS
from ser.corpora import words


def test_the_ten_emotions_come_first_and_every_word_has_one_emotion() -> None:
    known = words.known()  # raises if a word has two
    assert list(dict.fromkeys(known.emotions.values()))[: len(EMOTIONS)] == list(EMOTIONS)
    assert len(known.emotions) > 700


def test_a_known_word_is_no_misspelling_of_another() -> None:
    known = words.known()
    assert {word for word in known.emotions if known.emotion(word) is None} == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("İĞRENME", "iğrenme"),
        ("IGRENME", "iğrenme"),
        ("ZŁOŚĆ", "zlosc"),
        ("غصة", "غصه"),
        ("ख़ुशी", "खुशी"),
        ("Gioia ", "gioia"),
    ],
)
def test_spellings_of_a_word_are_equal(one: str, other: str) -> None:
    assert words.folded(one) == words.folded(other)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{happy: {en: [joy]}, sad: {de: [Joy]}}", "has 'Joy' under happy and under sad; keep one of them"),
        ("{Happy: {en: [joy]}}", "has the emotion 'Happy'; wanted a name"),
        ("{happy: {en: joy}}", "happy has {'en': 'joy'}; wanted lists of words"),
        ("{happy: {en: [1]}}", "happy has {'en': [1]}; wanted lists of words"),
        ("[happy]", "holds list; wanted emotions with their words"),
        ("{happy", "is not readable: "),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "words.yaml").write_text(content)
    with pytest.raises(ValueError, match=r"words\.yaml") as error:
        words.read(tmp_path / "words.yaml")
    assert message in str(error.value)
