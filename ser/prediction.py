"""Rows of a partition and a bundle -> the table of predictions."""

import pandas as pd

from ser.bundle import Bundle
from ser.tables import ORIGINAL

DIGITS = 6


def predictions_of(rows: pd.DataFrame, utterances: pd.DataFrame, features: pd.DataFrame, model: Bundle) -> pd.DataFrame:
    """Predict the original recordings of `rows` (fold, partition, utterance).

    Returns
    -------
    DataFrame
        fold, partition, utterance, corpus, speaker, sex, intensity, truth, prediction, and `p_<label>` of each label,
        rounded to 6 digits after the prediction was made.

    Raises
    ------
    ValueError
        If an utterance of `rows` is not in `utterances`, or has no original features: the tables are of different runs.
    """
    facts = rows[["fold", "partition", "utterance"]].merge(
        utterances[["utterance", "corpus", "speaker", "sex", "intensity", "emotion"]],
        on="utterance",
        validate="m:1",
    )
    originals = features[features["variant"] == ORIGINAL].set_index("utterance")
    for name, known in (("table of utterances", utterances["utterance"]), ("feature table", originals.index)):
        if missing := sorted(set(rows["utterance"]) - set(known)):
            raise ValueError(
                f"the {name} lacks {len(missing)} of {len(rows)} utterances to predict, the first is {missing[0]}; make"
                " all tables anew with: dvc repro evaluate"
            )
    probabilities = model.probabilities(originals.loc[facts["utterance"]])
    best = probabilities.argmax(axis=1)
    return facts.rename(columns={"emotion": "truth"}).assign(
        prediction=[model.labels[k] for k in best],
        **{f"p_{label}": probabilities[:, k].round(DIGITS) for k, label in enumerate(model.labels)},
    )
