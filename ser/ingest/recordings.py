"""Recordings of one or several corpora that become utterances, chosen by their file names; nothing is decoded."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple

from ser import corpora as readers
from ser.audio.segments import Segment
from ser.core import files
from ser.core.emotions import in_order
from ser.core.wording import counted
from ser.corpora.contract import Corpus
from ser.corpora.labels import Scheme, canonical, of_word
from ser.corpora.naming import InvalidName, Kind, Naming
from ser.ingest import corpus_root, inventory
from ser.ingest.corpus_settings import OF_A_STUDY
from ser.ingest.corpus_settings import CorpusSettings as CorpusSettings
from ser.ingest.counts import Tally, by_suffix
from ser.ingest.lists import parts
from ser.ingest.lists.listed import listed_recordings
from ser.ingest.survey import Named, Reject, Survey, survey


class Recording(NamedTuple):
    """A file to decode, and what its name states.

    Examples
    --------
    >>> recording = Recording("savee/DC/a01", "DC/a01.wav", "savee", "angry", Naming("a", speaker="DC"))
    >>> recording.naming.speaker
    'DC'
    """

    utterance: str
    path: str
    """Relative to the root."""
    corpus: str
    emotion: str
    """Label of the scheme; of a recording that the scheme drops, its emotion."""
    naming: Naming
    segment: Segment | None = None
    where: str = ""
    """List and row that name it, if a list does."""
    is_dropped: bool = False
    """True if the scheme drops its emotion. It is decoded all the same: another recording may have its samples."""


def of_corpus(root: Path, settings: CorpusSettings, *, scheme: Scheme, tally: Tally) -> list[Recording]:
    """Recordings of one corpus that are to be decoded; `tally` counts the others, and those that the scheme drops.

    Raises
    ------
    ValueError
        If the folder is missing, contains no audio or that of another corpus, or a setting is unknown.

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
    folder, reader, inside = root / settings.folder, readers.corpus(settings.reader), PurePosixPath(settings.folder)
    emotions = _Emotions(settings, scheme, tally)
    if reader.is_list:
        found, tally.lists[settings.name] = listed_recordings(root, folder, settings.of_list, emotions.emotion)
        inside = PurePosixPath()  # a list gives the paths from the root
    else:
        found = survey(folder, reader, speaker_pattern=settings.speaker_pattern)
    if not (found.named or found.rejects or found.known_defects):
        others = f" ({by_suffix(found.not_audio)})" if found.not_audio else ""
        raise ValueError(f"no audio below {folder}{others}; is corpus.root right?")
    if not settings.folder:  # a study of several goes on without the files, if it is to
        _check_names(folder, reader, found)
    tally.add_survey(found, inside)
    named = ((str(inside / entry.path), entry) for entry in found.named)
    return _selected(named, settings, scheme, emotions)


def _check_names(folder: Path, reader: Corpus, found: Survey) -> None:
    """Check that some name is one of the corpus: else one sentence says so, and names the corpus that the names fit."""
    foreign = [reject for reject in found.rejects if reject.kind is Kind.FOREIGN_NAME]
    if found.named or found.known_defects or not foreign:
        return
    paths = [PurePosixPath(reject.path) for reject in foreign]
    if fits := _fitting(paths):
        titles, choices = map(readers.title_of, fits), (f"-S corpus={name}" for name in fits)
        remedy = f"the names fit {' or '.join(titles)}: choose {' or '.join(choices)}"
    else:
        own = "for recordings of your own, choose -S corpus=folders or -S corpus=table"
        remedy = f"is corpus.root right? If it is: {foreign[0].remedy}; {own}"
    number = counted(len(paths), "file")
    raise ValueError(
        f"no file below {folder} has a name of {reader.title}; found {number}, such as {paths[0]}; {remedy}"
    )


def _fitting(paths: Sequence[PurePosixPath]) -> list[str]:
    """Names of the corpora whose naming the most paths follow, if those are more than half."""
    n_fitting = Counter[str]()
    for name in inventory.INSTALLABLE:
        if readers.CORPORA[name].is_list or readers.CORPORA[name].has_words:
            continue  # they have no naming of their own
        for path in paths:
            with suppress(InvalidName):
                readers.CORPORA[name].parse(path)
                n_fitting[name] += 1
    most = max(n_fitting.values(), default=0)
    return [name for name, number in n_fitting.items() if number == most and 2 * number > len(paths)]


