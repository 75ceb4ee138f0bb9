"""Reports of whole small studies: the page has the numbers of the tables, and all required statements."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.metrics import classification_report, confusion_matrix, recall_score

from ser.core import files, tables
from ser.core.emotions import in_order
from stages import evaluate, report
from tests.support import small_study
from tests.support.learning_tables import combined, utterance_table
from tests.support.page_parts import Parts, page_and_text, tables_of
from tests.support.reported_study import CLEAN, MANY, SIX, configuration, inside, without, write_report
from tests.support.small_study import FOUR

pytestmark = pytest.mark.usefixtures("no_drawing")

LEAK: dict[str, Any] = {
    "level": "error",
    "check": "speaker_overlap",
    "fold": 1,
    "found": "2 of 4 speakers <are> in train | and test.",
    "remedy": "Choose partition=speaker_folds.",
    "examples": ["ravdess/Actor_01/happy-normal-kids-0"],
}


def reported(folder: Path, config: dict[str, Any], **study: Any) -> tuple[Parts, str]:
    """Page and Markdown of a study that is made in a folder."""
    return page_and_text(write_report(folder, config, **study))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a study with six tested speakers in two folds."""
    return tmp_path_factory.mktemp("svm")


@pytest.fixture(scope="module")
def study(folder: Path) -> tuple[Parts, str]:
    """Page and Markdown of that study."""
    return reported(folder, configuration("svm"), utterances=SIX, partitions=MANY)


@pytest.fixture(scope="module")
def tested(folder: Path, study: tuple[Parts, str]) -> pd.DataFrame:
    """The predictions of test."""
    predictions = tables.read_predictions(folder / evaluate.PREDICTIONS)
    return predictions[predictions["partition"] == "test"]


def said(page: Parts, caption: str) -> dict[str, list[str]]:
    """Rows of a table by their first cell."""
    return {row[0]: row[1:] for row in page.tables[caption][1:]}


def headline(page: Parts) -> str:
    return page.text.partition("UAR, unweighted average recall")[2][:60]


# figures


def test_the_headline_is_that_of_the_metrics_with_its_interval(study: tuple[Parts, str], folder: Path) -> None:
    figures = files.read_json(folder / evaluate.METRICS)
    uar, low, high = (f"{100 * figures[key]:.1f}" for key in ("uar", "uar_low", "uar_high"))
    assert headline(study[0]).split()[:5] == [uar, "%", low, "to", high]
    assert f": {uar} % ({low} to {high})\n" in study[1]


def test_the_confusion_matrix_is_scikit_learn_s(study: tuple[Parts, str], tested: pd.DataFrame) -> None:
    counts = confusion_matrix(tested["truth"], tested["prediction"], labels=FOUR)
    rows = said(study[0], "Confusion matrix, annotated against predicted")
    for label, own in zip(FOUR, counts, strict=True):
        assert [cell.split() for cell in rows[label]] == [[f"{100 * n / own.sum():.1f}", str(n)] for n in own]


def test_the_classes_are_scikit_learn_s(study: tuple[Parts, str], tested: pd.DataFrame) -> None:
    theirs = classification_report(tested["truth"], tested["prediction"], output_dict=True, zero_division=0)
    rows = said(study[0], "Scores of each emotion")
    for label in FOUR:
        wanted = [f"{100 * theirs[label][key]:.1f}" for key in ("recall", "precision", "f1-score")]
        assert rows[label][:4] == [*wanted, str(int(theirs[label]["support"]))]


def test_a_group_without_an_interval_is_explained(study: tuple[Parts, str]) -> None:
    heads, *rows = study[0].tables["By sex"]
    assert {row[heads.index("interval, %")] for row in rows} == {"-"}  # each has three speakers
    assert "Groups of fewer than 6 speakers, or of unknown ones, have no interval" in study[0].text


