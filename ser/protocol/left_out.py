"""Utterances that are in no partition of a fold, by reason."""

from collections import Counter

import pandas as pd

from ser.protocol.emobox import unlisted


def left_out(table: pd.DataFrame, utterances: pd.DataFrame) -> dict[str, int]:
    """Number of utterances that are in no partition of a fold, by reason, summed over the folds.

    Parameters
    ----------
    table
        Columns fold, utterance and partition.
    utterances
        Columns utterance, corpus and emotion.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["x/1", "y/1"], "corpus": ["x", "y"], "emotion": "sad"})
    >>> left_out(pd.DataFrame({"fold": [0], "utterance": ["x/1"], "partition": ["train"]}), utterances)
    {'y: the corpus is in no partition': 1}
    """
    counts: Counter[str] = Counter()
    for _, rows in table.groupby("fold"):
        within = utterances["utterance"].isin(rows["utterance"])
        corpora, emotions = (set(utterances.loc[within, column]) for column in ("corpus", "emotion"))
        absent = utterances[~within]
        shared = absent["corpus"].isin(corpora) & absent["emotion"].isin(emotions)
        names = set(absent.loc[shared, "utterance"][unlisted(absent[shared], utterances[within])])
        for row in absent.itertuples():
            if row.corpus not in corpora:
                counts[f"{row.corpus}: the corpus is in no partition"] += 1
            elif row.emotion not in emotions:
                counts[f"{row.corpus} with {row.emotion}: the training or test corpora lack the emotion"] += 1
            elif row.utterance in names:
                counts[f"{row.corpus}: EmoBox does not list them"] += 1
            else:
                counts[f"{row.corpus}: their audio is in another partition as well"] += 1
    return dict(sorted(counts.items()))
