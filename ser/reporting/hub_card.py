"""Front matter of a model card, as the Hugging Face Hub reads it."""

from collections.abc import Mapping, Sequence
from typing import Any

from ser.corpora import CORPORA

LICENCES = {  # as a corpus states it -> identifier of the hub
    "Apache 2.0": "apache-2.0",
    "CC BY 4.0": "cc-by-4.0",
    "CC BY-NC-ND 4.0": "cc-by-nc-nd-4.0",
    "CC BY-NC-SA 4.0": "cc-by-nc-sa-4.0",
    "CC0 1.0": "cc0-1.0",
    "GPL 3.0": "gpl-3.0",
    "MIT": "mit",
    "ODbL 1.0": "odbl",
}
TAGS = ["speech-emotion-recognition", "ser"]


def with_front_matter(
    card: str, description: Mapping[str, Any], figures: Mapping[str, Any], *, tested: Sequence[str] = ()
) -> str:
    """Card with YAML before it: licence, tags, corpora, and the test score if there is one.

    Parameters
    ----------
    card
        Markdown.
    description
        Description of the bundle.
    figures
        Metrics of its study; empty if they are not known.
    tested
        Corpora that were tested.

    Examples
    --------
    >>> description = {"corpora": ["ravdess"], "labels": ["calm"], "model": {"name": "svm"}}
    >>> with_front_matter("# Card", description, {}).splitlines()[:3]
    ['---', 'library_name: ser', 'license: cc-by-nc-sa-4.0']
    """
    from huggingface_hub import EvalResult, ModelCardData

    corpora = list(description["corpora"])
    facts: dict[str, Any] = {"license": licence(corpora)}
    if facts["license"] == "other":
        facts["license_name"] = "licence-of-the-corpora"
    if "uar" in figures:
        facts["model_name"] = str(description["model"]["name"])
        facts["eval_results"] = [
            EvalResult(
                task_type="audio-classification",
                dataset_type=", ".join(tested),
                dataset_name=", ".join(tested),
                metric_type="recall",
                metric_name="unweighted average recall",
                metric_value=float(figures["uar"]),
            )
        ]
    tags = [*TAGS, *corpora]
    data = ModelCardData(
        library_name="ser", pipeline_tag="audio-classification", tags=tags, metrics=["recall"], **facts
    )
    content = {key: value for key, value in sorted(data.to_dict().items()) if value is not None}
    return f"---\n{_yaml(content)}---\n\n{card}"


def licence(corpora: list[str]) -> str:
    """Identifier of the licence of a model: that of its corpora if they share one, else `other`.

    Examples
    --------
    >>> licence(["ravdess"]), licence(["ravdess", "tess"])
    ('cc-by-nc-sa-4.0', 'other')
    """
    stated = {CORPORA[name].licence if name in CORPORA else "" for name in corpora}
    return LICENCES.get(stated.pop(), "other") if len(stated) == 1 else "other"


def _yaml(content: Mapping[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
