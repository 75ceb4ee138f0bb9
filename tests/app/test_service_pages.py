"""Pages and the service: those of other sites may not use it, and its own needs nothing from elsewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support import browser
from tests.support.serving import served

MODELS = "/v1/models"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served(hosts=("ser.example",)) as client:
        yield client


OWN = ("127.0.0.1:8000", "localhost:8000", "[::1]:8000", "192.168.1.2", "ser", "ser.example:443", "SER.EXAMPLE")
FOREIGN = ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "ser.example.evil.example", "a@ser", "ser:x")


@pytest.mark.parametrize("host", OWN)
def test_the_service_answers_to_its_own_names(client: httpx.Client, host: str) -> None:
    assert client.get(MODELS, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_name_for_the_address_of_the_service_is_refused(client: httpx.Client, host: str) -> None:
    response = client.get(MODELS, headers={"Host": host})
    assert response.status_code == 421
    assert "list the name in SER_HOSTS" in response.json()["detail"]


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        ("http://localhost:8000", "localhost:8000", 200),
        ("https://ser.example", "127.0.0.1:8000", 200),  # behind a proxy
        ("https://ser.example:8443", "ser.example", 200),
        ("http://localhost:3000", "localhost:8000", 403),
        ("https://evil.example", "localhost:8000", 403),
        ("https://ser.example.evil.example", "ser.example", 403),
        ("null", "localhost:8000", 403),
        ("http://[", "localhost:8000", 403),
    ],
)
def test_only_pages_of_the_service_may_send_requests(client: httpx.Client, origin: str, host: str, status: int) -> None:
    response = client.get(MODELS, headers={"Origin": origin, "Host": host})
    assert response.status_code == status
    assert ("SER_HOSTS" in response.text) == (status == 403)


def test_the_documentation_needs_nothing_from_elsewhere_and_its_policy_forbids_that(client: httpx.Client) -> None:
    page = client.get("/docs")
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(files) == 3
    for file in files:
        assert file.startswith("/docs/files/")
        assert client.get(file).status_code == 200
    assert '<html lang="en">' in page.text
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self' 'sha256-")
    assert "http" not in policy
    assert client.get("/redoc").status_code == 404


def test_who_opens_the_service_in_a_browser_finds_the_live_page(client: httpx.Client) -> None:
    assert "/live" in client.get("/").json()["detail"]
    assert "(/live)" in client.get("/openapi.json").json()["info"]["description"]


@pytest.mark.slow
@pytest.mark.skipif(bool(browser.missing()), reason=f"not installed: {', '.join(browser.missing())}")
def test_a_browser_shows_the_documentation_under_its_policy(client: httpx.Client, tmp_path: Path) -> None:
    with browser.chromium(tmp_path, width=1200) as driver:
        driver.get(f"http://127.0.0.1:{client.base_url.port}/docs")
        browser.elements(driver, ".opblock", at_least=4)
        browser.wait_for(driver, "Predict the emotion of a recording")
        log = driver.get_log("browser")  # type: ignore[no-untyped-call]
    assert not [line for line in log if line["level"] == "SEVERE"]


def test_other_answers_may_load_nothing_at_all(client: httpx.Client) -> None:
    for path in (MODELS, "/nowhere"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
