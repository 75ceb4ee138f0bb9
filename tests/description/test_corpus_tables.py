"""Tables that describe a corpus, worked by hand, and summaries as text."""

import numpy as np
import pandas as pd
import pytest

from ser.core.groups import counts, present_sexes
from ser.description.acoustics import VALUES
from ser.description.corpus_tables import groups, measured_utterances, outliers, pitch
from ser.description.summaries import recording_facts, summary, title
from tests.support.learning_tables import utterance_table, without_speakers

# speaker 01 is male: 100 and 200 Hz; speaker 02 is female: 200 and 400 Hz, and one utterance without a voice
ROWS = utterance_table(2, emotions=["neutral", "angry"], n_repetitions=1)
UTTERANCES = ROWS[ROWS["intensity"] == "normal"].groupby(["speaker", "emotion"]).head(1).reset_index(drop=True)


def values(**columns: object) -> pd.DataFrame:
    """Measurements of each of `UTTERANCES`: equal, except for `columns`."""
    same = dict.fromkeys(VALUES, 0.0) | {"peak_dbfs": -6.0, "rms_dbfs": -20.0, "f0_median": 100.0}
    return pd.DataFrame(same | {"f0_low": 100.0, "f0_high": 200.0} | columns, index=range(len(UTTERANCES)))


def table(utterances: pd.DataFrame = UTTERANCES, **columns: object) -> pd.DataFrame:
    return measured_utterances(utterances, values(**columns))


def test_the_rows_are_two_speakers_with_two_emotions() -> None:
    assert UTTERANCES[["speaker", "emotion"]].to_numpy().tolist() == [
        ["ravdess/01", "angry"],
        ["ravdess/01", "neutral"],
        ["ravdess/02", "angry"],
        ["ravdess/02", "neutral"],
    ]


def test_the_range_is_in_semitones() -> None:
    found = table(f0_low=[100.0, 100.0, 200.0, np.nan], f0_high=[200.0, 100.0, 300.0, np.nan])
    assert found["f0_range"].tolist()[:3] == pytest.approx([12, 0, 12 * np.log2(1.5)], abs=0.005)
    assert np.isnan(found["f0_range"][3])


def test_the_relative_pitch_is_above_the_median_of_the_speaker() -> None:
    found = table(f0_median=[200.0, 100.0, 300.0, np.nan])
    # the median of 100 and 200 is 150; that of 300 alone is 300
    assert found["f0_relative"].tolist()[:3] == pytest.approx([12 * np.log2(4 / 3), -12 * np.log2(1.5), 0], abs=0.005)
    assert np.isnan(found["f0_relative"][3])


def test_without_speakers_there_is_no_relative_pitch() -> None:
    found = table(without_speakers(UTTERANCES))
    assert found["f0_relative"].isna().all()
    assert set(groups(found)["by"]) == {"corpus", "emotion", "sex", "intensity"}
    assert groups(found)["n_speakers"].eq(0).all()


def test_groups_have_numbers_sums_and_medians() -> None:
    utterances = UTTERANCES.assign(duration=[1.0, 2.0, 3.0, 5.0])
    found = groups(table(utterances, rms_dbfs=[-10.0, -20.0, -30.0, -50.0], n_clipped=[0, 3, 4, 0]))
    assert found[["by", "group"]].to_numpy().tolist() == [
        ["corpus", "ravdess"],
        ["emotion", "neutral"],
        ["emotion", "angry"],
        ["speaker", "ravdess/01"],
        ["speaker", "ravdess/02"],
        ["sex", "female"],
        ["sex", "male"],
        ["intensity", "normal"],
    ]
    rows = found.set_index("group")
    assert rows.loc["ravdess", ["n_utterances", "n_speakers", "n_clipped", "seconds"]].tolist() == [4, 2, 2, 11]
    assert rows.loc["ravdess", ["duration", "rms_dbfs"]].tolist() == [2.5, -25]
    assert rows.loc["neutral", ["n_utterances", "n_speakers", "seconds", "duration", "rms_dbfs"]].tolist() == [
        *(2, 2, 7),
        *(3.5, -35),
    ]
    assert rows.loc["male", "rms_dbfs"] == -15


def test_unknown_values_are_the_last_group() -> None:
    sex = pd.Series([None, "male", None, "male"], dtype="str")
    found = groups(table(UTTERANCES.assign(sex=sex)))
    assert found.loc[found["by"] == "sex", ["group", "n_utterances"]].to_numpy().tolist() == [
        ["male", 2],
        ["unknown", 2],
    ]
    assert present_sexes(table(UTTERANCES.assign(sex=sex))) == ["male", "unknown"]


