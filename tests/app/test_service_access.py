"""Access to the service: keys, rate limits, memory, and settings from environment variables."""

import mmap
import re
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from app import service
from app.http import keys, server, settings, uploads
from app.http.limits import MOST_CLIENTS, Full, Memory, Rate
from app.http.settings import Settings
from ser.models import packaged
from tests.support import serving
from tests.support.serving import DEMO, KEY, KNOWN, OTHER, PREDICT, served

SPEECH = DEMO[0].read_bytes()
BEARER = {"Authorization": f"Bearer {KEY}"}


def sent(client: httpx.Client, headers: dict[str, str]) -> httpx.Response:
    return client.post(PREDICT, files={"file": ("speech.wav", SPEECH)}, headers=headers)


def test_a_known_key_is_accepted_in_both_headers() -> None:
    with served(keys=KNOWN) as client:
        for headers in (BEARER, {"Authorization": f"bearer {OTHER}"}, {"X-API-Key": KEY}):
            assert sent(client, headers).status_code == 200
            assert client.get("/v1/models", headers=headers).status_code == 200
            assert client.get("/metrics", headers=headers).status_code == 200


WITHOUT = {
    "none": ({}, "no API key"),
    "another": ({"X-API-Key": keys.new_key()}, "unknown"),
    "its hash": ({"X-API-Key": KNOWN[0][1]}, "unknown"),
    "a part": ({"X-API-Key": KEY[:-1]}, "unknown"),
    "empty": ({"X-API-Key": ""}, "no API key"),
    "another scheme": ({"Authorization": f"Basic {KEY}"}, "no API key"),
    "no ASCII": ({"X-API-Key": "\N{LATIN SMALL LETTER E WITH ACUTE}"}, "unknown"),
}


@pytest.mark.parametrize("kind", WITHOUT)
def test_only_health_is_answered_without_a_known_key(kind: str) -> None:
    headers, words = WITHOUT[kind]
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    with served(keys=KNOWN) as client:
        for response in (
            sent(client, raw),  # type: ignore[arg-type]
            client.get("/v1/models", headers=raw),
            client.get("/metrics", headers=raw),
        ):
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert response.json()["detail"].startswith(("an " if words == "unknown" else "") + words)
        assert client.get("/healthz", headers=raw).status_code == 200


def test_the_log_contains_the_name_of_the_client_and_never_its_key(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "app"), served(keys=KNOWN) as client:
        sent(client, BEARER)
    (record,) = [record for record in caplog.records if record.message == "request"]
    assert record.facts["key"] == "bob"  # type: ignore[attr-defined]
    assert KEY not in str(record.__dict__)


def test_the_documentation_states_how_to_send_a_key_if_one_is_needed() -> None:
    with served(keys=KNOWN) as client:
        schema = client.get("/openapi.json").json()
    assert {one["type"] for one in schema["components"]["securitySchemes"].values()} == {"http", "apiKey"}
    assert schema["paths"][PREDICT]["post"]["security"]
    assert "security" not in schema["paths"]["/healthz"]["get"]
    with served() as client:
        schema = client.get("/openapi.json").json()
    assert "securitySchemes" not in schema["components"]
    assert "401" not in schema["paths"][PREDICT]["post"]["responses"]


def test_a_new_key_is_printed_with_the_entry_that_admits_it(capsys: pytest.CaptureFixture[str]) -> None:
    keys.main(["bob"])
    first, second = capsys.readouterr().out.splitlines()
    key, line = first.split()[-1], second.split()[-1]
    assert keys.owner(key, keys.read([line], source="a test")) == "bob"
    assert key not in line
    assert len(key) >= 43  # 256 bits in base64


def test_all_keys_differ() -> None:
    assert len({keys.new_key() for _ in range(1000)}) == 1000


def test_a_key_needs_a_name_that_logs_can_show() -> None:
    with pytest.raises(SystemExit, match="letters, digits"):
        keys.main(["bob\n"])


def test_a_client_may_have_two_keys() -> None:
    both = (("bob", keys.hashed(KEY)), ("bob", keys.hashed(OTHER)))
    assert keys.owner(KEY, both) == keys.owner(OTHER, both) == "bob"