def _selected(
    named: Iterable[tuple[str, Named]], settings: CorpusSettings, scheme: Scheme, emotions: "_Emotions"
) -> list[Recording]:
    """Recordings of a known emotion, of the chosen vocal channels."""
    selected: list[Recording] = []
    dropped: dict[str, set[str]] = {}
    name, channels, tally = settings.name, settings.vocal_channels, emotions.tally
    not_emotions = settings.not_emotions
    for path, entry in named:
        corpus_label = entry.naming.corpus_label
        if corpus_label in not_emotions:
            tally.no_emotion[f"{name}, {corpus_label}"] += 1
            continue
        try:
            emotion = emotions.counted_emotion(corpus_label)
        except InvalidName as error:
            tally.rejects.append(Reject.of(path, error, entry.where))
            continue
        label = scheme.label(emotion)
        if channels is not None and entry.naming.vocal_channel not in channels:
            tally.not_selected[f"{name}, {entry.naming.vocal_channel}"] += 1
            continue
        if label is None:
            dropped.setdefault(emotion, set()).add(entry.recording)
        facts = entry.naming, entry.segment, entry.where, label is None
        selected.append(Recording(f"{name}/{entry.recording}", path, name, label or emotion, *facts))
    if dropped:
        tally.dropped[name] = {emotion: len(dropped[emotion]) for emotion in in_order(dropped)}
    return selected


class _Emotions:
    """Emotions of the labels of a corpus; `tally` counts those that neither a list of words nor the scheme names."""

    def __init__(self, settings: CorpusSettings, scheme: Scheme, tally: Tally) -> None:
        self._words = scheme.words if readers.corpus(settings.reader).has_words else None
        self._named = scheme.named
        self._section, self._file = settings.section, f"conf/corpus/{settings.reader}.yaml"
        self._map, self.tally = settings.emotion_of, tally
        self._found: dict[str, str | InvalidName] = {}

    def counted_emotion(self, label: str) -> str:
        """Emotion of a label of the corpus; it is counted."""
        found = self.emotion(label)
        self.tally.emotions.add(found)
        is_told = label in self._map or found in self._named
        if self._words is not None and not is_told and self._words.emotion(label) is None:
            self.tally.new_emotions[found] += 1
        return found

    def emotion(self, label: str) -> str:
        """Emotion of a label of the corpus; it is not counted."""
        if label not in self._found:
            self._found[label] = self._looked_up(label)
        found = self._found[label]
        if isinstance(found, InvalidName):
            raise InvalidName(found.reason, found.remedy, found.kind)
        return found

    def _looked_up(self, label: str) -> str | InvalidName:
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

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> members = {name: {"reader": name, "label_map": {"a": "angry"}} for name in ("savee", "demo")}
    >>> with TemporaryDirectory() as folder:
    ...     files.write_text(Path(folder, "savee", "DC", "a01.wav"), "")
    ...     found = of_corpora(Path(folder), members=members, scheme=Scheme({"angry": "angry"}), tally=Tally())
    >>> [(recording.corpus, recording.path) for recording in found]
    [('savee', 'savee/DC/a01.wav')]
    """
    lists = {name: bool(one.get("list")) for name, one in members.items() if readers.corpus(one["reader"]).is_list}
    chosen = present(root, members, corpora, lists=lists)
    tally.not_read = _other_folders(root, chosen)
    found: list[Recording] = []
    for name in chosen:
        settings = {key: value for key, value in members[name].items() if key not in OF_A_STUDY}
        found += of_corpus(root, CorpusSettings(name, name, **settings), scheme=scheme, tally=tally)
    return found


def present(
    root: Path, members: Collection[str], corpora: list[str] | None, *, lists: Mapping[str, bool] = MappingProxyType({})
) -> list[str]:
    """Names of `corpora`, or of all `members` if that is None, that have a folder in `root`, or a list.

    Parameters
    ----------
    lists
        Name of each corpus whose recordings a list names -> True if the settings name the list.

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
    there = {name for name in members if _is_there(root / name, lists.get(name))}
    if isinstance(corpora, str):
        raise ValueError(f"corpus.corpora is {corpora!r}; write it as a list: [{corpora}]")
    if unknown := [name for name in corpora or () if name not in members]:
        raise ValueError(f"corpus.corpora names {', '.join(unknown)}; the members are {', '.join(members)}")
    if missing := [name for name in corpora or () if name not in there]:
        raise ValueError(
            f"corpus.corpora names {', '.join(missing)}, and {root} has no folder of that name; `ser download"
            f" {missing[0]}` fetches it or explains how, `ser corpora` lists the installed corpora"
        )
    found = [name for name in dict.fromkeys(members if corpora is None else corpora) if name in there]
    if not found:
        raise ValueError(
            f"{root} contains no corpus; wanted a folder with one of the names {', '.join(members)}. `ser download"
            " ravdess` fetches one, `ser corpora` lists the installed corpora"
        )
    return found


def _is_there(folder: Path, has_list: bool | None) -> bool:
    """True if a corpus has a folder; `has_list` is None, or states that the settings name the list of the corpus."""
    return has_list or (folder.is_dir() and (has_list is None or parts.is_in(folder)))


def _other_folders(root: Path, chosen: list[str]) -> list[str]:
    """Names of the folders in `root` that belong to none of the chosen corpora."""
    return sorted(
        files.escaped(path.name)
        for path in root.iterdir()
        if path.is_dir() and path.name not in chosen and not path.name.startswith(".")
        if not corpus_root.is_placeholder(path)
    )
