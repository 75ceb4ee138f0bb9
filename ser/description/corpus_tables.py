"""Tables that describe a corpus: its utterances, groups of utterances, their pitch, and outliers."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ser.core.emotions import in_order
from ser.core.groups import present_sexes
from ser.core.sexes import UNKNOWN
from ser.description.acoustics import VALUES

FACTS = ("utterance", "corpus", "speaker", "sex", "emotion", "intensity", "duration")
GROUPS = ("corpus", "emotion", "speaker", "sex", "intensity")
N_OUTLIERS = 3  # number of outliers of each kind
NEARLY_SILENT = -50.0  # peak in dBFS; such a recording uses less than half of 16 bits
QUARTILES = {"low": 0.25, "median": 0.5, "high": 0.75}
DIGITS: Mapping[str, int] = {  # finer differences are inaudible, and beyond the precision of float32
    **dict.fromkeys(("peak_dbfs", "rms_dbfs", "f0_range", "f0_relative"), 2),
    **dict.fromkeys(("leading_silence", "trailing_silence", "silence_share", "voiced_share"), 3),
    **dict.fromkeys(("f0_median", "f0_low", "f0_high"), 1),
}


def measured_utterances(utterances: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Speaker, emotion and other facts of each utterance, with its measurements and two values derived from them.

    `f0_range` is the range from the 5th to the 95th percentile of the fundamental frequency, in semitones.
    `f0_relative` is the distance of its median from the median of all utterances of the speaker, in semitones; it is
    missing where the speaker is unknown.

    Parameters
    ----------
    utterances
        From `tables.read_utterances`.
    values
        One row for each utterance, in the same order, with the columns `acoustics.VALUES`.

    Examples
    --------
    >>> utterances = pd.DataFrame({name: ["a", "a"] for name in FACTS})
    >>> values = pd.DataFrame({name: [0.0, 0.0] for name in VALUES})
    >>> values = values.assign(f0_low=80.0, f0_median=[100.0, 200.0], f0_high=160.0)
    >>> measured_utterances(utterances, values)[["f0_range", "f0_relative"]].to_numpy().tolist()
    [[12.0, -7.02], [12.0, 4.98]]
    """
    facts = utterances[list(FACTS)].reset_index(drop=True)
    table = pd.concat([facts, values[list(VALUES)].reset_index(drop=True).astype(float)], axis=1)
    own = table.groupby("speaker")["f0_median"].transform("median")  # missing for unknown speakers
    table["f0_range"] = 12 * np.log2(table["f0_high"] / table["f0_low"])
    table["f0_relative"] = 12 * np.log2(table["f0_median"] / own)
    return table.astype({"n_clipped": int}).round(dict(DIGITS))


def groups(table: pd.DataFrame) -> pd.DataFrame:
    """Counts and medians of each corpus, emotion, speaker, sex and intensity, one row for each.

    Columns: by, group, n_utterances, n_speakers, n_clipped (utterances with clipped samples), seconds (total duration),
    then the medians of the measurements, under their names. A fact that is unknown for all utterances, such as the
    speaker, has no rows; one that is unknown for some has a row `unknown`.

    Examples
    --------
    >>> table = pd.DataFrame({name: [1.0, 2.0] for name in ("duration", "f0_range", *VALUES)})
    >>> table = table.assign(corpus="emodb", emotion="sad", speaker=["a", "b"], sex=None, intensity=None)
    >>> groups(table)[["by", "group", "seconds"]].to_numpy().tolist()
    [['corpus', 'emodb', 3.0], ['emotion', 'sad', 3.0], ['speaker', 'a', 1.0], ['speaker', 'b', 2.0]]
    """
    medians = ["duration", *(name for name in (*VALUES, "f0_range") if name != "n_clipped")]
    rows = []
    for by in GROUPS:
        for group, part in _parts(table, by):
            numbers = {
                "n_utterances": len(part),
                "n_speakers": part["speaker"].nunique(),
                "n_clipped": int((part["n_clipped"] > 0).sum()),
                "seconds": round(part["duration"].sum(), 3),
            }
            rows.append({"by": by, "group": group, **numbers, **part[medians].median().round(3)})
    return pd.DataFrame(rows)


