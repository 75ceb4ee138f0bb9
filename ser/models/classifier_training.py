"""Training of a classifier with calibrated probabilities."""

import warnings
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import parallel_config
from sklearn import config_context
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from ser.core.row_keys import is_real
from ser.core.tables import feature_columns
from ser.models.classifiers import BY_CORPUS, CORPORA, SPEAKERS, UTTERANCES, model
from ser.models.row_sampling import taken
from ser.protocol.across_corpora import corpus_of
from ser.protocol.training_checks import check_calibration, check_calibration_on_corpora

Splits = list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]

N_DRAWS = 10


def fitted(
    rows: pd.DataFrame,
    speaker: pd.Series,
    *,
    name: str,
    n_calibration_folds: int,
    seed: int,
    calibration: str = SPEAKERS,
    learned: Sequence[str] = (),
    **settings: object,
) -> CalibratedClassifierCV:
    """Fit the model `name` to balanced `rows`, and calibrate its probabilities on out-of-fold speakers or corpora.

    If there are more rows than `row_sampling.MAX_ROWS` allows for the model, it is fitted to a sample of them, as
    `remarks` says.

    The temperature is fitted to out-of-fold decisions for original recordings, in folds of speakers or corpora, because
    synthetic rows are easier and augmented variants are not natural speech. The classifier is fitted to all rows.

    Parameters
    ----------
    rows
        variant, emotion, synthetic, and the features.
    speaker
        Speaker of each row, missing if unknown. Utterances without speaker are groups of their own.
    n_calibration_folds
        Largest number of folds; fewer if an emotion has fewer speakers.
    calibration
        `speakers`: for speakers that were not trained on. `corpora`: for corpora that were not, with other voices and
        rooms; probabilities come out lower. `utterances`: for the same speakers; they come out higher.
    learned
        Corpora whose emotions the encoder of the features was trained on: calibration by corpora does without them,
        because their features are clearer than those of a corpus that was not trained on.
    settings
        Of the model. With `class_weight` `by_corpus`, each emotion of each corpus has the same weight.

    Raises
    ------
    ValueError
        If an emotion has only one utterance, there is only one emotion, or one of a single corpus for `calibration`
        `corpora`, or only corpora that the encoder learned.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": list("1234"), "variant": "original", "synthetic": False})
    >>> rows = rows.assign(emotion=["calm", "sad"] * 2, RMS=[0.1, 0.8, 0.2, 0.9])
    >>> options = {"name": "logistic_regression", "C": 1.0, "n_calibration_folds": 2, "seed": 0}
    >>> fitted(rows, pd.Series(["a", "a", "b", "b"]), **options).predict([[0.0], [1.0]]).tolist()
    ['calm', 'sad']
    """
    if (kept := taken(rows, name=name, seed=seed)) is not None:
        rows, speaker = rows.iloc[kept], speaker.iloc[kept]
    real = is_real(rows).to_numpy()
    columns = feature_columns(rows)
    values, emotion = rows[columns].to_numpy(), rows["emotion"].to_numpy(str)
    group = _group(rows[real], speaker[real], calibration)
    splits = _grouped_splits(emotion[real], group, n_folds=n_calibration_folds, seed=seed)
    unfitted = model(name, seed=seed, **settings)
    calibrated = CalibratedClassifierCV(unfitted, method="temperature", cv=splits, ensemble=False)
    # Folds in threads, because scikit-learn releases Python's lock. Threads of BLAS below them would wait for each
    # other, and the last digits of sums would depend on the number of cores.
    unlearned = _unlearned(rows[real], learned) if calibration == CORPORA else np.ones(real.sum())
    with threadpool_limits(1, user_api="blas"), parallel_config(backend="threading", n_jobs=-1):
        if (weight := row_weights(rows, settings)) is not None:
            _fit_weighted(calibrated, rows, values, emotion, real, unlearned, weight)
        else:
            _fit_unweighted(calibrated, values, emotion, real, unlearned)
    return calibrated


