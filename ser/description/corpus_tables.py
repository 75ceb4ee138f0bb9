"""What a corpus is like: tables of its recordings, of groups of them, of their pitch, and of those worth hearing."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ser.core.tables import EMOTIONS
from ser.description.measures import VALUES

FACTS = ("utterance", "corpus", "speaker", "sex", "emotion", "intensity", "duration")
GROUPS = ("corpus", "emotion", "speaker", "sex", "intensity")
UNKNOWN = "unknown"
SEXES = ("female", "male", UNKNOWN)
N_OUTLIERS = 3  # of a kind
NEARLY_SILENT = -50.0  # dBFS of the loudest sample: more than half of 16 bits are unused
QUARTILES = {"low": 0.25, "median": 0.5, "high": 0.75}
DIGITS: Mapping[str, int] = {  # beyond which nothing can be heard, and float32 is not exact
    **dict.fromkeys(("peak_dbfs", "rms_dbfs", "f0_range", "f0_relative"), 2),
    **dict.fromkeys(("leading_silence", "trailing_silence", "silence_share", "voiced_share"), 3),
    **dict.fromkeys(("f0_median", "f0_low", "f0_high"), 1),
}


def described(utterances: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Who says what in each utterance, what was measured of it, and what follows from that.

    `f0_range` is the range between the 5th and the 95th percentile of the fundamental frequency, in semitones.
    `f0_relative` is how many semitones its median is above the median of all utterances of the speaker, and missing
    where the speaker is unknown.

    Parameters
    ----------
    utterances
        As `tables.read_utterances` gives them.
    values
        A row for each of them, in their order, with the columns `description.VALUES`.
    """
    facts = utterances[list(FACTS)].reset_index(drop=True)
    table = pd.concat([facts, values[list(VALUES)].reset_index(drop=True).astype(float)], axis=1)
    own = table.groupby("speaker")["f0_median"].transform("median")  # missing where the speaker is
    table["f0_range"] = 12 * np.log2(table["f0_high"] / table["f0_low"])
    table["f0_relative"] = 12 * np.log2(table["f0_median"] / own)
    return table.astype({"n_clipped": int}).round(dict(DIGITS))


def groups(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each corpus, emotion, speaker, sex and intensity: how much there is of it, and medians.

    Columns: by, group, n_utterances, n_speakers, n_clipped (utterances that have clipped samples), seconds (in all),
    then the medians of the measured values, under their names. What is known of no utterance makes no groups; where it
    is known of some, the others are the group `unknown`.
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
    """Groups of utterances with their names: emotions in their order, others by the alphabet, unknown ones last."""
    if table[by].isna().all():
        return
    names = table[by].fillna(UNKNOWN)
    order = [name for name in EMOTIONS if name in set(names)] if by == "emotion" else sorted(names.unique())
    for name in sorted(order, key=lambda name: name == UNKNOWN):
        yield name, table[names == name]


def sexes(table: pd.DataFrame) -> list[str]:
    """Those that there are, of female, male and unknown."""
    return [sex for sex in SEXES if (table["sex"].fillna(UNKNOWN) == sex).any()]


def pitch(table: pd.DataFrame) -> pd.DataFrame:
    """Pitch of each emotion by sex: sex, emotion, n_utterances, n_voiced, and quartiles over the utterances.

    Quartiles of the median F0 in Hz (`f0_low`, `f0_median`, `f0_high`), of the median relative to the speaker's own,
    in semitones (`relative_…`), and of the range in semitones (`range_…`), of the utterances with any voiced frame.
    """
    rows: list[dict[str, Any]] = []
    for sex in sexes(table):
        for emotion, part in _parts(table[table["sex"].fillna(UNKNOWN) == sex], "emotion"):
            row = {"sex": sex, "emotion": emotion, "n_utterances": len(part), "n_voiced": part["f0_median"].count()}
            for name, column in (("f0", "f0_median"), ("relative", "f0_relative"), ("range", "f0_range")):
                row |= {f"{name}_{which}": part[column].quantile(share) for which, share in QUARTILES.items()}
            rows.append(row)
    return pd.DataFrame(rows).round(2)


def outliers(table: pd.DataFrame) -> pd.DataFrame:
    """Utterances worth hearing: why, utterance, value, unit; at most three of a kind.

    The loudest, quietest (by RMS), longest and shortest; of those that have any, the most clipped samples; the nearly
    silent, whose loudest sample is below -50 dBFS; those in which no voice was found.
    """
    unvoiced = table[table["f0_median"].isna()]
    kinds = (
        ("loudest", table, "rms_dbfs", False, "dBFS RMS"),
        ("quietest", table, "rms_dbfs", True, "dBFS RMS"),
        ("longest", table, "duration", False, "s"),
        ("shortest", table, "duration", True, "s"),
        ("clipped", table[table["n_clipped"] > 0], "n_clipped", False, "samples"),
        ("nearly silent", table[table["peak_dbfs"] < NEARLY_SILENT], "peak_dbfs", True, "dBFS peak"),
        ("no pitch", unvoiced, "voiced_share", True, "of the sound is voiced"),
    )
    rows = []
    for why, candidates, column, ascending, unit in kinds:
        worst = candidates.sort_values([column, "utterance"], ascending=[ascending, True]).head(N_OUTLIERS)
        rows += [(why, *row, unit) for row in worst[["utterance", column]].itertuples(index=False)]
    return pd.DataFrame(rows, columns=["why", "utterance", "value", "unit"]).round(3)


def counts(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """How many utterances of each emotion (columns) each of `by` (rows) has; unknown ones come last."""
    crossed = pd.crosstab(table[by].fillna(UNKNOWN), table["emotion"])
    order = sorted(crossed.index, key=lambda name: (name == UNKNOWN, name))
    return crossed.loc[order, [emotion for emotion in EMOTIONS if emotion in crossed.columns]]