@pytest.mark.parametrize("column", ["speaker", "sex", "intensity"])
def test_the_groups_are_scikit_learn_s(study: tuple[Parts, str], tested: pd.DataFrame, column: str) -> None:
    heads, *rows = study[0].tables[f"By {column}"]
    assert {row[0] for row in rows} == set(tested[column])
    for row in rows:
        own = tested[tested[column] == row[0]]
        uar = recall_score(
            own["truth"], own["prediction"], labels=own["truth"].unique(), average="macro", zero_division=0
        )
        assert float(row[heads.index("UAR, %")]) == pytest.approx(100 * uar, abs=0.0501)
        assert row[heads.index("utterances")] == str(len(own))


def test_markdown_has_the_tables_of_the_page(study: tuple[Parts, str]) -> None:
    page, text = study
    found = tables_of(text)
    assert set(found) == set(page.tables)
    for caption, rows in page.tables.items():
        if caption != "Confusion matrix, annotated against predicted":  # whose counts stand in brackets
            assert found[caption] == rows


def test_the_calibration_that_is_given_is_that_of_the_metrics(study: tuple[Parts, str], folder: Path) -> None:
    figures = files.read_json(folder / evaluate.METRICS)
    rows = said(study[0], "Calibration, before and after temperature scaling")
    assert list(rows) == ["no temperature", "as predicted", "temperature fitted on dev"]
    assert rows["as predicted"][1] == f"{100 * figures['ece']:.1f}"
    assert {row[3] for row in rows.values()} == {f"{100 * figures['accuracy']:.1f}"}


# the page


def test_the_page_loads_nothing(study: tuple[Parts, str], folder: Path) -> None:
    page = study[0]
    assert len([source for source in page.sources if source.startswith("data:audio/mpeg")]) == 2
    assert all(source.startswith("data:") for source in page.sources)
    text = (folder / report.PAGE).read_text()
    assert "@import" not in text
    assert "url(" not in text
    assert "<script" not in text


def test_every_picture_is_said_in_words_and_headings_come_in_order(study: tuple[Parts, str]) -> None:
    page = study[0]
    assert len(page.alternatives) == 6  # calibration, two mistakes, importance, two projections
    assert all(page.alternatives)
    levels = [level for level, _ in page.headings]
    assert levels[:2] == [1, 2]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(set(page.ids)) == len(page.ids)
    assert {anchor.removeprefix("#") for anchor in page.anchors} <= set(page.ids)
    assert not page.open


def test_a_warning_of_the_audit_links_to_it(tmp_path: Path) -> None:
    audit = CLEAN | {"n_errors": 1, "declared": "leaky", "findings": [LEAK]}
    page, _ = reported(tmp_path, configuration("svm"), audit=audit)
    assert page.anchors.count("#audit") == 2  # in the list of sections, and in the warning


def test_the_same_study_gives_the_same_bytes(study: tuple[Parts, str], folder: Path) -> None:
    before = [(folder / path).read_bytes() for path in (report.PAGE, report.MARKDOWN)]
    with inside(folder):
        report.main()
    assert [(folder / path).read_bytes() for path in (report.PAGE, report.MARKDOWN)] == before


def test_no_path_of_this_machine_is_told(study: tuple[Parts, str], folder: Path) -> None:
    assert str(folder) not in (folder / report.PAGE).read_text() + study[1]
    assert not any(row[0].endswith("root") for row in study[0].tables["Every setting"])


def test_settings_licence_and_limits_are_told(study: tuple[Parts, str]) -> None:
    page = study[0]
    settings = {row[0]: row[1] for row in page.tables["Every setting"]}
    assert settings["model.C"] == "1.0"
    assert settings["partition.n_folds"] == "2"
    assert settings["seed"] == "0"
    for words in ("CC BY-NC-SA 4.0", "Livingstone and Russo (2018)", "Intended use", "Acted speech"):
        assert words in page.text


def test_a_clean_speaker_independent_study_has_no_label(folder: Path, study: tuple[Parts, str]) -> None:
    assert 'class="caveat' not in (folder / report.PAGE).read_text()


