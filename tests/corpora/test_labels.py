import re
import shutil
from pathlib import Path

import pytest
import yaml

from ser.core.emotions import EMOTIONS, MAX_EMOTIONS, normal
from ser.corpora import labels, words
from ser.corpora.naming import InvalidName
from ser.ingest import counts
from ser.ingest.utterance_table import InvalidCorpus
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
    "iemocap_four": ("neutral", "happy", "sad", "angry"),
    "iemocap_six": ("neutral", "happy", "sad", "angry", "excited", "frustrated"),
    # Ekman (1992): enjoyment, sadness, anger, fear, disgust, surprise
    "big_six": ("happy", "sad", "angry", "fearful", "disgust", "surprised"),
}
MERGED = {"big_six": {"pleasant_surprise": "surprised"}, "iemocap_four": {"excited": "happy"}}


def scheme(name: str) -> labels.Scheme:
    return labels.merged(**composed(f"labels={name}")["labels"])


def actions(**changes: str) -> dict[str, str]:
    """Actions that keep every emotion, except for `changes`."""
    return dict.fromkeys(EMOTIONS, "keep") | changes


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_has_an_action_for_every_emotion(name: str) -> None:
    section = composed(f"labels={name}")["labels"]
    assert section["name"] == name
    assert set(EMOTIONS) <= set(section["actions"])
    assert list(labels.merged(**section).named) == list(section["actions"])


@pytest.mark.parametrize("name", SCHEMES)
def test_merging_is_idempotent(name: str) -> None:
    kept = scheme(name).named
    assert all(kept.get(label, label) == label for label in kept.values() if label is not None)


@pytest.mark.parametrize("name", KEPT)
def test_the_schemes_have_the_classes_of_their_sources_in_order(name: str) -> None:
    found = scheme(name).named
    assert tuple(dict.fromkeys(label for label in found.values() if label is not None)) == KEPT[name]
    assert {emotion: label for emotion, label in found.items() if label not in (emotion, None)} == MERGED.get(name, {})


def test_calm_is_not_merged_into_neutral() -> None:
    assert all(scheme(name).label("calm") in ("calm", "low", "positive", None) for name in SCHEMES)


def test_the_default_keeps_every_emotion() -> None:
    assert composed()["labels"] == {"name": "canonical", "actions": actions(), "others": "keep"}


def test_emotions_are_kept_dropped_and_merged() -> None:
    found = labels.merged(name="mine", actions=actions(calm="neutral", boredom="drop", pleasant_surprise="surprised"))
    changed = {"calm": "neutral", "boredom": None, "pleasant_surprise": "surprised"}
    assert found.named == {emotion: emotion for emotion in EMOTIONS} | changed


def test_two_kept_emotions_are_enough() -> None:
    found = labels.merged(name="two", actions=dict.fromkeys(EMOTIONS, "drop") | {"sad": "keep", "angry": "keep"})
    assert {emotion for emotion, label in found.named.items() if label} == {"sad", "angry"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (actions(**{"Great Joy": "keep"}), "labels=mine names 'Great Joy'; write 'great_joy', in labels.actions"),
        (
            actions(calm="neutral", neutral="drop"),
            "labels.actions.calm is 'neutral', which is not kept; it is keep, drop, one of the kept happy, sad, ",
        ),
        (actions(calm="neutral", neutral="happy"), "labels.actions.calm is 'neutral', which is not kept; it is keep, "),
        (actions(calm="calm"), "labels.actions.calm is 'calm', which is not kept; it is keep, drop, one of the kept "),
        (actions(happy="hapy"), "labels.actions.happy is 'hapy'; did you mean 'happy'? it is keep, drop, one of the "),
        (actions(happy="kepp"), "labels.actions.happy is 'kepp'; did you mean 'keep'? it is keep, drop, one of the "),
        (actions(happy="A b"), "labels.actions.happy is 'A b'; wanted keep, drop, or a name of at most 60 letters, "),
        (dict.fromkeys(EMOTIONS, "drop"), "labels=mine keeps 0 emotions; a classifier needs two"),
        (
            dict.fromkeys(EMOTIONS, "sad") | {"sad": "keep"},
            "labels=mine keeps 1 emotion; a classifier needs two",
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
            " ++corpus.label_map.hapy=happy",
        ),
        (
            "trauer",
            "known are happy, sad; rename it, or add to the command: -S ++corpus.label_map.trauer=EMOTION, where"
            f" EMOTION is one of {', '.join(EMOTIONS)}",
        ),
        ("unhappy", "known are happy, sad; rename it, or add to the command: -S ++corpus.label_map.unhappy=EMOTION, "),
        ("mad", "known are happy, sad; rename it, or add to the command: -S ++corpus.label_map.mad=EMOTION, "),
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


@pytest.mark.parametrize(
    ("emotion", "remedy"),
    [
        ("Neutral", "did you mean 'neutral'?"),
        ("hapy", "did you mean 'happy'? A new emotion of that name is hapy: hapy"),
        ("so so", "wanted one of neutral, calm, happy, "),
    ],
)
def test_a_label_that_is_mapped_to_no_name_of_an_emotion_is_refused(emotion: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"corpus.label_map has meh: {emotion}; {remedy}")):
        labels.check_map({"sad": "sad", "meh": emotion}, "corpus")


