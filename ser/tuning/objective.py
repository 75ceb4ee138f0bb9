"""The objective of a search for settings: the dev UAR over folds of speakers. Test utterances are never used.

A study of one fold is searched by grouped cross-validation: the speakers of its train and dev partitions are divided
into new folds, and each fold is dev once. A corpus that is not in its dev partition trains in all of them. A study of
several folds is searched in its own folds: each trains on its train partition and predicts its dev partition, which
gives the `dev.uar` that people choose by. In such a study every speaker is test in one fold and dev in another, so a
search over all folds uses the test speakers. A search within one fold does not.

Networks use the same dev speakers for early stopping, learning rate and epoch selection, as they do in any study.

References
----------
.. [1] Cawley and Talbot (2010), On over-fitting in model selection and subsequent selection bias in performance
   evaluation, JMLR 11: 2079-2107.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ser import study
from ser.compute import code_digest, processes, spread
from ser.core.wording import counted
from ser.evaluation import metrics
from ser.models import NEURAL, bundle
from ser.models.prediction import predictions_of
from ser.models.settings import Settings
from ser.protocol import balancing, partitions
from ser.protocol.other_corpora import in_training
from ser.protocol.partition_checks import MIN_SPEAKERS_TO_SPLIT
from ser.representation.reading import Representation
from ser.tuning.search import Unfit

RUN = "tune"  # folder of the checkpoints of networks
N_CALIBRATION_FOLDS = 2  # the smallest number: the temperature never changes which probability is the largest
SECTIONS = ("model", "training", "balance", "seed")  # parameters that a dev UAR depends on, beside the features
LIBRARIES = ("scikit-learn", "imbalanced-learn", "keras", "optuna")
CHUNK = 256  # rows of an array that are hashed at once

Outcome = pd.DataFrame | Unfit  # predictions of a dev partition, or the reason why there are none


@dataclass(frozen=True)
class Data:
    """Data that a search may use.

    Examples
    --------
    >>> folds = pd.DataFrame({"fold": 0, "utterance": ["a", "b"], "partition": ["train", "dev"]})
    >>> utterances = pd.DataFrame({"utterance": ["a", "b"], "speaker": ["p", "q"]})
    >>> features = Representation(pd.DataFrame({"utterance": ["a", "b"], "RMS": [0.25, 0.5]}))
    >>> Data(0, folds, utterances, features).utterances["speaker"].tolist()
    ['p', 'q']
    """

    fold: int | None
    """Fold of the study whose test speakers are excluded below; None: the search uses all folds of the study."""
    folds: pd.DataFrame
    """fold, utterance, partition: train or dev."""
    utterances: pd.DataFrame
    """Utterances of `folds`."""
    features: Representation
    """Features of these utterances. Rows of an array that belong to other utterances have other names."""


def data(
    table: pd.DataFrame,
    utterances: pd.DataFrame,
    features: Representation,
    *,
    fold: int | None,
    n_folds: int,
    seed: int,
) -> Data:
    """Data that a search may use in the study that is partitioned by `table`.

    Parameters
    ----------
    fold
        Fold within whose train and dev speakers to search; None: the only fold, or all folds.
    n_folds
        Number of folds of the grouped cross-validation within one fold; at most one per speaker.

    Raises
    ------
    ValueError
        If there is no such fold, or its speakers are unknown or too few.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": list("abcd"), "speaker": list("pqrs"), "audio_hash": list("wxyz")})
    >>> utterances = utterances.assign(corpus="emodb", sex="male", emotion="sad", duplicate_of=None)
    >>> table = pd.DataFrame({"fold": 0, "utterance": list("abcd"), "partition": ["train", "train", "dev", "test"]})
    >>> found = data(table, utterances, Representation(utterances), fold=None, n_folds=3, seed=0)
    >>> found.fold, found.utterances["speaker"].tolist(), found.folds["partition"].value_counts().to_dict()
    (0, ['p', 'q', 'r'], {'train': 6, 'dev': 3})
    """
    known = sorted(int(number) for number in table["fold"].unique())
    if fold is not None and fold not in known:
        raise ValueError(f"there is no fold {fold}; wanted one of the study: {', '.join(map(str, known))}")
    seen = table[table["partition"] != "test"]
    if fold is None and len(known) == 1:
        fold = known[0]
    if fold is not None:
        seen = _divided(seen[seen["fold"] == fold], utterances, n_folds=n_folds, seed=seed)
    utterances = utterances[utterances["utterance"].isin(seen["utterance"])].reset_index(drop=True)
    features = _without_others(features, utterances["utterance"])
    return Data(fold, seen.reset_index(drop=True), utterances, features)


def _divided(seen: pd.DataFrame, utterances: pd.DataFrame, *, n_folds: int, seed: int) -> pd.DataFrame:
    """Folds of the speakers of one fold of a study; corpora that are not in its dev partition train in each."""
    partition = utterances["utterance"].map(seen.set_index("utterance")["partition"])
    develops = utterances["corpus"].isin(utterances.loc[partition == "dev", "corpus"])
    folds = speaker_folds(utterances[partition.notna() & develops], n_folds=n_folds, seed=seed)
    folds = in_training(folds, utterances[partition.notna() & ~develops])
    return partitions.without_straddling_duplicates(folds, utterances).sort_values(["fold", "utterance"])


def speaker_folds(utterances: pd.DataFrame, *, n_folds: int, seed: int) -> pd.DataFrame:
    """Folds (fold, utterance, partition) in which every speaker is dev once and train otherwise.

    Raises
    ------
    ValueError
        If speakers are unknown, or fewer than three.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": list("abc"), "speaker": list("pqr"), "audio_hash": list("xyz")})
    >>> utterances = utterances.assign(corpus="emodb", sex="male", emotion="sad", duplicate_of=None)
    >>> folds = speaker_folds(utterances, n_folds=3, seed=0)
    >>> folds.groupby("fold")["partition"].agg(list).tolist()
    [['train', 'train', 'dev'], ['dev', 'train', 'train'], ['train', 'dev', 'train']]
    """
    if n_folds < MIN_SPEAKERS_TO_SPLIT:
        raise ValueError(
            f"found {counted(n_folds, 'fold')}; a search needs {MIN_SPEAKERS_TO_SPLIT} or more, so raise --folds"
        )
    if n_unknown := int(utterances["speaker"].isna().sum()):
        raise ValueError(
            f"{n_unknown} of {len(utterances)} utterances have no speaker, and a search needs folds of speakers; name"
            " the speakers by corpus.speaker_pattern or a speakers.csv in the root of the corpus"
        )
    n_speakers = utterances["speaker"].nunique()
    if n_speakers < MIN_SPEAKERS_TO_SPLIT:
        raise ValueError(
            f"train and dev have {counted(n_speakers, 'speaker')}, and a search needs {MIN_SPEAKERS_TO_SPLIT} for its"
            " folds; lower partition.test_fraction, or choose partition=speaker_folds"
        )
    table = partitions.speaker_folds(utterances, n_folds=min(n_folds, n_speakers), seed=seed)
    return table.assign(partition=np.where(table["partition"] == "test", "dev", "train"))


def _without_others(features: Representation, utterance: pd.Series) -> Representation:
    """Features of the given utterances alone. An array is not copied: its other rows get other names."""
    own = features.rows["utterance"].isin(utterance)
    if features.array is None:
        return Representation(features.rows[own].reset_index(drop=True))
    names = features.rows["utterance"].where(own, "excluded " + features.rows.index.astype(str))
    return Representation(features.rows.assign(utterance=names), features.array)


def dev_uar(given: Data, config: Mapping[str, Any], *, run: str = RUN) -> float:
    """UAR of the dev partitions of all folds, each predicted by a model that was trained on its training partition.

    Balancing, training and prediction are those of the pipeline. Folds of classifiers are spread as `SER_COMPUTE` asks.
    Folds of networks are spread over the cores of this machine, as in the pipeline, so that scores are equal. Networks
    are trained in separate processes, because TensorFlow does not free the memory of a network (12 MB of a small one).

    Parameters
    ----------
    config
        All parameters of a study.
    run
        Name under which an interrupted training of a network is kept, and from which it resumes.

    Raises
    ------
    Unfit
        If the settings do not fit each other or the data.
    """
    if config["model"]["name"] not in NEURAL:
        work = partial(_dev_predictions, given, config, run, _ignored)
        return _pooled_uar(spread.unordered_map(work, _folds(given)))
    try:
        return processes.in_own_process(_uar_of_networks, given, config, run=run)
    except processes.Died as error:
        raise Unfit("the training process was killed; perhaps it needs more memory than there is") from error


def _pooled_uar(predicted: Iterable[tuple[int, Outcome]]) -> float:
    parts = []
    for _, outcome in predicted:
        if isinstance(outcome, Unfit):
            raise outcome
        parts.append(outcome)
    return metrics.scores(pd.concat(parts, ignore_index=True))["uar"]


def _uar_of_networks(given: Data, config: Mapping[str, Any], *, run: str) -> float:
    from ser.models import checkpoints, network_training  # import Keras, which takes seconds

    work = partial(_dev_predictions, given, config, run)
    uar = _pooled_uar(network_training.of_folds(work, _folds(given), _ignored))
    checkpoints.discard(run)
    return uar


def _folds(given: Data) -> list[int]:
    return sorted(int(fold) for fold in given.folds["fold"].unique())


def _dev_predictions(given: Data, config: Mapping[str, Any], run: str, _: object, fold: int) -> Outcome:
    """Predictions of the dev partition of `fold`, or the reason why there are none.

    The reason is returned, because other errors than `Unfit` end the search.
    """
    settings = Settings.of({**config, "training": _without_dev(config["training"])})
    try:
        balanced = balancing.balanced_fold(
            given.features.rows, given.folds, fold=fold, balance=config["balance"], seed=config["seed"]
        )
        own = study.Study(given.utterances, given.folds, given.features, balanced, settings)
        models = study.models_of_fold(own, fold, run=run, on_epoch=_ignored)
    except ValueError as error:
        return Unfit(str(error))
    dev = given.folds[(given.folds["fold"] == fold) & (given.folds["partition"] == "dev")]
    return predictions_of(dev, given.utterances, given.features, models[study.AFTER_REFIT])


def _without_dev(training: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of the training of a model that is evaluated on dev: not trained on dev, and calibrated quickly."""
    changes: dict[str, Any] = {"refit": False, "n_calibration_folds": N_CALIBRATION_FOLDS}
    return {**training, **{name: value for name, value in changes.items() if name in training}}


