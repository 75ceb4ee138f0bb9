"""Digests of files, and the facts that decoding them gives; these functions run in a worker."""

import errno
import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ser.audio import cells, full_scale, reading, sample_rates, segments
from ser.audio.segments import Segment as Segment
from ser.compute import code_digest

DIGEST_SIZE = 16  # bytes
# Faults of the machine, as a full disk, which end the stage: without that, a study would lack recordings by chance.
OF_MACHINE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM})

_blake2b = partial(hashlib.blake2b, digest_size=DIGEST_SIZE)


class Piece(NamedTuple):
    """A recording, or a part of one.

    Examples
    --------
    >>> Piece("a.wav").segment
    """

    path: str
    """Relative to the root."""
    segment: Segment | None = None


def digests(paths: Sequence[str], *, root: Path) -> list[str | None]:
    """Digest of the content of each file; None for a file that cannot be read. Paths are relative to `root`.

    Examples
    --------
    >>> digests(["no_such_file.wav"], root=Path())
    [None]
    """
    return [_digest(root / path) for path in paths]


def _digest(path: Path) -> str | None:
    try:
        if (cell := cells.found(path)) is not None:
            return _blake2b(cells.content(cell)).hexdigest()
        with path.open("rb", buffering=0) as file:
            return hashlib.file_digest(file, _blake2b).hexdigest()
    except (OSError, reading.InvalidAudio):
        return None


def facts(pieces: Sequence[Piece], *, root: Path, code: str) -> list[dict[str, Any] | reading.InvalidAudio]:
    """Columns of the table of utterances that come from decoding, or the reason why a recording cannot be used.

    Recordings that were changed have `notes`, too, which are no column.

    Parameters
    ----------
    pieces
        With paths from `root`; the parts of one recording follow each other, so that it is decoded once.
    code
        Digest of this module's sources in the process that keeps the results.

    Raises
    ------
    ValueError
        If the code of this process is different.
    OSError
        If the machine cannot decode now, as with a full disk.

    Examples
    --------
    >>> (found,) = facts([Piece("no_such_file.wav")], root=Path(), code=code_digest.digest((__name__,)))
    >>> print(found.reason)
    cannot be opened (No such file or directory)
    """
    if code_digest.digest((__name__,)) != code:
        raise ValueError("this worker has another version of ser; install the one that the study runs on all workers")
    return [_facts(root / piece.path, piece.segment) for piece in pieces]


def _facts(path: Path, segment: Segment | None) -> dict[str, Any] | reading.InvalidAudio:
    try:
        recording = segments.read(path, segment)
        sample_rates.check(recording.sample_rate)
        full_scale.check(recording.waveform)
    except reading.InvalidAudio as error:
        return error
    except OSError as error:
        if error.errno in OF_MACHINE:
            raise
        reason, remedy = f"cannot be opened ({error.strerror})", "check its permissions, or where its link leads"
        return reading.InvalidAudio(reading.Kind.NOT_OPENED, reason, remedy)
    return {
        "sample_rate": recording.sample_rate,
        "channels": recording.channels,
        "n_samples": recording.waveform.size,
        "duration": round(recording.duration, 6),
        "audio_hash": recording.audio_hash,
        **({"notes": list(recording.notes)} if recording.notes else {}),
    }
