"""Functions of `import ser` for notebooks: features of recordings, the comparison of two runs, the audit of a study."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import yaml

from ser.audio.invalid import InvalidAudio
from ser.core import extras
from ser.serving.recognition import opened

if TYPE_CHECKING:
    import pandas as pd

    from ser.compare.differences import Comparison

CONF = Path(__file__).parents[1] / "conf"  # in a clone; a wheel has none
PARAMETERS = ("corpus.root", "partition", "representation", "model.name", "tables.format")
NEEDED = ("data/utterances.csv", "data/partitions.csv", "models")  # of a study, for its audit

Recording = str | Path | npt.NDArray[Any]


@extras.named()
def features(
    recordings: Recording | Sequence[Recording],
    feature_set: str | Path | Mapping[str, Any] = "functionals_120",
    *,
    sample_rate: float | None = None,
    representation: str = "librosa",
) -> "pd.DataFrame":
    """Features of recordings, one row each, one column a feature.

    Parameters
    ----------
    recordings
        Path of a file, or a waveform, `(n_samples,)` or `(n_samples, n_channels)`; or a list of these.
    feature_set
        Name of a file of `conf/<representation>`, path of such a file, or its content.
    sample_rate
        Hz; only for waveforms, since a file declares its own.
    representation
        `librosa`, `opensmile`, `yamnet`, `ssl`, `whisper`, or another representation that is a table.

    Raises
    ------
    ValueError
        If a recording cannot be used, the feature set is unknown or not valid, or the representation is an array.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> loudness = {"name": "rms", "functionals": ["mean", "std"]}
    >>> settings = {"name": "level", "sample_rate": 8000, "n_fft": 512, "hop_length": 128, "descriptors": [loudness]}
    >>> features([np.ones(8000), np.zeros(8000)], settings, sample_rate=8000).round(1)  # doctest: +NORMALIZE_WHITESPACE
               RMS  RMS_Std
    recording
    0          1.0      0.0
    1          0.0      0.0
    """
    import pandas as pd

    from ser.representation.registry import definition

    known = definition(representation)
    if known.time_axis is not None:
        raise ValueError(f"{representation} is an array over time; wanted a table of features, as librosa")
    settings = _settings(feature_set, representation)
    known.check_settings(settings)
    extract = known.prepared(settings).function
    several = _listed(recordings)
    names = [str(one) if isinstance(one, str | Path) else number for number, one in enumerate(several)]
    rows = []
    for name, one in zip(names, several, strict=True):
        with _named(name), opened(one, sample_rate) as source:
            rows.append(extract(source.whole(), source.sample_rate))
    return pd.DataFrame(rows, index=pd.Index(names, name="recording"))


@contextmanager
def _named(recording: str | int) -> Iterator[None]:
    """Put the name of the recording, or its number, before the message of an error of it."""
    try:
        yield
    except InvalidAudio as error:
        raise ValueError(f"recording {recording}: {error}") from error


def _listed(recordings: Recording | Iterable[Recording]) -> list[Recording]:
    """Recordings as a list; a single one, also a waveform, is a list of one."""
    if isinstance(recordings, str | Path | np.ndarray):
        return [recordings]
    return [one if isinstance(one, str | Path) else np.asarray(one) for one in recordings]


def _settings(feature_set: str | Path | Mapping[str, Any], representation: str) -> dict[str, Any]:
    """Settings of a feature set, by its name, its file or its content.

    Raises
    ------
    ValueError
        If there is no such file, or it has no settings.
    """
    from ser.representation.registry import REPRESENTATIONS

    if isinstance(feature_set, Mapping):
        return dict(feature_set)
    named = CONF / representation / f"{feature_set}.yaml"
    path = named if named.is_file() else Path(feature_set)
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in named.parent.glob("*.yaml"))) or "none without a clone of ser"
        others = [f"representation={one!r}" for one in REPRESENTATIONS if (CONF / one / named.name).is_file()]
        wanted = f"wanted {' or '.join(others)}" if others else f"wanted a name ({known}), a file, or its content"
        raise ValueError(f"{representation} has no feature set {str(feature_set)!r}; {wanted}")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path} has no settings; wanted a file as those of conf/{representation}")
    return content


@extras.named()
def compare(
    run_a: "str | Path | pd.DataFrame",
    run_b: "str | Path | pd.DataFrame",
    *,
    partition: str | None = None,
    n_resamples: int = 9999,
    seed: int = 0,
) -> "Comparison":
    """Differences of the scores of two runs, B - A: table `differences` with intervals, and table `speakers`.

    Parameters
    ----------
    run_a, run_b
        `workspace`, a folder with predictions.csv, a Git revision, an experiment of DVC, or a table of predictions.
    partition
        `dev` or `test`; None: test, or dev if a run has no test.
    n_resamples
        Resamples of the speakers, for intervals and p values.
    seed
        Random seed of the resamples.

    Raises
    ------
    ValueError
        If a run is not available, or the two cannot be compared.

    Examples
    --------
    >>> import pandas as pd
    >>> a = pd.DataFrame({"utterance": ["u1", "u2"], "speaker": "s", "truth": ["sad", "calm"], "prediction": "sad"})
    >>> a = a.assign(partition="test", p_calm=0.4, p_sad=0.6)
    >>> float(compare(a, a.assign(prediction=a["truth"])).uar["difference"])
    0.5
    """
    from ser.compare import differences, run_predictions

    first, second = (
        run_predictions.predictions(str(one)) if isinstance(one, str | Path) else one for one in (run_a, run_b)
    )
    _, a, b = run_predictions.shared_partition(first, second, partition)
    return differences.comparison(a, b, n_resamples=n_resamples, seed=seed)


@extras.named()
def audit(folder: str | Path = ".") -> dict[str, Any]:
    """Findings on leaks in the tables, models and predictions of a study, as reports/audit.json has them.

    Parameters
    ----------
    folder
        Root of the project, where the study ran.

    Returns
    -------
    dict
        `protocol`, in words; `declared`, the weakness that the protocol declares, or None; `n_errors`; `n_notes`; and
        `findings`, each with `level` (`error` or `note`), `check`, `fold`, `found`, `remedy` and `examples`.

    Raises
    ------
    ValueError, OSError
        If a file of the study is missing or damaged, or files are from different runs.

    Examples
    --------
    >>> audit("/no_such_folder")
    Traceback (most recent call last):
    ValueError: /no_such_folder/params.yaml does not exist; compose it with: python -m ser.params
    """
    from ser.audit import study_checks
    from ser.core import params_file

    top = Path(folder)
    config = params_file.load(*PARAMETERS, path=top / params_file.PARAMS)
    if missing := [name for name in NEEDED if not (top / name).exists()]:
        raise ValueError(f"no {top / missing[0]} here; make it with: dvc repro train")
    config["corpus.root"] = top / config["corpus.root"]
    config["representation"] |= {"path": top / config["representation"]["path"]}
    utterances, partitions, models = (top / name for name in NEEDED)
    predictions = top / "reports/predictions.csv"
    study = study_checks.read(
        config,
        utterances=utterances,
        partitions=partitions,
        balanced=top / "data/balanced_dataset.csv",
        models=models,
        predictions=predictions if predictions.is_file() else None,
    )
    return study_checks.report(study, config["partition"])