def remarks(parts: Iterable[tuple[pd.DataFrame, pd.Series]], *, name: str, seed: int) -> list[str]:
    """Remarks for the reader on emotions of one speaker, and on a model that is fitted to a sample of the rows.

    Parameters
    ----------
    parts
        Rows of each model of a study, and the speaker of each row.

    Examples
    --------
    >>> rows = pd.DataFrame({"emotion": ["sad", "calm", "calm"], "variant": "original", "synthetic": False})
    >>> remarks([(rows, pd.Series(["a", "a", "b"]))], name="svm", seed=0)[0].partition(":")[0]
    'some emotion has a single training speaker (a)'
    """
    sole: set[str] = set()
    samples = []
    for rows, speaker in parts:
        sole |= sole_speakers(rows, speaker)
        if (kept := taken(rows, name=name, seed=seed)) is not None:
            samples.append((len(rows), len(kept)))
    found = []
    if sole:
        found.append(
            f"some emotion has a single training speaker ({', '.join(sorted(sole))}): its probabilities are calibrated"
            " on that same speaker, and may be too high for others"
        )
    if samples:
        n_rows, n_kept = max(samples)
        found.append(
            f"{name} is trained on {n_kept} of {n_rows} rows, drawn from each emotion, original recordings first,"
            " because its time grows with the square of the rows; model=logistic_regression takes all of them"
        )
    return found


def row_weights(rows: pd.DataFrame, architecture: Mapping[str, object]) -> npt.NDArray[np.float64] | None:
    """Weight of each row in the scaler and the classifier of a model; None if all rows weigh alike in the scaler.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": ["a/1", "a/2", "b/1"], "emotion": "sad"})
    >>> row_weights(rows, {"class_weight": "by_corpus"}).tolist(), row_weights(rows, {"class_weight": "balanced"})
    ([0.75, 0.75, 1.5], None)
    """
    return weights_by_corpus(rows) if architecture.get("class_weight") == BY_CORPUS else None


