"""`ser push`: upload a trained or exported model with its card, for `--model hf:OWNER/NAME`."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser.core.arguments import path_of

METRICS = Path("reports/metrics.json")
PREDICTIONS = Path("reports/predictions.csv")
CARD = "README.md"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the place, the name there, the model, and who may see it.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> parser.parse_args(["hf", "me/mine", "models/fold_0"]).name
    'me/mine'
    """
    parser.add_argument("place", choices=["hf"], help="hf: the Hugging Face Hub")
    parser.add_argument("name", metavar="OWNER/NAME", help="name on the Hub; it is created if it does not exist")
    parser.add_argument("model", type=path_of, metavar="BUNDLE", help="folder of a trained or exported model")
    parser.add_argument("--private", action="store_true", help="make the model visible only to its owner")
    parser.add_argument("--dry-run", action="store_true", help="print the card, and upload nothing")


def run(given: argparse.Namespace) -> str:
    """Upload, and return the address and the command that predicts with the model.

    Raises
    ------
    ValueError
        If the folder has no model, its study no scores for the card, or the hub refuses.

    Examples
    --------
    >>> run(argparse.Namespace(name="mine", model=Path("models/fold_0")))
    Traceback (most recent call last):
    ser.serving.hub.Unavailable: the name of the model is 'mine'; wanted OWNER/NAME, as hf:OWNER/NAME
    """
    from ser.models import bundle
    from ser.serving import hub, recognition

    hub.check_name(given.name)
    recognition.check_folder(given.model)
    card = _card(given.model, bundle.read_description(given.model))
    if given.dry_run:
        return card.rstrip()
    address = hub.uploaded(given.name, given.model, card, private=given.private)
    return f"uploaded: {address}\nuse it with: ser predict recording.wav --model {hub.PREFIX}{given.name}"


def _card(folder: Path, description: Mapping[str, Any]) -> str:
    """Card of an export, or of a model of the last study, with the front matter of the hub."""
    from ser.core import extras
    from ser.reporting import hub_card

    extras.check("huggingface_hub")
    if (folder / CARD).is_file():
        return hub_card.with_front_matter((folder / CARD).read_text(encoding="utf-8"), description, {})
    from ser.reporting import cards

    figures, predictions = cards.evaluation(METRICS, PREDICTIONS)
    text = cards.card(description, figures, predictions, fold=folder.resolve().name)
    tested = sorted(predictions.loc[predictions["partition"] == "test", "corpus"].unique())
    return hub_card.with_front_matter(text, description, figures, tested=tested)
