"""Enrolment: features are shifted by recordings of the same speaker, which need no labels.

The mean of a speaker's features is estimated from few recordings: with `n` of them, the estimate lies `n / (n + k)` of
the way from the centre of the model to their mean. It is the maximum a posteriori of a Gaussian mean, with the
relevance factor `k` [1]_. The shift moves that estimate to the centre. A prediction with an enrolment is
`transductive`: it depends on more than its recording.

References
----------
.. [1] D. Reynolds, T. Quatieri and R. Dunn (2000). "Speaker verification using adapted Gaussian mixture models."
   Digital Signal Processing 10, 19-41.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser.core.wording import counted

RELEVANCE = 4.0  # chosen by the mean UAR of five corpora that the model was not trained on
MOST = 10**6  # recordings, and utterances
LARGEST = 1e12  # magnitude of a mean; far larger ones overflow in a model
TOKEN = re.compile(r"ser1\.([0-9]{1,7})\.([0-9]{1,7})\.([0-9a-f]{16})\.([A-Za-z0-9_-]*)")
ANEW = "make the enrolment anew"

Values = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Enrolment:
    """Means of the features of a speaker's recordings.

    Examples
    --------
    >>> centres = [np.zeros(2, np.float32)]
    >>> one = Enrolment(1, 4, model_of(centres), (np.array([1.0, 2.0], np.float32),))
    >>> one.shifted(np.array([[3.0, 3.0]], np.float32), centres[0], part=0).tolist()
    [[2.5, 2.0]]
    >>> one.protocol
    'transductive: adapted to 1 recording of the same speaker'
    >>> of_token(one.token).means[0].tolist()
    [1.0, 2.0]
    """

    n_recordings: int
    n_utterances: int
    """Recordings of at most 10 s, and windows with speech of longer ones."""
    model: str
    """Digest of the centres of the model, by `model_of`."""
    means: tuple[Values, ...]
    """Mean of each feature, `(n_columns,)`, for each part of the model."""

    @property
    def protocol(self) -> str:
        """Words that belong to every answer that was made with it."""
        return f"transductive: adapted to {counted(self.n_recordings, 'recording')} of the same speaker"

    @property
    def token(self) -> str:
        """Text that a client of the service keeps; `of_token` reads it."""
        content = np.concatenate(self.means).astype("<f4").tobytes()
        text = base64.urlsafe_b64encode(content).decode().rstrip("=")
        return f"ser1.{self.n_recordings}.{self.n_utterances}.{self.model}.{text}"

    def shifted(self, values: Values, centre: Values, *, part: int) -> Values:
        """Features, `(n_rows, n_columns)`, moved by the difference of the speaker's mean from the centre.

        Parameters
        ----------
        values
            Features, `(n_rows, n_columns)`.
        centre
            Mean of the model's training features, `(n_columns,)`.
        part
            Number of the part of the model, from 0.
        """
        weight = np.float32(self.n_utterances / (self.n_utterances + RELEVANCE))
        moved: Values = values - weight * (self.means[part] - centre)
        return moved

    def fitted(self, centres: Sequence[Values]) -> "Enrolment":
        """The enrolment for a model of these centres; a token does not have the parts of a model.

        Parameters
        ----------
        centres
            Mean of the training features, `(n_columns,)`, for each part of the model.

        Raises
        ------
        ValueError
            If it was made with another model.

        Examples
        --------
        >>> centres = [np.zeros(1, np.float32), np.ones(2, np.float32)]
        >>> one = Enrolment(3, 3, model_of(centres), (np.arange(3, dtype=np.float32),))
        >>> [mean.tolist() for mean in one.fitted(centres).means]
        [[0.0], [1.0, 2.0]]
        """
        together = np.concatenate(self.means)
        if self.model != model_of(centres) or together.size != sum(one.size for one in centres):
            raise ValueError(f"the enrolment was made with another model; {ANEW}")
        ends = np.cumsum([one.size for one in centres])[:-1]
        return Enrolment(self.n_recordings, self.n_utterances, self.model, tuple(np.split(together, ends)))


def model_of(centres: Sequence[Values]) -> str:
    """Digest of the centres of a model's parts, by which an enrolment knows its model.

    Examples
    --------
    >>> len(model_of([np.zeros(2, np.float32)]))
    16
    """
    digest = hashlib.blake2b(digest_size=8)
    for one in centres:
        digest.update(np.asarray(one, "<f4").tobytes() + b"|")
    return digest.hexdigest()


def merged(enrolments: Sequence[Enrolment]) -> Enrolment:
    """One enrolment of several of the same speaker and model; each utterance has the same weight.

    Raises
    ------
    ValueError
        If there is none, if they are of several models, or if they have more than a million utterances.

    Examples
    --------
    >>> first, second = (Enrolment(1, n, "0" * 16, (np.array([mean], np.float32),)) for n, mean in [(1, 2.0), (3, 6.0)])
    >>> both = merged([first, second])
    >>> both.n_recordings, both.n_utterances, both.means[0].tolist()
    (2, 4, [5.0])
    """
    if not enrolments:
        raise ValueError("no recording with speech is left to enrol; give recordings of the speaker's voice")
    if len({(one.model, *(mean.size for mean in one.means)) for one in enrolments}) > 1:
        raise ValueError(f"the enrolments are of several models; {ANEW}")
    counts = [one.n_utterances for one in enrolments]
    n_recordings, n_utterances = sum(one.n_recordings for one in enrolments), sum(counts)
    check_number(n_utterances)
    of_parts = zip(*(one.means for one in enrolments), strict=True)
    means = (np.average(np.stack(part).astype(np.float64), axis=0, weights=counts) for part in of_parts)
    return Enrolment(n_recordings, n_utterances, enrolments[0].model, tuple(mean.astype(np.float32) for mean in means))


def check_number(n_utterances: int) -> None:
    """Raise a `ValueError` if more utterances are enrolled than are possible.

    Examples
    --------
    >>> check_number(20)
    """
    if n_utterances > MOST:
        raise ValueError(f"{n_utterances} utterances are enrolled; {MOST} are possible: {ANEW} with fewer")


def of_token(token: str) -> Enrolment:
    """Enrolment of the text that `Enrolment.token` made; its means are in one piece until it is `fitted`.

    Raises
    ------
    ValueError
        If the text is damaged.

    Examples
    --------
    >>> of_token("ser1.2.2.0123")
    Traceback (most recent call last):
    ValueError: the enrolment is damaged: 'ser1.2.2.0123'; send it as /v1/enrol has returned it, or make it anew
    """
    damaged = ValueError(
        f"the enrolment is damaged: {token[:40]!r}; send it as /v1/enrol has returned it, or make it anew"
    )
    found = TOKEN.fullmatch(token)
    if found is None:
        raise damaged
    try:
        content = base64.urlsafe_b64decode(found[4] + "=" * (-len(found[4]) % 4))
        means = np.frombuffer(content, "<f4").astype(np.float32)
    except (binascii.Error, ValueError):
        raise damaged from None
    n_recordings, n_utterances = int(found[1]), int(found[2])
    if not ((np.abs(means) < LARGEST).all() and 1 <= n_recordings <= n_utterances <= MOST):
        raise damaged
    return Enrolment(n_recordings, n_utterances, found[3], (means,))
