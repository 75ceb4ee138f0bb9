import re
import shutil
from pathlib import Path

import pytest
import yaml

from ser.core.tables import EMOTIONS
from ser.corpora import labels
from ser.corpora.naming import InvalidName
from tests.support.small_corpora import CONF, composed, ingested, written
from tests.support.synthesis import tone

SCHEMES = sorted(path.stem for path in (CONF / "labels").glob("*.yaml"))
KEPT = {
    "canonical": EMOTIONS,
    # system B's classes, in its order
    "nine_class": (
        *("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"),
        "pleasant_surprise",
    ),
    "common_four": ("neutral", "happy", "sad", "angry"),
    # Ekman (1992): enjoyment, sadness, anger, fear, disgust, surprise
    "big_six": ("happy", "sad", "angry", "fearful", "disgust", "surprised"),
}
MERGED = {"big_six": {"pleasant_surprise": "surprised"}}


def scheme(name: str) -> dict[str, str | None]:
    return labels.merged(**composed(f"labels={name}")["labels"])


def actions(**changes: str) -> dict[str, str]:
    """Actions that keep every emotion, except for `changes`."""
    return dict.fromkeys(EMOTIONS, "keep") | changes


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_has_an_action_for_every_emotion(name: str) -> None:
    section = composed(f"labels={name}")["labels"]
    assert section["name"] == name
    assert list(section["actions"]) == list(EMOTIONS)
    assert list(labels.merged(**section)) == list(EMOTIONS)


@pytest.mark.parametrize("name", SCHEMES)
def test_merging_is_idempotent(name: str) -> None:
    kept = scheme(name)
    assert all(kept[label] == label for label in kept.values() if label is not None)


@pytest.mark.parametrize("name", KEPT)
def test_the_schemes_have_the_classes_of_their_sources_in_order(name: str) -> None:
    found = scheme(name)
    assert tuple(dict.fromkeys(label for label in found.values() if label is not None)) == KEPT[name]
    assert {emotion: label for emotion, label in found.items() if label not in (emotion, None)} == MERGED.get(name, {})


def test_calm_is_not_merged_into_neutral() -> None:
    assert all(scheme(name)["calm"] in ("calm", None) for name in SCHEMES)


def test_the_default_keeps_every_emotion() -> None:
    assert composed()["labels"] == {"name": "canonical", "actions": actions()}


def test_emotions_are_kept_dropped_and_merged() -> None:
    found = labels.merged(name="mine", actions=actions(calm="neutral", boredom="drop", pleasant_surprise="surprised"))
    changed = {"calm": "neutral", "boredom": None, "pleasant_surprise": "surprised"}
    assert found == {emotion: emotion for emotion in EMOTIONS} | changed


