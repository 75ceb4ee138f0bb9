"""The HTTP service, run as `python -m app.service`; `app.http.settings.Settings` lists its environment variables."""

import argparse
import os
import sys
from functools import partial

from ser.core import extras, quiet

ABOUT = argparse.ArgumentParser(
    prog="python -m app.service",
    description="HTTP service of speech emotion recognition. It has no options: environment variables set it up, as"
    " SER_PORT=8080 SER_MODELS=mine=models/fold_0. docs/reference/environment.md lists them.",
)


def main() -> None:
    """Serve until a signal stops the process; wrong settings end it with a message and exit status 1."""
    ABOUT.parse_args()
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


if __name__ == "__main__":
    main()