def _ignored(*_: object) -> None:
    """Ignore the epochs: a search needs the end of a training only."""


def description(given: Data, config: Mapping[str, Any]) -> str:
    """Description of the search for people: corpus, partition, model, features, folds.

    Examples
    --------
    >>> names = {"corpus": {"name": "emodb"}, "partition": {"name": "speaker_folds"}, "model": {"name": "mlp"}}
    >>> given = Data(None, pd.DataFrame({"fold": [0, 1]}), pd.DataFrame(), Representation(pd.DataFrame()))
    >>> description(given, {**names, "representation": {"name": "librosa", "settings": {"name": "means_42"}}})
    "corpus emodb, partition speaker_folds, mlp on means_42: dev of the study's 2 folds"
    """
    source, settings = config["representation"]["name"], config["representation"]["settings"]
    features = settings.get("name", source)
    features += " (transductive)" * bundle.is_transductive(config["representation"])
    n_folds = given.folds["fold"].nunique()
    folds = f"the study's {n_folds} folds"
    if given.fold is not None:
        dev = given.folds.loc[given.folds["partition"] == "dev", "utterance"]
        n_speakers = given.utterances.loc[given.utterances["utterance"].isin(dev), "speaker"].nunique()
        folds = f"{n_folds} folds of the {n_speakers} speakers that fold {given.fold} does not test"
    names = f"corpus {config['corpus']['name']}, partition {config['partition']['name']}"
    return f"{names}, {config['model']['name']} on {features}: dev of {folds}"