def test_findings_and_the_protocol_are_told_in_sentences(study: tuple[Parts, str], tested: pd.DataFrame) -> None:
    page, text = study
    recall = (tested["truth"] == tested["prediction"]).groupby(tested["truth"]).mean()
    recall = recall.loc[in_order(recall.index)]
    best, worst = (
        " and ".join(recall.index[recall == one]) for one in (recall.max(), recall.min())
    )  # all of equal ones
    for words in (
        "Each group of speakers is tested once, by a model that was trained without them.",
        f"the model is right for {100 * recall.mean():.1f} % of the recordings. Chance is 25.0 %",
        f"It recognises {best} best ({100 * recall.max():.1f} %), and {worst} worst ({100 * recall.min():.1f} %).",
    ):
        assert words in page.text.replace("\u00a0", " ")
        assert words in text.replace("\u00a0", " ")


# required statements


def changed(folder: Path, target: Path, **contents: Any) -> tuple[Parts, str]:
    """Page and Markdown of the study in `folder`, with the json files changed by `contents`."""
    with inside(folder):
        kept = {name: (path := getattr(report, name), path.read_bytes()) for name in contents}
        try:
            for name, content in contents.items():
                files.write_json(getattr(report, name), content)
            made = report.assembly.report(report.inputs(report.params_file.load(*report.PARAMS)))
        finally:
            for path, before in kept.values():
                path.write_bytes(before)
    target.mkdir(exist_ok=True)
    (target / "report.html").write_text(report.render.html(made))
    (target / "report.md").write_text(report.render.markdown(made))
    return page_and_text(target)


@pytest.mark.usefixtures("study")
def test_errors_of_the_audit_are_told_beside_the_headline_and_in_full(folder: Path, tmp_path: Path) -> None:
    audit = {**CLEAN, "declared": "leaky", "n_errors": 1, "n_notes": 1, "findings": [LEAK | {"level": "note"}, LEAK]}
    page, text = changed(folder, tmp_path, AUDIT=audit)
    before = page.text.partition("UAR, unweighted average recall")[0]
    for words in ("Leaky protocol.", "The audit found 1 error.", "The audit has 1 note."):
        assert words in before
        assert f"> **{words}**" in text
    assert LEAK["found"] in page.text
    assert page.text.index("error: a speaker in two") < page.text.index("note: a speaker in two")
    assert r"2 of 4 speakers \<are\> in train \| and test." in text


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize("said_by", ["metrics", "audit"])
def test_a_speaker_dependent_protocol_is_told_beside_the_headline(folder: Path, tmp_path: Path, said_by: str) -> None:
    figures = files.read_json(folder / report.METRICS) | {"speaker_independent": said_by != "metrics"}
    audit = CLEAN | {"declared": "speaker-dependent" if said_by == "audit" else None}
    page, text = changed(folder, tmp_path, METRICS=figures, AUDIT=audit)
    assert "Speaker-dependent." in page.text.partition("UAR, unweighted average recall")[0]
    assert "> **Speaker-dependent.**" in text


@pytest.mark.usefixtures("study")
def test_a_transductive_protocol_is_told_beside_the_headline(folder: Path, tmp_path: Path) -> None:
    figures = files.read_json(folder / report.METRICS) | {"transductive": True}
    page, text = changed(folder, tmp_path, METRICS=figures)
    assert "Transductive." in page.text.partition("UAR, unweighted average recall")[0]
    assert "> **Transductive.**" in text
    assert "for speakers not in the training data (transductive)." in page.text


def test_below_six_speakers_everyone_is_told_and_no_interval(tmp_path: Path) -> None:
    page, _ = reported(tmp_path, configuration("svm", n_repeats=0, n_mistakes=0, temperature="none"))
    figures = files.read_json(tmp_path / evaluate.METRICS)
    assert figures["uar_low"] is None
    assert headline(page).split()[:3] == [f"{100 * figures['uar']:.1f}", "%", "chance"]
    found = said(page, "By speaker")
    assert (
        f"UAR of each speaker: ravdess/01 {found['ravdess/01'][0]}, ravdess/03 {found['ravdess/03'][0]}." in page.text
    )
    titles = [title for _, title in page.headings]
    assert "Importance of descriptors" not in titles  # no repeats
    assert "Most confident mistakes" not in titles
    rows = said(page, "Calibration, before and after temperature scaling")
    assert list(rows) == ["no temperature", "as predicted"]


