"""Recordings of one or several corpora that become utterances, chosen by their file names; nothing is decoded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ser import corpora as readers
from ser.core import files
from ser.core.emotions import in_order
from ser.corpora.labels import Scheme, canonical, check_map, of_word
from ser.corpora.naming import VOCAL_CHANNELS, InvalidName, Naming
from ser.ingest.counts import Tally, by_suffix
from ser.ingest.survey import Named, Reject, survey

OF_A_STUDY = ("name", "root", "on_invalid")  # settings of a file of `conf/corpus` that no member needs


@dataclass(frozen=True)
class CorpusSettings:
    """Settings of one corpus: those of a file of `conf/corpus`, and its folder.

    Examples
    --------
    >>> settings = CorpusSettings("savee", "", "savee", label_map={"a": "angry", "sa": "sad"})
    >>> settings.section, settings.emotion_of
    ('corpus', {'a': 'angry', 'sa': 'sad'})
    >>> settings.check()
    """

    name: str
    """First part of every utterance and speaker."""
    folder: str
    """Relative to the root; empty where the root is the corpus."""
    reader: str
    """Module of `ser.corpora` that parses the file names."""
    label_map: Mapping[str, str]
    """Corpus label -> emotion."""
    vocal_channels: list[str] | None = None
    """Vocal channels to keep; None keeps all."""
    speaker_pattern: str | None = None
    """Regular expression with a group named `speaker`, searched in the path below the root. Without it, speakers come
    from the file names, or from a `speakers.csv` in the folder."""

    @property
    def section(self) -> str:
        """Section of the configuration that holds these settings."""
        return f"corpus.members.{self.folder}" if self.folder else "corpus"

    @property
    def emotion_of(self) -> dict[str, str]:
        """Corpus label, as the reader writes it -> emotion."""
        spelled = readers.corpus(self.reader).spelled
        return {spelled(label): emotion for label, emotion in self.label_map.items()}

    def check(self) -> None:
        """Check the names in the settings.

        Raises
        ------
        ValueError
            If a vocal channel or an emotion of the label map is unknown.
        """
        if unknown := sorted(set(self.vocal_channels or ()) - set(VOCAL_CHANNELS)):
            known = ", ".join(VOCAL_CHANNELS)
            raise ValueError(f"{self.section}.vocal_channels names {', '.join(unknown)}; the corpus has {known}")
        check_map(self.label_map, self.section)


class Recording(NamedTuple):
    """A file to decode, and what its name states.

    Examples
    --------
    >>> recording = Recording("savee/DC_a01", "DC/a01.wav", "savee", "angry", Naming("a", speaker="DC"))
    >>> recording.naming.speaker
    'DC'
    """

    utterance: str
    path: str
    """Relative to the root."""
    corpus: str
    emotion: str
    """Label of the scheme."""
    naming: Naming


def of_corpus(root: Path, settings: CorpusSettings, *, scheme: Scheme, tally: Tally) -> list[Recording]:
    """Recordings of one corpus that are to be decoded; `tally` counts the other files.

    Raises
    ------
    ValueError
        If the folder is missing or contains no audio, or a setting is unknown.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> settings = CorpusSettings("savee", "", "savee", label_map={"a": "angry"})
    >>> with TemporaryDirectory() as folder:
    ...     files.write_text(Path(folder, "DC", "a01.wav"), "")
    ...     (found,) = of_corpus(Path(folder), settings, scheme=Scheme({"angry": "angry"}), tally=Tally())
    >>> found.path, found.emotion, found.naming.speaker
    ('DC/a01.wav', 'angry', 'DC')
    """
    settings.check()
    folder = root / settings.folder
    found = survey(folder, readers.corpus(settings.reader), speaker_pattern=settings.speaker_pattern)
    if not (found.named or found.rejects or found.known_defects):
        others = f" ({by_suffix(found.not_audio)})" if found.not_audio else ""
        raise ValueError(f"no audio below {folder}{others}; is corpus.root right?")
    tally.add_survey(found, PurePosixPath(settings.folder))
    return _selected(found.named, settings, scheme, tally)


def _selected(named: Iterable[Named], settings: CorpusSettings, scheme: Scheme, tally: Tally) -> list[Recording]:
    """Recordings of a known emotion that the scheme keeps, of the chosen vocal channels."""
    selected: list[Recording] = []
    dropped: dict[str, set[str]] = {}
    emotions = _Emotions(settings, scheme, tally)
    name, channels = settings.name, settings.vocal_channels
    for entry in named:
        path = str(PurePosixPath(settings.folder) / entry.path)
        try:
            emotion = emotions.of(entry.naming.corpus_label)
        except InvalidName as error:
            tally.rejects.append(Reject(path, error.reason, error.remedy))
            continue
        label = scheme.label(emotion)
        if channels is not None and entry.naming.vocal_channel not in channels:
            tally.not_selected[f"{name}, {entry.naming.vocal_channel}"] += 1
        elif label is None:
            dropped.setdefault(emotion, set()).add(entry.recording)
        else:
            selected.append(Recording(f"{name}/{entry.recording}", path, name, label, entry.naming))
    if dropped:
        tally.dropped[name] = {emotion: len(dropped[emotion]) for emotion in in_order(dropped)}
    return selected


class _Emotions:
    """Emotions of the labels of a corpus; `tally` counts those that no list of words knows."""

    def __init__(self, settings: CorpusSettings, scheme: Scheme, tally: Tally) -> None:
        self._words = scheme.words if readers.corpus(settings.reader).has_words else None
        self._section, self._file = settings.section, f"conf/corpus/{settings.reader}.yaml"
        self._map, self._tally = settings.emotion_of, tally
        self._found: dict[str, str | InvalidName] = {}

    def of(self, label: str) -> str:
        """Emotion of a label of the corpus."""
        if label not in self._found:
            self._found[label] = self._searched(label)
        found = self._found[label]
        if isinstance(found, InvalidName):
            raise InvalidName(found.reason, found.remedy)
        self._tally.emotions.add(found)
        if self._words is not None and label not in self._map and self._words.emotion(label) is None:
            self._tally.new_emotions[found] += 1
        return found

    def _searched(self, label: str) -> str | InvalidName:
        try:
            if self._words is None:
                return canonical(label, self._map, self._section, file=self._file)
            return of_word(label, self._map, self._words, self._section, file=self._file)
        except InvalidName as error:
            return error


def of_corpora(
    root: Path,
    *,
    members: Mapping[str, Mapping[str, Any]],
    corpora: list[str] | None = None,
    scheme: Scheme,
    tally: Tally,
) -> list[Recording]:
    """Recordings of several corpora, each in a folder of `root` that has its name.

    Parameters
    ----------
    members
        Name of each possible corpus -> its settings, as if it were the only corpus of the study.
    corpora
        Names of the corpora to read, all of which must exist; None reads every member that exists.
    """
    chosen = present(root, members, corpora)
    tally.not_read = _other_folders(root, chosen)
    found: list[Recording] = []
    for name in chosen:
        settings = {key: value for key, value in members[name].items() if key not in OF_A_STUDY}
        found += of_corpus(root, CorpusSettings(name, name, **settings), scheme=scheme, tally=tally)
    return found


def present(root: Path, members: Iterable[str], corpora: list[str] | None) -> list[str]:
    """Names of `corpora`, or of all `members` if that is None, that have a folder in `root`.

    Raises
    ------
    ValueError
        If there is none, or `corpora` names one that is unknown or has no folder.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "tess").mkdir()
    ...     present(Path(folder), ["savee", "tess"], None)
    ['tess']
    """
    members = list(members)
    if isinstance(corpora, str):
        raise ValueError(f"corpus.corpora is {corpora!r}; write it as a list: [{corpora}]")
    if unknown := [name for name in corpora or () if name not in members]:
        raise ValueError(f"corpus.corpora names {', '.join(unknown)}; the members are {', '.join(members)}")
    if missing := [name for name in corpora or () if not (root / name).is_dir()]:
        raise ValueError(
            f"corpus.corpora names {', '.join(missing)}, and {root} has no folder of that name; `ser download"
            f" {missing[0]}` fetches it or explains how, `ser corpora` lists the installed corpora"
        )
    found = [name for name in dict.fromkeys(members if corpora is None else corpora) if (root / name).is_dir()]
    if not found:
        raise ValueError(
            f"{root} contains no corpus; wanted a folder with one of the names {', '.join(members)}. `ser download"
            " ravdess` fetches one, `ser corpora` lists the installed corpora"
        )
    return found


def _other_folders(root: Path, chosen: list[str]) -> list[str]:
    """Names of the folders in `root` that belong to none of the chosen corpora."""
    return sorted(
        files.escaped(path.name)
        for path in root.iterdir()
        if path.is_dir() and path.name not in chosen and not path.name.startswith(".")
    )
