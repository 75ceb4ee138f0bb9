"""Leaks that the tables of a study show: speakers, audio and made rows on two sides, labels that give themselves away.

Every check returns its findings, none where all is well.
"""

from collections.abc import Iterator

import pandas as pd

from ser.audit.findings import Finding, some
from ser.core.tables import ORIGINAL, PARTITIONS

MAX_RATIO = 1.5  # of the most frequent emotion to the rarest, from which on it is worth a note


def speaker_overlap(partitions: pd.DataFrame, utterances: pd.DataFrame) -> list[Finding]:
    """Speakers in more than one partition of a fold; those of a corpus whom nobody knows count as one."""
    remedy = "choose a partition by speakers, as partition=speaker_folds; or read the score as one of heard voices"
    findings = []
    for fold, rows in _folds(partitions, utterances):
        shared = _on_several_sides(rows, "speaker")
        if not shared.empty:
            heard = rows[rows["speaker"].isin(shared.index) & (rows["partition"] != "train")]
            of_all = _of(len(shared), rows["speaker"].nunique(), "speaker")
            found = f"{of_all} {_are(len(shared))} in several of {_sides(shared)}"
            findings.append(Finding("error", "speaker_overlap", fold, found, remedy, some(heard["utterance"])))
    return findings


def duplicate_audio(partitions: pd.DataFrame, utterances: pd.DataFrame) -> list[Finding]:
    """The same decoded samples in more than one partition of a fold."""
    remedy = "remove the copies from the corpus, or keep them on one side: every partition but leaky_ ones does"
    findings = []
    for fold, rows in _folds(partitions, utterances):
        shared = _on_several_sides(rows, "audio_hash")
        if not shared.empty:
            copies = rows[rows["audio_hash"].isin(shared.index) & (rows["partition"] != "train")]
            found = (
                f"{_count(len(shared), 'recording')} {_are(len(shared))} in several of {_sides(shared)}; of the"
                f" {_tested(rows)} tested, {_tested(copies)} are such copies"
            )
            findings.append(Finding("error", "duplicate_audio", fold, found, remedy, some(copies["utterance"])))
    return findings


def near_duplicate_audio(partitions: pd.DataFrame, utterances: pd.DataFrame, pairs: pd.DataFrame) -> list[Finding]:
    """Recordings that are copies of each other, but not to the sample, in different partitions of a fold.

    Parameters
    ----------
    pairs
        first, second: audio hashes of recordings that are alike; similarity.
    """
    remedy = "listen to the examples; remove one of each pair from the corpus, or keep both on one side"
    findings = []
    for fold, rows in _folds(partitions, utterances):
        sides = rows.groupby("audio_hash")["partition"].agg(set)
        here = pairs[pairs["first"].isin(sides.index) & pairs["second"].isin(sides.index)]
        straddling = here[[sides[a] != sides[b] for a, b in zip(here["first"], here["second"], strict=True)]]
        if not straddling.empty:
            hashes = {*straddling["first"], *straddling["second"]}
            copies = rows[rows["audio_hash"].isin(hashes) & (rows["partition"] != "train")]
            found = (
                f"{_count(len(straddling), 'pair')} of recordings {_are(len(straddling))} copies of each other on two"
                f" sides (similarity up to {straddling['similarity'].max():.2f}); of the {_tested(rows)} tested,"
                f" {_tested(copies)} are in such a pair"
            )
            findings.append(Finding("error", "near_duplicate_audio", fold, found, remedy, some(copies["utterance"])))
    return findings


def made_rows(balanced: pd.DataFrame, partitions: pd.DataFrame) -> list[Finding]:
    """Rows that train, original, augmented or synthetic, of an utterance that is not in training."""
    remedy = "make rows after the split, of training rows alone, as the stage balance does: dvc repro -f balance"
    sides = partitions.set_index(["fold", "utterance"])["partition"]
    keys = pd.MultiIndex.from_frame(balanced[["fold", "utterance"]])
    rows = balanced[["fold", "utterance", "variant", "synthetic"]].assign(
        side=sides.reindex(keys).fillna("no partition").to_numpy()
    )
    findings = []
    for fold, strays in rows[rows["side"] != "train"].groupby("fold"):
        n_rows = int((rows["fold"] == fold).sum())
        synthetic = int(strays["synthetic"].sum())
        augmented = int((~strays["synthetic"] & (strays["variant"] != ORIGINAL)).sum())
        of = _list(
            _count(strays.loc[strays["side"] == side, "utterance"].nunique(), "utterance") + f" of {side}"
            for side in ("dev", "test", "no partition")
            if (strays["side"] == side).any()
        )
        found = (
            f"{_of(len(strays), n_rows, 'training row')} {_are(len(strays))} made of {of}: {synthetic} synthetic,"
            f" {augmented} augmented, {len(strays) - synthetic - augmented} original"
        )
        findings.append(Finding("error", "made_rows", int(str(fold)), found, remedy, some(strays["utterance"])))
    return findings


