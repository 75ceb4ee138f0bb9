"""The HTTP service, run as `python -m app.service`; `app.http.settings.Settings` lists its environment variables."""

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial

from ser.core import extras, quiet


def main(arguments: Sequence[str] = ()) -> None:
    """Serve until a signal stops the process; wrong settings end it with a message and exit status 1."""
    _refuse(arguments)
    if os.name != "posix":  # before the imports, of which some exist on POSIX alone
        sys.exit("error: the service runs on Linux and macOS only; on Windows, run it in WSL")
    # Not above: every process that predicts imports this module, but needs no server.
    try:
        with extras.named():
            from app.http import loading, logs, server, settings
            from app.http.workers import Pool
    except extras.Missing as error:
        sys.exit(f"error: {error}")
    quiet.reserve_stdout()
    logs.configure()
    # For the processes that predict: one core each, and a process with threads cannot be forked safely.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        chosen = settings.read(os.environ)
        listener = server.listener(chosen)
        pool = Pool(partial(loading.loaded, chosen.models, chosen.networks), workers=chosen.workers, size=chosen.queue)
        pool.start()
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
    with listener:
        server.serve(chosen, pool, listener)


def _refuse(arguments: Sequence[str]) -> None:
    """End at `--help` and at any other argument, which would be ignored."""
    settings = "environment variables, for example SER_PORT=8001; docs/reference/environment.md lists them"
    parser = argparse.ArgumentParser(
        prog="python -m app.service", description=f"Serve predictions over HTTP. The settings are {settings}."
    )
    _, others = parser.parse_known_args(arguments)
    if others:
        parser.error(f"found {' '.join(others)}, wanted no arguments; set {settings}")


if __name__ == "__main__":
    main(sys.argv[1:])
