"""Scores in the content of a `metrics.json`; nothing is computed, so nothing slow is imported."""

from collections.abc import Mapping
from typing import Any

from ser.core.wording import percent

CORPUS_MEAN = "corpus_mean.uar"
MIN_SPEAKERS_OF_INTERVAL = 6  # with fewer speakers, a bootstrap over speakers is not reliable


def uar_by_speaker(figures: Mapping[str, Any]) -> dict[str, float]:
    """Speaker -> UAR, from the content of a `metrics.json`; empty where it does not hold the UAR of all speakers.

    Of several corpora, it may hold those of a corpus with few speakers alone.

    Examples
    --------
    >>> of_speakers = {"speaker.emodb/03.uar": 0.5, "speaker.emodb/08.uar": 1.0}
    >>> uar_by_speaker({"uar": 0.75, "n_speakers": 2, **of_speakers})
    {'emodb/03': 0.5, 'emodb/08': 1.0}
    >>> uar_by_speaker({"uar": 0.75, "n_speakers": 26, **of_speakers})
    {}
    """
    found = _uar_by("speaker.", figures)
    return found if len(found) == figures.get("n_speakers", 0) else {}


def uar_by_corpus(figures: Mapping[str, Any]) -> dict[str, float]:
    """Corpus -> UAR, from the content of a `metrics.json`; empty for a single corpus.

    Examples
    --------
    >>> uar_by_corpus({"uar": 0.75, "corpus.emodb.uar": 0.5, "corpus.savee.uar": 1.0, "corpus.savee.uar_low": None})
    {'emodb': 0.5, 'savee': 1.0}
    """
    return _uar_by("corpus.", figures)


def _uar_by(start: str, figures: Mapping[str, Any]) -> dict[str, float]:
    end = ".uar"
    names = [name for name in figures if name.startswith(start) and name.endswith(end)]
    return {name.removeprefix(start).removesuffix(end): figures[name] for name in names}


def headline(figures: Mapping[str, Any]) -> str:
    """UAR of a `metrics.json` with its interval, with the speakers if they are too few, or the dev UAR without test.

    Examples
    --------
    >>> headline({"uar": 0.5, "uar_low": 0.45, "uar_high": 0.56})
    'UAR 50.0 % (95 % interval 45.0 to 56.0)'
    >>> headline({"dev.uar": 0.5})
    'dev UAR 50.0 %'
    """
    if "uar" not in figures:
        return f"dev UAR {percent(figures['dev.uar'])} %"
    low, high = figures["uar_low"], figures["uar_high"]
    of_speakers = ", ".join(f"{name} {percent(uar)} %" for name, uar in uar_by_speaker(figures).items())
    doubt = of_speakers if low is None else f"95 % interval {percent(low)} to {percent(high)}"
    return f"UAR {percent(figures['uar'])} %" + (f" ({doubt})" if doubt else "")