def _parts(table: pd.DataFrame, by: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and rows of each group: emotions in their order, others in alphabetical order; `unknown` is last."""
    if table[by].isna().all():
        return
    names = table[by].fillna(UNKNOWN)
    order = in_order(names.unique()) if by == "emotion" else sorted(names.unique())
    for name in sorted(order, key=lambda name: name == UNKNOWN):
        yield name, table[names == name]


def pitch(table: pd.DataFrame) -> pd.DataFrame:
    """Pitch of each sex and emotion: sex, emotion, n_utterances, n_voiced, and quartiles over utterances.

    Quartiles of the median F0 in Hz (`f0_low`, `f0_median`, `f0_high`), of the median relative to the speaker's median
    in semitones (`relative_…`), and of the range in semitones (`range_…`); only utterances with voiced frames count.

    Examples
    --------
    >>> table = pd.DataFrame({"sex": "male", "emotion": "sad", "f0_median": [100.0, 120.0, None]})
    >>> found = pitch(table.assign(f0_relative=0.0, f0_range=12.0))
    >>> found[["sex", "emotion", "n_utterances", "n_voiced", "f0_median"]].to_numpy().tolist()
    [['male', 'sad', 3, 2, 110.0]]
    """
    rows: list[dict[str, Any]] = []
    for sex in present_sexes(table):
        for emotion, part in _parts(table[table["sex"].fillna(UNKNOWN) == sex], "emotion"):
            row = {"sex": sex, "emotion": emotion, "n_utterances": len(part), "n_voiced": part["f0_median"].count()}
            for name, column in (("f0", "f0_median"), ("relative", "f0_relative"), ("range", "f0_range")):
                row |= {f"{name}_{which}": part[column].quantile(share) for which, share in QUARTILES.items()}
            rows.append(row)
    return pd.DataFrame(rows).round(2)


def outliers(table: pd.DataFrame) -> pd.DataFrame:
    """Extreme utterances, at most three of each kind: why, utterance, value, unit.

    The kinds: the loudest and quietest (by RMS), the longest and shortest, those with the most clipped samples, the
    nearly silent (peak below -50 dBFS), and those without any voiced frame.

    Examples
    --------
    >>> table = pd.DataFrame({"utterance": ["u1", "u2"], "rms_dbfs": [-20.0, -50.0], "peak_dbfs": [-3.0, -60.0]})
    >>> table = table.assign(duration=3.0, n_clipped=0, f0_median=120.0, voiced_share=0.5)
    >>> outliers(table)[["why", "utterance"]].iloc[[0, -1]].to_numpy().tolist()
    [['loudest', 'u1'], ['nearly silent', 'u2']]
    """
    unvoiced = table[table["f0_median"].isna()]
    kinds = (
        ("loudest", table, "rms_dbfs", False, "dBFS RMS"),
        ("quietest", table, "rms_dbfs", True, "dBFS RMS"),
        ("longest", table, "duration", False, "s"),
        ("shortest", table, "duration", True, "s"),
        ("clipped", table[table["n_clipped"] > 0], "n_clipped", False, "samples"),
        ("nearly silent", table[table["peak_dbfs"] < NEARLY_SILENT], "peak_dbfs", True, "dBFS peak"),
        ("no pitch", unvoiced, "voiced_share", True, "% of the sound is voiced"),
    )
    rows = []
    for why, candidates, column, ascending, unit in kinds:
        worst = candidates.sort_values([column, "utterance"], ascending=[ascending, True]).head(N_OUTLIERS)
        rows += [(why, *row, unit) for row in worst[["utterance", column]].itertuples(index=False)]
    return pd.DataFrame(rows, columns=["why", "utterance", "value", "unit"]).round(3)
