"""Settings of one corpus: a file of `conf/corpus`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ser import corpora as readers
from ser.corpora.labels import check_map
from ser.corpora.naming import VOCAL_CHANNELS
from ser.ingest.lists.opening import ListSettings

OF_A_STUDY = ("name", "root", "on_invalid")  # settings of a file of `conf/corpus` that no member needs

Channels = list[str]  # a name that the setting `list` does not hide


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
    label_map: Mapping[str, str | None]
    """Corpus label -> emotion; None: it is no emotion, and its recordings are left out."""
    vocal_channels: Channels | None = None
    """Vocal channels to keep; None keeps all."""
    speaker_pattern: str | None = None
    """Regular expression with a group named `speaker`, searched in the path below the root. Without it, speakers come
    from the file names, or from a `speakers.csv` in the folder."""
    list: str | None = None
    """This and the next three are of a corpus whose reader is a list, as in `ListSettings`."""
    columns: Mapping[str, str | None] = field(default_factory=dict)
    prefix: str | None = None
    votes: bool | None = None

    @property
    def of_list(self) -> ListSettings:
        """Settings of the list that names the recordings.

        Examples
        --------
        >>> CorpusSettings("mine", "", "table", label_map={}, list="my.csv").of_list.list
        'my.csv'
        """
        own = self.list, self.columns, self.prefix, self.votes
        return ListSettings(*own, speaker_pattern=self.speaker_pattern, section=self.section)

    @property
    def section(self) -> str:
        """Section of the configuration that holds these settings."""
        return f"corpus.members.{self.folder}" if self.folder else "corpus"

    @property
    def emotion_of(self) -> dict[str, str]:
        """Corpus label, as the reader writes it -> emotion."""
        spelled = readers.corpus(self.reader).spelled
        return {spelled(label): emotion for label, emotion in self.label_map.items() if emotion is not None}

    @property
    def not_emotions(self) -> set[str]:
        """Corpus labels, as the reader writes them, that are no emotion.

        Examples
        --------
        >>> sorted(CorpusSettings("x", "", "iemocap", label_map={"neu": "neutral", "xxx": None}).not_emotions)
        ['xxx']
        """
        spelled = readers.corpus(self.reader).spelled
        return {spelled(label) for label, emotion in self.label_map.items() if emotion is None}

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
