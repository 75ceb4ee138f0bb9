"""The service under clients that send crumbs, do not read, are too many, or have sent everything."""

import contextlib
import logging
import resource
import socket
import time
from collections.abc import Iterable, Iterator

import httpx
import pytest

from app.http import connections, keys, logs, server
from benchmarks import attack
from tests.support import serving
from tests.support.paths import ROOT
from tests.support.serving import DEMO, PREDICT, served

SPEECH = DEMO[0].read_bytes()
CHUNKED = f"POST {PREDICT} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n".encode()
FORM = f"Content-Type: multipart/form-data; boundary={serving.BOUNDARY}\r\n".encode()
UPGRADE = (
    b"Host: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served() as client:
        yield client


@contextlib.contextmanager
def connected(client: httpx.Client) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=serving.PATIENCE) as connection:
        yield connection


def chunks(content: bytes, size: int) -> bytes:
    pieces = (content[start : start + size] for start in range(0, len(content), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def cut_off(connection: socket.socket, pieces: Iterable[bytes], *, pause: float = 0.0) -> bool:
    """True if the service ends the connection before it has got all pieces."""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        return False
    return True


def test_a_body_in_tiny_chunks_is_refused_after_a_few(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(CHUNKED + FORM + b"\r\n" + chunks(serving.body(SPEECH)[:4000], 1))
        status, headers, problem = serving.answer(connection)
    assert status == 400
    assert headers["connection"] == "close"
    assert "tiny chunks" in problem["detail"]


def test_a_body_in_chunks_of_a_usual_size_is_predicted(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(CHUNKED + FORM + b"\r\n" + chunks(serving.body(SPEECH), 1024))
        assert serving.answer(connection)[0] == 200


def test_the_rest_of_a_refused_body_is_not_read_unless_it_is_small() -> None:
    """A service that waited for the rest would do so for longer than the client waits."""
    waits = dict.fromkeys(("stall_seconds", "upload_seconds"), 10.0 * serving.PATIENCE)
    with served(keys=(("bob", keys.hashed("a key")),), **waits) as client:
        for head in (CHUNKED, CHUNKED.replace(b"Transfer-Encoding: chunked", b"Content-Length: 2000000")):
            with connected(client) as connection:
                connection.sendall(head + b"\r\n")
                status, headers, _ = serving.answer(connection)
                assert (status, headers["connection"]) == (401, "close")
                assert connection.recv(1) == b""
        with connected(client) as connection:
            for _ in range(2):
                connection.sendall(serving.request(SPEECH))
                assert serving.answer(connection)[0] == 401


def test_endless_heads_trailers_and_headers_are_refused(client: httpx.Client) -> None:
    trailers = b"0\r\nX-Trailer: x\r\n\r\n"
    for content in (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200, CHUNKED + FORM + b"\r\n" + trailers):
        with connected(client) as connection:
            connection.sendall(content)
            assert serving.answer(connection)[0] == 400
    with connected(client) as connection:
        assert cut_off(connection, [b"GET / HTTP/1.1\r\nX-Endless: ", *[b"x" * 65_536] * 200])
    assert client.get("/healthz").status_code == 200


def test_a_connection_without_a_request_is_closed(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    begin = time.monotonic()  # before the service counts, so that a busy machine does not shorten the time
    with connected(client) as silent, connected(client) as partial:
        partial.sendall(b"POST /v1/pre")
        for connection in (silent, partial):
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""
        assert time.monotonic() - begin > 0.4


def test_a_client_that_sends_byte_by_byte_is_cut_off() -> None:
    """By the limit of the whole request: its pauses are much shorter than one may last."""
    whole = serving.request(SPEECH)
    begin = time.monotonic()
    with served(upload_seconds=1.0) as client, connected(client) as connection:
        connection.sendall(whole[:1000])
        connection.settimeout(0.1)
        for position in range(1000, 2000):
            with contextlib.suppress(TimeoutError):
                connection.recv(1, socket.MSG_PEEK)
                break
            connection.sendall(whole[position : position + 1])
        connection.settimeout(serving.PATIENCE)
        status, _, problem = serving.answer(connection)
    assert (status, "the whole request 1 s" in problem["detail"]) == (408, True)
    assert time.monotonic() - begin > 0.9


def test_a_client_that_sends_requests_and_reads_no_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some kernels let the client send more after the end: the answers that it has got then show the end."""
    monkeypatch.setattr(connections, "WRITE_SECONDS", 0.2)
    n_requests, answered = 3000, b""
    with served() as client, connected(client) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if not cut_off(connection, [b"GET /openapi.json HTTP/1.1\r\nHost: test\r\n\r\n"] * n_requests, pause=0.002):
            with contextlib.suppress(ConnectionResetError):
                while piece := connection.recv(65_536):
                    answered += piece
            assert answered.count(b"HTTP/1.1 200") < n_requests / 10
        assert client.get("/healthz").status_code == 200


NO_SOUND = (4408).to_bytes(2, "big")  # code of the close frame of a session without sound


def frame(first: int, content: bytes = b"") -> bytes:
    """A frame of a WebSocket with a mask of zeros."""
    return bytes([first, 0x80 | len(content)]) + bytes(4) + content


@contextlib.contextmanager
def upgraded(client: httpx.Client) -> Iterator[socket.socket]:
    with connected(client) as connection:
        connection.sendall(b"GET /v1/stream HTTP/1.1\r\n" + UPGRADE + b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 101 ")
        yield connection


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1/stream?" + b"a" * 20_000 + b" HTTP/1.1\r\n" + UPGRADE + b"\r\n",
        b"GET /v1/stream HTTP/1.1\r\n" + UPGRADE + b"Content-Length: 1\r\n\r\na",
    ],
)
def test_a_wrong_head_of_a_websocket_has_an_answer(client: httpx.Client, head: bytes) -> None:
    with connected(client) as connection:
        connection.sendall(head)
        assert serving.answer(connection)[0] == 400
        assert connection.recv(1) == b""


def test_a_client_that_pings_and_reads_no_answer_is_cut_off(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "WRITE_SECONDS", 0.2)
    with upgraded(client) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert cut_off(connection, [frame(0x89, bytes(125)) * 500] * 2000, pause=0.001)


@pytest.mark.parametrize("first", [0x00, 0x82])
def test_thousands_of_parts_or_messages_at_once_end_a_session(client: httpx.Client, first: int) -> None:
    with upgraded(client) as connection:
        begin = frame(0x02) if first == 0x00 else b""
        received = b""
        if not cut_off(connection, [begin, *[frame(first) * (connections.MOST_MESSAGES + 2)] * 20]):
            with contextlib.suppress(ConnectionResetError):  # a busy service ends it after it has been sent everything
                while piece := connection.recv(65_536):
                    received += piece
        assert NO_SOUND not in received  # it would end so otherwise


def test_many_requests_at_once_in_one_connection_are_refused(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n" * 5000)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                received += piece
    assert received.count(b"HTTP/1.1") <= connections.MOST_PIPELINED + 2


def test_a_new_connection_takes_the_place_of_the_one_that_is_idle_for_longest() -> None:
    with served(connections=4) as client, connected(client) as first, connected(client) as second:
        for connection in (first, second):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
            assert serving.answer(connection)[0] == 200
        with connected(client) as third:  # half of 4 are for this address
            third.sendall(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
            assert serving.answer(third)[0] == 200
            assert first.recv(1) == b""  # closed
            second.sendall(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
            assert serving.answer(second)[0] == 200


@pytest.mark.parametrize(("hard", "most"), [(1024, 512), (256, 256 - server.OTHER_FILES), (50, 2)])
def test_the_limit_of_open_files_limits_the_connections(hard: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[tuple[int, int]] = [(50, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
    assert server.most_connections(512) == most
    assert limits[-1][0] == min(hard, 512 + server.OTHER_FILES)


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements(client: httpx.Client) -> None:
    """Else each one would come 40 ms later, by which the kernel delays an acknowledgement."""
    kept, fresh = [], []
    for _ in range(15):
        kept.append(client.get("/healthz").elapsed.total_seconds())
        fresh.append(httpx.get(client.base_url.join("/healthz")).elapsed.total_seconds())
    assert min(kept[5:]) < min(fresh) + 0.02


def test_a_client_that_has_sent_everything_gets_its_answer(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(serving.request(SPEECH) * 2)
        connection.shutdown(socket.SHUT_WR)
        assert serving.answer(connection)[0] == 200
        assert connection.makefile("rb").read()  # the second answer, and the end


def test_a_client_that_waits_long_after_it_has_sent_everything_is_asked_whether_it_reads(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PROBE_SECONDS", 0.001)
    long = serving.encoded(serving.speech(12))
    with connected(client) as connection:
        connection.sendall(serving.request(long, path=f"{PREDICT}?timeline=true"))
        connection.shutdown(socket.SHUT_WR)
        received = connection.makefile("rb").read()
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert received.count(b"HTTP/1.1 200 OK") == 1
    assert received.endswith(b"}")


@pytest.mark.slow
def test_the_benchmark_of_attacks_measures_what_clients_notice() -> None:
    assert attack.foreign(ROOT) == "foreign host 421, foreign page 403"
    assert attack.crash(ROOT) == "health has status 200"
    assert "0 of" in attack.kept(ROOT)


def test_a_message_of_a_library_is_logged_once_in_a_while() -> None:
    now = 0.0
    repeats = logs.RepeatFilter(clock=lambda: now)
    flood = [logging.LogRecord("asyncio", 40, "", 0, f"no files\nsocket {number}", (), None) for number in range(100)]
    assert sum(repeats.filter(record) for record in flood) == 1
    now = logs.PAUSE
    assert repeats.filter(flood[0])
    assert all(repeats.filter(logging.LogRecord("app.http", 20, "", 0, "request", (), None)) for _ in range(3))
