"""The built-in models for voices that were not trained on: licences, cards, and their skill on such voices."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import unseen
from ser.features.encoders import whisper_files
from ser.models import bundle, packaged
from ser.reporting import cards
from ser.serving import recognition
from tests.support.small_corpora import composed

NAMES = ("general", "research")
LARGEST = 12e6  # bytes, with the encoder


def described(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((packaged.resolved(name) / "bundle.json").read_text(encoding="utf-8"))
    return found


def card(name: str) -> str:
    return (packaged.resolved(name) / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_the_export_of_its_experiment(name: str) -> None:
    study, found = composed(f"experiment={name}"), described(name)
    assert found["representation"] == {key: study["representation"][key] for key in ("name", "settings")}
    assert found["representation"]["settings"]["model"] == "packaged/whisper-base-emotion-int8"  # nothing is downloaded
    assert {key: value for key, value in study["model"].items() if key != "representation"} == found["model"]
    assert (study["training"], study["seed"]) == (found["training"], found["seed"])
    assert len(found["centre"]) == len(found["columns"]) == 512
    assert bundle.load(packaged.resolved(name)).labels == found["labels"]


@pytest.mark.parametrize("name", NAMES)
def test_the_card_has_the_texts_of_ser_export(name: str) -> None:
    for text in (cards.limits(described(name)), cards.USE):
        assert text in card(name)


def test_general_is_the_default_and_was_trained_on_corpora_that_permit_any_use() -> None:
    assert recognition.load().name == str(packaged.resolved("general"))
    assert described("general")["corpora"] == composed("experiment=general")["partition"]["train_corpora"]
    assert described("general")["corpora"] == ["crema_d", "emodb"]
    found = re.findall(r"(?:recordings|strictest is): \*\*(.+?)\*\*", card("general"))
    assert found == ["ODbL 1.0", "CC0 1.0", "ODbL 1.0"]
    assert "The strictest is: **research use, on registration**" in card("research")


def test_research_was_trained_on_all_corpora_of_its_study_but_the_one_that_tests_it() -> None:
    every = set(composed("experiment=research")["corpus"]["corpora"])
    assert every - set(described("research")["corpora"]) == {"ased"}


def test_general_fits_into_12_mb_with_its_encoder() -> None:
    encoder = whisper_files.PACKAGED / "whisper_base_emotion_int8" / whisper_files.LITERT
    assert sum(path.stat().st_size for path in (*packaged.resolved("general").iterdir(), encoder)) <= LARGEST


@pytest.mark.parametrize("name", NAMES)
def test_the_figures_of_a_note_are_those_of_the_card(name: str) -> None:
    rows = re.findall(r"^\| [\w-]+ \|.*\|$", card(name).partition("## Voices")[2].partition("Recall")[0], re.MULTILINE)
    of_corpora = [re.sub(r" \([^)]*\)", "", row).split("|")[1:-1] for row in rows if "mean" not in row]
    uars = [float(row[5]) for row in of_corpora if re.fullmatch(r" [\d.]+ ", row[5])]
    assert len(uars) == (4 if name == "general" else 6)
    assert f"{round(min(uars))} to {round(max(uars))} % of" in packaged.NOTES[name]


@pytest.mark.slow
@pytest.mark.real
def test_general_recognises_actors_and_sentences_of_ravdess_that_nobody_trained_on(corpora_root: Path) -> None:
    """Every sixth utterance of four emotions; the card states 72 % for all; chance is 25 %."""
    model = recognition.load(packaged.resolved("general"), all_speech=True)
    table = unseen.table("ravdess", corpora_root / "ravdess", model.labels)
    chosen = table[table["truth"].isin(["neutral", "happy", "sad", "angry"])].sort_values("utterance").iloc[::6]
    found = unseen.of_four(unseen.predicted([unseen.Tested(chosen, "general")], processes=1))
    assert 55 < 100 * unseen.uar(found) < 85
