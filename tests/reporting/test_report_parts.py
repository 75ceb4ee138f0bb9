"""Parts of the report: mistakes, pictures, colours, and texts whose special characters are escaped."""

import base64
import io
import itertools
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from markdown_it import MarkdownIt

from ser.figures.importance import importance_bars
from ser.figures.recordings import spectrogram
from ser.figures.reliability import reliability_diagram
from ser.models.trained import Trained
from ser.reporting import explanations, findings, mistakes, procedure, protocols, render, results
from ser.reporting.blocks import Matrix, escaped, png_uri, shown, svg_uri
from tests.support.learning_tables import prediction_table, utterance_table
from tests.support.synthesis import tone

LABELS = ["neutral", "sad"]
PREDICTIONS = prediction_table(utterance_table(4))


def content(uri: str) -> bytes:
    """Content of a data URI."""
    return base64.b64decode(uri.partition(",")[2])


def wrong(utterance: str, probability: float, *, fold: int = 0, truth: str = "neutral") -> dict[str, object]:
    """A row with the prediction sad and its probability."""
    facts = {
        "fold": fold,
        "utterance": utterance,
        "truth": truth,
        "prediction": "sad",
        "sex": None,
        "intensity": "strong",
    }
    return {**facts, "p_neutral": 1 - probability, "p_sad": probability}


# score


def test_only_the_score_of_several_folds_is_pooled_over_folds() -> None:
    figures = {"uar": 0.5, "uar_low": None, "uar_high": None, "dev.uar": 0.5, "speaker_independent": True}
    for n_folds in (1, 2):
        rows = [wrong("a", 0.6, fold=fold) | {"speaker": "x"} for fold in range(n_folds)]
        found = results.headline(pd.DataFrame(rows), figures, partition={"name": "speaker_folds"}, n_resamples=0)
        assert ("pooled over the folds" in found.explanation) == (n_folds > 1)


# mistakes


def test_the_most_confident_mistakes_come_first_and_once_by_hand() -> None:
    """Correct predictions do not count; of the wrong predictions of b by two folds, the more confident one counts."""
    table = pd.DataFrame(
        [wrong("a", 0.6), wrong("b", 0.7), wrong("b", 0.9, fold=1), wrong("c", 0.99, truth="sad"), wrong("d", 0.8)]
    )
    found = mistakes.most_confident(table, n=3)
    assert found["utterance"].tolist() == ["b", "d", "a"]
    assert found["confidence"].tolist() == [0.9, 0.8, 0.6]
    assert found["of_truth"].tolist() == pytest.approx([0.1, 0.2, 0.4])
    assert mistakes.most_confident(table, n=0).empty


def test_ties_are_in_the_order_of_utterances_whatever_that_of_rows() -> None:
    table = pd.DataFrame([wrong(name, 0.75) for name in "cab"])
    assert mistakes.most_confident(table, n=2)["utterance"].tolist() == ["a", "b"]


def test_an_emotion_that_the_model_does_not_know_has_no_probability() -> None:
    found = mistakes.most_confident(pd.DataFrame([wrong("a", 0.6, truth="boredom")]), n=1)
    assert found["of_truth"].tolist() == [0.0]


@pytest.mark.parametrize(("duration", "heard"), [(0.5, 0.5), (12.0, 10.0)])
def test_what_is_heard_is_the_recording_cut_to_ten_seconds(tmp_path: Path, duration: float, heard: float) -> None:
    waveform = tone(440, duration, 48_000)
    soundfile.write(tmp_path / "a.wav", waveform, 48_000)
    utterances = pd.DataFrame({"utterance": ["a"], "path": ["a.wav"]})
    (example,) = mistakes.examples(pd.DataFrame([wrong("a", 0.6)]), utterances, tmp_path, n=6)
    samples, rate = soundfile.read(io.BytesIO(content(example.audio_uri)))
    assert rate == 16_000
    assert samples.size / rate == pytest.approx(heard, abs=0.1)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.fft.rfftfreq(samples.size, 1 / rate)[spectrum.argmax()] == pytest.approx(440, abs=3)
    assert ("the first 10 of 12.0 s" in example.facts) == (duration > 10)
    assert example.facts.startswith("strong")  # an unknown sex is left out
    assert len(example.audio_uri) < 80_000


# headline


@pytest.mark.parametrize("n_folds", [1, 2])
def test_folds_are_pooled_only_where_there_are_several(n_folds: int) -> None:
    figures = {"speaker_independent": True, "uar_low": 0.1, "uar_high": 0.2, "dev.uar": 0.5, "uar": 0.15}
    rows = PREDICTIONS.assign(fold=[k % n_folds for k in range(len(PREDICTIONS))])
    found = results.headline(rows, figures, partition={"name": "speaker_folds"}, n_resamples=10)
    assert ("pooled over the folds" in found.explanation) == (n_folds > 1)


