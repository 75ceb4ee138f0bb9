"""API keys: what the service keeps of them is a name and a hash.

A key is 256 random bits, so that one round of SHA-256 is right: slow hashes and salts protect what people choose, and
nobody can guess, or make a table of, random numbers of that size.

Run as: python -m app.http.keys NAME
"""

import argparse
import hashlib
import hmac
import re
import secrets
import sys
from collections.abc import Iterable

PREFIX = "ser_"  # by which a scanner for leaked secrets can tell one
N_BYTES = 32
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
HASH = re.compile(r"[0-9a-f]{64}")

Keys = tuple[tuple[str, str], ...]
"""Name and hash of each; a name with two keys is one client that changes its key."""


def main(arguments: list[str] | None = None) -> None:
    """Make a key, and print it, and what the service is to be told of it."""
    parser = argparse.ArgumentParser(prog="python -m app.http.keys", description="Make an API key of the service.")
    parser.add_argument("name", metavar="NAME", help="of the client: letters, digits, '.', '_' and '-'; for the logs")
    name = parser.parse_args(arguments).name
    if not NAME.fullmatch(name):
        sys.exit(f"error: the name is {name!r}; use 1 to 64 letters, digits, '.', '_' and '-'")
    key = new_key()
    print(f"key, shown this once, for the client:  {key}")
    print(f"line for the file SER_API_KEYS_FILE:   {name}:{hashed(key)}")


def new_key() -> str:
    """A random key."""
    return PREFIX + secrets.token_urlsafe(N_BYTES)


def hashed(key: str) -> str:
    """SHA-256 of a key, in hexadecimal digits."""
    return hashlib.sha256(key.encode()).hexdigest()


def read(entries: Iterable[str], *, source: str) -> Keys:
    """Keys of entries `name:hash`; empty ones and comments (#) are skipped.

    Raises
    ------
    ValueError
        If an entry is something else; it is not repeated, since people might put a key there.
    """
    keys = []
    for number, entry in enumerate(entries, 1):
        name, _, digest = (part.strip() for part in entry.partition(":"))
        if not name or name.startswith("#"):
            continue
        if not NAME.fullmatch(name) or not HASH.fullmatch(digest):
            raise ValueError(
                f"entry {number} of {source} is not `name:hash`, a hash being 64 hexadecimal digits; make one with:"
                " python -m app.http.keys NAME"
            )
        keys.append((name, digest))
    return tuple(keys)


def owner(key: str, keys: Keys) -> str | None:
    """Name of the client whose key this is, if any; takes the same time whichever it is."""
    given, found = hashed(key), None
    for name, known in keys:
        if hmac.compare_digest(given, known):
            found = name
    return found


if __name__ == "__main__":
    main()
