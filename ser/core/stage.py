"""The start of every stage."""

import os
import sys
from collections.abc import Callable

from ser.core import project


def run(main: Callable[[], None]) -> None:
    """Run a stage; bad input or Ctrl-C ends it with a message and exit status 1, without a traceback.

    With `SER_DEBUG=1`, bad input gives a traceback.
    """
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted")
    except (ValueError, OSError) as error:
        if os.environ.get("SER_DEBUG"):
            raise
        sys.exit(f"error: {error}{project.hint()}")
    except TypeError as error:
        # A section of params.yaml is the keyword arguments of one function, so a typo in it ends here.
        if os.environ.get("SER_DEBUG") or "keyword argument" not in str(error):
            raise
        sys.exit(f"error: params.yaml does not fit: {error}; see conf/ for the names")
