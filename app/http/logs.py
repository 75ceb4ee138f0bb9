"""Logs as JSON, one object in each line."""

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

PAUSE = 10.0  # seconds between equal messages of a library
MOST_MESSAGES = 1000  # in memory


class RepeatFilter(logging.Filter):
    """Lets a message of a library pass once in `PAUSE` seconds: strangers can cause some of them at any rate."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._passed: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True for a record of this project, or for the first of equal ones.

        Examples
        --------
        >>> repeats = RepeatFilter(clock=lambda: 0.0)
        >>> record = logging.makeLogRecord({"name": "uvicorn", "msg": "Invalid HTTP request received."})
        >>> repeats.filter(record), repeats.filter(record)
        (True, False)
        """
        if record.name.partition(".")[0] == "app":
            return True
        now, key = self._clock(), (record.name, record.getMessage().partition("\n")[0])
        if now - self._passed.get(key, -PAUSE) < PAUSE:
            return False
        if len(self._passed) >= MOST_MESSAGES:
            self._passed.clear()
        self._passed[key] = now
        return True


class JsonFormatter(logging.Formatter):
    """Time, level, message and trace of a record, and its facts, given as `extra={"facts": …}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Line of a record.

        Examples
        --------
        >>> record = logging.makeLogRecord({"created": 0.0, "levelname": "INFO", "msg": "stopped", "facts": {"n": 1}})
        >>> JsonFormatter().format(record)
        '{"time": "1970-01-01T00:00:00.000+00:00", "level": "info", "message": "stopped", "n": 1}'
        """
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["trace"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def configure() -> None:
    """Send all logs to standard output; logs of libraries only from warnings upwards."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RepeatFilter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("app").setLevel(logging.INFO)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns about contents that any client may send
    logging.captureWarnings(True)
