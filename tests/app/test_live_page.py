"""The page `/live`: its files and policy, and the page itself in a real browser."""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pandas as pd
import pytest
import soundfile
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from app.http import live_page
from ser.figures import style
from ser.serving import recognition
from tests.support import browser
from tests.support.serving import KEY, KNOWN, served

MISSING = browser.missing()


def in_a_browser(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test as slow, and skip it where there is no browser."""
    return pytest.mark.slow(pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")(test))


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served() as client:
        yield client


def test_the_page_needs_nothing_from_elsewhere_and_its_policy_forbids_that(client: httpx.Client) -> None:
    page = client.get("/live")
    files = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert files == ["/live/files/live.css", "/live/files/live.js"]
    for path in live_page.FOLDER.iterdir():
        text = client.get(f"/live/files/{path.name}").text
        assert "://" not in text.replace("http://www.w3.org", "")
        assert path.suffix != ".html" or not re.search(r"<script>|<style|style=|onclick", text)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy


def test_the_colours_are_those_of_the_pictures() -> None:
    text = (live_page.FOLDER / "drawing.js").read_text()
    table = text.partition("COLOURS = {")[2].partition("}")[0]
    assert dict(re.findall(r'(\w+): "(#\w{6})"', table)) == style.COLOURS
    assert re.findall(r'"(#\w{6})"', text.partition("NEW = [")[2].partition("]")[0]) == list(style.NEW[:8])


def spoken(recording: Path, folder: Path) -> tuple[Path, float]:
    """A recording as a WAV file, which Chromium plays into its microphone once, and its duration in seconds."""
    samples, rate = soundfile.read(recording, dtype="int16")
    path = folder / "microphone.wav"
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path, len(samples) / rate


def opened(driver: Chrome, client: httpx.Client) -> Chrome:
    driver.get(f"http://127.0.0.1:{client.base_url.port}/live")
    return driver


def words(driver: Chrome, name: str) -> str:
    return driver.find_element(By.ID, name).text


def seconds(driver: Chrome) -> int:
    found = re.match(r"Listening: (\d+) s", words(driver, "status"))
    return int(found[1]) if found else 0


def check_width(driver: Chrome, width: int) -> None:
    assert driver.execute_script("return document.scrollingElement.scrollWidth") <= width


@in_a_browser
@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "width", "enrolled"),
    [
        ("emodb/03a01Fa.flac", 390, []),
        (
            "ravdess/Actor_01/03-01-04-02-01-01-01.flac",
            1400,
            ["ravdess/Actor_01/03-01-01-01-01-01-01.flac", "ravdess/Actor_01/03-01-05-01-01-01-01.flac"],
        ),
    ],
)
def test_the_emotion_of_the_microphone_is_that_of_the_file(
    name: str, width: int, enrolled: list[str], client: httpx.Client, tmp_path: Path, corpora_root: Path
) -> None:
    recording, own = corpora_root / name, [corpora_root / one for one in enrolled]
    expected = recognition.predict_emotion(recording, enrol=own or None)
    path, duration = spoken(recording, tmp_path)
    flags = [f"--use-file-for-fake-audio-capture={path}%noloop"]
    with browser.chromium(tmp_path, width=width, height=844, flags=flags, dark=width == 390) as driver:
        opened(driver, client)
        browser.wait_for(driver, "Press Start")
        check_width(driver, width)
        enrol(driver, own)
        driver.find_element(By.ID, "button").click()
        wait = WebDriverWait(driver, browser.PATIENCE, poll_frequency=0.05)
        wait.until(lambda _: words(driver, "emotion") in recognition.load().labels)
        assert len(driver.find_elements(By.CSS_SELECTOR, "#bars tr")) == len(recognition.load().labels)
        wait.until(lambda _: seconds(driver) >= duration)
        driver.find_element(By.ID, "button").click()
        browser.wait_for(driver, "The whole recording")
        assert words(driver, "emotion") == expected["emotion"]
        assert ("adapted to 2 recordings of the same speaker" in words(driver, "confidence")) == bool(own)
        check_width(driver, width)
        over_time = words(driver, "shares").partition("Over time: ")[2]
        sound = saved(driver, "wav", tmp_path / "recording.wav")
        table = pd.read_csv(io.BytesIO(saved(driver, "csv", tmp_path / "emotions.csv")))
        assert [line for line in driver.get_log("browser") if line["level"] == "SEVERE"] == []  # type: ignore[no-untyped-call]
        player = driver.find_element(By.ID, "player")
        wait.until(lambda _: player.get_property("duration"))
        link = driver.find_element(By.ID, "wav").get_attribute("href")
        refusing(driver, "NotFoundError")  # then the files stay those of the recording
        driver.find_element(By.ID, "button").click()
        browser.wait_for(driver, "No microphone was found.")
        assert driver.find_element(By.ID, "wav").get_attribute("href") == link
    samples, rate = soundfile.read(io.BytesIO(sound), dtype="float32")
    assert samples.size / rate > duration - 0.5  # and more, if a busy machine is late to press Stop
    assert recognition.predict_emotion(samples, rate, enrol=own or None)["emotion"] == expected["emotion"]
    assert table["end"].iloc[:3].tolist() == [1.0, 1.5, 2.0]
    assert set(re.findall(r"(\D+) \d+ %(?:, |\.)", over_time)) == set(table["smoothed_emotion"])
    shares = [f"p_{label}" for label in recognition.load().labels]
    assert list(table.columns[-len(shares) :]) == shares


def enrol(driver: Chrome, recordings: list[Path]) -> None:
    """Give the page recordings of the same person, if there are any."""
    if recordings:
        driver.find_element(By.CSS_SELECTOR, "#adjust summary").click()
        driver.find_element(By.ID, "voice").send_keys(
            "\n".join(str(path.resolve()) for path in recordings)
        )  # as Chromium wants them
        browser.wait_for(driver, f"Adapted to {len(recordings)} recordings of the same person")


def saved(driver: Chrome, name: str, path: Path) -> bytes:
    """Content of the file behind a link, saved as `path`."""
    browser.click(driver, f"//a[@id='{name}']")
    WebDriverWait(driver, browser.PATIENCE).until(lambda _: path.is_file() and path.stat().st_size)
    return path.read_bytes()


def refusing(driver: Chrome, name: str) -> None:
    """Let the browser refuse the microphone with an error of this name."""
    script = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', arguments[0]))"
    driver.execute_script(script, name)


@in_a_browser
def test_problems_are_explained_in_words(client: httpx.Client, tmp_path: Path) -> None:
    with browser.chromium(tmp_path, width=390, height=844) as driver:
        opened(driver, client)
        browser.wait_for(driver, "Press Start")
        widths = "return [...document.querySelectorAll('.fill')].map(one => one.getBoundingClientRect().width)"
        assert set(driver.execute_script(widths)) == {0}  # no bars before there is an answer
        for name, expected in (
            ("NotAllowedError", "The browser does not let this page use the microphone."),
            ("NotFoundError", "No microphone was found."),
            ("NotReadableError", "Another program may be using it"),
        ):
            refusing(driver, name)
            browser.click(driver, "//button[@id='button']")
            assert "press Start again" in browser.wait_for(driver, expected)
        driver.execute_script("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
        browser.click(driver, "//button[@id='button']")
        browser.wait_for(driver, "on https pages and on localhost only")


@in_a_browser
def test_a_key_is_asked_for_and_a_service_that_ends_is_named(tmp_path: Path) -> None:
    with browser.chromium(tmp_path, width=1400) as driver:
        with served(keys=KNOWN) as client:
            opened(driver, client)
            browser.wait_for(driver, "This service needs a key.")
            for key, answer in (("wrong", "does not know this key"), (KEY, "Press Start")):
                driver.find_element(By.ID, "secret").clear()
                driver.find_element(By.ID, "secret").send_keys(key, Keys.ENTER)
                browser.wait_for(driver, answer)
            browser.click(driver, "//button[@id='button']")
            browser.wait_for(driver, "Listening: 1 s")
        browser.wait_for(driver, "The service does not answer.")
        browser.wait_for(driver, "Save as WAV")  # what was said is not lost
