"""Words of shell commands in pages."""

import shlex


def words(command: str) -> list[str]:
    return shlex.split(command, comments=True)
