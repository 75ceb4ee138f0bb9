"""The table of predictions: a bundle applied to rows of a partition."""

import pandas as pd

from ser.core.tables import ORIGINAL, probability_columns
from ser.models.bundle import Bundle, Probabilities
from ser.representation.reading import Representation

DIGITS = 6


def predictions_of(
    rows: pd.DataFrame, utterances: pd.DataFrame, features: Representation, model: Bundle
) -> pd.DataFrame:
    """Predict the original recordings of `rows` (fold, partition, utterance).

    Returns
    -------
    DataFrame
        fold, partition, utterance, corpus, speaker, sex, intensity, truth, prediction, and `p_<label>` of each label.

    Raises
    ------
    ValueError
        If an utterance of `rows` is not in `utterances`, or has no original features.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> model = SimpleNamespace(labels=["calm", "sad"], probabilities=lambda *_: np.array([[0.25, 0.75]]))
    >>> facts = {"utterance": "a", "corpus": "x", "speaker": "x/1", "sex": "female", "intensity": None}
    >>> rows = pd.DataFrame([{"fold": 0, "partition": "test", "utterance": "a"}])
    >>> features = Representation(pd.DataFrame([{"utterance": "a", "variant": ORIGINAL, "RMS": 0.5}]))
    >>> predictions_of(rows, pd.DataFrame([{**facts, "emotion": "sad"}]), features, model)["prediction"].tolist()
    ['sad']
    """
    facts = rows[["fold", "partition", "utterance"]].merge(
        utterances[["utterance", "corpus", "speaker", "sex", "intensity", "emotion"]],
        on="utterance",
        validate="m:1",
    )
    if missing := sorted(set(rows["utterance"]) - set(facts["utterance"])):
        raise ValueError(
            f"the table of utterances lacks {len(missing)} of {len(rows)} utterances to predict, the first is"
            f" {missing[0]}; make all tables anew with: dvc repro evaluate"
        )
    positions = features.positions(facts[["utterance"]].assign(variant=ORIGINAL))
    probabilities = model.probabilities(features, positions)
    return with_predictions(facts.rename(columns={"emotion": "truth"}), probabilities, model.labels)


def with_predictions(facts: pd.DataFrame, probabilities: Probabilities, labels: list[str]) -> pd.DataFrame:
    """`facts` with the most probable of `labels` and all probabilities, `(n_rows, n_labels)`.

    Examples
    --------
    >>> import numpy as np
    >>> facts = pd.DataFrame({"utterance": ["a", "b"]})
    >>> with_predictions(facts, np.array([[0.75, 0.25], [0.5, 0.5]]), ["calm", "sad"])["prediction"].tolist()
    ['calm', 'calm']
    """
    return facts.assign(
        prediction=[labels[k] for k in probabilities.argmax(axis=1)],
        **{f"p_{label}": probabilities[:, k] for k, label in enumerate(labels)},
    )


def rounded(predictions: pd.DataFrame) -> pd.DataFrame:
    """Round the probabilities to `DIGITS`; the predictions do not change.

    Examples
    --------
    >>> rounded(pd.DataFrame({"utterance": ["a"], "p_sad": [1 / 3]}))["p_sad"].tolist()
    [0.333333]
    """
    columns = probability_columns(predictions)
    return predictions.assign(**predictions[columns].round(DIGITS))


def in_order(predictions: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by fold and utterance, put probabilities last, and fill missing ones with 0.

    Examples
    --------
    >>> rows = pd.DataFrame({"fold": [1, 0], "utterance": ["a", "b"], "p_sad": [None, 0.5], "truth": "sad"})
    >>> in_order(rows).values.tolist()
    [[0, 'b', 'sad', 0.5], [1, 'a', 'sad', 0.0]]
    """
    probabilities = probability_columns(predictions)
    facts = [column for column in predictions if column not in probabilities]
    ordered = predictions.sort_values(["fold", "utterance"], ignore_index=True)
    return pd.concat([ordered[facts], ordered[probabilities].fillna(0.0)], axis=1)
