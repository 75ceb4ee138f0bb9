"""The report in a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support import browser, waiting
from tests.support.reported_study import MANY, SIX, configuration, write_report

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser.missing()), reason=f"not installed: {', '.join(browser.missing())}"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a report's file."""
    folder = write_report(tmp_path_factory.mktemp("study"), configuration("svm"), utterances=SIX, partitions=MANY)
    return (folder / "report.html").resolve().as_uri()


@pytest.fixture(params=[1400, 390])
def opened(page: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Chrome]:
    """A browser that shows the report, as wide as a computer's and as a phone's."""
    with browser.chromium(tmp_path, width=request.param) as driver:
        driver.get(page)
        yield driver


def test_nothing_sticks_out_and_every_picture_is_drawn(opened: Chrome) -> None:
    script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert opened.execute_script(script) <= 0
    pictures = opened.find_elements(By.TAG_NAME, "img")
    assert len(pictures) == 6
    assert all(opened.execute_script("return arguments[0].naturalWidth", picture) > 100 for picture in pictures)
    assert not opened.get_log("browser")


def test_what_is_wider_than_the_screen_has_a_shadow_at_its_edge(opened: Chrome) -> None:
    script = """return [...document.querySelectorAll(".scroll")].filter((one) => one.checkVisibility()).map((one) => {
      return [one.scrollWidth > one.clientWidth, Number(getComputedStyle(one, "::after").opacity)];
    })"""
    opened.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    waiting.until(  # the browser moves an animation of scrolling when it draws the next picture of the page
        lambda: all(shadow == (1 if is_wide else 0) for is_wide, shadow in opened.execute_script(script)),
        seconds=browser.PATIENCE,
    )
    found = opened.execute_script(script)
    assert any(is_wide for is_wide, _ in found) == (opened.execute_script("return innerWidth") < 500)


def test_a_long_command_is_readable_without_scrolling(opened: Chrome) -> None:
    script = """const command = document.createElement("pre");
      command.innerHTML = `<code>dvc exp run ${"-S corpus.columns.emotion=emozione ".repeat(9)}</code>`;
      document.querySelector("#study").append(command);
      return [command.scrollWidth, command.clientWidth];"""
    needed, shown = opened.execute_script(script)
    assert 0 < needed <= shown


def test_in_the_dark_no_section_stays_bright(opened: Chrome) -> None:
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    script = """return [...document.querySelectorAll("body, section, td, .scroll")].map((one) =>
      getComputedStyle(one).backgroundColor).filter((colour) => /^rgb\\(2[0-9]{2}, 2[0-9]{2}/.test(colour))"""
    assert opened.execute_script(script) == []


def test_mistakes_can_be_heard(opened: Chrome) -> None:
    (first, *_) = opened.find_elements(By.TAG_NAME, "audio")
    opened.execute_script("arguments[0].load()", first)
    WebDriverWait(opened, browser.PATIENCE).until(
        lambda _: opened.execute_script("return arguments[0].readyState", first) >= 1
    )
    assert opened.execute_script("return arguments[0].duration", first) == pytest.approx(0.3, abs=0.1)


def test_nothing_is_asked_of_a_network(opened: Chrome) -> None:
    messages = (json.loads(entry["message"])["message"] for entry in opened.get_log("performance"))
    requests = (m["params"] for m in messages if m["method"] == "Network.requestWillBeSent")
    own = (sent for sent in requests if sent["documentURL"] == opened.current_url)  # not the browser's first page
    asked = [sent["request"]["url"] for sent in own]
    assert asked
    assert all(url.startswith(("file:", "data:")) for url in asked)


def test_print_leaves_out_what_paper_cannot_do_and_unfolds_the_rest(opened: Chrome) -> None:
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not opened.find_element(By.TAG_NAME, "nav").is_displayed()
    assert not any(one.is_displayed() for one in opened.find_elements(By.TAG_NAME, "audio"))
    browser.resize(opened, 688, 900)  # as wide as A4 between its margins
    inside = "return [...document.querySelectorAll('table')].every(e => e.getBoundingClientRect().right <= 688)"
    assert opened.execute_script(inside)
    broken = (
        "return [...document.querySelectorAll('tbody th')].filter(e => getComputedStyle(e).position != 'static').length"
    )
    assert opened.execute_script(broken) == 0  # names of rows break within words on a phone alone
    height = "return document.querySelector('details table').getBoundingClientRect().height"
    assert opened.execute_script(height) > 100
