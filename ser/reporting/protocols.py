"""Meaning of the protocol of a study, in one sentence for readers who do not know its name."""

from collections.abc import Mapping

NEW, KNOWN = "who are not in training", "some of whom are also in training"
MEANINGS: Mapping[str, str] = {
    "speaker_holdout": "The model is tested with one group of speakers {who}.",
    "speaker_folds": "Each group of speakers is tested once, by a model that was trained without them.",
    "leave_one_speaker_out": "Each speaker is tested once, by a model that was trained without this speaker.",
    "published": "Each group of speakers is tested once, by a model that was trained without them; the groups are"
    " published.",
    "cross_corpus": "The model is tested with corpora that are not in its training, so with other rooms, microphones"
    " and speakers.",
    "leave_one_corpus_out": "Each corpus is tested once, by a model that was trained on the other corpora only.",
    "random": "Recordings are divided at random, so the model is tested with speakers {who}.",
    "emobox": "The test recordings are those of the EmoBox benchmark, of speakers {who}.",
    "given": "The test recordings are those that the corpus names, of speakers {who}.",
}
"""Name of a partition -> its meaning."""
OTHER = "The model is tested with recordings that are not in its training, of speakers {who}."


def meaning(partition: str, *, speaker_independent: bool) -> str:
    """Meaning of a protocol.

    Parameters
    ----------
    partition
        Name of the partition.
    speaker_independent
        True if no speaker is in several partitions.

    Examples
    --------
    >>> meaning("emobox", speaker_independent=True)
    'The test recordings are those of the EmoBox benchmark, of speakers who are not in training.'
    >>> meaning("random", speaker_independent=False)[-48:]
    'with speakers some of whom are also in training.'
    """
    return MEANINGS.get(partition, OTHER).format(who=NEW if speaker_independent else KNOWN)
