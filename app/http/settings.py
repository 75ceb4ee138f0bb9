"""Settings of the service, from environment variables."""

import ipaddress
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.http import keys
from app.http.keys import Keys
from ser.models import packaged

MODEL = re.compile(r"[A-Za-z0-9._-]{1,64}")
RATE = 600.0  # requests of one client in a minute, where several clients share the service
AUDIO_RATE = 3600.0  # seconds of audio of one client in a minute, where several clients share the service
MIB = 2**20


@dataclass(frozen=True)
class Settings:
    """Settings of the service, each from an environment variable.

    ==================== ============= ================================================================================
    variable             default       meaning
    ==================== ============= ================================================================================
    SER_HOST             127.0.0.1     address to listen at; any that others can reach needs keys, or SER_OPEN=1
    SER_PORT             8000          port; 0 chooses a free one, which the log states
    SER_HOSTS                          names of the service in its clients' addresses, separated by commas; those with
                                       no dot, and addresses in digits, need not be listed
    SER_OPEN             0             1: serve everybody without keys, at any address
    SER_API_KEYS_FILE                  file of keys, one `name:hash` a line, made by `python -m app.http.keys NAME`
    SER_API_KEYS                       more keys in the same form, separated by commas
    SER_MODELS                         `name=folder`, separated by commas, the default one first; the name of a
                                       built-in model needs no folder; without this variable, all built-in models
    SER_NETWORKS                       networks that a model may download and run, beside those whose content `ser`
                                       knows: handles, names of speech encoders, folders; separated by commas
    SER_MAX_BYTES        26214400      largest size of an uploaded recording
    SER_MAX_SECONDS      600           longest duration of a recording
    SER_RATE             600           requests in a minute of a key, or, with SER_OPEN, of an address; 0: any number,
                                       the default where only this machine can send requests without a key
    SER_CONNECTIONS      512           open connections; at most half of them from one address, or /64 network of IPv6
    SER_AUDIO_RATE       3600          seconds of audio in a minute, in the same way
    SER_QUEUE            32            recordings that may wait; clients share these places, and take turns
    SER_WORKERS          cores         processes that predict
    SER_LIVE             32            live sessions at once; at most half of them of one client
    SER_LIVE_SECONDS     7200          longest duration of a live session, in seconds of sound
    SER_STALL_SECONDS    10            longest pause of a client while it sends
    SER_UPLOAD_SECONDS   120           time for a request to arrive completely
    SER_WORK_SECONDS     30            longest wait for an answer, or for a step towards it, as 3 s of a recording
    FORWARDED_ALLOW_IPS                addresses of proxies whose X-Forwarded-For is trusted (a variable of uvicorn)
    ==================== ============= ================================================================================
    """

    host: str = "127.0.0.1"
    port: int = 8000
    hosts: tuple[str, ...] = ()
    open: bool = False
    keys: Keys = ()
    models: Mapping[str, Path] = field(default_factory=packaged.folders)
    networks: tuple[str, ...] = ()
    max_bytes: int = 25 * MIB
    max_seconds: float = 600.0
    rate: float = 0.0
    audio_rate: float = 0.0
    connections: int = 512
    queue: int = 32
    workers: int = 2
    live: int = 32
    live_seconds: float = 7200.0
    stall_seconds: float = 10.0
    upload_seconds: float = 120.0
    work_seconds: float = 30.0
    forwarded_from: str | None = None

    @property
    def default_model(self) -> str:
        """The model of requests that name none.

        Examples
        --------
        >>> Settings(models={"mine": Path("models/fold_0"), "ravdess": packaged.resolved("ravdess")}).default_model
        'mine'
        """
        return next(iter(self.models))

    @property
    def is_local(self) -> bool:
        """True if only this machine can reach the service.

        Examples
        --------
        >>> Settings(host="127.0.0.1").is_local, Settings(host="192.0.2.1").is_local
        (True, False)
        """
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def read(environment: Mapping[str, str]) -> Settings:
    """Settings of environment variables; a missing variable, or an empty one that is not of keys, has its default.

    Raises
    ------
    ValueError
        If a value or the file of keys cannot be used, or if other machines could use the service without keys and
        without SER_OPEN=1.
    """
    default = Settings()
    keys = _keys(environment)
    is_open = bool(_number(environment, "SER_OPEN", 0, lowest=0, highest=1, whole=True))
    rate, audio_rate = (RATE, AUDIO_RATE) if keys or is_open else (default.rate, default.audio_rate)
    settings = Settings(
        host=environment.get("SER_HOST") or default.host,
        port=int(_number(environment, "SER_PORT", default.port, lowest=0, highest=65_535, whole=True)),
        hosts=tuple(name.strip().lower() for name in (environment.get("SER_HOSTS") or "").split(",") if name.strip()),
        open=is_open,
        keys=keys,
        models=_models(environment.get("SER_MODELS") or ",".join(packaged.folders())),
        networks=networks(environment),
        max_bytes=int(_number(environment, "SER_MAX_BYTES", default.max_bytes, lowest=1, highest=2**31, whole=True)),
        max_seconds=_number(environment, "SER_MAX_SECONDS", default.max_seconds, lowest=0.1, highest=86_400),
        rate=_number(environment, "SER_RATE", rate, lowest=0, highest=1e9),
        audio_rate=_number(environment, "SER_AUDIO_RATE", audio_rate, lowest=0, highest=1e9),
        connections=int(
            _number(environment, "SER_CONNECTIONS", default.connections, lowest=2, highest=10**6, whole=True)
        ),
        queue=int(_number(environment, "SER_QUEUE", default.queue, lowest=1, highest=100_000, whole=True)),
        workers=int(_number(environment, "SER_WORKERS", _n_cores(), lowest=1, highest=256, whole=True)),
        live=int(_number(environment, "SER_LIVE", default.live, lowest=2, highest=100_000, whole=True)),
        live_seconds=_number(environment, "SER_LIVE_SECONDS", default.live_seconds, lowest=0.1, highest=86_400),
        stall_seconds=_number(environment, "SER_STALL_SECONDS", default.stall_seconds, lowest=0.1, highest=3600),
        upload_seconds=_number(environment, "SER_UPLOAD_SECONDS", default.upload_seconds, lowest=0.1, highest=86_400),
        work_seconds=_number(environment, "SER_WORK_SECONDS", default.work_seconds, lowest=0.1, highest=3600),
        forwarded_from=environment.get("FORWARDED_ALLOW_IPS") or None,
    )
    _check_access(settings)
    return settings


