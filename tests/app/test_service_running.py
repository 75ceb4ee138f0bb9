"""A service in a process of its own answers, in spite of slow, wrong and absent clients."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from app.http import keys, uploads
from tests.support import serving
from tests.support.paths import ROOT
from tests.support.serving import DEMO, PREDICT, Running, encoded, running, speech

SPEECH = DEMO[0].read_bytes()
MIB = 2**20


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    """Service with short timeouts, so that the tests are quick."""
    environment = {"SER_STALL_SECONDS": "3", "SER_UPLOAD_SECONDS": "5", "SER_QUEUE": "20", "SER_WORK_SECONDS": "20"}
    with running(**environment) as service:
        yield service


@contextlib.contextmanager
def stalling(service: Running) -> Iterator[list[socket.socket]]:
    """Connections of 50 clients that have not sent the end of their requests."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(service.connect()) for _ in range(50)]
        for connection in clients:
            connection.sendall(serving.request(SPEECH)[:-100])
        yield clients


def test_clients_that_stall_are_cut_off(service: Running) -> None:
    begin = time.monotonic()  # before the service counts, so that a busy machine does not shorten the time
    with stalling(service) as clients:
        for connection in clients:
            status, headers, problem = serving.answer(connection)
            assert status == 408
            assert headers["connection"] == "close"
            assert "pauses may last 3 s" in problem["detail"]
            assert connection.recv(1) == b""  # it is closed
    assert time.monotonic() - begin > 2.9


def test_others_are_served_while_clients_stall(patient: Running) -> None:
    with stalling(patient) as clients:
        assert patient.predict(SPEECH).status_code == 200
        assert select.select(clients, [], [], 0)[0] == []  # none of them is cut off


@pytest.mark.slow
def test_a_wrong_content_length_affects_only_its_own_connection(service: Running) -> None:
    true = len(serving.body(SPEECH))
    with service.connect() as more:  # the body is shorter than declared
        more.sendall(serving.request(SPEECH, length=true + 1000))
        assert serving.answer(more)[0] == 408
    with service.connect() as less:  # the rest of the body is not a valid request
        less.sendall(serving.request(SPEECH, length=true - 1000))
        status, _, problem = serving.answer(less)
        assert status == 400
        assert "ends before its last boundary" in problem["detail"]
    with service.connect() as huge:
        huge.sendall(serving.request(SPEECH, length=2**40))
        assert serving.answer(huge)[0] == 413
    with service.connect() as negative:
        negative.sendall(serving.request(SPEECH, length=-1))
        assert negative.recv(100).startswith(b"HTTP/1.1 400")
    assert service.predict(SPEECH).status_code == 200


@pytest.mark.slow
def test_a_body_without_end_is_refused_before_it_fills_the_memory(service: Running) -> None:
    head = serving.request(b"").partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\n"
    opening = serving.body(b"", field="note").partition(b"\r\n--")[0] + b"\r\n"
    chunk = b"%x\r\n" % MIB + bytes(MIB) + b"\r\n"
    before = psutil.Process(service.process.pid).memory_info().rss
    with service.connect() as endless:
        endless.sendall(head + b"%x\r\n" % len(opening) + opening + b"\r\n")
        n_sent = 0
        received: list[tuple[int, object, object]] = []
        reader = threading.Thread(target=lambda: received.append(serving.answer(endless)))
        reader.start()
        with contextlib.suppress(OSError):  # the connection ends when the service stops reading
            while not received and n_sent < 100_000:
                endless.sendall(chunk)
                n_sent += 1
        reader.join(30)
    assert received[0][0] == 413
    assert psutil.Process(service.process.pid).memory_info().rss - before < 80 * MIB
    assert service.predict(SPEECH).status_code == 200


def test_a_large_body_gets_its_refusal_and_not_a_reset_connection(service: Running) -> None:
    for _ in range(3):
        response = service.predict(bytes(40 * MIB))
        assert response.status_code == 413
        assert "larger than 26214400 bytes" in response.json()["detail"]


def test_a_client_that_expects_100_continue_is_refused_before_it_sends_the_body(service: Running) -> None:
    with service.connect() as polite:
        head = serving.request(b"", length=50 * MIB, headers="Expect: 100-continue\r\n").partition(b"\r\n\r\n")[0]
        polite.sendall(head + b"\r\n\r\n")
        assert serving.answer(polite)[0] == 413  # 408 if the service had waited for the body


def test_the_work_for_a_client_ends_when_the_client_leaves(service: Running) -> None:
    for cut in (1000, 0):
        for _ in range(20):
            with service.connect() as leaving:
                whole = serving.request(encoded(speech(9)))
                leaving.sendall(whole[: len(whole) - cut])
    assert service.predict(SPEECH).status_code in (200, 503)
    serving.wait_until(lambda: "ser_upload_bytes 0.0" in httpx.get(f"{service.url}/metrics").text)
    assert any(line.get("status") == 499 for line in service.logged())
    assert not [line for line in service.logged() if line["level"] == "error"]


@pytest.fixture(scope="module")
def patient() -> Iterator[Running]:
    """Service with timeouts that are long enough for a busy machine.

    It soon notices that a client has left: a prediction of minutes takes much longer, on a fast machine too.
    """
    times = dict.fromkeys(("SER_STALL_SECONDS", "SER_WORK_SECONDS"), str(serving.PATIENCE))
    with running(probe_seconds=0.02, SER_QUEUE="20", **times) as service:
        yield service