def tested_rows(predictions: pd.DataFrame, partitions: pd.DataFrame) -> list[Finding]:
    """Predictions of what is not a recording of that partition, as synthetic and augmented rows are not."""
    remedy = "predict recordings as they are, of dev and test alone: dvc repro -f evaluate"
    keys = ["fold", "utterance", "partition"]
    known = pd.MultiIndex.from_frame(partitions[keys])
    strays = predictions[~pd.MultiIndex.from_frame(predictions[keys]).isin(known)]
    findings = []
    for fold, rows in strays.groupby("fold"):
        n_rows = int((predictions["fold"] == fold).sum())
        found = (
            f"{_of(len(rows), n_rows, 'predicted row')} {_are(len(rows))} no recording of the partition that is said"
        )
        findings.append(Finding("error", "made_rows", int(str(fold)), found, remedy, some(rows["utterance"])))
    return findings


def label_imbalance(partitions: pd.DataFrame, utterances: pd.DataFrame) -> list[Finding]:
    """Training recordings of emotions that are not alike in number, in the fold where they differ most."""
    remedy = "read the UAR, in which every emotion counts alike, not the accuracy; balance evens out training alone"
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
    """Emotions that one speaker alone trains.

    To know that voice is to know the label. It is an error where the same voice is tested with that emotion: the score
    counts the recognition of a speaker as that of an emotion. Where others are tested, or none, nothing leaks: it is a
    note, since the model has then no way to tell the emotion from the voice, and is likely to miss it in others.
    """
    remedy = "add speakers of that emotion, or leave it out with labels.actions.<emotion>=drop"
    findings: list[Finding] = []
    unheard: dict[tuple[str, str], list[int]] = {}
    n_folds = partitions["fold"].nunique()
    for fold, rows in _folds(partitions, utterances):
        voices = rows[rows["partition"] == "train"].groupby("emotion")["speaker"].agg(["nunique", "first"])
        for emotion, speaker in voices.loc[voices["nunique"] == 1, "first"].items():
            own = rows[(rows["emotion"] == emotion) & (rows["speaker"] == speaker) & (rows["partition"] == "test")]
            if own.empty:
                unheard.setdefault((str(emotion), speaker), []).append(fold)
                continue
            found = f"{emotion} is trained by {speaker} alone, who is tested with {_count(len(own), 'utterance')} of it"
            findings.append(Finding("error", "lone_speaker", fold, found, remedy, some(own["utterance"])))
    together: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for (emotion, speaker), folds in unheard.items():
        together.setdefault((speaker, tuple(folds)), []).append(emotion)
    for (speaker, where), emotions in together.items():
        place = f" in {len(where)} of {n_folds} folds" if n_folds > 1 else ""
        found = (
            f"{_list(iter(emotions))} {_are(len(emotions))} trained by {speaker} alone{place}: a voice is no emotion"
        )
        findings.append(Finding("note", "lone_speaker", None, found, remedy))
    return findings


def _folds(partitions: pd.DataFrame, utterances: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    """Rows of each fold: utterance, partition, emotion, audio_hash, speaker; the unknown of a corpus are one."""
    facts = utterances[["utterance", "emotion", "audio_hash"]].assign(
        speaker=utterances["speaker"].fillna(utterances["corpus"] + "/?")
    )
    for fold, rows in partitions.merge(facts, on="utterance").groupby("fold"):
        yield int(str(fold)), rows


def _on_several_sides(rows: pd.DataFrame, column: str) -> pd.Series:
    """The partitions of each value of `column` that is in more than one, as sets."""
    sides = rows.groupby(column)["partition"].agg(set)
    return sides[sides.map(len) > 1]


def _sides(shared: pd.Series) -> str:
    """The partitions that are in some of the sets, in their order."""
    found = set().union(*shared)
    return _list(side for side in PARTITIONS if side in found)


def _tested(rows: pd.DataFrame) -> int:
    return int((rows["partition"] == "test").sum())


def _list(words: Iterator[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _of(n: int, n_all: int, word: str) -> str:
    return f"{n} of {_count(n_all, word)}"


def _count(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def _are(n: int) -> str:
    return "is" if n == 1 else "are"