def test_keys_are_replaced_by_those_of_the_file_and_kept_if_it_is_wrong(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "keys"
    known = keys.Keyring(KNOWN)
    file.write_text(f"eve:{KNOWN[1][1]}\n")
    server.read_again(known, {"SER_API_KEYS_FILE": str(file)})
    assert known.keys == (KNOWN[1],)
    file.write_text("eve\n")
    server.read_again(known, {"SER_API_KEYS_FILE": str(file)})
    assert known.keys == (KNOWN[1],)
    assert "the keys have not changed: entry 1" in caplog.text
    without = keys.Keyring(())
    server.read_again(without, {"SER_API_KEYS_FILE": str(file)})
    assert not without.keys


def test_every_known_key_is_compared_even_after_a_match(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    monkeypatch.setattr(keys.hmac, "compare_digest", lambda given, known: not compared.append(known) and given == known)
    assert keys.owner(KEY, KNOWN) == "bob"
    assert compared == [known for _, known in KNOWN]


@pytest.mark.parametrize("entry", [KEY, f"bob:{KEY}", "bob:", "bob:abc", f":{KNOWN[0][1]}x", f"a b:{KNOWN[0][1]}"])
def test_an_entry_that_is_no_hash_is_refused_and_not_quoted(entry: str) -> None:
    with pytest.raises(ValueError, match="entry 2 of a file") as caught:
        keys.read(["# comment", entry if not entry.startswith(":") else "x" + entry], source="a file")
    assert KEY not in str(caught.value)


def test_a_client_with_too_many_requests_must_wait_and_others_need_not() -> None:
    with served(keys=KNOWN, rate=2) as client:
        assert [sent(client, BEARER).status_code for _ in range(2)] == [200, 200]
        response = sent(client, BEARER)
        assert response.status_code == 429
        assert 1 <= int(response.headers["Retry-After"]) <= 30
        assert "2 requests in a minute" in response.json()["detail"]
        assert sent(client, {"X-API-Key": OTHER}).status_code == 200
        assert client.get("/metrics", headers=BEARER).status_code == 200
        assert client.get("/healthz").status_code == 200


def test_without_keys_the_rate_is_limited_by_address() -> None:
    with served(rate=1) as client:
        assert sent(client, {}).status_code == 200
        assert sent(client, {"X-Forwarded-For": "203.0.113.7"}).status_code == 429


def test_behind_a_trusted_proxy_the_address_is_that_of_the_client() -> None:
    with served(rate=1, forwarded_from="127.0.0.1") as client:
        assert sent(client, {"X-Forwarded-For": "203.0.113.7"}).status_code == 200
        assert sent(client, {"X-Forwarded-For": "203.0.113.8"}).status_code == 200
        assert sent(client, {"X-Forwarded-For": "203.0.113.8"}).status_code == 429
        assert sent(client, {"X-Forwarded-For": "2001:db8::7"}).status_code == 200
        assert sent(client, {"X-Forwarded-For": "2001:db8::8"}).status_code == 429  # a client has the whole network


def test_a_bucket_refills_over_time() -> None:
    now = 0.0
    rate = Rate(60, clock=lambda: now)
    assert [rate.wait("bob") for _ in range(61)] == [0.0] * 60 + [1.0]
    now = 0.5
    assert rate.wait("bob") == pytest.approx(0.5)
    now = 1.0
    assert rate.wait("bob") == 0
    assert rate.wait("bob") == pytest.approx(1)
    now = 1e6
    assert [rate.wait("bob") for _ in range(61)] == [0.0] * 60 + [
        1.0
    ]  # the bucket holds at most the requests of one minute


def test_without_a_rate_requests_are_not_limited() -> None:
    rate = Rate(0)
    assert not any(rate.wait("bob") for _ in range(1000))


def test_the_memory_for_clients_is_bounded() -> None:
    rate = Rate(1)
    for number in range(MOST_CLIENTS + 10):
        rate.wait(str(number))
    assert len(rate._buckets) == MOST_CLIENTS
    assert rate.wait(str(MOST_CLIENTS + 9)) > 0
    assert rate.wait("0") == 0  # forgotten


def test_leased_memory_is_returned_at_the_end_of_the_lease_and_one_client_gets_half_of_it() -> None:
    memory = Memory(100)
    with memory.lease("bob") as take:
        take(30)
        with memory.lease("bob") as another:
            another(20)
            with pytest.raises(Full):
                another(1)
            with memory.lease("eve") as hers:
                hers(50)
                with memory.lease("ann") as last, pytest.raises(Full):
                    last(1)
            assert memory.held == 50
        assert memory.held == 30
        take(20)
    assert memory.held == 0
    assert not memory._by_client


def test_the_memory_of_an_upload_is_returned_with_its_answer_whatever_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[mmap.mmap] = []

    class Recorded(mmap.mmap):
        def __init__(self, *_: object) -> None:
            made.append(self)

    monkeypatch.setattr(uploads.mmap, "mmap", Recorded)
    with served() as client:
        statuses = [sent(client, {}).status_code, client.post(PREDICT, files={"file": b"x" * 9000}).status_code]
        statuses.append(client.post(PREDICT, files={"other": b"x" * 9000}).status_code)
        cut = serving.body(SPEECH)[:-9]
        form = {"Content-Type": f"multipart/form-data; boundary={serving.BOUNDARY}"}
        statuses.append(client.post(PREDICT, content=cut, headers=form).status_code)
    assert statuses == [200, 422, 422, 400]
    assert [one.closed for one in made] == [True] * 4


def test_uploads_beyond_the_memory_are_refused_with_a_retry_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.http.application.HELD", 0)
    with served() as client:
        response = sent(client, {})
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"


def test_unset_variables_have_their_defaults() -> None:
    assert settings.read({}) == Settings(workers=settings.read({}).workers)
    assert settings.read({"SER_PORT": "", "SER_MODELS": ""}) == settings.read({})


def test_the_rate_is_limited_for_a_shared_service_and_not_for_this_machine_alone() -> None:
    assert settings.read({}).rate == 0
    assert settings.read({"SER_API_KEYS": f"bob:{KNOWN[0][1]}"}).rate == settings.read({"SER_OPEN": "1"}).rate == 600
    assert settings.read({"SER_API_KEYS": f"bob:{KNOWN[0][1]}", "SER_RATE": "0"}).rate == 0


def test_every_setting_can_be_set(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# our clients\n\neve:{KNOWN[1][1]}\n", encoding="utf-8-sig")  # with a byte-order mark
    chosen = settings.read(
        {
            "SER_HOST": "0.0.0.0",
            "SER_PORT": "9000",
            "SER_HOSTS": "Ser.example, other.example",
            "SER_OPEN": "1",
            "SER_API_KEYS": f"bob:{KNOWN[0][1]}",
            "SER_API_KEYS_FILE": str(file),
            "SER_MODELS": "mine=models/fold_0, ravdess",
            "SER_MAX_BYTES": "1000",
            "SER_MAX_SECONDS": "1.5",
            "SER_RATE": "7",
            "SER_AUDIO_RATE": "8",
            "SER_CONNECTIONS": "9",
            "SER_NETWORKS": "/mine, https://tfhub.dev/x/1",
            "SER_QUEUE": "3",
            "SER_WORKERS": "5",
            "SER_LIVE": "4",
            "SER_LIVE_SECONDS": "6",
            "SER_STALL_SECONDS": "1",
            "SER_UPLOAD_SECONDS": "2",
            "SER_WORK_SECONDS": "3",
            "FORWARDED_ALLOW_IPS": "10.0.0.1",
        }
    )
    models = {"mine": Path("models/fold_0"), "ravdess": packaged.resolved("ravdess")}
    given = (
        "0.0.0.0",
        9000,
        ("ser.example", "other.example"),
        True,
        KNOWN,
        models,
        ("/mine", "https://tfhub.dev/x/1"),
        1000,
        1.5,
        7.0,
        8.0,
        9,
        3,
        5,
        4,
        6.0,
        1.0,
        2.0,
        3.0,
        "10.0.0.1",
    )
    assert chosen == Settings(*given)
    assert chosen.default_model == "mine"
    assert len(given) == len(fields(Settings))


def test_every_variable_is_documented() -> None:
    names = set(re.findall(r'"(SER_\w+)"', Path(settings.__file__).read_text()))
    assert len(names) == 20
    assert all(name in (Settings.__doc__ or "") for name in names)


BAD = {
    "a word": ({"SER_PORT": "http"}, "SER_PORT is 'http'; set it to a whole number from 0 to 65535"),
    "too high": ({"SER_PORT": "65536"}, "SER_PORT is '65536'"),
    "a fraction": ({"SER_WORKERS": "1.5"}, "SER_WORKERS is '1.5'; set it to a whole number from 1 to 256"),
    "no queue": ({"SER_QUEUE": "0"}, "SER_QUEUE is '0'"),
    "NaN": ({"SER_MAX_SECONDS": "nan"}, "SER_MAX_SECONDS is 'nan'; set it to a number"),
    "infinite": ({"SER_WORK_SECONDS": "inf"}, "SER_WORK_SECONDS is 'inf'"),
    "below 0": ({"SER_RATE": "-1"}, "SER_RATE is '-1'"),
    "yes": ({"SER_OPEN": "yes"}, "SER_OPEN is 'yes'; set it to a whole number from 0 to 1"),
    "no folder": ({"SER_MODELS": "mine"}, "SER_MODELS has 'mine'; wanted name=folder"),
    "twice": ({"SER_MODELS": "a=x,a=y"}, "SER_MODELS has 'a=y'"),
    "a path": ({"SER_MODELS": "models/fold_0"}, "wanted name=folder"),
    "no file": ({"SER_API_KEYS_FILE": "no/such"}, "SER_API_KEYS_FILE is no/such, which cannot be read"),
    "empty file": ({"SER_API_KEYS_FILE": "/dev/null"}, "which has no keys"),
    "no keys": ({"SER_API_KEYS": ""}, "SER_API_KEYS is empty; make a key with"),
    "only a comma": ({"SER_API_KEYS": " , "}, "SER_API_KEYS is empty"),
    "no name": ({"SER_API_KEYS_FILE": ""}, "SER_API_KEYS_FILE is empty"),
    "open to all": ({"SER_HOST": "0.0.0.0"}, "SER_HOST is 0.0.0.0, which others can reach, and there are no keys"),
    "open to all, v6": ({"SER_HOST": "::"}, "SER_OPEN=1"),
    "open to a network": ({"SER_HOST": "192.168.1.2"}, "python -m app.http.keys NAME"),
    "open by a name": ({"SER_HOST": "example.org"}, "SER_OPEN=1"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_setting_is_refused_with_the_wanted_values(kind: str) -> None:
    environment, words = BAD[kind]
    with pytest.raises(ValueError, match="SER_") as caught:
        settings.read(environment)
    assert words in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_alone_needs_no_keys(host: str) -> None:
    assert settings.read({"SER_HOST": host}).is_local


@pytest.mark.parametrize("more", [{"SER_OPEN": "1"}, {"SER_API_KEYS": f"bob:{KNOWN[0][1]}"}])
def test_other_machines_are_served_with_keys_or_by_explicit_setting(more: dict[str, str]) -> None:
    assert not settings.read({"SER_HOST": "0.0.0.0", **more}).is_local


START: dict[str, tuple[dict[str, Any], str]] = {
    "open": ({"SER_HOST": "0.0.0.0"}, "error: SER_HOST is 0.0.0.0"),
    "no model": ({"SER_MODELS": "mine=no/such"}, "error: SER_MODELS has mine: no model in no/such"),
    "no address": ({"SER_HOST": "203.0.113.7", "SER_OPEN": "1"}, "error: cannot listen at 203.0.113.7"),
}


@pytest.mark.parametrize("kind", START)
def test_a_service_that_cannot_start_prints_the_reason_in_one_line(kind: str) -> None:
    environment, words = START[kind]
    status, printed = serving.ended(**environment)
    assert status == 1
    assert printed.startswith(words)
    assert len(printed.splitlines()) == 1


def test_an_argument_ends_the_service_and_names_the_environment_variables(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, status in ((["--help"], 0), (["--port", "9000"], 2)):
        with pytest.raises(SystemExit) as ended:
            service.main(arguments)
        assert ended.value.code == status
        assert "environment variables, for example SER_PORT=8001" in " ".join("".join(capsys.readouterr()).split())


def test_a_system_without_posix_is_told_where_the_service_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "os", SimpleNamespace(name="nt"))
    with pytest.raises(SystemExit, match="on Linux and macOS only; on Windows, run it in WSL"):
        service.main()
