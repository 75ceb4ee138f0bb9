"""Decoding of recordings in a worker."""

import errno
from pathlib import Path
from typing import Any

import pytest

from ser.compute import code_digest
from ser.ingest import decoding


@pytest.mark.parametrize(
    ("number", "is_of_machine"), [(errno.ENOSPC, True), (errno.EMFILE, True), (errno.EACCES, False)]
)
def test_a_fault_of_the_machine_leaves_no_recording_out(
    number: int, is_of_machine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> None:
        raise OSError(number, "found")

    monkeypatch.setattr(decoding.segments, "read", failing)
    pieces, code = [decoding.Piece("a.m4a")], code_digest.digest((decoding.__name__,))
    if is_of_machine:
        with pytest.raises(OSError, match="found"):
            decoding.facts(pieces, root=Path(), code=code)
    else:
        assert "cannot be opened (found)" in str(decoding.facts(pieces, root=Path(), code=code)[0])
