"""Corpora whose emotions an encoder was trained on, in dev."""

import pandas as pd
import pytest

from ser.representation import pretraining

KNOWN = {"name": "whisper", "settings": {"model": "packaged/whisper-base-emotion-int8"}}


def remarks(dev: list[str], representation: object = KNOWN, *, partition: str = "dev") -> list[str]:
    """Remarks on a fold whose dev partition has an utterance of each of these corpora."""
    utterances = pd.DataFrame({"utterance": [f"{name}/1" for name in dev], "corpus": dev})
    partitions = pd.DataFrame({"fold": 0, "utterance": utterances["utterance"], "partition": partition})
    return pretraining.remarks(utterances, partitions, representation)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dev", "advice"),
    [
        (["crema_d"], "choose settings by another corpus in dev"),
        (["crema_d", "savee", "emodb"], "choose settings by dev.corpus.emodb.uar, dev.corpus.savee.uar"),
    ],
)
def test_a_dev_with_recordings_that_the_encoder_knows_is_remarked_with_the_scores_to_take(
    dev: list[str], advice: str
) -> None:
    (remark,) = remarks(dev)
    assert remark.startswith("dev has 1 utterance of crema_d, and the encoder packaged/whisper-base-emotion-int8 was")
    assert remark.endswith(f"so dev.uar is too high; {advice}")


def test_other_corpora_encoders_and_partitions_are_not_remarked() -> None:
    published = {"name": "whisper", "settings": {"model": "openai/whisper-base"}}
    assert remarks(["emodb", "savee"]) == []
    assert remarks(["crema_d"], published) == []
    assert remarks(["crema_d"], {"name": "librosa", "settings": {}}) == []
    assert remarks(["crema_d"], partition="train") == []
