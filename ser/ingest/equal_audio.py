"""Recordings of equal samples: duplicates, and those that two labels contradict."""

from collections.abc import Iterator

from ser.core.wording import TWO_LABELS
from ser.ingest.recordings import Recording
from ser.ingest.survey import Reject


class EqualAudio:
    """Recordings by the digest of their samples.

    Examples
    --------
    >>> from ser.corpora.naming import Naming
    >>> equal = EqualAudio()
    >>> for emotion in ("angry", "happy"):
    ...     first = equal.add(Recording(f"x/{emotion}", f"{emotion}/a.wav", "x", emotion, Naming(emotion)), "digest")
    >>> first.path
    'angry/a.wav'
    >>> for reject in equal.rejects():
    ...     print(f"{reject.path}: {reject.remedy}")
    angry/a.wav: angry here, happy in happy/a.wav; keep the right one
    happy/a.wav: happy here, angry in angry/a.wav; keep the right one
    >>> equal.contradictory()
    {'digest'}
    """

    def __init__(self) -> None:
        self._first: dict[str, Recording] = {}
        self._equal: dict[str, list[Recording]] = {}  # only of several recordings
        self._dropped: dict[str, Recording] = {}

    def add(self, recording: Recording, audio_hash: str) -> Recording:
        """Add a recording; the first one with its samples, which may be itself."""
        first = self._first.setdefault(audio_hash, recording)
        if first is not recording:
            self._equal.setdefault(audio_hash, [first]).append(recording)
        return first

    def add_dropped(self, recording: Recording, audio_hash: str) -> None:
        """Add a recording whose emotion the labels drop: no utterance, but its emotion may contradict another one.

        Examples
        --------
        >>> from ser.corpora.naming import Naming
        >>> equal = EqualAudio()
        >>> _ = equal.add(Recording("x/a", "a.wav", "x", "angry", Naming("angry")), "digest")
        >>> equal.add_dropped(Recording("x/b", "b.wav", "x", "boredom", Naming("boredom")), "digest")
        >>> [reject.remedy for reject in equal.rejects()]
        ['angry here, boredom in b.wav, which the labels drop; keep the right one']
        """
        self._dropped.setdefault(audio_hash, recording)

    def contradictory(self) -> set[str]:
        """Digests of samples that have several labels."""
        several = {digest for digest, equal in self._equal.items() if len({one.emotion for one in equal}) > 1}
        return several | (self._dropped.keys() & self._first.keys())

    def rejects(self) -> Iterator[Reject]:
        """A reject for each recording of samples that have several labels, which names one of another label."""
        for digest in self.contradictory():
            equal = self._equal.get(digest, [self._first[digest]])
            for one in equal:
                other = next((other for other in equal if other.emotion != one.emotion), None)
                there, note = (other, "") if other else (self._dropped[digest], ", which the labels drop")
                remedy = f"{one.emotion} here, {there.emotion} in {there.where or there.path}{note}; keep the right one"
                yield Reject(one.path, TWO_LABELS, remedy, one.where)
