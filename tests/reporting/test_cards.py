"""Model cards state scores, speakers and licence, and name missing facts."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ser.core import files
from ser.corpora import CORPORA
from ser.reporting import cards

DESCRIPTION: dict[str, Any] = {
    "model": {"name": "svm", "C": 10.0},
    "labels": ["neutral", "sad"],
    "representation": {"name": "librosa", "settings": {}},
    "columns": ["MFCC_1", "MFCC_2", "RMS"],
    "corpora": ["ravdess"],
    "speakers": ["ravdess/03", "ravdess/04"],
    "seed": 7,
}
METRICS: dict[str, Any] = {
    "uar": 0.51249,
    "uar_low": 0.4,
    "uar_high": 0.625,
    "accuracy": 0.5,
    "recall.neutral": 0.75,
    "recall.sad": 0.275,
    "n_utterances": 60,
    "n_speakers": 4,
    "protocol": "speaker_folds (speaker-independent)",
    "speaker_independent": True,
}


N, S = "neutral", "sad"


def predictions(*rows: tuple[int, str, str | None, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["fold", "partition", "speaker", "truth", "prediction"])
    return table.assign(p_neutral=(table["prediction"] == N) * 1.0, p_sad=(table["prediction"] == S) * 1.0)


def of_speaker(fold: int, partition: str, speaker: str | None, *pairs: tuple[str, str]) -> list[Any]:
    return [(fold, partition, speaker, truth, prediction) for truth, prediction in pairs]


# Fold 1, test: neutral 1 of 4, sad 2 of 3; UAR (1/4 + 2/3) / 2 = 45.8 %. Other folds and dev are better or worse.
ROWS = predictions(
    *of_speaker(1, "test", "ravdess/01", (N, N), (N, S), (S, S), (S, N)),
    *of_speaker(1, "test", "ravdess/02", (N, S), (N, S), (S, S)),
    *of_speaker(1, "dev", "ravdess/05", (N, N), (S, S)),
    *of_speaker(0, "test", "ravdess/03", (N, N), (S, N)),
    *of_speaker(11, "test", "ravdess/04", (N, N), (S, N)),
)


def card(description: dict[str, Any] | None = None, metrics: dict[str, Any] | None = None, **changes: Any) -> str:
    given = {"predictions": ROWS, "fold": "fold_1"} | changes
    return cards.card(DESCRIPTION | (description or {}), METRICS | (metrics or {}), **given)


def section(text: str, head: str) -> str:
    return text.partition(f"## {head}\n\n")[2].partition("\n## ")[0].strip()


def test_the_figures_of_the_model_are_those_of_its_own_test_utterances_by_hand() -> None:
    scores = section(card(), "Scores")
    assert "This model was tested on 7 utterances of 2 speakers (ravdess/01, ravdess/02): UAR 45.8." in scores
    assert "| neutral | 75.0 | 25.0 |\n| sad | 27.5 | 66.7 |" in scores


def test_the_study_s_figures_come_first_and_with_their_interval() -> None:
    scores = section(card(), "Scores")
    assert "60 utterances of 4 speakers" in scores
    assert "**UAR 51.2** (95 % interval over speakers: 40.0 to 62.5), accuracy 50.0." in scores
    assert scores.index("51.2") < scores.index("45.8")
    assert "Chance is 50.0." in scores


def test_no_interval_is_claimed_where_there_is_none() -> None:
    scores = section(card(metrics={"uar_low": None, "uar_high": None}), "Scores")
    assert "interval" not in scores
    assert "None" not in scores
    assert "**UAR 51.2**, accuracy 50.0." in scores


def test_a_study_whose_speakers_trained_too_says_so_and_one_that_did_not_says_that() -> None:
    assert "speakers that are not in the training data" in section(card(), "Scores")
    dependent = card(metrics={"speaker_independent": False, "protocol": "random (speaker-dependent)"})
    assert "speakers that are **also in the training data**" in section(dependent, "Scores")
    assert "are not in the training data" not in dependent
    assert "random (speaker-dependent)" in section(dependent, "Model")


def test_a_transductive_model_says_so_beside_its_figures_and_among_its_limits() -> None:
    assert "ransductive" not in card()
    representation = DESCRIPTION["representation"] | {"adaptation": "speaker"}
    text = card({"representation": representation}, {"transductive": True})
    assert "in per cent, for speakers that are not in the training data (transductive)." in section(text, "Scores")
    assert section(text, "Limits").startswith("- **Transductive**: ")
    assert cards.LIMITS in text


def test_chance_is_that_of_all_emotions_of_the_model_also_if_test_lacks_one() -> None:
    assert "Chance is 33.3." in section(card(predictions=ROWS.assign(p_calm=0.0)), "Scores")


def test_the_title_and_what_it_is_name_model_features_corpus_study_and_seed() -> None:
    text = card()
    assert text.startswith("# Model card: svm on librosa, trained on ravdess\n")
    what = section(text, "Model")
    for fact in ("`svm` with 3 features", "neutral, sad", "fold 1", "`speaker_folds (speaker-independent)`", "seed 7"):
        assert fact in what


def test_the_size_of_a_network_is_the_number_of_its_parameters() -> None:
    what = section(card({"metrics": {"n_parameters": 282528}, "columns": []}), "Model")
    assert "282,528 parameters" in what
    assert "features" not in what


def test_the_licence_of_every_corpus_and_the_speakers_of_each_alone_are_named() -> None:
    speakers = ["emodb/08", "ravdess/03", "ravdess/04"]
    *lines, terms = section(
        card({"corpora": ["emodb", "ravdess"], "speakers": speakers}), "Data and licence"
    ).splitlines()
    assert terms == "All of these licences hold for the model. The strictest is: **CC BY-NC-SA 4.0**."
    assert len(lines) == 2
    for line, corpus, voices in zip(lines, ("emodb", "ravdess"), ("1 speaker", "2 speakers (03, 04)"), strict=True):
        assert line.startswith(CORPORA[corpus].title)
        assert CORPORA[corpus].citation in line
        assert f"**{CORPORA[corpus].licence}**" in line
        assert voices in line
    assert "(08)" in lines[0]
    assert "trained on emodb, ravdess" in card({"corpora": ["emodb", "ravdess"], "speakers": speakers})


@pytest.mark.parametrize("corpus", CORPORA)
def test_every_corpus_that_can_be_studied_can_be_described(corpus: str) -> None:
    text = section(card({"corpora": [corpus], "speakers": []}), "Data and licence")
    assert CORPORA[corpus].licence in text
    assert text.endswith("This licence holds for the model, too.")
    assert "()" not in text  # if the speakers are unknown, none are listed


def test_the_card_of_a_model_of_synthetic_speech_states_that() -> None:
    """Readers of the card must know that scores on the demo corpus show only that the pipeline works."""
    assert "ynthetic" in card({"corpora": ["demo"], "speakers": ["demo/01"]})


def test_only_a_card_of_acted_speech_speaks_of_acting() -> None:
    """eNTERFACE'05 is induced speech; of a corpus of the users' own, nothing is known."""
    for corpus, kind in (("enterface", "(induced speech"), ("urdu", "(natural speech"), ("mine", "")):
        limits = section(card({"corpora": [corpus], "speakers": []}), "Limits")
        assert "Acted" not in limits
        assert kind in limits


def test_every_card_names_limits_and_what_it_must_not_be_used_for() -> None:
    text = card()
    assert "Acted speech" in section(text, "Limits")
    assert "**Not** for decisions" in section(text, "Intended use")
    assert "Articles 5(1)(f) and 50(3)" in section(text, "Intended use")


def test_an_emotion_that_this_fold_did_not_test_is_no_failure_of_the_model() -> None:
    """Sad was not tested: it has no recall, and the UAR is that of neutral, 1 of 2."""
    rows = predictions(*of_speaker(1, "test", "ravdess/01", ("neutral", "neutral"), ("neutral", "sad")))
    scores = section(card(predictions=rows), "Scores")
    assert "UAR 50.0." in scores
    assert "| sad | 27.5 | - |" in scores


def test_a_name_from_elsewhere_is_no_markup() -> None:
    text = card({"speakers": ["ravdess/<img src=x>\n# Certified", "ravdess/m_01"]})
    assert "2 speakers (\\<img src=x\\> # Certified, m_01)" in text


def test_unknown_speakers_are_left_out_of_the_list() -> None:
    rows = pd.concat([ROWS, predictions(*of_speaker(1, "test", None, ("sad", "sad")))])
    assert "8 utterances of 2 speakers (ravdess/01, ravdess/02):" in card(predictions=rows)


@pytest.mark.parametrize("fact", cards.FACTS)
def test_a_description_that_lacks_a_fact_has_no_card(fact: str) -> None:
    lacking = {name: value for name, value in DESCRIPTION.items() if name != fact}
    with pytest.raises(ValueError, match=f"bundle.json has no {fact}, which a model card states; train anew with"):
        cards.card(lacking, METRICS, ROWS, fold="fold_1")


def test_a_corpus_of_the_users_own_has_the_licence_under_which_they_received_it() -> None:
    text = section(card({"corpora": ["theirs"], "speakers": ["theirs/anna"]}), "Data and licence")
    assert text.startswith("theirs. Your own recordings. Trained on ")
    assert "1 speaker. Licence of the recordings: **as you received them**" in text


def test_without_a_test_in_the_study_there_is_a_message_and_no_key_error() -> None:
    """`evaluation.test=false` leaves the test figures out of the metrics."""
    metrics = {"dev.uar": 0.5, "protocol": "x", "speaker_independent": True}
    with pytest.raises(ValueError, match=r"test"):
        cards.card(DESCRIPTION, metrics, ROWS, fold="fold_1")


# where the figures come from


def test_figures_and_predictions_are_read_from_the_reports(tmp_path: Path) -> None:
    files.write_json(tmp_path / "metrics.json", METRICS)
    ROWS.to_csv(tmp_path / "predictions.csv", index=False)
    metrics, found = cards.evaluation(tmp_path / "metrics.json", tmp_path / "predictions.csv")
    assert cards.card(DESCRIPTION, metrics, found, fold="fold_1") == card()


@pytest.mark.parametrize("missing", ["metrics.json", "predictions.csv"])
def test_missing_reports_are_named_with_the_command_that_makes_them(missing: str, tmp_path: Path) -> None:
    files.write_json(tmp_path / "metrics.json", METRICS)
    ROWS.to_csv(tmp_path / "predictions.csv", index=False)
    (tmp_path / missing).unlink()
    with pytest.raises(ValueError, match=rf"{missing}.* does not exist; make them with: dvc repro evaluate"):
        cards.evaluation(tmp_path / "metrics.json", tmp_path / "predictions.csv")


def test_no_name_of_a_speaker_of_own_recordings_is_in_a_card() -> None:
    """A card is published, and its readers need not know who spoke."""
    rows = ROWS.assign(speaker=ROWS["speaker"].str.replace("ravdess/0", "folders/anna-"))
    few = {"uar_low": None, "n_speakers": 2, "speaker.folders/anna-2.uar": 0.25, "speaker.folders/anna-1.uar": 0.75}
    text = card({"corpora": ["folders"], "speakers": ["folders/mary", "folders/john"]}, few, predictions=rows)
    assert not [name for name in ("anna", "mary", "john") if name in text]
    assert "Trained on 2 speakers. " in text
    assert "tested on 7 utterances of 2 speakers: UAR 45.8" in text
    assert "(too few speakers for an interval: folders/1 75.0, folders/2 25.0)" in text
