"""The page in a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from ser.serving import recognition
from tests.support import browser, waiting
from tests.support.recordings import BAD, SILENCE, UTTERANCE, file_of, spoken

CAPTION = "[data-testid=stCaptionContainer] p"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser.missing()), reason=f"not installed: {', '.join(browser.missing())}"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the page."""
    with browser.served(tmp_path_factory.mktemp("server") / "log.txt") as address:
        yield address


@pytest.fixture
def desktop(address: str, tmp_path: Path) -> Iterator[Chrome]:
    """The page in a window of the size of a desktop."""
    with browser.chromium(tmp_path, width=1400) as driver:
        yield opened(driver, address)


@pytest.fixture
def mobile(address: str, tmp_path: Path) -> Iterator[Chrome]:
    """The page in a window of the size of a phone."""
    with browser.chromium(tmp_path, width=390, height=844) as driver:
        yield opened(driver, address)


def opened(driver: Chrome, address: str) -> Chrome:
    """Open the page; return the browser when the page is shown."""
    driver.get(address)
    browser.wait_for(driver, "Try an example")
    return driver


def written(folder: Path, name: str, content: bytes) -> Path:
    """Write a file; return its path."""
    path = folder / name
    path.write_bytes(content)
    return path


def upload(driver: Chrome, *paths: Path, uploader: int = 0) -> None:
    """Choose files in the first uploader (one file) or in the second (many files)."""
    fields = browser.elements(driver, "input[type=file]", at_least=uploader + 1)
    fields[uploader].send_keys("\n".join(str(path) for path in paths))


def shown_emotion(driver: Chrome) -> str:
    """The headline of the result."""
    return browser.elements(driver, ".ser-emotion")[0].text


def check_width(driver: Chrome, width: int) -> None:
    """Fail if the page is wider than the screen, or if an element extends beyond it."""
    assert driver.execute_script("return innerWidth") == width
    assert driver.execute_script("return document.scrollingElement.scrollWidth") <= width
    script = "const m = document.querySelector('[data-testid=stMain]'); return m.scrollWidth - m.clientWidth"
    assert driver.execute_script(script) <= 0


def test_an_uploaded_file_is_analysed_drawn_and_can_be_played(desktop: Chrome) -> None:
    upload(desktop, UTTERANCE)
    assert shown_emotion(desktop) == recognition.predict_emotion(UTTERANCE)["emotion"]
    shown = browser.wait_for(desktop, "Mel spectrogram")
    assert "confidence" in shown
    WebDriverWait(desktop, browser.PATIENCE).until(
        lambda _: len([one for one in images(desktop) if one["width"] > 0]) == 5
    )
    assert all(one["alt"] for one in images(desktop))
    (player,) = browser.elements(desktop, "audio")
    WebDriverWait(desktop, browser.PATIENCE).until(lambda _: player.get_property("duration"))
    assert player.get_property("duration") == pytest.approx(recognition.predict_emotion(UTTERANCE)["duration"], abs=0.1)
    check_width(desktop, 1400)


def images(driver: Chrome) -> list[dict[str, object]]:
    """Width as decoded, and text, of every picture."""
    script = "return [...document.images].map(one => ({width: one.naturalWidth, alt: one.alt}))"
    found: list[dict[str, object]] = driver.execute_script(script)
    return found


@pytest.mark.parametrize("kind", ["empty", "text", "NaN", "too short"])
def test_a_bad_file_is_explained_without_a_traceback(kind: str, desktop: Chrome, tmp_path: Path) -> None:
    content, expected = BAD[kind]
    upload(desktop, written(tmp_path, "recording.wav", content))
    shown = browser.wait_for(desktop, expected)
    assert not [word for word in ("Traceback", "Error:", "Exception", ".py") if word in shown]
    assert not desktop.find_elements(By.CLASS_NAME, "ser-emotion")


def test_silence_is_explained_and_a_new_file_replaces_it(desktop: Chrome, tmp_path: Path) -> None:
    upload(desktop, written(tmp_path, "silence.wav", SILENCE))
    assert shown_emotion(desktop) == "No speech found"
    browser.wait_for(desktop, "So there is no emotion to show.")
    upload(desktop, UTTERANCE)
    wait = WebDriverWait(desktop, browser.PATIENCE, ignored_exceptions=[StaleElementReferenceException])
    wait.until(
        lambda _: shown_emotion(desktop) in recognition.load().labels
    )  # the replaced element may vanish meanwhile


def test_the_result_fits_the_screen_of_a_phone(mobile: Chrome, tmp_path: Path) -> None:
    upload(mobile, written(tmp_path, "long.wav", file_of(spoken(12), subtype="PCM_16")))
    browser.wait_for(mobile, "Mel spectrogram")
    check_width(mobile, 390)
    headline = mobile.find_element(By.CLASS_NAME, "ser-emotion")
    mobile.execute_script("arguments[0].scrollIntoView({block: 'center'})", headline)
    assert headline.is_displayed()
    box = mobile.execute_script("return arguments[0].getBoundingClientRect().toJSON()", headline)
    assert 0 <= box["left"] < box["right"] <= 390
    assert 0 <= box["top"] < box["bottom"] <= 844
    numbers = mobile.find_elements(By.CSS_SELECTOR, ".ser-bars td.number")
    assert len(numbers) == len(recognition.load().labels)
    assert all(one.rect["x"] > 0 and one.rect["x"] + one.rect["width"] <= 390 for one in numbers)


