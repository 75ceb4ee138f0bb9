"""The built-in model `ravdess`: its size, packaging, model card and accuracy."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import recall_score

from benchmarks import unseen
from ser.corpora import ravdess
from ser.features.encoders import whisper_files
from ser.models import bundle, litert, packaged
from ser.reporting import cards
from ser.serving import inputs, recognition
from tests.support.paths import ROOT
from tests.support.small_corpora import composed

FOLDER = packaged.resolved("ravdess")
CARD = (FOLDER / "README.md").read_text(encoding="utf-8")
DESCRIPTION: dict[str, Any] = json.loads((FOLDER / "bundle.json").read_text(encoding="utf-8"))
LARGEST = 8e6  # bytes, with the encoder
# RAVDESS's code -> emotion, by the documentation of the corpus.
EMOTIONS = dict(
    zip(
        ("01", "02", "03", "04", "05", "06", "07", "08"),
        ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"),
        strict=True,
    )
)


def stated_test() -> tuple[list[str], int, float]:
    """Test actors of the card, the number of test utterances, and the UAR in percent."""
    found = re.search(r"tested on (\d+) utterances of \d+ speakers \((.+?)\): UAR ([\d.]+?)\.(?:\s|$)", CARD)
    assert found
    return [speaker.removeprefix("ravdess/") for speaker in found[2].split(", ")], int(found[1]), float(found[3])


def uar(paths: list[Path]) -> float:
    """UAR of the built-in model `ravdess` on recordings, in percent."""
    recognizer = recognition.load(FOLDER, all_speech=True)
    prediction = []
    for path in paths:
        with inputs.opened(path) as recording:
            prediction.append(recognizer.predict(recording)["emotion"])
    truth = [EMOTIONS[path.stem.split("-")[2]] for path in paths]
    return 100 * float(recall_score(truth, prediction, average="macro"))


def recordings(corpora_root: Path, actor: str) -> list[Path]:
    """RAVDESS recordings of one actor."""
    return sorted((corpora_root / "ravdess").rglob(f"03-01-*-{actor}.*"))


# the export


def test_the_folder_is_an_export_and_small() -> None:
    assert sorted(path.name for path in FOLDER.iterdir() if path.is_file()) == [
        "README.md",
        "bundle.json",
        "model.tflite",
    ]
    encoder = whisper_files.PACKAGED / "whisper_tiny_int8" / whisper_files.LITERT
    assert sum(path.stat().st_size for path in (*FOLDER.iterdir(), encoder) if path.is_file()) <= LARGEST
    assert DESCRIPTION["export"]["format"].startswith("litert")


def test_input_and_output_of_its_network_fit_its_representation_and_labels() -> None:
    model = bundle.load(FOLDER)
    assert isinstance(model.model, litert.LiteRTClassifier)
    found = model.of_values(np.random.default_rng(0).random((3, len(DESCRIPTION["columns"]))).astype(np.float32))
    assert found.shape == (3, len(DESCRIPTION["labels"]))
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert sorted(DESCRIPTION["labels"]) == sorted(EMOTIONS.values())


def test_its_representation_has_the_settings_of_conf() -> None:
    study = composed("experiment=embedded")
    representation = study["representation"]
    assert DESCRIPTION["representation"] == {key: representation[key] for key in ("name", "settings")}
    assert DESCRIPTION["representation"]["settings"] == study["whisper"]
    assert study["whisper"]["model"] == "packaged/whisper-tiny-int8"  # nothing is downloaded


def test_its_settings_are_those_of_its_experiment_in_conf() -> None:
    study = composed("experiment=embedded")
    assert {key: value for key, value in study["model"].items() if key != "representation"} == DESCRIPTION["model"]
    assert study["training"] == DESCRIPTION["training"]
    assert (study["corpus"]["name"], study["seed"]) == (DESCRIPTION["corpora"][0], DESCRIPTION["seed"])


# the model card


def test_the_card_and_the_bundle_agree() -> None:
    assert f"{len(DESCRIPTION['columns'])} features" in CARD
    assert f"for the emotions {', '.join(DESCRIPTION['labels'])}." in CARD
    numbers = [speaker.removeprefix("ravdess/") for speaker in DESCRIPTION["speakers"]]
    assert f"Trained on {len(numbers)} speakers ({', '.join(numbers)})" in CARD
    assert f"**{ravdess.CORPUS.licence}**" in CARD
    assert f"with seed {DESCRIPTION['seed']}" in CARD
    assert CARD.startswith(f"# Model card: {DESCRIPTION['model']['name']} on whisper, trained on ravdess\n")


def test_its_test_actors_are_not_its_training_actors() -> None:
    actors, n_utterances, _ = stated_test()
    assert len(actors) == 4
    assert n_utterances == 4 * 60
    assert not set(actors) & {speaker.removeprefix("ravdess/") for speaker in DESCRIPTION["speakers"]}
    assert "speakers that are not in the training data" in CARD


def test_the_uar_of_the_card_is_the_mean_of_its_recalls() -> None:
    rows = re.findall(r"^\| (\w+) \| ([\d.]+) \| ([\d.]+) \|$", CARD, flags=re.MULTILINE)
    assert [label for label, _, _ in rows] == DESCRIPTION["labels"]
    study = re.search(r"\*\*UAR ([\d.]+)\*\*", CARD)
    assert study
    assert float(study[1]) == pytest.approx(np.mean([float(one) for _, one, _ in rows]), abs=0.1)
    assert stated_test()[2] == pytest.approx(np.mean([float(own) for _, _, own in rows]), abs=0.1)


def test_the_card_has_the_texts_of_ser_export() -> None:
    for text in (cards.limits(DESCRIPTION), cards.USE):
        assert text in CARD


# packaging


def test_it_is_part_of_the_package() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    data = project["tool"]["setuptools"]["package-data"]["ser"]
    assert {"serving/embedded/*/*", "features/encoders/packaged/*/*"} <= set(data)


# accuracy


@pytest.mark.slow
@pytest.mark.real
def test_its_uar_on_test_actors_is_far_above_chance(corpora_root: Path) -> None:
    """Every fourth utterance of the test actors; chance is 12.5 %."""
    paths = [path for actor in stated_test()[0] for path in recordings(corpora_root, actor)[::4]]
    assert len(paths) == 60
    assert uar(paths) > 40


@pytest.mark.slow
@pytest.mark.real
def test_the_figure_of_its_card_is_reproduced_from_the_recordings(corpora_root: Path) -> None:
    actors, n_utterances, stated = stated_test()
    paths = [path for actor in actors for path in recordings(corpora_root, actor)]
    assert len(paths) == n_utterances
    assert round(uar(paths), 1) == pytest.approx(stated, abs=0.05)


@pytest.mark.slow
@pytest.mark.real
def test_the_figures_of_its_card_for_emodb_are_reproduced(corpora_root: Path) -> None:
    of_card = re.search(r"^\| EmoDB (\|.+)$", CARD, flags=re.MULTILINE)
    assert of_card
    rows = unseen.predicted(unseen.assigned([f"emodb={corpora_root / 'emodb'}"], "ravdess"))
    _, n_rows, uar, confidence, _ = of_card[1].split("|")
    assert len(rows) == int(n_rows)
    # 8-bit networks round differently on another processor: a few of the answers are others
    assert 100 * unseen.uar(rows) == pytest.approx(float(uar), abs=0.5)
    assert 100 * rows["confidence"].mean() == pytest.approx(float(confidence), abs=0.5)


def test_emotions_that_it_does_not_know_are_left_out_of_the_figures_of_other_corpora(tmp_path: Path) -> None:
    for name in ("03a01La.wav", "03a01Fa.wav"):  # boredom, happy
        (tmp_path / name).touch()
    found = unseen.table("emodb", tmp_path, recognition.load(FOLDER).labels)
    assert found[["utterance", "truth"]].values.tolist() == [["emodb/03a01Fa", "happy"]]
