import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ser.features.yamnet import hub

YAMNET = "https://tfhub.dev/google/yamnet/1"
KEY = "9616fd04ec2360621642ef9455b84f4b668e219e"  # the folder that TensorFlow Hub itself makes for YAMNET


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TFHUB_CACHE_DIR", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path


@contextlib.contextmanager
def host(status: int, asked: list[str]) -> Iterator[str]:
    """Handle of a model on a host of this machine that answers every question with `status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/archive")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/google/yamnet/1"
        finally:
            server.shutdown()
            thread.join()


def test_the_cache_is_the_users_unless_the_environment_names_another(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hub.cache_folder() == home / ".cache/ser/tfhub"
    monkeypatch.setenv("TFHUB_CACHE_DIR", "")
    assert hub.cache_folder() == home / ".cache/ser/tfhub"
    monkeypatch.setenv("TFHUB_CACHE_DIR", "~/models")
    assert hub.cache_folder() == home / "models"


def test_a_model_is_cached_if_its_folder_holds_a_saved_model(home: Path) -> None:
    folder = home / ".cache/ser/tfhub" / KEY
    assert not hub.is_cached(YAMNET)
    folder.mkdir(parents=True)
    assert not hub.is_cached(YAMNET)  # as an interrupted download leaves it
    (folder / "saved_model.pb").touch()
    assert hub.is_cached(YAMNET)
    assert not hub.is_cached("https://tfhub.dev/google/yamnet/2")


def test_a_folder_is_a_model_that_is_on_this_machine(home: Path) -> None:
    assert hub.folder(YAMNET) == home / ".cache/ser/tfhub" / KEY
    assert not hub.is_cached(str(home))
    (home / "saved_model.pb").touch()
    assert hub.is_cached(str(home))
    assert hub.folder(str(home)) == home


@pytest.mark.parametrize(("status", "reachable"), [(200, True), (302, True), (403, False), (404, False), (500, False)])
def test_a_model_is_reachable_if_its_host_offers_it(status: int, reachable: bool) -> None:
    asked: list[str] = []
    with host(status, asked) as handle:
        assert hub.is_reachable(handle) is reachable
    assert asked == ["/google/yamnet/1?tf-hub-format=compressed"]  # and a redirection was not followed


def test_a_host_that_never_answers_is_unreachable_after_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        start = time.perf_counter()
        assert not hub.is_reachable(f"http://127.0.0.1:{server.getsockname()[1]}/google/yamnet/1")
        assert time.perf_counter() - start > 0.9


def test_a_name_that_takes_long_to_look_up_does_not_take_longer_than_the_time_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up = threading.Event()

    def slow(*_: object, **__: object) -> None:
        looked_up.wait(600)
        raise OSError("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    start = time.perf_counter()
    assert not hub.is_reachable("http://example.invalid/google/yamnet/1", timeout=0.1)
    assert time.perf_counter() - start < 300
    looked_up.set()


def test_a_closed_port_is_unreachable_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not hub.is_reachable(f"http://127.0.0.1:{port}/google/yamnet/1")


@pytest.mark.parametrize("handle", ["", "yamnet", "/models/yamnet", "http://[::1/yamnet"])
def test_a_handle_that_is_no_address_is_unreachable(handle: str) -> None:
    assert not hub.is_reachable(handle)


def test_failed_downloads_are_counted_for_each_model(home: Path) -> None:
    assert hub.failed_downloads(YAMNET) == 0
    hub.record_failed_download(YAMNET)
    hub.record_failed_download(YAMNET)
    hub.record_failed_download("other")
    assert (hub.failed_downloads(YAMNET), hub.failed_downloads("other")) == (2, 1)
    assert (home / f".cache/ser/tfhub/{KEY}.failed").is_file()


def test_failures_are_kept_in_the_users_cache_wherever_the_models_are(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(home / "models"))
    hub.record_failed_download(YAMNET)
    assert not (home / "models").exists()
    assert hub.failed_downloads(YAMNET) == 1


def test_a_cache_that_cannot_be_written_counts_nothing_and_raises_nothing(home: Path) -> None:
    (home / ".cache").write_text("a file where a folder should be")
    hub.record_failed_download(YAMNET)
    assert hub.failed_downloads(YAMNET) == 0


def test_the_remedy_names_the_model_the_cache_and_the_variable(home: Path) -> None:
    remedy = hub.remedy(YAMNET)
    assert YAMNET in remedy
    assert str(home / ".cache/ser/tfhub") in remedy
    assert "set TFHUB_CACHE_DIR" in remedy
