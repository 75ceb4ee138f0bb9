"""The report of a study, put together from its sections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import tables
from ser.core.git import Revision
from ser.evaluation import importance, projections
from ser.models import bundle
from ser.models.trained import Trained, temperature
from ser.reporting import explanations, findings, listeners, mistakes, procedure, published, results
from ser.reporting.blocks import Report, Section
from ser.representation import reading


@dataclass(frozen=True)
class Inputs:
    """Everything that the report of a study is made from.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["a", "b"], "corpus": "emodb"})
    >>> predictions = pd.DataFrame({"utterance": ["a", "b"], "partition": ["dev", "test"]})
    >>> tables = {"utterances": utterances, "predictions": predictions, "partitions": pd.DataFrame()}
    >>> others = {**dict.fromkeys(("audit", "ingest", "maps"), {}), "metrics": {"uar": 0.5}, "epochs": pd.DataFrame()}
    >>> config = {"evaluation": {"n_resamples": 1000}}
    >>> inputs = Inputs(config, models=[], code=None, command=None, **tables, **others)
    >>> inputs.shown, inputs.shown_rows["utterance"].tolist(), inputs.n_resamples, inputs.corpora, inputs.is_ensemble
    ('test', ['b'], 1000, ['emodb'], False)
    """

    config: Mapping[str, Any]
    """Parameters of the study."""
    utterances: pd.DataFrame
    partitions: pd.DataFrame
    predictions: pd.DataFrame
    models: Sequence[Trained]
    epochs: pd.DataFrame
    """Epochs of all networks, as `ser.models.trained.epochs` returns them."""
    metrics: Mapping[str, Any]
    audit: Mapping[str, Any]
    ingest: Mapping[str, Any]
    maps: Mapping[str, pd.DataFrame]
    """Name of the projection -> its points."""
    code: Revision | None
    """Last commit that changed the code; None outside a repository."""
    command: str | None
    """Command that runs the study again; None if `conf` is not there."""

    @property
    def shown(self) -> str:
        """Partition whose scores are shown: test, or dev if the study left test out."""
        return "test" if results.is_tested(self.metrics) else "dev"

    @property
    def shown_rows(self) -> pd.DataFrame:
        """Predictions of that partition."""
        return self.predictions[self.predictions["partition"] == self.shown]

    @property
    def n_resamples(self) -> int:
        """Resamples of the bootstrap over speakers; 0 for dev, which has no intervals."""
        return int(self.config["evaluation"]["n_resamples"]) if self.shown == "test" else 0

    @property
    def corpora(self) -> list[str]:
        """Names of the corpora that have utterances."""
        return sorted(self.utterances["corpus"].unique())

    @property
    def is_ensemble(self) -> bool:
        """True if the models are members of ensembles."""
        return any(model.member for model in self.models)


def report(inputs: Inputs) -> Report:
    """Report in the order of the page: results, reasons, procedure."""
    config, rows, names = inputs.config, inputs.shown_rows, inputs.corpora
    partition = config["partition"]["name"]
    sections = [
        findings.section(rows, inputs.metrics),
        results.confusion(rows),
        results.classes(rows),
        results.of_groups(rows, n_resamples=inputs.n_resamples, seed=config["seed"]),
        listeners.section(rows, inputs.utterances, config["corpus"]),
        published.section(rows, config, utterances=inputs.utterances, figures=inputs.metrics),
        *reasons(inputs),
        *data_and_settings(inputs),
        procedure.audit(inputs.audit),
        procedure.card(inputs.models),
    ]
    title, subtitle = procedure.title(config, names)
    return Report(
        title,
        subtitle,
        headline=results.headline(rows, inputs.metrics, partition=config["partition"], n_resamples=inputs.n_resamples),
        caveats=results.caveats(inputs.metrics, inputs.audit, partition=partition, names=names),
        sections=[section for section in sections if section is not None],
        versions=procedure.versions(inputs.models),
        code=str(inputs.code or ""),
    )


def reasons(inputs: Inputs) -> list[Section | None]:
    """Sections that explain the results; None for a section that does not apply to the models."""
    options, root = inputs.config["report"], Path(inputs.config["corpus"]["root"])
    rows = inputs.shown_rows
    return [
        explanations.calibration(
            inputs.predictions,
            shown=inputs.shown,
            trained=temperatures(inputs),
            temperature=options["temperature"],
            n_bins=inputs.config["evaluation"]["n_bins"],
            sole_speakers=sorted(
                {name for model in inputs.models for name in model.description.get("calibrated_within", ())}
            ),
            held_out=inputs.models[0].description.get("training", {}).get("calibration", "speakers"),
        ),
        explanations.mistakes(mistakes.examples(rows, inputs.utterances, root, n=options["n_mistakes"]), rows),
        descriptors(inputs),
        explanations.curves(inputs.epochs),
        explanations.maps(inputs.maps),
    ]


def data_and_settings(inputs: Inputs) -> list[Section]:
    """Sections about the settings, the corpus and the partition."""
    identifying = {key: value for key, value in inputs.config.items() if key not in ("report", "model_input")}
    protocol = inputs.metrics["protocol"]
    return [
        procedure.settings(identifying, protocol=protocol, names=inputs.corpora, again=(inputs.code, inputs.command)),
        procedure.corpus(inputs.utterances, inputs.ingest),
        procedure.partition(inputs.partitions, inputs.utterances, protocol=protocol),
    ]


def temperatures(inputs: Inputs) -> dict[int, float] | None:
    """Fold -> temperature of the model that predicted the shown partition; None for ensembles, which have several.

    Examples
    --------
    >>> from ser.models import packaged
    >>> model = Trained(packaged.resolved("general"), fold=0, member="", description={})
    >>> tables = dict.fromkeys(("utterances", "partitions", "predictions", "epochs"), pd.DataFrame())
    >>> others = {**dict.fromkeys(("config", "audit", "ingest", "maps"), {}), "code": None, "command": None}
    >>> temperatures(Inputs(models=[model], metrics={"uar": 0.5}, **tables, **others))
    {0: 1.0}
    """
    if inputs.is_ensemble:
        return None
    return {
        model.fold: temperature(model.not_of_dev() if inputs.shown == "dev" else model.folder)
        for model in inputs.models
    }


def descriptors(inputs: Inputs) -> Section | None:
    """Importance of the descriptors, measured on dev by the models that were not trained on dev.

    None without repeats, for ensembles and arrays, and for models that read a single descriptor.
    """
    options, seed = inputs.config["report"], inputs.config["seed"]
    columns = inputs.models[0].description["columns"]
    if not options["n_repeats"] or inputs.is_ensemble or len({importance.descriptor(one) for one in columns}) < 2:
        return None
    features = reading.read(Path(inputs.config["model_input"]))
    if features.array is not None:
        return None
    dev = inputs.predictions[inputs.predictions["partition"] == "dev"]
    drawn = projections.sampled(dev, max_rows=options["max_rows"], seed=seed)
    rows = {int(str(fold)): part for fold, part in drawn.groupby("fold")}
    models = [
        (
            bundle.load(model.not_of_dev()),
            features.rows.iloc[features.positions(rows[model.fold].assign(variant=tables.ORIGINAL))],
        )
        for model in inputs.models
        if model.fold in rows
    ]
    falls = importance.importances(models, n_repeats=options["n_repeats"], seed=seed)
    return explanations.importance(falls, n_rows=len(drawn), n_dev=len(dev), n_repeats=options["n_repeats"])