def test_a_code_may_name_an_emotion_beyond_the_ten() -> None:
    labels.check_map({"exc": "excited", "hapy": "hapy"}, "corpus")


@pytest.mark.parametrize("label", ["delighted", "Delighted"])
def test_a_new_label_is_one_entry_of_the_map_in_any_case(tmp_path: Path, label: str) -> None:
    written(tmp_path / "Delighted" / "a.wav")
    utterances = ingested(tmp_path, "corpus=folders", f"+corpus.label_map.{label}=happy").utterances
    assert utterances[["emotion", "corpus_label"]].to_numpy().tolist() == [["happy", "delighted"]]


@pytest.mark.parametrize(
    ("folder", "emotion"),
    [
        *(("Freude", "happy"), ("WUT", "angry"), ("colère", "angry"), ("Colere", "angry"), ("愤怒", "angry")),
        *(("K\u0131zg\u0131n", "angry"), ("ghussa", "angry"), ("غصہ", "angry"), ("खुशी", "happy"), ("Smutek", "sad")),
        *(("Excitement", "excited"), ("Frustrated", "frustrated"), ("PleasantSurprise", "pleasant_surprise")),
        *(("Schadenfreude", "schadenfreude"), ("Great Joy!", "great_joy"), ("unhappy", "unhappy"), ("mad", "mad")),
    ],
)
def test_a_word_is_its_synonym_in_any_language_or_else_a_new_emotion(folder: str, emotion: str) -> None:
    assert labels.of_word(normal(folder), {}, words.known()) == emotion


def test_the_label_map_comes_before_the_words() -> None:
    assert labels.of_word("rage", {"rage": "rage"}, words.known()) == "rage"


@pytest.mark.parametrize(
    ("label", "remedy"),
    [
        (
            "angrry",
            "did you mean 'angry'? rename it, or add to the command: -S ++corpus.label_map.angrry=angry; if it is",
        ),
        ("fearfull", "did you mean 'fearful'? rename it, or add to the command: "),
        ("frustated", "did you mean 'frustrated'? rename it, or add to the command: "),
        ("09", "rename it, or add to label_map in conf/corpus/folders.yaml: '09': EMOTION, where EMOTION is one of"),
    ],
)
def test_an_evident_misspelling_and_a_number_are_no_new_emotions(label: str, remedy: str) -> None:
    with pytest.raises(InvalidName, match=re.escape(f"unknown emotion {label!r}; {remedy}")):
        labels.of_word(label, {}, words.known(), file="conf/corpus/folders.yaml")


@pytest.mark.parametrize("folder", ["angrry", "ängrry"])
@pytest.mark.parametrize(("choice", "emotion"), [(0, "angry"), (1, None)])
def test_what_the_message_tells_to_add_works(tmp_path: Path, folder: str, choice: int, emotion: str | None) -> None:
    written(tmp_path / "corpus" / folder / "a.wav")
    with pytest.raises(InvalidCorpus) as error:
        ingested(tmp_path / "corpus", "corpus=folders")
    conf = shutil.copytree(CONF, tmp_path / "conf")
    overrides = re.findall(r"add to the command: -S (\S+?)(?:;|$)", str(error.value))
    lines = re.findall(r"add to label_map in (\S+): (.+?)(?:;|$)", str(error.value))
    assert len(overrides) + len(lines) == 2
    for file, line in lines[choice : choice + 1]:
        path = tmp_path / file
        path.write_text(path.read_text(encoding="utf-8").replace("label_map:\n", f"label_map:\n  {line}\n"), "utf-8")
    utterances = ingested(tmp_path / "corpus", "corpus=folders", *overrides[choice : choice + 1], conf=conf).utterances
    assert utterances["emotion"].tolist() == [emotion or folder]


