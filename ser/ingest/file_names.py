"""Names that no table can hold: those that are not UTF-8, or have line breaks; and files that DVC cannot read."""

import os
import re
import shlex
from pathlib import Path, PurePath

from ser.core import files
from ser.core.wording import counted
from ser.corpora.naming import InvalidName

REASON = "its name is not UTF-8"
HAS_LINE_BREAK = "its name has a line break"
MAX_LISTED = 10
SPECIAL = (("named pipe", Path.is_fifo), ("socket", Path.is_socket), ("device", Path.is_char_device))
PLAIN = frozenset(range(ord(" "), 127)) - frozenset(b"'\\")  # bytes that are themselves in $'' of a shell


def check_name(root: Path, path: PurePath) -> None:
    """Check the name of a recording, whose `path` is relative to `root`.

    Raises
    ------
    InvalidName
        If it is not UTF-8, or has a line break.

    Examples
    --------
    >>> check_name(Path("data/raw"), PurePath("first\\nsecond.wav"))
    Traceback (most recent call last):
    ser.corpora.naming.InvalidName: its name has a line break; rename it, as to first_second.wav
    """
    if not files.is_utf_8(path):
        raise InvalidName(REASON, remedy(root, path))
    if files.has_line_break(path):
        raise InvalidName(HAS_LINE_BREAK, f"rename it, as to {re.sub(f'[{files.LINE_BREAKS}]+', '_', str(path))}")


def remedy(root: Path, path: PurePath) -> str:
    """Command that renames all such files and folders around `path`, which is relative to `root`.

    `convmv` does not follow links, so it gets the target of the last link on the way to the file.

    Examples
    --------
    >>> print(remedy(Path("data/raw/Wut 2"), PurePath(os.fsdecode(b"caf\\xe9.wav"))).rpartition(": ")[2])
    convmv -f latin1 -t utf8 -r --notest 'data/raw/Wut 2'
    """
    above = (root / inside for inside in path.parents)  # the nearest folder first, the root last
    link = next((folder for folder in above if folder.is_symlink()), None)
    command = f"convmv -f latin1 -t utf8 -r --notest {_word(link.resolve() if link else root)}"
    return f"rename it, or all such names with convmv (sudo apt install convmv): {command}"


def _word(path: Path) -> str:
    """Path as one word of a shell."""
    if files.is_utf_8(path):
        return shlex.quote(str(path))
    return "$'" + "".join(chr(byte) if byte in PLAIN else f"\\x{byte:02x}" for byte in os.fsencode(path)) + "'"


def check(root: Path) -> None:
    """Check all files whose digests DVC computes: those below `root`, but not those behind links to folders.

    Raises
    ------
    ValueError
        If a name is not UTF-8, or a link leads to nothing: DVC would end the run with a message that has no remedy.
        If a file is a pipe, a socket or a device, of which DVC would not reach the end.

    Examples
    --------
    >>> check(Path("data/demo"))
    """
    below = (Path(parent, name).relative_to(root) for parent, _, names in os.walk(root) for name in names)
    if found := sorted((path, fault) for path in below if (fault := _fault(root, path))):
        lines = [f"  {files.escaped(path)}: {fault}" for path, fault in found[:MAX_LISTED]]
        if len(found) > MAX_LISTED:
            lines.append(f"  and {len(found) - MAX_LISTED} more")
        head = (
            f"{root} has {counted(len(found), 'file')} of which DVC cannot compute digests; corpus.on_invalid=exclude"
        )
        raise ValueError("\n".join([f"{head} does not help", *lines]))


def _fault(root: Path, path: PurePath) -> str:
    """Reason why DVC cannot compute the digest of a file, with the remedy; empty if it can."""
    if not files.is_utf_8(path):
        return f"{REASON}; {remedy(root, path)}"
    file = root / path
    if file.is_file():
        return ""
    if file.is_symlink() and not file.exists():
        return f"a link to {file.readlink()}, which does not exist; restore that file, or remove the link"
    kind = next((name for name, is_kind in SPECIAL if is_kind(file)), "special file")
    return f"a {kind}, at which DVC would wait for ever; remove it: rm {_word(file)}"
