"""Meaning of the protocol of a study, in one sentence for readers who do not know its name."""

from collections.abc import Mapping, Sequence

ACROSS = "cross_corpus"  # its meaning is that others are tested
NEW, KNOWN = "who are not in training", "some of whom are also in training"
MEANINGS: Mapping[str, str] = {
    "speaker_holdout": "The model is tested with one group of speakers {who}.",
    "speaker_folds": "Each group of speakers is tested once, by a model that was trained without them.",
    "leave_one_speaker_out": "Each speaker is tested once, by a model that was trained without this speaker.",
    "published": "Each group of speakers is tested once, by a model that was trained without them; the groups are"
    " published.",
    ACROSS: "The model is tested with corpora that are not in its training, so with other rooms, microphones"
    " and speakers.",
    "leave_one_corpus_out": "Each corpus is tested once, by a model that was trained on the other corpora only.",
    "random": "Recordings are divided at random, so the model is tested with speakers {who}.",
    "emobox": "The test recordings are those of the EmoBox benchmark, of speakers {who}.",
    "given": "The test recordings are those that the corpus names, of speakers {who}.",
}
"""Name of a partition -> its meaning."""
OTHER = "The model is tested with recordings that are not in its training, of speakers {who}."


def meaning(partition: str, *, speaker_independent: bool, test_corpora: Sequence[str] | None = None) -> str:
    """Meaning of a protocol.

    Parameters
    ----------
    partition
        Name of the partition.
    speaker_independent
        True if no speaker is in several partitions.
    test_corpora
        Corpora that are tested; None: all, or those that the partition names.

    Examples
    --------
    >>> meaning("emobox", speaker_independent=True)
    'The test recordings are those of the EmoBox benchmark, of speakers who are not in training.'
    >>> meaning("random", speaker_independent=False)[-48:]
    'with speakers some of whom are also in training.'
    >>> meaning("leave_one_corpus_out", speaker_independent=True, test_corpora=["emodb", "savee"])[-63:]
    ' Only emodb and savee are tested; the other corpora only train.'
    """
    text = MEANINGS.get(partition, OTHER).format(who=NEW if speaker_independent else KNOWN)
    if not test_corpora or partition == ACROSS:
        return text
    are = "is" if len(test_corpora) == 1 else "are"
    return f"{text} Only {' and '.join(test_corpora)} {are} tested; the other corpora only train."