def weights_by_corpus(rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Weight of each row, with mean 1: all corpora have the same weight, and in a corpus all its emotions.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": ["a/1", "a/2", "a/3", "b/1"], "emotion": ["sad", "sad", "calm", "sad"]})
    >>> weights_by_corpus(rows).round(2).tolist()
    [0.5, 0.5, 1.0, 2.0]
    """
    corpus = corpus_of(rows)
    n_rows = rows.groupby([corpus, "emotion"])["emotion"].transform("size")
    n_emotions = rows.groupby(corpus)["emotion"].transform("nunique")
    return np.asarray(len(rows) / (corpus.nunique() * n_emotions * n_rows), np.float64)


def _fit_unweighted(
    calibrated: CalibratedClassifierCV,
    values: npt.NDArray[np.float32],
    emotion: npt.NDArray[np.str_],
    real: npt.NDArray[np.bool_],
    unlearned: npt.NDArray[np.float64],
) -> None:
    """Fit with equal weights of all rows; the calibration leaves out the real rows whose `unlearned` is 0.

    A logistic regression that is also fitted to rows that are not real has a smaller share of the penalty, so larger
    decisions, than one fitted to the real rows. Therefore the folds of the calibration have the `C` that gives the real
    rows the weight of all rows. Otherwise the temperature would not fit the final model.
    """
    classifier = calibrated.estimator[-1]
    inverse_penalty = classifier.C if isinstance(classifier, LogisticRegression) and not real.all() else None
    if inverse_penalty is not None:
        classifier.C = inverse_penalty * len(real) / real.sum()
    options = {} if unlearned.all() else {"sample_weight": unlearned}
    with warnings.catch_warnings():  # scikit-learn warns that the weights are those of the calibration alone
        warnings.filterwarnings("ignore", ".*sample weights will only be used for the calibration", UserWarning)
        calibrated.fit(values[real], emotion[real], **options)
    if real.all():
        return
    last = calibrated.calibrated_classifiers_[0].estimator
    if inverse_penalty is not None:
        classifier.C = last[-1].C = inverse_penalty
    last.fit(values, emotion)


def _fit_weighted(
    calibrated: CalibratedClassifierCV,
    rows: pd.DataFrame,
    values: npt.NDArray[np.float32],
    emotion: npt.NDArray[np.str_],
    real: npt.NDArray[np.bool_],
    unlearned: npt.NDArray[np.float64],
    weight_of_all: npt.NDArray[np.float64],
) -> None:
    """Fit with a weight for each row in the scaler, the classifier and the calibration.

    In the calibration, the weights of the real rows are multiplied by `unlearned`. The weights in the calibration folds
    are scaled so that their sum, averaged over the folds, is the number of all rows. Otherwise the L2 penalty would
    count more in a fold than in the final fit, the decision values would be smaller, and the temperature would not fit
    the final model.
    """
    weight = weights_by_corpus(rows[real])
    of_fold = weight * len(rows) / np.mean([weight[training].sum() for training, _ in calibrated.cv])
    with config_context(enable_metadata_routing=True):
        for step in calibrated.estimator:
            step.set_fit_request(sample_weight="classifier_weight")
        calibrated.fit(values[real], emotion[real], sample_weight=weight * unlearned, classifier_weight=of_fold)
        last = calibrated.calibrated_classifiers_[0].estimator
        last.fit(values, emotion, classifier_weight=weight_of_all)
    for step in (*calibrated.estimator, *last):
        del step._metadata_request  # skops cannot write it


def _unlearned(rows: pd.DataFrame, learned: Sequence[str]) -> npt.NDArray[np.float64]:
    """1 for each row of a corpus that the encoder did not learn, 0 for the others."""
    unlearned = ~corpus_of(rows).isin(learned)
    if not unlearned.any():
        raise ValueError(
            f"training.calibration is {CORPORA}, and the encoder was trained on the emotions of all corpora in training"
            f" ({', '.join(learned)}); choose -S training.calibration={SPEAKERS}, or add another corpus"
        )
    return np.asarray(unlearned, np.float64)


def _group(rows: pd.DataFrame, speaker: pd.Series, calibration: str) -> npt.NDArray[np.str_]:
    """Group of each real row that the folds of the calibration must not divide."""
    if calibration == CORPORA:
        corpus = corpus_of(rows)
        check_calibration_on_corpora(rows["emotion"], corpus)
        return corpus.to_numpy(str)
    return rows["utterance"].to_numpy(str) if calibration == UTTERANCES else calibration_group(rows, speaker)


def calibration_group(rows: pd.DataFrame, speaker: pd.Series) -> npt.NDArray[np.str_]:
    """Group of each row that the folds of the calibration must not divide: its speaker.

    An utterance is a group of its own if its speaker is unknown, or is the only one who has some emotion: no other
    speaker can be used to calibrate that emotion.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": list("1234"), "emotion": ["sad", "sad", "calm", "calm"], "synthetic": False})
    >>> calibration_group(rows, pd.Series(["a", "b", "a", None])).tolist()
    ['a', 'b', 'a', '4']
    """
    utterance = rows["utterance"].to_numpy(str)
    known = np.where(speaker.notna(), speaker, utterance).astype(str)
    sole = sole_speakers(rows, speaker)
    return np.where(np.isin(known, sorted(sole)), utterance, known) if sole else known


def sole_speakers(rows: pd.DataFrame, speaker: pd.Series) -> set[str]:
    """Speakers who are the only one with some emotion in the real rows.

    Examples
    --------
    >>> rows = pd.DataFrame({"emotion": ["sad", "sad", "calm"], "synthetic": False})
    >>> sole_speakers(rows, pd.Series(["a", "b", "b"]))
    {'b'}
    """
    facts = rows[["emotion", "synthetic"]].assign(speaker=speaker.to_numpy())
    voices = facts[~facts["synthetic"]].groupby("emotion")["speaker"].agg(["nunique", "first", "count", "size"])
    alone = voices[(voices["nunique"] == 1) & (voices["count"] == voices["size"])]
    return set(alone["first"])


def _grouped_splits(emotion: npt.NDArray[np.str_], group: npt.NDArray[np.str_], *, n_folds: int, seed: int) -> Splits:
    """Training and test rows of folds that share no group; every fold has all emotions in training.

    Stratified folds are drawn again while both speakers of a rare emotion are in one fold. If no draw succeeds, each
    group is a fold, which always succeeds.
    """
    if n_folds < 2:
        raise ValueError(f"training.n_calibration_folds is {n_folds}; it must be 2 or more")
    n_groups = pd.Series(group).groupby(emotion).nunique()
    if len(n_groups) < 2:
        raise ValueError(
            f"training has one emotion, {n_groups.index[0]}; a classifier needs two, so keep more emotions in labels"
        )
    check_calibration(n_groups)
    n_folds = min(n_folds, int(n_groups.min()))
    for draw in range(N_DRAWS):
        folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed + draw)
        splits: Splits = list(folds.split(emotion, emotion, group))
        if all(np.unique(emotion[training]).size == len(n_groups) for training, _ in splits):
            return splits
    return list(LeaveOneGroupOut().split(emotion, emotion, group))
