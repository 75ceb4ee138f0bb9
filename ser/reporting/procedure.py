"""Sections of the report with the procedure: settings, corpus, partition, audit, model card."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import yaml

from ser.audit.findings import TITLES
from ser.core import tables
from ser.core.emotions import in_order
from ser.core.git import Revision
from ser.core.wording import TWO_LABELS, counted, span
from ser.corpora import CORPORA, title_of
from ser.models.trained import Trained
from ser.reporting import cards
from ser.reporting.blocks import Cell, Column, Findings, Section, Table, escaped

OMITTED = ("root", "list")  # where a corpus and its list lie is no setting of the study
PLACES = {"FOLDER": "the folder of your copy of the corpus", "FILE": "the list of recordings"}
MAX_FOLDS = 12  # more folds share one row in the table of the partition
Rows = list[list[Cell]]


def title(config: Mapping[str, Any], names: Sequence[str]) -> tuple[str, str]:
    """Title and subtitle of the report.

    Examples
    --------
    >>> config = {"model": {"name": "mlp"}, "members": {}, "representation": {"name": "librosa", "settings": {}}}
    >>> title(config, ["emodb"])
    ('Speech emotion recognition on EmoDB', 'mlp on librosa, as set')
    """
    corpora = " and ".join(title_of(name) for name in names) if len(names) < 4 else f"{len(names)} corpora"
    model, members = config["model"]["name"], ", ".join(config["members"])
    made_of = f"of {members}" if members else f"on {_representation(config)}"
    return f"Speech emotion recognition on {corpora}", f"{model} {made_of}"


def settings(
    config: Mapping[str, Any], *, protocol: str, names: Sequence[str], again: tuple[Revision | None, str | None]
) -> Section:
    """Settings of the study: the most important ones, and all parameters.

    Parameters
    ----------
    names
        Corpora that have utterances; the settings of other corpora are left out.
    again
        Revision of the code, and command that runs the study again; None where they are unknown.

    Examples
    --------
    >>> config = dict.fromkeys(("labels", "augmentation", "balance", "model"), {"name": "x"})
    >>> config |= {"corpus": {}, "seed": 0, "members": {}, "representation": {"name": "librosa", "settings": {}}}
    >>> settings(config, protocol="holdout", names=["emodb"], again=(None, None)).blocks[0].rows[:2]
    [['corpus', 'EmoDB'], ['labels', 'x']]
    """
    members = ", ".join(config["members"])
    short: Rows = [
        ["corpus", ", ".join(title_of(name) for name in names)],
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
    text = [*_again(*again), "The parameters are those of `params.yaml`, composed from `conf/`."]
    return Section("study", "Study", text, blocks)


def _again(code: Revision | None, command: str | None) -> list[str]:
    """Paragraphs with the commit and the command that reproduce the study."""
    if command is None:
        return []
    place = f"in a checkout of {code}" if code else "in the folder of the project"
    explained = [f"`{word}` is {meaning}." for word, meaning in PLACES.items() if f"={word}" in command]
    return [f"Run it again, {place}:", f"```sh\n{command}\n```", *explained]


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
    """Dotted names and values of all settings; below the first level, a mapping of scalars is one value."""
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
    """Recordings of the study, their licence, and what was left out.

    Examples
    --------
    >>> rows = pd.DataFrame({"corpus": "emodb", "speaker": ["emodb/03"], "sex": "male", "emotion": "sad"})
    >>> ingest = {"dropped": {}, "rejects": [], "known_defects": [], "duplicates": []}
    >>> section = corpus(rows.assign(language="de", duration=60.0), ingest)
    >>> section.blocks[0].rows  # utterances, speakers, female, male, minutes
    [['emodb', 1, 1, 0, 1, 1, 'de']]
    """
    names = sorted(utterances["corpus"].unique())
    rows: Rows = [_corpus_row(name, utterances[utterances["corpus"] == name]) for name in names]
    counted_heads = ("utterances", "speakers", "female", "male", "minutes")
    columns = [Column("corpus"), *(Column(head, "count") for head in counted_heads), Column("languages")]
    emotions = in_order(utterances["emotion"].unique())
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


def _source(name: str) -> str:
    if name not in CORPORA:
        return f"**{escaped(name)}**"
    known = CORPORA[name]
    return f"**{known.title}**: {known.citation}. Licence: **{known.licence}**. {known.note}".rstrip()


def _left_out(ingest: Mapping[str, Any]) -> list[str]:
    """Sentences about recordings of the corpora that the study leaves out."""
    found = [
        f"Dropped by the labels ({escaped(name)}): {', '.join(f'{n} {emotion}' for emotion, n in counts.items())}."
        for name, counts in ingest["dropped"].items()
    ]
    if ingest["rejects"]:
        n_contradictory = sum(reject["reason"] == TWO_LABELS for reject in ingest["rejects"])
        of_them = f" ({n_contradictory} of them because {TWO_LABELS})" if n_contradictory else ""
        n_files = counted(len(ingest["rejects"]), "invalid file")
        found.append(f"Excluded: {n_files}{of_them}, listed in `reports/ingest.json`.")
    if ingest["known_defects"]:
        n_defects = counted(len(ingest["known_defects"]), "file")
        found.append(
            f"Left out: {n_defects} with a defect in every copy of the corpus, listed in `reports/ingest.json`."
        )
    if ingest["duplicates"]:
        n_recordings = counted(len(ingest["duplicates"]), "recording")
        found.append(f"Duplicates: {n_recordings} with the same audio as another one.")
    return [" ".join(found)] if found else []


def partition(table: pd.DataFrame, utterances: pd.DataFrame, *, protocol: str) -> Section:
    """Utterances and speakers in each partition of each fold; for more than 12 folds, lowest and highest numbers.

    Examples
    --------
    >>> table = pd.DataFrame({"fold": 0, "utterance": ["u1", "u2", "u3"], "partition": ["train", "dev", "test"]})
    >>> utterances = pd.DataFrame({"utterance": ["u1", "u2", "u3"], "speaker": ["a", "b", "c"]})
    >>> partition(table, utterances, protocol="holdout").blocks[0].rows  # utterances and speakers of each partition
    [['0', 1, 1, 1, 1, 1, 1]]
    """
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
        rows = [[f"{len(rows)} folds", *(span(values) for values in zip(*of_folds.values(), strict=True))]]
    text = f"`{protocol}`."
    if not known:
        text += " The speakers are unknown."
    return Section(
        "partition",
        "Partition",
        [text],
        [Table("Utterances and speakers of each fold", [Column("fold"), *columns], rows)],
    )


def audit(found: Mapping[str, Any]) -> Section:
    """Findings of the stage `audit`.

    Examples
    --------
    >>> audit({"findings": [], "n_errors": 0, "n_notes": 0, "declared": None}).text
    ['No findings: no leaks, and no notes.']
    """
    findings = sorted(found["findings"], key=lambda finding: finding["level"] != "error")
    if not findings:
        return Section("audit", "Audit", ["No findings: no leaks, and no notes."])
    text = f"{counted(found['n_errors'], 'error')} and {counted(found['n_notes'], 'note')}."
    if found["n_errors"] and found["declared"]:
        text += f" The protocol is declared {escaped(found['declared'])}, which allows errors of that kind."
    titled = [
        {**one, "title": TITLES[one["check"]], "found": _sentence(one["found"]), "remedy": _sentence(one["remedy"])}
        for one in findings
    ]
    return Section("audit", "Audit", [text], [Findings(titled)])


def _sentence(text: str) -> str:
    """Text with a full stop, and a capital letter unless it begins with an identifier."""
    first, *_ = text.split(maxsplit=1)
    return f"{text[0].upper() if first.isalpha() else text[0]}{text[1:].rstrip('.')}."


def card(models: Sequence[Trained]) -> Section:
    """Model card: the models, their training data, their intended use and their limits.

    References
    ----------
    .. [1] Mitchell et al. (2019), Model cards for model reporting, Conference on Fairness, Accountability, and
       Transparency.
    """
    first = models[0].description
    n_folds = len({model.fold for model in models})
    names = sorted({name for model in models for name in model.description["corpora"]})
    kinds = dict.fromkeys(_kind(model) for model in models)
    what = f"{counted(n_folds, 'model')}{', one per fold' * (n_folds > 1)}: {'; '.join(kinds)}."
    what += f" Labels: {', '.join(first['labels'])}."
    n_speakers = sorted({len(model.description["speakers"]) for model in models})
    voices = f"{span(n_speakers)} speaker{'s' * (n_speakers != [1])}" if n_speakers[-1] else "unknown speakers"
    sources = "\n".join(f"- {_source(name)}" for name in names)
    text = [
        f"### Models\n\n{what} Trained by the package `ser`, with seed {first['seed']}.",
        f"### Data and licence\n\nTrained on {voices} of {', '.join(escaped(title_of(name)) for name in names)}. The"
        f" licence of the recordings also applies to the models and to the excerpts in this report:\n\n{sources}",
        f"### Intended use\n\n{cards.USE}",
        f"### Limits\n\n{cards.limits({**first, 'corpora': names})}",
    ]
    return Section("card", "Model card", text)


def _kind(model: Trained) -> str:
    """Name, representation and size of a model."""
    name, n_parameters = model.description["model"]["name"], model.description.get("metrics", {}).get("n_parameters")
    size = f"{n_parameters:,} parameters" if n_parameters else counted(len(model.description["columns"]), "feature")
    return f"`{name}` on `{model.description['representation']['name']}`, {size}"


def versions(models: Sequence[Trained]) -> list[tuple[str, str]]:
    """Names and versions of the packages that the models were trained with.

    Examples
    --------
    >>> from pathlib import Path
    >>> versions([Trained(Path("models/fold_0"), 0, "", {"versions": {"scikit-learn": "1.7", "numpy": "2.3"}})])
    [('numpy', '2.3'), ('scikit-learn', '1.7')]
    """
    found = models[0].description["versions"]
    return [(name, found[name]) for name in sorted(found)]
