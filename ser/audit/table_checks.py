"""Checks for leaks in the tables of a study: speakers, audio and rows in more than one partition, and label counts.

Every check returns a list of findings, which is empty if nothing was found.
"""

from collections.abc import Iterator

import pandas as pd

from ser.audit.findings import MAX_EXAMPLES, Finding, first_examples
from ser.core import shared_audio
from ser.core.overrides import how_to_drop
from ser.core.tables import ORIGINAL, PARTITIONS
from ser.core.wording import counted

UNKNOWN = "/?"  # end of the name that stands for all unknown speakers of a corpus
MAX_RATIO = 1.5  # ratio of the most frequent to the rarest emotion from which on a note is given


def speaker_overlap(partitions: pd.DataFrame, utterances: pd.DataFrame) -> list[Finding]:
    """Speakers in more than one partition of a fold; the unknown speakers of a corpus count as one.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["1", "2"], "corpus": "x", "speaker": "a", "emotion": "sad"})
    >>> utterances = utterances.assign(audio_hash=["p", "q"])
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": ["1", "2"], "partition": ["train", "test"]})
    >>> speaker_overlap(partitions, utterances)[0].found
    '1 of 1 speaker is in more than one partition (train and test)'
    """
    remedy = "choose a partition by speakers, such as partition=speaker_folds; or read the score as speaker-dependent"
    findings = []
    for fold, rows in _folds(partitions, utterances):
        shared = _in_several_partitions(rows, "speaker")
        if not shared.empty:
            leaked = rows[rows["speaker"].isin(shared.index) & (rows["partition"] != "train")]
            of_all = _of(len(shared), rows["speaker"].nunique(), "speaker")
            found = f"{of_all} {_are(len(shared))} in more than one partition ({_names(shared)})"
            found += "; the unknown speakers of a corpus count as one" * any(shared.index.str.endswith(UNKNOWN))
            findings.append(
                Finding("error", "speaker_overlap", fold, found, remedy, first_examples(leaked["utterance"]))
            )
    return findings


def duplicate_audio(partitions: pd.DataFrame, utterances: pd.DataFrame) -> list[Finding]:
    """Recordings whose decoded samples, or a part of them, are in more than one partition of a fold.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["1", "2"], "corpus": "x", "speaker": ["a", "b"], "emotion": "sad"})
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": ["1", "2"], "partition": ["train", "test"]})
    >>> duplicate_audio(partitions, utterances.assign(audio_hash="p"))[0].found
    '1 recording is in more than one partition (train and test); test utterances with such a copy: 1 of 1'
    """
    remedy = "remove the copies from the corpus, or keep them in one partition, as all protocols but leaky_ ones do"
    findings = []
    for fold, rows in _folds(partitions, utterances):
        shared = _in_several_partitions(rows, "audio")
        if not shared.empty:
            copies = rows[rows["audio"].isin(shared.index) & (rows["partition"] != "train")]
            found = (
                f"{counted(len(shared), 'recording')} {_are(len(shared))} in more than one partition"
                f" ({_names(shared)}); test utterances with such a copy: {_tested(copies)} of {_tested(rows)}"
            )
            findings.append(
                Finding("error", "duplicate_audio", fold, found, remedy, first_examples(copies["utterance"]))
            )
    return findings


def near_duplicate_audio(partitions: pd.DataFrame, utterances: pd.DataFrame, pairs: pd.DataFrame) -> list[Finding]:
    """Pairs of near copies of a recording in different partitions of a fold.

    Parameters
    ----------
    pairs
        Columns first and second (audio hashes), and similarity.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["1", "2"], "corpus": "x", "speaker": ["a", "b"], "emotion": "sad"})
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": ["1", "2"], "partition": ["train", "test"]})
    >>> pairs = pd.DataFrame({"first": ["p"], "second": ["q"], "similarity": [0.97]})
    >>> near_duplicate_audio(partitions, utterances.assign(audio_hash=["p", "q"]), pairs)[0].found
    '1 pair of near copies is in different partitions (similarity up to 0.97); test utterances in such a pair: 1 of 1'
    """
    remedy = "listen to the examples; remove one of each pair from the corpus, or keep both in one partition"
    findings = []
    for fold, rows in _folds(partitions, utterances):
        found_in = rows.groupby("audio_hash")["partition"].agg(set)
        here = pairs[pairs["first"].isin(found_in.index) & pairs["second"].isin(found_in.index)]
        straddling = here[[found_in[a] != found_in[b] for a, b in zip(here["first"], here["second"], strict=True)]]
        if not straddling.empty:
            hashes = {*straddling["first"], *straddling["second"]}
            copies = rows[rows["audio_hash"].isin(hashes) & (rows["partition"] != "train")]
            found = (
                f"{counted(len(straddling), 'pair')} of near copies {_are(len(straddling))} in different partitions"
                f" (similarity up to {straddling['similarity'].max():.2f}); test utterances in such a pair:"
                f" {_tested(copies)} of {_tested(rows)}"
            )
            findings.append(
                Finding("error", "near_duplicate_audio", fold, found, remedy, first_examples(copies["utterance"]))
            )
    return findings


