"""Sections of the report that say what was done: settings, corpus, partition, audit, model card."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import yaml

from ser.core import tables
from ser.corpora import CORPORA
from ser.reporting import cards
from ser.reporting.blocks import Cell, Column, Findings, Section, Table, counted, escaped
from ser.reporting.trained import Trained

OMITTED = ("root",)  # where a corpus lies says nothing of the study
MAX_FOLDS = 12  # that have a row each in the table of the partition
Rows = list[list[Cell]]


def title(config: Mapping[str, Any], names: Sequence[str]) -> tuple[str, str]:
    """Title and subtitle of the report."""
    corpora = " and ".join(_title(name) for name in names) if len(names) < 4 else f"{len(names)} corpora"
    model, members = config["model"]["name"], ", ".join(config["members"])
    made_of = f"of {members}" if members else f"on {_representation(config)}"
    return f"Speech emotion recognition on {corpora}", f"{model} {made_of}"


def settings(config: Mapping[str, Any], *, protocol: str, names: Sequence[str]) -> Section:
    """What identifies the study: in short, and every parameter.

    Parameters
    ----------
    names
        Of the corpora that have utterances; of several, the settings of others are left out.
    """
    members = ", ".join(config["members"])
    short: Rows = [
        ["corpus", ", ".join(_title(name) for name in names)],
        ["labels", config["labels"]["name"]],
        ["partition", protocol],
        ["representation", _representation(config)],
        ["augmentation", config["augmentation"]["name"]],
        ["balance", config["balance"]["name"]],
        ["model", config["model"]["name"] + (f" of {members}" if members else "")],
        ["seed", config["seed"]],
    ]
    everything: Rows = [list(row) for row in _flat(_of_present(config, names))]
    columns = [Column("setting"), Column("value")]
    blocks = [Table("In short", columns, short), Table("Every setting", columns, everything, folded=True)]
    return Section("study", "Study", ["The parameters are those of `params.yaml`, composed from `conf/`."], blocks)


def _representation(config: Mapping[str, Any]) -> str:
    if config["members"]:
        return "that of each member"
    found = config["representation"]
    return f"{found['name']}, {found['settings'].get('name', 'as set')}"


def _of_present(config: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    corpus = dict(config["corpus"])
    if "members" in corpus:
        corpus["members"] = {key: value for key, value in corpus["members"].items() if value.get("name", key) in names}
    return {**config, "corpus": corpus}


def _flat(content: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Dotted name and value of all settings; a mapping of scalars below the first level is one value."""
    for key, value in content.items():
        name = f"{above}{key}"
        if key in OMITTED:
            continue
        if (
            isinstance(value, Mapping)
            and value
            and (not above or any(isinstance(v, dict | list) for v in value.values()))
        ):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
            yield from ((f"{name}.{k}", _inline(entry)) for k, entry in enumerate(value, 1))
        else:
            yield name, _inline(value)


def _inline(value: Any) -> str:
    if not isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False).strip('"')
    if not value:
        return "none"
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True).strip()
    return text[1:-1] if isinstance(value, Mapping) else text


def corpus(utterances: pd.DataFrame, ingest: Mapping[str, Any]) -> Section:
    """What was studied, under which licence, and what was left out."""
    names = sorted(utterances["corpus"].unique())
    rows: Rows = [_corpus_row(name, utterances[utterances["corpus"] == name]) for name in names]
    counted_heads = ("utterances", "speakers", "female", "male", "minutes")
    columns = [Column("corpus"), *(Column(head, "count") for head in counted_heads), Column("languages")]
    emotions = [emotion for emotion in tables.EMOTIONS if (utterances["emotion"] == emotion).any()]
    counts = utterances.groupby(["emotion", "corpus"]).size()
    of_emotions: Rows = [[emotion, *(int(counts.get((emotion, name), 0)) for name in names)] for emotion in emotions]
    blocks = [
        Table("Recordings", columns, rows),
        Table("Utterances of each emotion", [Column("emotion"), *(Column(n, "count") for n in names)], of_emotions),
    ]
    sources = "\n".join(f"- {_source(name)}" for name in names)
    return Section("corpus", "Corpus", [sources, *_left_out(ingest)], blocks)


def _corpus_row(name: str, rows: pd.DataFrame) -> list[Cell]:
    sexes = rows.drop_duplicates("speaker").dropna(subset="speaker")["sex"].value_counts()
    languages = ", ".join(sorted(rows["language"].dropna().unique())) or "unknown"
    n_speakers = int(rows["speaker"].nunique())
    known = [int(sexes.get(sex, 0)) for sex in ("female", "male")] if len(sexes) else [None, None]
    return [name, len(rows), n_speakers or "unknown", *known, round(rows["duration"].sum() / 60), languages]


def _title(name: str) -> str:
    return CORPORA[name].title if name in CORPORA else name


def _source(name: str) -> str:
    if name not in CORPORA:
        return f"**{escaped(name)}**"
    known = CORPORA[name]
    return f"**{known.title}**: {known.citation}. Licence: **{known.licence}**. {known.note}".rstrip()