@pytest.mark.parametrize(
    ("partition", "added"),
    [
        ({"name": "speaker_folds", "n_folds": 3, "test_corpora": None}, ""),
        (
            {"name": "speaker_folds", "n_folds": 3, "test_corpora": ["mine"]},
            " Only mine is tested; the other corpora only train.",
        ),
        ({"name": "cross_corpus", "train_corpora": ["a"], "test_corpora": ["mine"]}, ""),
    ],
)
def test_the_meaning_of_a_protocol_names_the_corpora_that_alone_are_tested(
    partition: dict[str, object], added: str
) -> None:
    figures = {"speaker_independent": True, "uar_low": 0.1, "uar_high": 0.2, "dev.uar": 0.5, "uar": 0.15}
    found = results.headline(PREDICTIONS, figures, partition=partition, n_resamples=10)
    assert found.protocol == protocols.MEANINGS[str(partition["name"])] + added


# confusions


def confused(n_tied: int) -> pd.DataFrame:
    """Predictions in which half of each of `n_tied` emotions is taken for the next one."""
    names = [f"emotion_{k}" for k in range(n_tied + 1)]
    rows = [(name, taken) for name, after in itertools.pairwise(names) for taken in (name, after)]
    return pd.DataFrame(rows, columns=["truth", "prediction"]).assign(**dict.fromkeys((f"p_{one}" for one in names), 0))


@pytest.mark.parametrize(
    ("n_tied", "of_findings", "of_matrix"),
    [
        (1, "confusion is to take emotion 0 for emotion 1, for 50.0 % of the emotion 0 recordings.", "1 (50.0 %)."),
        (
            2,
            "confusions are to take emotion 0 for emotion 1 and emotion 1 for emotion 2, each for 50.0 % of the"
            " recordings of that emotion.",
            "1 (50.0 %), emotion_1 as emotion_2 (50.0 %).",
        ),
        (
            5,
            "emotion 1 for emotion 2, emotion 2 for emotion 3 and 2 more, each for 50.0 %",
            "emotion_2 as emotion_3 (50.0 %), and 2 more with the share of the last.",
        ),
    ],
)
def test_the_report_says_which_confusions_are_equally_frequent(n_tied: int, of_findings: str, of_matrix: str) -> None:
    rows = confused(n_tied)
    sentences = findings.section(rows.assign(speaker="a", sex=None), {}).text[0].replace("\u00a0", " ")
    assert of_findings in sentences
    assert of_matrix in results.confusion(rows).text[0].replace("\u00a0", " ")


# pictures