def contradictory_labels(partitions: pd.DataFrame, utterances: pd.DataFrame) -> list[Finding]:
    """Recordings of equal samples that have several emotions.

    Ingest refuses them; a table that something else wrote may have them.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["1", "2"], "audio_hash": "p", "emotion": ["happy", "neutral"]})
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": ["1", "2"], "partition": "train"})
    >>> contradictory_labels(partitions, utterances)[0].found
    '1 recording has several emotions: 1 (happy) and 2 (neutral)'
    """
    remedy = "keep the right one of them, or none: ingest leaves all of them out with corpus.on_invalid=exclude"
    used = utterances[utterances["utterance"].isin(partitions["utterance"])].sort_values("utterance")
    equal = used[used.groupby("audio_hash")["emotion"].transform("nunique") > 1]
    if equal.empty:
        return []
    named = equal["utterance"] + " (" + equal["emotion"] + ")"
    groups = [_list(iter(names)) for _, names in named.groupby(equal["audio_hash"], sort=False)]
    shown = "; ".join(groups[:MAX_EXAMPLES]) + f"; and {len(groups) - MAX_EXAMPLES} more" * (len(groups) > MAX_EXAMPLES)
    found = f"{counted(len(groups), 'recording')} {'has' if len(groups) == 1 else 'have'} several emotions: {shown}"
    return [Finding("error", "contradictory_labels", None, found, remedy, first_examples(equal["utterance"]))]


def made_rows(balanced: pd.DataFrame, partitions: pd.DataFrame) -> list[Finding]:
    """Training rows (original, augmented or synthetic) of an utterance outside the training partition.

    Examples
    --------
    >>> balanced = pd.DataFrame({"fold": 0, "utterance": ["1", "2"], "variant": "original", "synthetic": False})
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": ["1", "2"], "partition": ["train", "test"]})
    >>> made_rows(balanced, partitions)[0].found
    '1 of 2 training rows is made from 1 utterance of test: 0 synthetic, 0 augmented, 1 original'
    """
    remedy = "balance after the split, with training rows only, as the stage balance does: dvc repro -f balance"
    partition = partitions.set_index(["fold", "utterance"])["partition"]
    keys = pd.MultiIndex.from_frame(balanced[["fold", "utterance"]])
    rows = balanced[["fold", "utterance", "variant", "synthetic"]].assign(
        partition=partition.reindex(keys).fillna("no partition").to_numpy()
    )
    findings = []
    for fold, strays in rows[rows["partition"] != "train"].groupby("fold"):
        n_rows = int((rows["fold"] == fold).sum())
        synthetic = int(strays["synthetic"].sum())
        augmented = int((~strays["synthetic"] & (strays["variant"] != ORIGINAL)).sum())
        of = _list(
            counted(strays.loc[strays["partition"] == name, "utterance"].nunique(), "utterance") + f" of {name}"
            for name in ("dev", "test", "no partition")
            if (strays["partition"] == name).any()
        )
        found = (
            f"{_of(len(strays), n_rows, 'training row')} {_are(len(strays))} made from {of}: {synthetic} synthetic,"
            f" {augmented} augmented, {len(strays) - synthetic - augmented} original"
        )
        findings.append(
            Finding("error", "made_rows", int(str(fold)), found, remedy, first_examples(strays["utterance"]))
        )
    return findings


def tested_rows(predictions: pd.DataFrame, partitions: pd.DataFrame) -> list[Finding]:
    """Predictions that are not of a recording in the stated partition, such as those of augmented rows.

    Examples
    --------
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": ["1"], "partition": ["test"]})
    >>> predictions = pd.DataFrame({"fold": 0, "utterance": ["1", "1+noise"], "partition": "test"})
    >>> tested_rows(predictions, partitions)[0].found
    '1 of 2 predicted rows is not in the table of partitions'
    """
    remedy = "predict only the recordings of dev and test: dvc repro -f evaluate"
    keys = ["fold", "utterance", "partition"]
    known = pd.MultiIndex.from_frame(partitions[keys])
    strays = predictions[~pd.MultiIndex.from_frame(predictions[keys]).isin(known)]
    findings = []
    for fold, rows in strays.groupby("fold"):
        n_rows = int((predictions["fold"] == fold).sum())
        found = f"{_of(len(rows), n_rows, 'predicted row')} {_are(len(rows))} not in the table of partitions"
        findings.append(Finding("error", "made_rows", int(str(fold)), found, remedy, first_examples(rows["utterance"])))
    return findings


