"""Summaries of a corpus or a recording as text."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ser.core.groups import counts, present_sexes
from ser.core.sexes import UNKNOWN
from ser.core.wording import percent, utterances_of
from ser.description.corpus_tables import outliers

COLUMNS = {  # name in the summary -> column
    "duration, s": "duration",
    "peak, dBFS": "peak_dbfs",
    "RMS level, dBFS": "rms_dbfs",
    "silence, share": "silence_share",
}
SPREAD = (0.05, 0.5, 0.95)


def title(table: pd.DataFrame) -> str:
    """Names of the corpora, and numbers of utterances and speakers.

    Examples
    --------
    >>> title(pd.DataFrame({"corpus": ["emodb", "emodb"], "speaker": ["emodb/03", "emodb/08"]}))
    'emodb: 2 utterances of 2 speakers'
    """
    names = " and ".join(sorted(table["corpus"].unique()))
    return f"{names}: {utterances_of(len(table), table['speaker'].nunique())}"


def summary(table: pd.DataFrame) -> str:
    """Page of text: counts, percentiles of the measurements, and outliers.

    Parameters
    ----------
    table
        From `corpus_tables.measured_utterances`.

    Examples
    --------
    >>> table = pd.DataFrame({"utterance": ["u1", "u2"], "corpus": "emodb", "speaker": ["a", "b"], "sex": "male"})
    >>> table = table.assign(emotion="sad", duration=2.0, peak_dbfs=-3.0, rms_dbfs=-20.0, silence_share=0.1)
    >>> summary(table.assign(n_clipped=0, voiced_share=0.5, f0_median=120.0)).splitlines()[:2]
    ['emodb: 2 utterances of 2 speakers (2 male), 4.0 s', 'sad 2']
    """
    emotions = counts(table, "corpus").sum()
    lines = [
        f"{title(table)}{_by_sex(table)}, {_time(table['duration'].sum())}",
        ", ".join(f"{name} {count}" for name, count in emotions.items()),
        "",
        f"{'':18}{'5 %':>9}{'median':>9}{'95 %':>9}   of the utterances",
        *(_spread(name, table[column]) for name, column in COLUMNS.items()),
    ]
    for sex in present_sexes(table):
        rows = table[table["sex"].fillna(UNKNOWN) == sex]
        lines.append(_spread(f"F0, Hz, {sex}" if sex != UNKNOWN else "F0, Hz", rows["f0_median"]))
    lines += ["", "outliers, worth listening to:"]
    last = ""
    for why, utterance, value, unit in outliers(table).itertuples(index=False):
        lines.append(f"  {why if why != last else '':15}{utterance}  {value:g} {unit}")
        last = why
    return "\n".join(lines)


def _by_sex(table: pd.DataFrame) -> str:
    known = table[table["speaker"].notna() & table["sex"].notna()]
    numbers = known.groupby("sex")["speaker"].nunique()
    return f" ({', '.join(f'{number} {sex}' for sex, number in numbers.items())})" if len(numbers) else ""


def _spread(name: str, values: pd.Series) -> str:
    shares = values.quantile(list(SPREAD)).round(2) + 0  # turns -0.0 into 0.0
    cells = (f"{value:9.2f}" if abs(value) < 100 else f"{value:9.0f}" for value in shares)
    return f"{name:18}{''.join(cells)}" if values.notna().any() else f"{name:18}{'none':>9}"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def recording_facts(
    values: Mapping[str, float], *, sample_rate: int, duration: float, measured: float
) -> dict[str, str]:
    """Facts of one recording as text with units, by name.

    Parameters
    ----------
    values
        From `acoustics.measurements`, of the first `measured` seconds.
    sample_rate
        Hz.
    duration
        Seconds of the whole recording.
    measured
        Seconds.

    Examples
    --------
    >>> recording_facts({"silence_share": 1.0}, sample_rate=16000, duration=2.0, measured=2.0)
    {'duration': '2 s', 'sample rate': '16,000 Hz', 'level': 'digital silence'}
    """
    only = f" (measurements of the first {measured:g} s)" if measured < duration else ""
    facts = {"duration": f"{duration:.3g} s{only}", "sample rate": f"{sample_rate:,} Hz"}
    if values["silence_share"] == 1:
        return facts | {"level": "digital silence"}
    low, median, high = (values[name] for name in ("f0_low", "f0_median", "f0_high"))
    return facts | {
        "peak": f"{_tenths(values['peak_dbfs'])} dBFS",
        "RMS level": f"{_tenths(values['rms_dbfs'])} dBFS",
        "clipped": f"{values['n_clipped']:.0f} samples" if values["n_clipped"] else "no",
        "silence": f"{percent(values['silence_share'], digits=0)}%",
        "at the start": f"{values['leading_silence']:.2f} s",
        "at the end": f"{values['trailing_silence']:.2f} s",
        "voiced": f"{percent(values['voiced_share'], digits=0)}% of the sound",
        "pitch (F0)": "none found" if np.isnan(median) else f"{median:.0f} Hz ({low:.0f} to {high:.0f} Hz)",
    }


def _tenths(level: float) -> str:
    return f"{round(level, 1) + 0:.1f}"  # + 0 turns -0.0 into 0.0