def test_what_the_message_tells_to_add_for_a_code_in_a_list_works(tmp_path: Path) -> None:
    written(tmp_path / "corpus" / "a.wav")
    (tmp_path / "corpus" / "list.csv").write_text("file,emotion\na.wav,07\n")
    with pytest.raises(InvalidCorpus) as error:
        ingested(tmp_path / "corpus", "corpus=table")
    ((file, line),) = re.findall(r"add to label_map in (\S+): (.+?), where EMOTION", str(error.value))
    shutil.copytree(CONF, tmp_path / "conf")
    before, below = (tmp_path / file).read_text(encoding="utf-8").split("  ps: ")
    entry = line.replace("EMOTION", "excited")
    (tmp_path / file).write_text(f"{before}  {entry}\n  ps: {below}", encoding="utf-8")
    utterances = ingested(tmp_path / "corpus", "corpus=table", conf=tmp_path / "conf").utterances
    assert utterances["emotion"].tolist() == ["excited"]


def test_the_message_for_an_emotion_that_a_scheme_does_not_name_works(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="labels") as error:
        composed("labels.actions.excited=happy")
    (override,) = re.findall(r"to add an entry to labels.actions, write (\S+)", str(error.value))
    assert labels.merged(**composed(override)["labels"]).label("excited") == "happy"


def test_an_override_whose_name_hydra_cannot_read_is_a_line_of_the_file() -> None:
    with pytest.raises(ValueError, match=r"add to actions in the chosen file of conf/labels: 'verträumt': drop$"):
        composed("labels.actions.verträumt=drop")


def test_new_emotions_and_idle_actions_are_told(tmp_path: Path) -> None:
    for k, folder in enumerate(("Zesty", "Excitement", "Wut")):
        written(tmp_path / folder / "a.wav", tone(300 + 100 * k, 0.12))
    utterances, report = ingested(tmp_path, "corpus=folders", "+labels.actions.zessty=happy")
    assert sorted(utterances["emotion"]) == ["angry", "excited", "zesty"]
    assert (report["new_emotions"], report["idle_actions"]) == ({"zesty": 1}, ["zessty"])
    lines = "\n".join(counts.summary(report, labels="canonical"))
    (override,) = re.findall(r"to merge one, add to the command: -S (\S+)", lines)
    assert "labels.actions names zessty, and no recording has such an emotion" in lines
    utterances, report = ingested(tmp_path, "corpus=folders", override.replace("EMOTION", "happy"))
    assert sorted(utterances["emotion"]) == ["angry", "excited", "happy"]
    assert not {"idle_actions", "new_emotions"} & set(report)


def test_a_new_emotion_whose_name_hydra_cannot_read_is_merged_in_the_file(tmp_path: Path) -> None:
    for k, folder in enumerate(("Verträumt", "Wut")):
        written(tmp_path / "corpus" / folder / "a.wav", tone(300 + 100 * k, 0.12))
    told = "\n".join(counts.summary(ingested(tmp_path / "corpus", "corpus=folders").report, labels="canonical"))
    ((file, line),) = re.findall(r"to merge one, add to actions in (\S+): (.+)", told)
    shutil.copytree(CONF, tmp_path / "conf")
    path = tmp_path / file
    content = path.read_text(encoding="utf-8").replace("others:", f"  {line.replace('EMOTION', 'calm')}\nothers:")
    path.write_text(content, encoding="utf-8")
    utterances = ingested(tmp_path / "corpus", "corpus=folders", conf=tmp_path / "conf").utterances
    assert sorted(utterances["emotion"]) == ["angry", "calm"]


def test_folders_that_are_no_emotions_are_refused_where_they_are_too_many(tmp_path: Path) -> None:
    for k in range(MAX_EMOTIONS + 1):
        written(tmp_path / f"Actor_{k}" / "a.wav")
    with pytest.raises(
        ValueError, match=r"has 101 emotions, such as actor_95, .* wanted at most 100\. Are the labels "
    ):
        ingested(tmp_path, "corpus=folders")


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
