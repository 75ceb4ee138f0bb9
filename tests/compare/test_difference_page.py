"""Page of what a change does to the metrics."""

import re

import pandas as pd
import pytest

from ser.compare import difference_page, differences
from ser.core import wording
from ser.core.emotions import EMOTIONS
from tests.support.learning_tables import prediction_table, utterance_table, without_speakers

LABELS = ("neutral", "happy", "sad")
UTTERANCES = utterance_table(7, emotions=LABELS)
FEW = utterance_table(2, emotions=LABELS)


def predicted(accuracy: float, *, seed: int = 0, utterances: pd.DataFrame = UTTERANCES) -> pd.DataFrame:
    return prediction_table(utterances, accuracy=accuracy, labels=LABELS, seed=seed)


def compared(before: float, after: float, utterances: pd.DataFrame = UTTERANCES) -> differences.Comparison:
    a, b = (predicted(accuracy, seed=seed, utterances=utterances) for seed, accuracy in enumerate((before, after)))
    return differences.comparison(a, b, n_resamples=128)


@pytest.mark.parametrize(
    ("before", "after", "meaning"),
    [
        (0.9, 0.2, "**a significant drop** (p = 0.0156)"),  # of 2^7 swaps, two are as far from 0
        (0.2, 0.9, "**a significant gain** (p = 0.0156)"),
        (1.0, 1.0, "no significant difference (p = 1.00)"),
    ],
)
def test_the_verdict_names_a_drop_a_gain_or_neither(before: float, after: float, meaning: str) -> None:
    found = compared(before, after)
    said = difference_page.verdict(found, "test")
    assert f": {meaning}. 140 utterances of 7 speakers, test." in said
    assert said.startswith(f"UAR {100 * found.uar['a']:.1f} → {100 * found.uar['b']:.1f} (")
    assert found.is_drop == ("drop" in said)


@pytest.mark.parametrize(
    ("base", "change", "said"),
    [
        (False, False, ""),
        (True, True, "Both runs are"),
        (True, False, "Only the base is"),
        (False, True, "Only the change is"),
    ],
)
def test_transductive_runs_are_named(base: bool, change: bool, said: str) -> None:
    text = difference_page.transductive_note(base, change)
    assert text.startswith(f" {said} transductive" if said else "")
    assert bool(text) == bool(said)


def test_the_verdict_on_few_speakers_leaves_the_significance_open() -> None:
    found = difference_page.verdict(compared(0.9, 0.2, FEW), "dev")
    assert "significance unknown, since a test needs at least 6 speakers, all known. 40 utterances of 2 spe" in found
    unknown = UTTERANCES.assign(speaker=UTTERANCES["speaker"].where(UTTERANCES.index > 0))  # of one utterance
    found = difference_page.verdict(compared(0.9, 0.2, unknown), "dev")
    assert "significance unknown, since a test needs at least 6 speakers, all known. 140 utterances of 7 sp" in found
    found = difference_page.verdict(compared(0.9, 0.2, without_speakers(UTTERANCES)), "dev")
    assert found.endswith("140 utterances of unknown speakers, dev.")


def test_the_verdict_counts_utterances_that_only_one_run_predicted() -> None:
    found = differences.comparison(predicted(0.5)[3:], predicted(0.5)[:-1], n_resamples=16)
    assert (
        "136 utterances of 7 speakers, test (left out: 1 only in the base, 3 only in the change)."
        in difference_page.verdict(found, "test")
    )


def rows_of(table: str) -> list[list[str]]:
    """Cells of a Markdown table."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_the_table_is_rectangular_and_has_the_numbers_of_the_comparison() -> None:
    found = compared(0.9, 0.2)
    head, rule, *rows = rows_of(difference_page.comparison_table(found, "main"))
    assert head == ["%", "`main`", "this change", "difference", "95 % interval", "p"]
    assert {len(row) for row in (rule, *rows)} == {6}
    assert [row[0] for row in rows] == ["uar", "accuracy", "recall.neutral", "recall.happy", "recall.sad"]
    assert [float(row[3]) for row in rows] == pytest.approx((100 * found.differences["difference"]).tolist(), abs=0.06)
    assert rows[0][5] == "0.0156"
    assert rows[2][5] == ""


def test_the_table_of_few_speakers_has_a_row_for_each() -> None:
    head, _, *rows = rows_of(difference_page.comparison_table(compared(0.9, 0.2, FEW), "main"))
    assert head == ["%", "`main`", "this change", "difference"]
    assert [row[0] for row in rows[-2:]] == ["uar of ravdess/01", "uar of ravdess/02"]


def test_matrices_stand_side_by_side_in_lines_of_one_width() -> None:
    truth = ["neutral"] * 4 + ["happy"] * 2
    before = pd.DataFrame({"truth": truth, "prediction": ["neutral"] * 3 + ["happy", "happy", "sad"]})
    after = before.assign(prediction=truth)
    assert difference_page.confusions_beside({"main": before, "this change": after}, LABELS).splitlines() == [
        "          main              this change",
        "           neu  hap  sad     neu  hap  sad",
        "neutral     75█  25▒   ·     100█   ·    ·",
        "happy        ·   50▓  50▓      ·  100█   ·",
        "sad          ·    ·    ·       ·    ·    ·",
    ]


def test_short_names_of_emotions_are_distinct() -> None:
    labels = [*EMOTIONS, "distressed", "disappointed", "excited"]
    rows = pd.DataFrame({"truth": labels, "prediction": labels})
    head = difference_page.confusions_beside({"main": rows}, labels).splitlines()[1].split()
    assert len(set(head)) == len(labels)
    assert [head[labels.index(label)] for label in ("sad", "disgust", "disappointed")] == ["sad", "di1", "di3"]


def test_a_page_has_all_parts_and_marks_those_without_differences() -> None:
    tables = {"Metrics that differ": "| uar |", "Parameters that differ": ""}
    page = difference_page.page("main", "UAR fell.", "| % |", tables, "neu hap", "![main](diff/base.png)")
    assert re.findall(r"^#+ .*$", page, re.MULTILINE) == [
        "### Figures against `main`",
        "#### Metrics that differ",
        "#### Parameters that differ",
        "#### Confusion, % of each annotated emotion",
    ]
    assert "#### Parameters that differ\n\nNo difference.\n" in page
    assert "```text\nneu hap\n```\n\n![main](diff/base.png)\n" in page
    assert page.endswith("png)\n")


@pytest.mark.parametrize(
    ("share", "text"), [(0.1234, "+12.3"), (-0.05, "-5.0"), (0.0, "0.0"), (-0.0002, "0.0"), (0.0006, "+0.1")]
)
def test_differences_have_a_sign_unless_they_are_zero(share: float, text: str) -> None:
    assert wording.signed(share) == text


@pytest.mark.parametrize(("p", "text"), [(0.0123, "0.0123"), (0.0994, "0.0994"), (0.0996, "0.10"), (1.0, "1.00")])
def test_small_p_have_more_digits(p: float, text: str) -> None:
    assert wording.p_value(p) == text
