import pandas as pd
import pytest

from ser.models import classifiers, weighting

CORPUS, EMOTION, VARIANT = ["a"] * 5 + ["b"] * 2, ["sad", "sad", "sad", "calm", "calm", "sad", "sad"], "other"
ROWS = pd.DataFrame(
    {
        "utterance": [f"{corpus}/{k}" for k, corpus in enumerate(CORPUS)],
        "emotion": EMOTION,
        "variant": ["original", "original", VARIANT, "original", VARIANT, "original", VARIANT],
    }
)


@pytest.mark.parametrize("variant_weight", [0.1, 1.0, 3.0])
def test_variants_change_neither_the_weight_of_a_corpus_nor_that_of_its_emotions(variant_weight: float) -> None:
    weight = pd.Series(weighting.weights_by_corpus(ROWS, variant_weight=variant_weight))
    assert weight.sum() == pytest.approx(len(ROWS))
    assert weight.groupby(CORPUS).sum().tolist() == pytest.approx([len(ROWS) / 2] * 2)
    assert weight[:5].groupby(EMOTION[:5]).sum().tolist() == pytest.approx([len(ROWS) / 4] * 2)
    assert (weight[2] / weight[1], weight[4] / weight[3]) == pytest.approx((variant_weight, variant_weight))


def test_the_weight_of_variants_is_taken_from_the_settings_of_the_model() -> None:
    settings = {"class_weight": "by_corpus", "variant_weight": 0.1}
    assert weighting.row_weights(ROWS, settings) == pytest.approx(weighting.weights_by_corpus(ROWS, variant_weight=0.1))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"variant_weight": 0.1}, "has an effect only with by_corpus; choose -S model.class_weight=by_corpus"),
        ({"variant_weight": 0.0, "class_weight": "by_corpus"}, "variant_weight is 0.0; choose a number above 0"),
        ({"variant_weight": -1.0, "class_weight": "by_corpus"}, "choose a number above 0"),
    ],
)
def test_a_weight_of_variants_without_effect_is_refused(settings: dict[str, object], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        classifiers.model("logistic_regression", C=1.0, seed=0, **settings)
