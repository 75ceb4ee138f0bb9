"""The command `ser`, also where its folder is not on the PATH: `python -m ser`."""

import sys


def main() -> None:
    """Run the command; Ctrl-C ends it without a traceback, also while its modules are imported.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch("ser.cli.main", side_effect=KeyboardInterrupt):
    ...     main()
    Traceback (most recent call last):
    SystemExit: interrupted
    """
    try:
        from ser import cli  # takes a quarter of a second

        cli.main()
    except KeyboardInterrupt:
        sys.exit("interrupted")


if __name__ == "__main__":
    main()
