"""The HTTP service, run as `python -m app.service`; `app.http.settings.Settings` lists its environment variables."""

import os
import sys

from app.http import loading, logs, server, settings
from ser.core import quiet


def main() -> None:
    """Serve until a signal stops the process; wrong settings end it with a message and exit status 1."""
    quiet.reserve_stdout()
    logs.configure()
    try:
        chosen = settings.read(os.environ)
        listener = server.listener(chosen)
        models = loading.loaded(chosen)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
    with listener:
        server.serve(chosen, models, listener)


if __name__ == "__main__":
    main()