def _check_access(settings: Settings) -> None:
    """Check that other machines cannot use the service by mistake.

    Raises
    ------
    ValueError
        If they can reach it and need no key, and it is not meant to be open.
    """
    if not (settings.is_local or settings.keys or settings.open):
        raise ValueError(
            f"SER_HOST is {settings.host}, which others can reach, and there are no keys; make one with"
            " `python -m app.http.keys NAME` and put its line into SER_API_KEYS or the file SER_API_KEYS_FILE, or let"
            " everybody in with SER_OPEN=1"
        )


def _n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _number(
    environment: Mapping[str, str], name: str, default: float, *, lowest: float, highest: float, whole: bool = False
) -> float:
    text = environment.get(name) or str(default)
    kind = "a whole number" if whole else "a number"
    try:
        value = float(int(text) if whole else float(text))
    except ValueError:
        value = math.nan
    if not lowest <= value <= highest:
        raise ValueError(f"{name} is {text!r}; set it to {kind} from {lowest:.10g} to {highest:.10g}")
    return value


def _keys(environment: Mapping[str, str]) -> Keys:
    for name in ("SER_API_KEYS", "SER_API_KEYS_FILE"):
        if not environment.get(name, "set").strip(" ,"):  # a variable that was forgotten must not open the service
            raise ValueError(f"{name} is empty; make a key with `python -m app.http.keys NAME`, or remove the variable")
    found = keys.read(environment.get("SER_API_KEYS", "").split(","), source="SER_API_KEYS")
    if path := environment.get("SER_API_KEYS_FILE"):
        try:
            lines = Path(path).read_text(encoding="utf-8-sig").splitlines()  # some editors write a byte-order mark
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"SER_API_KEYS_FILE is {path}, which cannot be read ({error}); set it to a file") from None
        of_file = keys.read(lines, source=path)
        if not of_file:  # a file without keys is a mistake
            raise ValueError(
                f"SER_API_KEYS_FILE is {path}, which has no keys; make one with: python -m app.http.keys NAME"
            )
        found += of_file
    return found


def networks(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Networks that a model may download and run, by the variable SER_NETWORKS.

    Examples
    --------
    >>> networks({"SER_NETWORKS": "openai/whisper-base, models/mine"})
    ('openai/whisper-base', 'models/mine')
    """
    return tuple(filter(None, map(str.strip, environment.get("SER_NETWORKS", "").split(","))))


def _models(text: str) -> dict[str, Path]:
    models: dict[str, Path] = {}
    known = packaged.folders()
    for entry in text.split(","):
        name, equals, folder = (part.strip() for part in entry.partition("="))
        if name in known and not equals:
            folder = str(known[name])
        if not MODEL.fullmatch(name) or not folder or name in models:
            raise ValueError(
                f"SER_MODELS has {entry.strip()!r}; wanted name=folder, as mine=models/fold_0, of different names of"
                f" letters, digits, '.', '_' and '-', separated by commas; or one of {', '.join(known)} alone"
            )
        models[name] = Path(folder)
    return models