def test_two_kept_emotions_are_enough() -> None:
    found = labels.merged(name="two", actions=dict.fromkeys(EMOTIONS, "drop") | {"sad": "keep", "angry": "keep"})
    assert {emotion for emotion, label in found.items() if label} == {"sad", "angry"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {emotion: "keep" for emotion in EMOTIONS if emotion not in ("calm", "boredom")},
            "labels=mine lacks calm, boredom; add them to labels.actions",
        ),
        (
            actions(joy="keep", grief="drop"),
            "labels=mine names joy, grief; the emotions are neutral, calm, happy, sad, ",
        ),
        (
            actions(calm="neutral", neutral="drop"),
            "labels.actions.calm is 'neutral'; it is keep, drop, or one of the kept happy, sad, ",
        ),
        (actions(calm="neutral", neutral="happy"), "labels.actions.calm is 'neutral'; it is keep, drop, or one of "),
        (actions(calm="calm"), "labels.actions.calm is 'calm'; it is keep, drop, or one of the kept neutral, happy, "),
        (actions(happy="hapy"), "labels.actions.happy is 'hapy'; it is keep, drop, or one of the kept neutral, calm, "),
        (dict.fromkeys(EMOTIONS, "drop"), "labels=mine keeps 0 emotion(s); a classifier needs two"),
        (
            dict.fromkeys(EMOTIONS, "sad") | {"sad": "keep"},
            "labels=mine keeps 1 emotion(s); a classifier needs two",
        ),
    ],
)
def test_an_invalid_scheme_is_refused_with_the_remedy(given: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        labels.merged(name="mine", actions=given)


@pytest.mark.parametrize(
    ("label", "remedy"),
    [
        (
            "hapy",
            "did you mean 'happy'? known are happy, sad; rename it, or add to the command: -S"
            " +corpus.label_map.hapy=happy",
        ),
        (
            "trauer",
            "known are happy, sad; rename it, or add to the command: -S +corpus.label_map.trauer=EMOTION, where"
            f" EMOTION is one of {', '.join(EMOTIONS)}",
        ),
        ("unhappy", "known are happy, sad; rename it, or add to the command: -S +corpus.label_map.unhappy=EMOTION, "),
        ("mad", "known are happy, sad; rename it, or add to the command: -S +corpus.label_map.mad=EMOTION, "),
        (
            "ärger",
            "known are happy, sad; rename it, or add to label_map in conf/corpus/folders.yaml: 'ärger': EMOTION, ",
        ),
        ("愤怒", "known are happy, sad; rename it, or add to label_map in conf/corpus/folders.yaml: '愤怒': EMOTION, "),
        ("09", "known are happy, sad; rename it, or add to label_map in conf/corpus/folders.yaml: '09': EMOTION, "),
    ],
)
def test_the_remedy_of_an_unknown_label_is_what_to_add_and_a_guess_only_if_it_is_near(label: str, remedy: str) -> None:
    with pytest.raises(InvalidName, match=re.escape(f"unknown emotion {label!r}; {remedy}")):
        labels.canonical(label, {"happy": "happy", "sad": "sad"}, file="conf/corpus/folders.yaml")


def test_a_known_label_is_the_emotion_of_the_map() -> None:
    assert labels.canonical("W", {"W": "angry", "F": "happy"}) == "angry"


@pytest.mark.parametrize("name", ["meh", "Neutral"])
def test_a_label_that_is_mapped_to_no_emotion_is_refused_with_the_emotions(tmp_path: Path, name: str) -> None:
    written(tmp_path / "Happy" / "a.wav")
    written(tmp_path / "Meh" / "a.wav")
    with pytest.raises(ValueError, match=rf"label_map.*{name}.*neutral, calm, happy"):
        ingested(tmp_path, "corpus=folders", f"+corpus.label_map.meh={name}")


@pytest.mark.parametrize("label", ["delighted", "Delighted"])
def test_a_new_label_is_one_entry_of_the_map_in_any_case(tmp_path: Path, label: str) -> None:
    written(tmp_path / "Delighted" / "a.wav")
    utterances = ingested(tmp_path, "corpus=folders", f"+corpus.label_map.{label}=happy").utterances
    assert utterances[["emotion", "corpus_label"]].to_numpy().tolist() == [["happy", "delighted"]]


def test_a_new_scheme_is_one_file(tmp_path: Path) -> None:
    conf = shutil.copytree(CONF, tmp_path / "conf")
    mine = dict.fromkeys(EMOTIONS, "drop") | {"happy": "keep", "sad": "keep", "angry": "sad", "disgust": "sad"}
    (conf / "labels" / "pleasure.yaml").write_text(yaml.safe_dump({"name": "pleasure", "actions": mine}))
    for k, folder in enumerate(("Joy", "Sadness", "Anger", "Disgusted", "Fear", "Calm")):
        written(tmp_path / "corpus" / folder / "a.wav", tone(300 + 100 * k, 0.12))
    utterances, report = ingested(tmp_path / "corpus", "corpus=folders", "labels=pleasure", conf=conf)
    assert utterances.set_index("corpus_label")["emotion"].to_dict() == {
        "joy": "happy",
        "sadness": "sad",
        "anger": "sad",
        "disgusted": "sad",
    }
    assert report["dropped"] == {"folders": {"calm": 1, "fearful": 1}}
