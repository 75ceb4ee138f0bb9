"""A training that must fail is refused when the utterances are known, with the same words as later."""

from typing import Any

import pandas as pd
import pytest

from ser.protocol import balancing
from ser.protocol.training_checks import check_trainable

SMOTE = {"name": "smote", "k_neighbors": 5}
FEW = r"smote needs more than balance.k_neighbors=5 training rows of each emotion, but sad has"


def tables(*training: str, folds: int = 1) -> dict[str, pd.DataFrame]:
    """Utterances with these emotions in train, and one more in dev."""
    utterances = pd.DataFrame({"emotion": [*training, "happy"]})
    utterances["utterance"] = [f"x/{k}" for k in range(len(utterances))]
    utterances["corpus"] = "x"
    fold = pd.DataFrame({"utterance": utterances["utterance"], "partition": ["train"] * len(training) + ["dev"]})
    return {"table": pd.concat([fold.assign(fold=k) for k in range(folds)]), "utterances": utterances}


@pytest.mark.parametrize(
    ("training", "settings", "message"),
    [
        (["sad"] * 4, {"name": "none"}, "^training has one emotion, sad, and a classifier needs two; add recordings"),
        (["sad"] * 5 + ["happy"] * 9, SMOTE, rf"^{FEW} 5; lower balance.k_neighbors below 5, or choose"),
        (["sad"] + ["happy"] * 9, SMOTE, rf"^{FEW} 1; choose balance=random_oversampler$"),
        (["sad"] + ["happy"] * 9, {"name": "none"}, "^training has one utterance of sad, so its probabilities cannot"),
    ],
)
def test_what_utterances_alone_decide_is_refused(training: list[str], settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_trainable(**tables(*training), balance=settings, n_variants=1, calibration="speakers")


def test_the_fold_is_named_where_there_are_several() -> None:
    given = tables(*["sad"] * 5, *["happy"] * 9, folds=2)
    with pytest.raises(ValueError, match=rf"^fold 0: {FEW}"):
        check_trainable(**given, balance=SMOTE, n_variants=1, calibration="speakers")


@pytest.mark.parametrize(
    ("training", "settings", "n_variants", "calibration"),
    [
        (["sad"] * 6 + ["happy"] * 9, SMOTE, 1, "speakers"),
        (["sad"] * 3 + ["happy"] * 9, SMOTE, 2, "utterances"),  # augmented variants are rows, too
        (["sad"] * 3 + ["happy"] * 3, SMOTE, 1, "speakers"),  # already balanced
        (["sad"] + ["happy"] * 9, {"name": "random_oversampler"}, 1, None),  # of a network
    ],
)
def test_what_can_be_trained_is_accepted(
    training: list[str], settings: dict[str, Any], n_variants: int, calibration: str | None
) -> None:
    check_trainable(**tables(*training), balance=settings, n_variants=n_variants, calibration=calibration)


def test_an_emotion_of_one_corpus_is_refused_where_corpora_calibrate() -> None:
    given = tables(*["sad", "happy"] * 4)
    given["utterances"]["corpus"] = ["x", "x", "y", "x", "y", "x", "y", "x", "y"]  # y has only sad in training
    options: dict[str, Any] = {"balance": {"name": "none"}, "n_variants": 1}
    check_trainable(**given, **options, calibration="speakers")
    with pytest.raises(ValueError, match=r"^training.calibration is corpora, and training has happy from one corpus"):
        check_trainable(**given, **options, calibration="corpora")
    given["utterances"].loc[1, "corpus"] = "y"
    check_trainable(**given, **options, calibration="corpora")


def test_balancing_refuses_the_same_rows_with_the_same_words() -> None:
    rows = pd.DataFrame({"emotion": ["sad"] * 5 + ["happy"] * 9, "utterance": "x", "variant": "original", "f0": 1.0})
    with pytest.raises(ValueError, match=rf"^{FEW} 5; lower"):
        balancing.balanced(rows, **SMOTE, seed=0)
