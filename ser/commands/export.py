"""`ser export`: a trained model in other formats, each compared with it on the test utterances of its fold."""

import argparse
import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ser.core.arguments import path_of
from ser.core.wording import percent
from ser.serving.export import Comparison

if TYPE_CHECKING:
    from ser.models.bundle import Bundle
    from ser.serving.export import Values

PREDICTIONS = Path("reports/predictions.csv")
METRICS = Path("reports/metrics.json")
EXPORTS = Path("exports")
COMPARISON = "comparison.csv"
CARD = "README.md"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the model and the output folder.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> parser.parse_args(["models/fold_0"]).model.name
    'fold_0'
    """
    parser.add_argument(
        "model", type=path_of, metavar="BUNDLE", help="folder of a trained model, such as models/fold_0"
    )
    parser.add_argument(
        "--to", type=path_of, metavar="FOLDER", help="where to write (default: exports/<name of the bundle>)"
    )


def run(given: argparse.Namespace) -> str:
    """Write each format that the model can have, with a model card, and return a table that compares them.

    Raises
    ------
    ValueError
        If the model cannot be exported, or its features or predictions are missing.
    """
    from ser.core import files
    from ser.corpora.private_speakers import published
    from ser.models import bundle
    from ser.reporting import cards
    from ser.serving import export, recognition

    recognition.check_folder(given.model)
    fold = given.model.resolve().name
    folder: Path = given.to or EXPORTS / fold
    description = bundle.read_description(given.model)
    if "members" in description:
        raise ValueError(
            f"{given.model} is an ensemble, which cannot be exported; train one of its members alone, as dvc exp run"
            f" -S model={next(iter(description['members']))}, and export that"
        )
    if "export" in description:
        raise ValueError(f"{given.model} is already an export; give the folder of the trained model")
    model = bundle.load(given.model)
    values, truth = test_utterances(fold, model)
    card = cards.card(description, *cards.evaluation(METRICS, PREDICTIONS), fold=fold)
    written = export.exported(model, published(description), folder)
    comparisons = [export.compared("bundle", given.model, model.of_values, values, truth, model)]
    for name, where in written.items():
        files.write_text(where / CARD, card)
        comparisons.append(export.compared(name, where, export.predictor(where), values, truth, model))
    files.write_text(folder / COMPARISON, _csv(comparisons))
    places = [f"  {path}" for path in written.values()]
    return "\n".join([f"on {len(truth)} test utterances of {fold}:", "", *_table(comparisons), "", *places])


def test_utterances(name: str, model: "Bundle") -> tuple["Values", list[str]]:
    """Features and emotions of the test utterances of the fold `name` (`fold_<k>`).

    Raises
    ------
    ValueError
        If the predictions are missing or of another study.
    """
    import numpy as np
    import pandas as pd

    from ser.core import params_file
    from ser.core.tables import ORIGINAL
    from ser.models import bundle
    from ser.representation import reading

    known = params_file.load("representation")["representation"]
    same = bundle.representation_of(known) == model.representation
    if not same or not PREDICTIONS.is_file():
        raise ValueError(
            f"{name} was trained on other features than those of params.yaml, or {PREDICTIONS} does not exist;"
            " exports are checked on the test utterances, so run dvc repro evaluate for this model first"
        )
    predictions = pd.read_csv(PREDICTIONS)
    fold = name.removeprefix("fold_")
    rows = predictions[(predictions["partition"] == "test") & (predictions["fold"].astype(str) == fold)]
    if rows.empty or set(rows["truth"]) - set(model.labels):
        raise ValueError(f"{PREDICTIONS} has no test utterances of {name}; give the folder of a fold, as models/fold_0")
    features = reading.read(Path(known["path"]))
    positions = features.positions(rows[["utterance"]].assign(variant=ORIGINAL))
    if features.array is not None:
        return np.asarray(features.array[positions]), rows["truth"].tolist()
    return features.rows.iloc[positions][model.columns].to_numpy(np.float32), rows["truth"].tolist()


def _csv(comparisons: Sequence[Comparison]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(asdict(comparisons[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(one) for one in comparisons)
    return text.getvalue()


def _table(comparisons: Sequence[Comparison]) -> list[str]:
    lines = ["format             size   UAR, %  same emotion, %  largest difference  ms an utterance"]
    for one in comparisons:
        size = f"{one.size / 1e6:.2f} MB"
        lines.append(
            f"{one.format:14}  {size:>9}  {percent(one.uar):>6}  {percent(one.agreement):>15}  {one.difference:18.1e}"
            f"  {one.latency:15.2f}"
        )
    return lines