def linear(colour: str) -> float:
    """Relative luminance of `#rrggbb` or `#rgb` (WCAG 2.1)."""
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    rgb = np.array([int(digits[k : k + 2], 16) for k in (0, 2, 4)]) / 255
    return float(np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    dark, light = sorted([linear(one), linear(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("suffix", ["", "-dark"])
@pytest.mark.parametrize("count", range(0, 101, 2))
def test_every_cell_of_the_confusion_matrix_can_be_read(count: int, suffix: str) -> None:
    """4.5 is the contrast that WCAG 2.1 requires for text."""
    matrix = Matrix("m", LABELS, [[count, 100 - count], [0, 100]])
    style = dict(part.split(":") for part in render.ink(matrix, 0, 0).split(";"))
    assert contrast(style[f"--shade{suffix}"], style[f"--on{suffix}"]) >= 4.5


def test_shades_of_the_confusion_matrix_darken_with_the_share() -> None:
    matrix = Matrix("m", LABELS, [[1, 9], [5, 5]])
    cells = [(1, 1), (0, 0), (0, 1)]
    by_share = sorted(cells, key=lambda cell: matrix.share(*cell))
    shades = [linear(render.ink(matrix, *cell)[8:15]) for cell in by_share]
    assert shades == sorted(shades, reverse=True)
    assert len(set(shades)) == 3


def test_the_same_pictures_are_the_same_bytes() -> None:
    bins = pd.DataFrame({"low": [0.5], "high": [1.0], "n_utterances": [4], "confidence": [0.7], "accuracy": [0.5]})
    falls = pd.DataFrame({"descriptor": ["RMS"], "drop": [0.1], "least": [0.0], "most": [0.2]})
    first, second = (
        [
            svg_uri(reliability_diagram({"a": bins, "b": bins}, n_bins=2)),
            svg_uri(importance_bars(falls)),
            png_uri(spectrogram(tone(300, 0.5), 16_000)),
        ]
        for _ in range(2)
    )
    assert first == second


# texts


@pytest.mark.parametrize(
    "text", ["a|b", "<script>", "a *b* `c`", "[x](y)", "50 & 60", r"back\slash", "speaker_folds _a_", "two\nlines"]
)
def test_texts_from_elsewhere_are_shown_as_they_are(text: str) -> None:
    rendered = MarkdownIt("commonmark").render(f"x {escaped(text)}")
    assert unescape(rendered).strip() == f"<p>x {text}</p>".replace("\n", " ")


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0.4456, "share", "44.6"),
        (None, "share", "-"),
        (float("nan"), "count", "-"),
        (1440, "count", "1440"),
        (1.0, "decimal", "1.000"),
    ],
)
def test_cells(value: float | None, kind: str, text: str) -> None:
    assert shown(value, kind) == text  # type: ignore[arg-type]


def test_calibration_takes_no_other_choice() -> None:
    with pytest.raises(ValueError, match=r"report\.temperature is 'test'; set it to dev or none"):
        explanations.calibration(PREDICTIONS, shown="test", trained=None, temperature="test", n_bins=5)


def test_recordings_under_two_labels_are_named_as_such() -> None:
    rejects = [
        {"path": "a.wav", "reason": "the same recording has two labels", "remedy": ""},
        {"path": "b.wav", "reason": "0 bytes", "remedy": ""},
    ]
    defects = {"c.wav": "silent"}
    ingest = {"dropped": {}, "rejects": rejects, "known_defects": defects, "duplicates": {"d": "c", "f": "e"}}
    assert procedure.corpus(utterance_table(1), ingest).text[-1] == (
        "Excluded: 2 invalid files (1 of them because the same recording has two labels), listed in"
        " `reports/ingest.json`. Left out: 1 file with a defect in every copy of the corpus, listed in"
        " `reports/ingest.json`. Duplicates: 2 recordings with the same audio as another one."
    )
    assert "label" not in procedure.corpus(utterance_table(1), ingest | {"rejects": rejects[1:]}).text[-1]


def test_many_folds_are_told_as_a_range() -> None:
    utterances = utterance_table(14)
    parts = [
        pd.DataFrame({"fold": k, "utterance": utterances["utterance"], "partition": "train"}).assign(
            partition=np.where(utterances["speaker"] == f"ravdess/{k + 1:02}", "test", "train")
        )
        for k in range(14)
    ]
    (table,) = procedure.partition(pd.concat(parts), utterances, protocol="p").blocks
    assert list(table.rows[0]) == ["14 folds", "780", "13", "0", "0", "60", "1"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("command", "explained"),
    [
        ("dvc repro", []),
        ("dvc exp run -S corpus.root=FOLDER", ["`FOLDER` is the folder of your copy of the corpus."]),
        ("dvc exp run -S corpus.list=FILE", ["`FILE` is the list of recordings."]),
    ],
)
def test_the_settings_tell_no_place_of_this_machine(command: str, explained: list[str]) -> None:
    names = ("labels", "partition", "augmentation", "balance", "model")
    config = {name: {"name": name} for name in names} | {"seed": 0, "members": {}}
    config |= {
        "representation": {"name": "librosa", "settings": {}},
        "corpus": {"list": "/home/a.csv", "root": "/home"},
    }
    found = procedure.settings(config, protocol="", names=["table"], again=(None, command))
    assert found.text[:-1] == ["Run it again, in the folder of the project:", f"```sh\n{command}\n```", *explained]
    assert "/home" not in str(found)


def test_the_model_card_names_the_corpora_of_all_folds() -> None:
    """Of folds that leave out one corpus each, none is trained on all."""
    about = {"labels": LABELS, "model": {"name": "svm"}, "representation": {"name": "librosa"}, "columns": ["RMS"]}
    models = [
        Trained(Path(f"fold_{fold}"), fold, "", {**about, "seed": 0, "corpora": [corpus], "speakers": [f"{corpus}/1"]})
        for fold, corpus in enumerate(("msp_podcast", "emodb"))
    ]
    text = "\n".join(procedure.card(models).text)
    trained_on = "EmoDB (acted speech, German), MSP-Podcast (spontaneous speech of podcasts, English)"
    assert f"- **Trained on**: {trained_on}." in text
    assert "- **Acted speech**" in text
    assert "Trained on 1 speaker of EmoDB, MSP-Podcast." in text


@pytest.mark.parametrize("held_out", ["speakers", "corpora"])
def test_the_calibration_tells_what_a_classifier_was_calibrated_on(held_out: str) -> None:
    options = {"shown": "test", "temperature": "none", "n_bins": 10, "held_out": held_out}
    section = explanations.calibration(PREDICTIONS, trained={0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}, **options)
    assert f"for a classifier on held-out {held_out}, for a network on dev." in section.text[0]
    assert "held-out" not in explanations.calibration(PREDICTIONS, trained=None, **options).text[0]