def key(given: Data, config: Mapping[str, Any], space: Mapping[str, Any], *, seed: int) -> str:
    """Name of a search: the model, and a hash of everything that its trials depend on.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": ["a"], "speaker": ["p"], "emotion": ["sad"], "RMS": [0.25]})
    >>> folds = pd.DataFrame({"fold": [0], "utterance": ["a"], "partition": ["dev"]})
    >>> given = Data(0, folds, rows, Representation(rows))
    >>> config = {"model": {"name": "mlp"}, "training": {}, "balance": {"name": "none"}, "seed": 0}
    >>> first, second = (key(given, config, space={}, seed=seed) for seed in (0, 1))
    >>> first.startswith("mlp-"), first == second
    (True, False)
    """
    digest = hashlib.blake2b(digest_size=8)
    content = [{name: config[name] for name in SECTIONS}, space, seed, code_digest.digest((__name__,), LIBRARIES)]
    digest.update(json.dumps(content, sort_keys=True).encode())
    own = given.features.rows["utterance"].isin(given.utterances["utterance"])
    facts = given.utterances[["utterance", "speaker", "emotion"]]
    for table in (given.folds, facts, given.features.rows[own]):
        digest.update(json.dumps(list(table.columns)).encode())
        digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    if given.features.array is not None:
        positions = np.flatnonzero(own)
        for start in range(0, len(positions), CHUNK):
            digest.update(given.features.array[positions[start : start + CHUNK]].tobytes())
    return f"{config['model']['name']}-{digest.hexdigest()}"
