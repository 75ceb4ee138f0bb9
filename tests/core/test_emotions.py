"""Form and order of the names of emotions."""

import unicodedata

import pytest

from ser.core.emotions import EMOTIONS, MAX_NAME_LENGTH, in_order, is_name, normal


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("  Pleasant--Surprise ", "pleasant_surprise"),
        (unicodedata.normalize("NFD", "Colère"), "colère"),
        ("क्रोध", "क्रोध"),  # the vowel signs and the virama are marks on letters
        ("愤怒", "愤怒"),
        ("بی\u200cطرف", "بیطرف"),  # without the invisible non-joiner
        ("İğrenme", unicodedata.normalize("NFC", "İğrenme".lower())),
        ("<b>sad</b>", "b_sad_b"),
        ("=HYPERLINK(1)", "hyperlink_1"),
        ("../../etc", "etc"),
        ("a\nb\x00c", "a_b_c"),
    ],
)
def test_the_normal_form_keeps_letters_and_is_stable(text: str, name: str) -> None:
    assert normal(text) == name == normal(name)
    assert is_name(name)
    assert name.isprintable()


@pytest.mark.parametrize(
    "text", ["", "_", "09", "😀", "Sad", "sad ", "a b", "x" * (MAX_NAME_LENGTH + 1), "e\u0301tonne"]
)
def test_other_texts_are_no_names(text: str) -> None:
    assert not is_name(text)


def test_new_emotions_follow_the_known_ones_whatever_order_they_come_in() -> None:
    names = ["zeal", "boredom", "ärger", "excited", "neutral"]
    assert in_order(names) == in_order(names[::-1]) == ["neutral", "boredom", "excited", "zeal", "ärger"]
    assert in_order(EMOTIONS[::-1]) == list(EMOTIONS)