def label_imbalance(partitions: pd.DataFrame, utterances: pd.DataFrame) -> list[Finding]:
    """Unequal numbers of training recordings per emotion, in the fold with the largest ratio.

    Examples
    --------
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": ["1", "2", "3"], "partition": "train"})
    >>> utterances = pd.DataFrame({"utterance": ["1", "2", "3"], "emotion": ["sad", "sad", "calm"], "corpus": "x"})
    >>> label_imbalance(partitions, utterances.assign(speaker="a", audio_hash=["p", "q", "r"]))[0].found
    'sad has 2.0 times as many training recordings (2) as calm (1)'
    """
    remedy = "read the UAR, in which every emotion has the same weight, not the accuracy; balance changes only training"
    ratios = {}
    for fold, rows in _folds(partitions, utterances):
        counts = rows.loc[rows["partition"] == "train", "emotion"].value_counts().sort_index()
        ratios[fold] = counts.max() / counts.min(), counts
    fold, (ratio, counts) = max(ratios.items(), key=lambda item: item[1][0])
    if ratio < MAX_RATIO:
        return []
    found = (
        f"{counts.idxmax()} has {ratio:.1f} times as many training recordings ({counts.max()}) as {counts.idxmin()}"
        f" ({counts.min()})" + (f" in fold {fold}, where they differ most" if len(ratios) > 1 else "")
    )
    return [Finding("note", "label_imbalance", None, found, remedy)]


def lone_speaker(partitions: pd.DataFrame, utterances: pd.DataFrame) -> list[Finding]:
    """Emotions that have only one training speaker, so that the voice reveals the label.

    It is an error if the same speaker is tested with that emotion: the score then counts recognition of the speaker as
    recognition of the emotion. Otherwise nothing leaks and it is a note: the model cannot separate the emotion from the
    voice, and is likely to miss the emotion in other voices. Unknown training speakers of an emotion may be several.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["1"], "corpus": "x", "speaker": "a", "emotion": "sad"})
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": ["1"], "partition": "train"})
    >>> lone_speaker(partitions, utterances.assign(audio_hash="p"))[0].found
    'a is the only training speaker of sad; the model may learn the voice instead'
    """
    remedy = "add speakers of that emotion, or {}"
    findings: list[Finding] = []
    untested: dict[tuple[str, str], list[int]] = {}
    n_folds = partitions["fold"].nunique()
    for fold, rows in _folds(partitions, utterances):
        voices = rows[rows["partition"] == "train"].groupby("emotion")["speaker"].agg(["nunique", "first"])
        is_lone = (voices["nunique"] == 1) & ~voices["first"].str.endswith(UNKNOWN)
        for emotion, speaker in voices.loc[is_lone, "first"].items():
            own = rows[(rows["emotion"] == emotion) & (rows["speaker"] == speaker) & (rows["partition"] == "test")]
            if own.empty:
                untested.setdefault((str(emotion), speaker), []).append(fold)
                continue
            tested = counted(len(own), "utterance")
            found = f"{speaker} is the only training speaker of {emotion}, and is tested with {tested}"
            drop = remedy.format(how_to_drop(str(emotion)))
            findings.append(Finding("error", "lone_speaker", fold, found, drop, first_examples(own["utterance"])))
    together: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for (emotion, speaker), folds in untested.items():
        together.setdefault((speaker, tuple(folds)), []).append(emotion)
    for (speaker, where), emotions in together.items():
        place = f" in {len(where)} of {n_folds} folds" if n_folds > 1 else ""
        found = (
            f"{speaker} is the only training speaker of {_list(iter(emotions))}{place}; the model may learn the voice"
            " instead"
        )
        findings.append(Finding("note", "lone_speaker", None, found, remedy.format(how_to_drop(*emotions))))
    return findings


def _folds(partitions: pd.DataFrame, utterances: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    """Rows of each fold: partition table with emotion, audio_hash, speaker and group of shared audio.

    Unknown speakers of a corpus are one.
    """
    facts = utterances[["utterance", "emotion", "audio_hash"]].assign(
        speaker=utterances["speaker"].fillna(utterances["corpus"] + UNKNOWN), audio=shared_audio.groups(utterances)
    )
    for fold, rows in partitions.merge(facts, on="utterance").groupby("fold"):
        yield int(str(fold)), rows


def _in_several_partitions(rows: pd.DataFrame, column: str) -> pd.Series:
    """Set of partitions of each value of `column` that is in more than one partition."""
    found_in = rows.groupby(column)["partition"].agg(set)
    return found_in[found_in.map(len) > 1]


def _names(shared: pd.Series) -> str:
    """Names of the partitions that are in at least one of the sets, in the usual order."""
    found = set().union(*shared)
    return _list(name for name in PARTITIONS if name in found)


def _tested(rows: pd.DataFrame) -> int:
    return int((rows["partition"] == "test").sum())


def _list(words: Iterator[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _of(n: int, n_all: int, word: str) -> str:
    return f"{n} of {counted(n_all, word)}"


def _are(n: int) -> str:
    return "is" if n == 1 else "are"