def _left_out(ingest: Mapping[str, Any]) -> list[str]:
    """What the corpora have and the study does not, a sentence each."""
    found = [
        f"Dropped by the labels, of {escaped(name)}: {', '.join(f'{n} {emotion}' for emotion, n in counts.items())}."
        for name, counts in ingest["dropped"].items()
    ]
    if ingest["rejects"]:
        found.append(f"{counted(len(ingest['rejects']), 'invalid file')} excluded; `reports/ingest.json` lists them.")
    if ingest["known_defects"]:
        n_defects = len(ingest["known_defects"])
        found.append(f"{counted(n_defects, 'file')} left out that every copy of the corpus has damaged.")
    if ingest["duplicates"]:
        found.append(f"{counted(len(ingest['duplicates']), 'recording')} with equal audio under several names.")
    return [" ".join(found)] if found else []


def partition(table: pd.DataFrame, utterances: pd.DataFrame, *, protocol: str) -> Section:
    """Utterances and speakers in each partition of each fold; of many folds, the least and the most."""
    speaker = table["utterance"].map(utterances.set_index("utterance")["speaker"])
    groups = table.assign(speaker=speaker).groupby(["fold", "partition"])
    counts = groups["speaker"].agg(["size", "nunique"])
    known = bool(speaker.notna().any())
    names = [(part, kind) for part in tables.PARTITIONS for kind in ("size", "nunique")]
    columns = [Column(f"{part}{', speakers' * (kind == 'nunique')}", "count") for part, kind in names]
    of_folds = {
        int(fold): [int(counts[kind].get((fold, part), 0)) for part, kind in names] for fold in table["fold"].unique()
    }
    rows: Rows = [[str(fold), *of_folds[fold]] for fold in sorted(of_folds)]
    if len(rows) > MAX_FOLDS:
        rows = [[f"{len(rows)} folds", *(_range(values) for values in zip(*of_folds.values(), strict=True))]]
    text = f"`{protocol}`."
    if not known:
        text += " The speakers are unknown."
    return Section(
        "partition",
        "Partition",
        [text],
        [Table("Utterances and speakers of each fold", [Column("fold"), *columns], rows)],
    )


def _range(values: Sequence[int]) -> str:
    least, most = min(values), max(values)
    return str(least) if least == most else f"{least} to {most}"


def audit(found: Mapping[str, Any]) -> Section:
    """What the stage `audit` found."""
    findings = sorted(found["findings"], key=lambda finding: finding["level"] != "error")
    if not findings:
        return Section("audit", "Audit", ["Nothing was found: no leak, and nothing that a reader must know."])
    text = f"{counted(found['n_errors'], 'error')} (leaks) and {counted(found['n_notes'], 'note')}."
    if found["n_errors"] and found["declared"]:
        text += f" The protocol is declared {escaped(found['declared'])}, so that errors do not stop the pipeline."
    return Section("audit", "Audit", [text], [Findings(findings)])


def card(models: Sequence[Trained]) -> Section:
    """Model card: what the models are, what they learned from, and what they must not be used for.

    References
    ----------
    .. [1] Mitchell et al. (2019), Model cards for model reporting, Conference on Fairness, Accountability, and
       Transparency.
    """
    first = models[0].description
    n_folds = len({model.fold for model in models})
    names = sorted({name for model in models for name in model.description["corpora"]})
    kinds = dict.fromkeys(_kind(model) for model in models)
    what = f"{counted(n_folds, 'model')}, one a fold: {'; '.join(kinds)}. Labels: {', '.join(first['labels'])}."
    what = what if n_folds > 1 else what.replace(", one a fold", "")
    n_speakers = sorted({len(model.description["speakers"]) for model in models})
    voices = " to ".join(dict.fromkeys(str(n) for n in (n_speakers[0], n_speakers[-1])))
    learned = f"Learned from {voices} speakers" if n_speakers[-1] else "Learned from unknown speakers"
    sources = "\n".join(f"- {_source(name)}" for name in names)
    text = [
        f"### What it is\n\n{what} Made by the package `ser`, with seed {first['seed']}.",
        f"### Data and licence\n\n{learned} of {', '.join(escaped(_title(name)) for name in names)}. The licence of the"
        f" recordings is that of the models, and of the excerpts in this report:\n\n{sources}",
        f"### Intended use\n\n{cards.USE}",
        f"### Limits\n\n{cards.limits(first)}",
    ]
    return Section("card", "Model card", text)


def _kind(model: Trained) -> str:
    """Name and size."""
    name, n_parameters = model.description["model"]["name"], model.description.get("metrics", {}).get("n_parameters")
    size = f"{n_parameters:,} parameters" if n_parameters else counted(len(model.description["columns"]), "feature")
    return f"`{name}` on `{model.description['representation']['name']}`, {size}"


def versions(models: Sequence[Trained]) -> list[tuple[str, str]]:
    """Name and version of what the models were made with."""
    found = models[0].description["versions"]
    return [(name, found[name]) for name in sorted(found)]