def test_without_test_only_dev_is_shown_and_that_is_said(tmp_path: Path) -> None:
    config = configuration("svm")
    config["evaluation"] |= {"test": False}
    page, text = reported(tmp_path, config)
    predictions = tables.read_predictions(tmp_path / evaluate.PREDICTIONS)
    assert set(predictions["partition"]) == {"dev"}
    assert "Dev UAR, unweighted average recall (no test)" in page.text
    assert "Test was left out (evaluation.test: false)." in page.text
    assert "Test was left out (evaluation.test: false)." in text
    figures = files.read_json(tmp_path / evaluate.METRICS)
    assert headline(page).split()[2:4] == [f"{100 * figures['dev.uar']:.1f}", "%"]
    assert "so its ECE is too low" in page.text
    assert set(said(page, "By speaker")) == set(predictions["speaker"])


def test_unknown_sexes_and_speakers_are_told_as_such(tmp_path: Path) -> None:
    utterances = without(small_study.UTTERANCES, "sex", "speaker", "intensity")
    page, _ = reported(tmp_path, configuration("svm"), utterances=utterances)
    assert "speakers unknown" in page.text
    assert "are unknown, so there is no interval over speakers" in page.text
    assert not {"By sex", "By speaker", "By intensity"} & set(page.tables)
    assert "Speaker-dependent." in page.text  # unknown speakers count as one
    assert said(page, "Recordings")["ravdess"][1:4] == ["unknown", "-", "-"]


def test_some_unknown_sexes_are_a_row_of_their_own(tmp_path: Path) -> None:
    utterances = small_study.UTTERANCES
    utterances = utterances.assign(sex=utterances["sex"].where(utterances["speaker"] != "ravdess/03"))
    page, _ = reported(tmp_path, configuration("svm"), utterances=utterances)
    assert list(said(page, "By sex")) == ["male", "unknown"]


@pytest.mark.slow
def test_several_corpora_have_a_table_and_their_own_licences(tmp_path: Path) -> None:
    other = utterance_table(4, corpus="emodb", emotions=FOUR, n_repetitions=1)
    other = other.assign(path="emodb/" + other["path"])
    page, _ = reported(
        tmp_path,
        configuration("svm"),
        utterances=(both := combined(small_study.UTTERANCES, other)),
        partitions=small_study.by_speaker({"01": "test", "02": "dev"}, {"03": "test", "04": "dev"}, utterances=both),
    )
    figures = files.read_json(tmp_path / evaluate.METRICS)
    found = said(page, "By corpus")
    assert {name: row[0] for name, row in found.items()} == {
        name: f"{100 * figures[f'corpus.{name}.uar']:.1f}" for name in ("emodb", "ravdess")
    }
    assert "EmoDB and RAVDESS" in page.headings[0][1] or "Emo-DB and RAVDESS" in page.headings[0][1]
    assert page.text.count("CC BY-NC-SA 4.0") >= 1


# other models


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cnn", "dnn"])
def test_a_network_has_learning_curves_and_only_one_of_features_an_importance(
    tmp_path: Path, name: str, small_studies: Callable[..., Path]
) -> None:
    page, text = reported(tmp_path, configuration(name, n_repeats=1), trained=small_studies(name))
    assert said(page, "Epoch that was kept").keys() == {"fold 0", "fold 1"}
    assert {row[0] for row in said(page, "Epoch that was kept").values()} == {"3"}
    assert ("Permutation importance" in page.tables) == (name == "dnn")
    assert "no temperature" in said(page, "Calibration, before and after temperature scaling")
    assert "parameters" in text


@pytest.mark.slow
def test_an_ensemble_is_told_with_its_members(tmp_path: Path, small_studies: Callable[..., Path]) -> None:
    trained = small_studies("ensemble", "svm", "cnn")
    page, _ = reported(tmp_path, configuration("ensemble", "svm", "cnn"), trained=trained)
    assert "ensemble of svm, cnn" in page.text
    assert said(page, "Epoch that was kept").keys() == {"fold 0, cnn", "fold 1, cnn"}
    rows = said(page, "Calibration, before and after temperature scaling")
    assert list(rows) == ["as predicted", "temperature fitted on dev"]
    assert "Permutation importance" not in page.tables