@pytest.mark.slow
def test_a_client_that_leaves_frees_the_process_that_works_for_it(patient: Running) -> None:
    long, processes = encoded(speech(200), format="FLAC"), patient.processes()
    begin = patient.busy()
    assert patient.predict(long, params={"timeline": "true"}).status_code == 200
    whole = patient.busy() - begin
    begin = patient.busy()
    with patient.connect() as leaving:
        leaving.sendall(serving.request(long, path=f"{PREDICT}?timeline=true"))
        serving.wait_until(lambda: patient.busy() - begin > whole / 10)
    assert patient.predict(SPEECH).status_code == 200
    assert patient.busy() - begin < whole / 2
    assert patient.logged()[-2]["status"] == uploads.GONE
    assert all(one.is_running() for one in processes)


def test_200_simultaneous_uploads_are_all_answered_and_the_service_still_works(patient: Running) -> None:
    service = patient
    content = encoded(speech(9))
    expected = service.predict(content).json()
    barrier = threading.Barrier(200)

    def upload(_: int) -> tuple[int, dict[str, str], object]:
        with service.connect() as connection:
            barrier.wait(serving.PATIENCE)
            connection.sendall(serving.request(content))
            return serving.answer(connection)

    with ThreadPoolExecutor(200) as threads:
        answers = list(threads.map(upload, range(200)))
    counts = Counter(status for status, _, _ in answers)
    assert set(counts) <= {200, 503}
    assert counts[200] >= 20
    assert counts[503] > 0  # otherwise the test does not reach the limit
    assert all(answer == expected for status, _, answer in answers if status == 200)
    assert all(int(headers["retry-after"]) >= 1 for status, headers, _ in answers if status == 503)
    assert service.predict(content).json() == expected


def test_a_client_that_sends_request_after_request_keeps_its_connection(service: Running) -> None:
    with service.connect() as connection:
        for content, status in [(SPEECH, 200), (b"", 422), (SPEECH, 200)]:
            connection.sendall(serving.request(content))
            assert serving.answer(connection)[0] == status


def test_a_refused_request_that_was_sent_whole_does_not_end_the_connection(service: Running) -> None:
    with service.connect() as connection:
        connection.sendall(serving.request(SPEECH, path="/nowhere"))
        assert serving.answer(connection)[0] == 404
        connection.sendall(serving.request(SPEECH))
        assert serving.answer(connection)[0] == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopping_service_finishes_its_requests_and_accepts_no_more(number: signal.Signals) -> None:
    long = encoded(speech(60), format="FLAC")
    with running() as service, service.connect() as connection, service.connect() as idle:
        begin = service.predicting()
        connection.sendall(serving.request(long, path=f"{PREDICT}?timeline=true"))
        serving.wait_until(lambda: service.predicting() > begin)
        service.process.send_signal(number)
        status, _, answer = serving.answer(connection)
        assert status == 200
        assert answer["duration"] == pytest.approx(60)
        assert len(answer["timeline"]) > 50
        assert idle.recv(1) == b""
        assert service.process.wait(serving.PATIENCE) == 0
        with pytest.raises(ConnectionRefusedError):
            service.connect()
    assert service.logged()[-1]["message"] == "stopped"


def test_make_serve_starts_the_service_again_after_a_crash_and_not_after_an_error(tmp_path: Path) -> None:
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho started >> "$LOG"\n[ $(wc -l < "$LOG") -ge 2 ] && exit 1\nkill -SEGV $$\n')
    python.chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", ".venv/.installed"):
        (tmp_path / name).write_bytes((ROOT / "Makefile").read_bytes() if name == "Makefile" else b"")
    log = tmp_path / "log"
    done = subprocess.run(
        ["make", "serve"],
        cwd=tmp_path,
        env={**os.environ, "LOG": str(log)},
        capture_output=True,
        text=True,
        timeout=serving.PATIENCE,
    )
    assert log.read_text().splitlines() == ["started", "started"]
    assert "starting it again" in done.stderr
    assert done.returncode != 0


def test_all_processes_end_with_the_service_even_if_it_is_killed() -> None:
    with running() as service:
        processes = service.processes()
        assert len(processes) >= 3  # the service, the process from which others are forked, one that predicts
        service.process.kill()
        _, alive = psutil.wait_procs(processes, timeout=serving.PATIENCE)
        assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def test_a_hangup_reads_the_keys_again_without_a_restart(tmp_path: Path) -> None:
    file, key = tmp_path / "keys", keys.new_key()
    file.write_text(f"bob:{keys.hashed(keys.new_key())}\n")
    with running(SER_API_KEYS_FILE=str(file)) as service:
        headers = {"X-API-Key": key}
        assert service.predict(SPEECH, headers=headers).status_code == 401
        file.write_text(f"eve:{keys.hashed(key)}\n")
        service.process.send_signal(signal.SIGHUP)
        serving.wait_until(lambda: service.predict(SPEECH, headers=headers).status_code != 401)
        assert service.predict(SPEECH, headers=headers).status_code == 200


def test_a_service_without_keys_warns_and_listens_on_this_machine_only(service: Running) -> None:
    assert any("no API keys: serving this machine only" in line["message"] for line in service.logged())
    connections = psutil.Process(service.process.pid).net_connections()
    assert {one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