def test_the_other_tabs_fit_the_screen_of_a_phone(mobile: Chrome, tmp_path: Path) -> None:
    tab(mobile, "Model card")
    check_width(mobile, 390)
    tab(mobile, "Many recordings")
    upload(mobile, UTTERANCE, written(tmp_path, "bad.wav", BAD["text"][0]), uploader=1)
    browser.wait_for(mobile, "1 of 2 files could be used.")
    check_width(mobile, 390)


def tab(driver: Chrome, name: str) -> None:
    """Go to a tab."""
    browser.click(driver, f"//*[@role='tab'][contains(., '{name}')]")


def test_many_files_give_a_table_and_a_csv_and_a_bad_one_is_reported_in_its_row(
    desktop: Chrome, tmp_path: Path
) -> None:
    tab(desktop, "Many recordings")
    bad = written(tmp_path, "bad.wav", BAD["text"][0])
    upload(desktop, UTTERANCE, bad, written(tmp_path, "silence.wav", SILENCE), uploader=1)
    browser.wait_for(desktop, "2 of 3 files could be used.")
    browser.click(desktop, "//button[contains(., 'Download as csv')]")
    path = tmp_path / "emotions.csv"
    waiting.until(lambda: path.is_file() and path.stat().st_size, seconds=browser.PATIENCE)
    table = pd.read_csv(path, keep_default_na=False).set_index("file")
    assert set(table.index) == {UTTERANCE.name, "bad.wav", "silence.wav"}
    assert table.loc[UTTERANCE.name, "emotion"] == recognition.predict_emotion(UTTERANCE)["emotion"]
    assert table.loc["silence.wav", "emotion"] == recognition.NO_SPEECH
    assert "not a sound file" in table.loc["bad.wav", "problem"]
    assert table.loc["bad.wav", "emotion"] == ""


def test_a_recording_can_be_made_with_the_microphone(desktop: Chrome) -> None:
    browser.click(desktop, "//label[contains(., 'Record')]")
    browser.wait_for(desktop, "Record your voice")
    browser.elements(desktop, "[data-testid=stAudioInputActionButton]")[0].click()
    browser.wait_for(desktop, "00:02")  # of recording; the fake microphone of Chromium beeps
    browser.elements(desktop, "[data-testid=stAudioInputActionButton]")[0].click()
    assert shown_emotion(desktop) == "No speech found"


def test_the_page_makes_no_external_request_and_logs_no_error(desktop: Chrome, address: str) -> None:
    upload(desktop, UTTERANCE)
    browser.wait_for(desktop, "Mel spectrogram")
    requests = [json.loads(entry["message"])["message"] for entry in desktop.get_log("performance")]
    urls = [one["params"]["request"]["url"] for one in requests if one["method"] == "Network.requestWillBeSent"]
    asked = {urlsplit(url).netloc for url in urls if urlsplit(url).scheme in ("http", "https", "ws", "wss")}
    assert asked == {urlsplit(address).netloc}
    assert [entry["message"] for entry in desktop.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.parametrize("dark", [False, True])
def test_letters_are_legible_on_a_light_and_on_a_dark_page(dark: bool, address: str, tmp_path: Path) -> None:
    selectors = [".ser-emotion", ".ser-kicker", ".ser-bars th", "[role=tab]", "label p", CAPTION]
    with browser.chromium(tmp_path, width=1400, dark=dark) as driver:
        upload(opened(driver, address), UTTERANCE)
        browser.wait_for(driver, "Mel spectrogram")
        WebDriverWait(driver, browser.PATIENCE).until(
            lambda _: min(driver.execute_script(CONTRAST, selectors)) >= 4.5,  # level AA; lower while the page fades in
            f"contrasts: {driver.execute_script(CONTRAST, selectors)}",
        )
        background = driver.execute_script("return getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is not dark


# contrast of the first element of each selector with the page behind it (WCAG 2.1), opacity included
CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgb = colour => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const luminance = colour => colour
  .map(one => one / 255).map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
  .reduce((sum, one, k) => sum + one * [0.2126, 0.7152, 0.0722][k], 0);
const behind = rgb(getComputedStyle(document.querySelector('.stApp')).backgroundColor);
return arguments[0].map(selector => {
  const element = document.querySelector(selector);
  let opacity = 1;
  for (let one = element; one; one = one.parentElement) opacity *= Number(getComputedStyle(one).opacity);
  const front = rgb(getComputedStyle(element).color).map((one, k) => opacity * one + (1 - opacity) * behind[k]);
  const [low, high] = [luminance(front), luminance(behind)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
});
"""
