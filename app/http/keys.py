"""API keys, of which the service keeps only a name and a hash.

A key has 256 random bits, so one round of SHA-256 is enough: slow hashes and salts protect passwords that people
choose, but nobody can guess or tabulate random numbers of that size.

Run as: python -m app.http.keys NAME
"""

import argparse
import hashlib
import hmac
import re
import secrets
import sys
from collections.abc import Iterable
from dataclasses import dataclass

PREFIX = "ser_"  # for scanners that look for leaked secrets
N_BYTES = 32
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
HASH = re.compile(r"[0-9a-f]{64}")

Keys = tuple[tuple[str, str], ...]
"""Name and hash of each key; a name may have two keys while its client changes to a new one."""


def main(arguments: list[str] | None = None) -> None:
    """Make a key; print the key for the client and the line for the service."""
    parser = argparse.ArgumentParser(prog="python -m app.http.keys", description="Make an API key of the service.")
    parser.add_argument("name", metavar="NAME", help="of the client: letters, digits, '.', '_' and '-'; for the logs")
    name = parser.parse_args(arguments).name
    if not NAME.fullmatch(name):
        sys.exit(f"error: the name is {name!r}; use 1 to 64 letters, digits, '.', '_' and '-'")
    key = new_key()
    print(f"key, shown this once, for the client:  {key}")
    print(f"line for the file SER_API_KEYS_FILE:   {name}:{hashed(key)}")


def new_key() -> str:
    """A new random key.

    Examples
    --------
    >>> key = new_key()
    >>> key[:4], len(key)
    ('ser_', 47)
    """
    return PREFIX + secrets.token_urlsafe(N_BYTES)


def hashed(key: str) -> str:
    """SHA-256 of a key, in hexadecimal digits.

    Examples
    --------
    >>> hashed("abc")[:16]
    'ba7816bf8f01cfea'
    """
    return hashlib.sha256(key.encode()).hexdigest()


def read(entries: Iterable[str], *, source: str) -> Keys:
    """Keys of the entries `name:hash`; empty entries and comments (#) are skipped.

    Raises
    ------
    ValueError
        If an entry has another form. The message does not repeat it, because it might be a secret key.

    Examples
    --------
    >>> (name, digest), *_ = read([f"anna: {hashed('abc')}", "# a comment"], source="SER_API_KEYS")
    >>> name, digest == hashed("abc")
    ('anna', True)
    """
    keys = []
    for number, entry in enumerate(entries, 1):
        name, _, digest = (part.strip() for part in entry.partition(":"))
        if not name or name.startswith("#"):
            continue
        if not NAME.fullmatch(name) or not HASH.fullmatch(digest):
            raise ValueError(
                f"entry {number} of {source} is not `name:hash`, with a hash of 64 hexadecimal digits; make one with:"
                " python -m app.http.keys NAME"
            )
        keys.append((name, digest))
    return tuple(keys)


@dataclass
class Keyring:
    """The keys that are valid now; they can be replaced while the service runs."""

    keys: Keys


def owner(key: str, keys: Keys) -> str | None:
    """Name of the client of a key, or None; the time does not depend on which key it is.

    Examples
    --------
    >>> keys = (("anna", hashed("abc")), ("ben", hashed("def")))
    >>> owner("def", keys), owner("xyz", keys)
    ('ben', None)
    """
    given, found = hashed(key), None
    for name, known in keys:
        if hmac.compare_digest(given, known):
            found = name
    return found


if __name__ == "__main__":
    main()
