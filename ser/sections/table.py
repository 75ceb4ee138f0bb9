"""Table of the sections of `params.yaml`, each with the functions that take its settings."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ser import corpora
from ser.audio import augmentation
from ser.core.section_checks import NO_TYPES, SettingsFunction, choice_of, problems, unknown
from ser.core.table_suffixes import FORMATS
from ser.corpora import labels
from ser.evaluation import metrics, projections
from ser.features import availability
from ser.features.spectral.descriptors import DESCRIPTORS
from ser.ingest.recordings import CorpusSettings
from ser.ingest.utterance_table import ON_INVALID
from ser.models import ENSEMBLE, NEURAL, averaging, classifiers, progress, settings, variation
from ser.protocol import balancing, partitions
from ser.reporting import tracking
from ser.representation import registry

Section = Mapping[str, Any]
Named = tuple[str, Section]
"""Dotted name of a section, and the section."""
OF_A_MODEL: Mapping[str, Any] = {"name": str, "representation": str}  # beside the settings of the architecture
OF_CALIBRATED = {"refit": bool, "n_calibration_folds": int, "calibration": choice_of(classifiers.CALIBRATIONS)}
NO_FEATURES = "none"
ADAPTATIONS = ("none", "speaker")
TEMPERATURES = ("dev", "none")  # as in `ser.reporting.explanations`, which is slow to import
REQUIRED = ("yamnet", "ssl", "whisper")  # representations whose section also has `required`, which the stage reads
RANGES = {
    "seed": (0, 2**32 - 1),  # of NumPy's generators
    "partition.test_fraction": (0, 1),
    "partition.dev_fraction": (0, 1),
    "balance.k_neighbors": (1, math.inf),
    "projection.max_rows": (1, math.inf),
    "evaluation.n_resamples": (1, math.inf),
    "evaluation.n_bins": (1, math.inf),
    "report.n_repeats": (0, math.inf),
    "report.max_rows": (1, math.inf),
}
ARRAYS = ("log_mel", "frames", "yamnet_bands", "whisper_states")
REPRESENTATIONS = (*REQUIRED, "opensmile", "librosa", *ARRAYS, "yamnet_librosa")


def findings(config: Section) -> list[str]:
    """Lines on unknown and missing sections and settings, and on values of another type; empty if all fit.

    Parameters
    ----------
    config
        Content of `params.yaml`.

    Examples
    --------
    >>> findings({"seed": 0})[0]
    'tables is missing; give it a value, as conf/ has'
    """
    wrong = _names(config) or [
        *(line for name, lines in CHECKS.items() for line in lines(name, config[name])),
        *_model("", config),
        *(line for name, member in config["members"].items() for line in _member(f"members.{name}.", member)),
    ]
    return wrong or _out_of_range(config)


def _out_of_range(config: Section) -> list[str]:
    """Lines on numbers that no stage can use, which libraries would refuse late and without the name of the setting."""
    found = []
    for dotted, (lowest, highest) in RANGES.items():
        section, _, setting = dotted.rpartition(".")
        value = (config.get(section, {}) if section else config).get(setting)
        if isinstance(value, int | float) and not lowest <= value <= highest:
            above = f"at least {lowest}" if highest == math.inf else f"a number from {lowest} to {highest}"
            found.append(f"{dotted} is {value}; wanted {above}")
    return found


def _names(config: Section) -> list[str]:
    """Lines on the names of the sections; a file of conf/features may add one section, of its settings."""
    types: dict[str, Any] = dict.fromkeys([*CHECKS, "model", "training", "members"], Section) | {
        "seed": int,
        "model_input": str,
        "extract": choice_of(availability.EXTRACT),
    }
    added = config.get("features")
    own = added["settings"] if isinstance(added, Mapping) and added.get("settings") else None
    others = [name for name in config if name not in types and config[name] == own]
    return problems("", config, types=types | dict.fromkeys(others, Any))


def _settings_of(
    *functions: SettingsFunction, not_settings: Sequence[str] = (), types: Section = NO_TYPES
) -> Callable[[str, Any], list[str]]:
    """Check of a section that these functions take."""
    return lambda name, section: problems(name, section, *functions, not_settings=not_settings, types=types)


def _chosen(
    functions: Mapping[str, SettingsFunction], name: str, section: Any, types: Mapping[str, Any] = NO_TYPES
) -> list[str]:
    """Lines on a section whose `name` chooses the function that takes the settings that are not in `types`."""
    types = {"name": str, **types}
    if not isinstance(section, Mapping) or "name" not in section:
        return problems(name, section, types=types)
    wrong = unknown(f"{name}.name", section["name"], functions)
    return wrong or problems(name, section, functions[section["name"]], not_settings=("seed", "run"), types=types)


def _partition(name: str, section: Any) -> list[str]:
    is_across = isinstance(section, Mapping) and section.get("name") in partitions.ACROSS_CORPORA
    return _chosen(partitions.PROTOCOLS, name, section, NO_TYPES if is_across else {"test_corpora": list[str] | None})


def _corpus(name: str, corpus: Any) -> list[str]:
    place: dict[str, Any] = {"name": str, "root": str, "on_invalid": choice_of(ON_INVALID)}
    if not isinstance(corpus, Mapping) or "members" not in corpus:
        wrong = problems(name, corpus, CorpusSettings, not_settings=("folder",), types=place)
        return wrong or unknown(f"{name}.reader", corpus["reader"], corpora.CORPORA)
    several = problems(name, corpus, types=place | {"members": Mapping[str, Section], "corpora": list[str] | None})
    return several or [
        line for one, member in corpus["members"].items() for line in _corpus(f"{name}.members.{one}", member)
    ]


def _augmentation(name: str, section: Any) -> list[str]:
    wrong = problems(name, section, types={"name": str, "seed": int, "variants": Mapping[str, Section]})
    return wrong or [
        line
        for variant, bounds in section["variants"].items()
        for line in unknown(f"{name}.variants", variant, augmentation.VARIANTS)
        or problems(
            f"{name}.variants.{variant}", bounds, augmentation.SETTINGS.get(variant, augmentation.VARIANTS[variant])
        )
    ]


def _extracted(name: str, section: Any, representation: str | None = None) -> list[str]:
    """Lines on the settings of a representation, and on those of its descriptors."""
    representation = representation or name
    known = registry.definition(representation)
    required: dict[str, Any] = {"required": bool} if representation in REQUIRED else {}
    wrong = problems(name, section, known.settings_class or known.function, types=required)
    entries = enumerate(section.get("descriptors", ())) if not wrong else ()
    wrong += [line for k, entry in entries for line in _descriptor(f"{name}.descriptors[{k}]", entry)]
    return wrong or [f"{name}: {line}" for line in _refused(known.check_settings, section)]  # as a served model


def _descriptor(name: str, entry: Section) -> list[str]:
    functionals: dict[str, Any] = {"functionals": Sequence[str]} if "functionals" in entry else {}
    chosen = entry.get("name", "")
    wrong = unknown(f"{name}.name", chosen, DESCRIPTORS)
    return wrong or problems(name, entry, DESCRIPTORS[chosen].function, types={"name": str, **functionals})


def _projection(name: str, section: Any) -> list[str]:
    wrong = problems(name, section, types={"max_rows": int, "tsne": Section, "umap": Section})
    return wrong or [
        line
        for method in (projections.tsne, projections.umap)
        for line in problems(f"{name}.{method.__name__}", section[method.__name__], method, not_settings=("seed",))
    ]


def _representation(name: str, section: Any) -> list[str]:
    adapted: dict[str, Any] = {"adaptation": str} if "adaptation" in (section or ()) else {}
    wrong = problems(name, section, types={"name": str, "path": str, "settings": Section} | adapted)
    return wrong or unknown(f"{name}.name", section["name"], registry.REPRESENTATIONS)


def _features(name: str, section: Any) -> list[str]:
    wrong = problems(name, section, types={"name": str, "path": str, "settings": Section})
    if wrong or section["name"] == NO_FEATURES:
        return wrong
    wrong = unknown(f"{name}.name", section["name"], registry.REPRESENTATIONS)
    return wrong or _extracted(f"{name}.settings", section["settings"], section["name"])


def _member(above: str, member: Section) -> list[str]:
    wrong = problems(
        above.rstrip("."), member, types=dict.fromkeys(("model", "balance", "training", "representation"), Section)
    )
    return wrong or [
        *_chosen(balancing.BALANCERS, f"{above}balance", member["balance"]),
        *_representation(f"{above}representation", member["representation"]),
        *_model(above, member),
    ]


def _model(above: str, config: Section) -> list[str]:
    """Lines on the sections model and training of a study, or of the member whose dotted name is `above`."""
    model, training = (f"{above}model", config["model"]), (f"{above}training", config["training"])
    wrong = unknown(f"{above}model.name", config["model"].get("name"), [*classifiers.MODELS, *NEURAL, ENSEMBLE])
    if wrong:
        return wrong
    wrong = _balance_of_array(above, config)
    if config["model"]["name"] == ENSEMBLE:
        return _ensemble(*model, config.get("members", {}))
    is_classifier = config["model"]["name"] in classifiers.MODELS
    return [*wrong, *(_classifier(model, training) if is_classifier else _network(model, training))]


def _ensemble(name: str, model: Section, members: Section) -> list[str]:
    types = {**OF_A_MODEL, "mean": choice_of(averaging.MEANS), "weights": dict[str, float] | None}
    wrong = problems(name, model, types=types)
    if wrong or model["weights"] is None:
        return wrong
    return _refused(averaging.check_weights, model["weights"], list(members))


def _balance_of_array(above: str, config: Section) -> list[str]:
    name = str(config["model"].get("representation"))
    if config["balance"].get("name") != "smote" or not _is_array(name):
        return []
    remedy = "choose balance=random_oversampler or balance=none"
    return [f"{above}balance.name is 'smote', which needs a feature table, and {name} is an array; {remedy}"]


def _is_array(representation: str) -> bool:
    known = registry.REPRESENTATIONS
    return representation in known and known[representation].time_axis is not None


def _classifier(model: Named, training: Named) -> list[str]:
    name, representation = model[1]["name"], str(model[1].get("representation"))
    wrong = problems(*model, classifiers.MODELS[name], not_settings=("seed",), types=OF_A_MODEL)
    if not wrong:
        own = {setting: value for setting, value in model[1].items() if setting not in OF_A_MODEL}
        wrong = [f"{model[0]}: {line}" for line in _refused(classifiers.check_settings, name, own)]
    if "max_epochs" in training[1]:
        wrong.append(f"{training[0]} is that of a network, and {name} is none; choose training=scikit_learn")
    else:
        wrong += problems(*training, types=OF_CALIBRATED)
    if _is_array(representation):
        wrong.append(
            f"model={name} takes a feature table, and {representation} is an array; choose -S"
            " model.representation=librosa"
        )
    return wrong


def _network(model: Named, training: Named) -> list[str]:
    from ser.models import networks  # imports Keras, which takes seconds

    name, representation = model[1]["name"], model[1].get("representation")
    network = networks.NETWORKS[name]
    wrong = problems(*model, network.layers, *network.passes_settings_to, types=OF_A_MODEL)
    if "max_epochs" in training[1]:
        wrong += problems(*training, progress.Rules, settings.NetworkTraining, not_settings=("rules",))
        if isinstance(varied := training[1].get("variation"), Mapping):
            wrong += problems(f"{training[0]}.variation", varied, variation.Variation)
            wrong += _variation_of(f"{training[0]}.variation", str(representation))
    return wrong or [
        *_refused(settings.NetworkTraining.of, training[1]),
        *_refused(networks.check_representation, name, representation),
    ]


def _variation_of(name: str, representation: str) -> list[str]:
    """Line on the random changes of spectrograms, `(n_bands, n_frames)`, if the representation has none."""
    known = registry.REPRESENTATIONS
    if representation not in known or known[representation].time_axis == 2:
        return []
    return [f"{name} changes spectrograms, and {representation} has none; choose -S training.variation=null"]


def _refused(function: Callable[..., object], *arguments: Any) -> list[str]:
    """Message of a function that refuses its arguments."""
    try:
        function(*arguments)
    except ValueError as error:
        return [str(error)]
    return []


CHECKS: Mapping[str, Callable[[str, Any], list[str]]] = {
    "tables": _settings_of(types={"format": choice_of(FORMATS)}),
    "paths": lambda name, section: problems(name, section, types=dict.fromkeys(section, str)),
    "corpus": _corpus,
    "labels": _settings_of(labels.merged),
    "partition": _partition,
    "augmentation": _augmentation,
    **dict.fromkeys(REPRESENTATIONS, _extracted),
    "balance": lambda name, section: _chosen(balancing.BALANCERS, name, section),
    "projection": _projection,
    "evaluation": _settings_of(
        metrics.study_metrics, not_settings=("protocol", "speaker_independent", "transductive", "seed")
    ),
    "report": _settings_of(
        types={"n_mistakes": int, "temperature": choice_of(TEMPERATURES), "n_repeats": int, "max_rows": int}
    ),
    "tracking": lambda name, section: _chosen(tracking.TRACKERS, name, section),
    "representation": _representation,
    "adaptation": _settings_of(types={"name": choice_of(ADAPTATIONS)}),
    "features": _features,
}