def test_pitch_of_each_sex_and_emotion_leaves_out_unvoiced_utterances() -> None:
    found = pitch(table(f0_median=[200.0, 100.0, 400.0, np.nan], f0_low=[*[100.0] * 3, np.nan])).set_index(
        ["sex", "emotion"]
    )
    assert list(found.index) == [("female", "neutral"), ("female", "angry"), ("male", "neutral"), ("male", "angry")]
    assert found["n_utterances"].tolist() == [1, 1, 1, 1]
    assert found["n_voiced"].tolist() == [0, 1, 1, 1]
    assert found["f0_median"].tolist()[1:] == [400, 100, 200]
    assert found.loc[("female", "neutral")].isna().sum() == 9


def test_pitch_has_quartiles_over_utterances() -> None:
    utterances = UTTERANCES.assign(emotion="sad", sex="male")
    (row,) = pitch(table(utterances, f0_median=[100.0, 200.0, 300.0, 500.0])).to_dict("records")
    assert (row["f0_low"], row["f0_median"], row["f0_high"]) == (175, 250, 350)  # as numpy interpolates
    assert row["range_median"] == 12


def test_outliers_are_the_extremes_of_each_kind() -> None:
    utterances = UTTERANCES.assign(duration=[4.0, 3.0, 2.0, 1.0])
    found = outliers(
        table(
            utterances,
            rms_dbfs=[-10.0, -20.0, -30.0, -70.0],
            peak_dbfs=[0.0, -3.0, -6.0, -51.0],
            n_clipped=[7, 0, 0, 0],
            f0_median=[100.0, 100.0, 100.0, np.nan],
        )
    )
    names = UTTERANCES["utterance"].tolist()
    kinds = {why: rows["utterance"].tolist() for why, rows in found.groupby("why")}
    assert kinds == {
        "loudest": names[:3],
        "quietest": names[:0:-1],
        "longest": names[:3],
        "shortest": names[:0:-1],
        "clipped": names[:1],
        "nearly silent": names[3:],
        "no pitch": names[3:],
    }
    assert found.loc[found["why"] == "clipped", ["value", "unit"]].to_numpy().tolist() == [[7, "samples"]]


def test_equal_extremes_are_in_the_order_of_their_ids() -> None:
    shuffled = table().sample(frac=1, random_state=0)
    assert outliers(shuffled)["utterance"].tolist() == outliers(table())["utterance"].tolist()


def test_counts_cross_groups_with_emotions_in_their_order() -> None:
    found = counts(table(), "sex")
    assert found.columns.tolist() == ["neutral", "angry"]
    assert found.to_numpy().tolist() == [[1, 1], [1, 1]]


def test_the_summary_has_counts_and_outliers() -> None:
    text = summary(table(f0_median=[100.0, 100.0, 200.0, 210.0], n_clipped=[9, 0, 0, 0]))
    lines = text.splitlines()
    assert lines[0] == "ravdess: 4 utterances of 2 speakers (1 female, 1 male), 12.0 s"
    assert lines[1] == "neutral 2, angry 2"
    (female,) = (line for line in lines if line.startswith("F0, Hz, female"))
    assert female.split()[-3:] == ["200", "205", "210"]  # 200.5 and 209.5
    assert any(line.split() == ["clipped", UTTERANCES["utterance"][0], "9", "samples"] for line in lines)


def test_one_utterance_of_an_unknown_speaker_is_summarised() -> None:
    one = without_speakers(UTTERANCES).assign(sex=pd.Series(None, UTTERANCES.index, dtype="str")).head(1)
    found = measured_utterances(one, values().head(1).assign(f0_median=np.nan, f0_low=np.nan, f0_high=np.nan))
    assert title(found) == "ravdess: 1 utterance of unknown speakers"
    assert summary(found).count("none") == 1  # no pitch
    assert groups(found)["by"].tolist() == ["corpus", "emotion", "intensity"]
    assert len(pitch(found)) == 1


def test_the_facts_of_a_recording_have_units() -> None:
    measured = dict.fromkeys(VALUES, 0.0) | {"peak_dbfs": -0.01, "rms_dbfs": -20.04, "n_clipped": 12.0}
    measured |= {"f0_median": 200.4, "f0_low": 150.0, "f0_high": 300.0, "silence_share": 0.25}
    found = recording_facts(measured, sample_rate=48_000, duration=90.0, measured=60.0)
    assert found["duration"] == "90 s (measurements of the first 60 s)"
    assert found["sample rate"] == "48,000 Hz"
    assert (found["peak"], found["RMS level"], found["clipped"]) == ("0.0 dBFS", "-20.0 dBFS", "12 samples")
    assert (found["pitch (F0)"], found["silence"]) == ("200 Hz (150 to 300 Hz)", "25%")
    unvoiced = recording_facts(measured | {"f0_median": np.nan}, sample_rate=8000, duration=1.0, measured=1.0)
    assert unvoiced["pitch (F0)"] == "none found"
    silent = recording_facts(measured | {"silence_share": 1.0}, sample_rate=8000, duration=1.0, measured=1.0)
    assert silent == {"duration": "1 s", "sample rate": "8,000 Hz", "level": "digital silence"}
