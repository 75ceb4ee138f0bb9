"""A headless Chromium and a server of the page; both end with the test that started them."""

import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.paths import ROOT

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
)
PATIENCE = 300  # seconds; waits usually last one or two


def missing() -> list[str]:
    """Programs that the tests in a browser need and that are not installed."""
    return [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]


@contextmanager
def served(log: Path) -> Iterator[str]:
    """Serve the page; yield its address. The server writes to the file `log`, and chooses a port that nobody uses."""
    command = [sys.executable, "-m", "streamlit", "run", "app/page.py", "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1"]
    with log.open("w") as output, subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as server:
        try:
            yield address_of(server, log)
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def address_of(server: "subprocess.Popen[bytes]", log: Path) -> str:
    """Wait until the server has written its address, and answers; fail with its log if it does not."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        if written := re.search(r"URL: (http://127\.0\.0\.1:\d+)", log.read_text()):
            with suppress(OSError), urllib.request.urlopen(f"{written[1]}/_stcore/health", timeout=5):
                return written[1]
        time.sleep(0.2)
    raise RuntimeError(f"the page is not served: {log.read_text()}")


@contextmanager
def chromium(
    folder: Path, *, width: int, height: int = 900, dark: bool = False, flags: Sequence[str] = ()
) -> Iterator[webdriver.Chrome]:
    """A browser with a window of `width` pixels; its profile and downloads are in `folder`."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, *flags, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(folder)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        resize(driver, width, height)
        if dark:
            features = [{"name": "prefers-color-scheme", "value": "dark"}]
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        yield driver
    finally:
        driver.quit()


def resize(driver: webdriver.Chrome, width: int, height: int) -> None:
    """Give the page a viewport; Chromium's own windows cannot be narrower than 500 pixels."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def text(driver: webdriver.Chrome) -> str:
    """All text that is visible on the page."""
    shown: str = driver.find_element(By.TAG_NAME, "body").text
    return shown


def elements(driver: webdriver.Chrome, selector: str, *, at_least: int = 1) -> list[WebElement]:
    """Elements of a CSS selector; wait until there are enough, because parts of the page appear late."""
    wait = WebDriverWait(driver, PATIENCE)
    return wait.until(
        lambda _: found if len(found := driver.find_elements(By.CSS_SELECTOR, selector)) >= at_least else [],
        f"never appeared: {at_least} of {selector}",
    )


def wait_for(driver: webdriver.Chrome, words: str) -> str:
    """Wait until `words` are on the page; return all its text."""
    WebDriverWait(driver, PATIENCE).until(lambda _: words in text(driver), f"never appeared: {words}")
    return text(driver)


def click(driver: webdriver.Chrome, path: str) -> None:
    """Click on the first element of an XPath; wait for it, because parts of the page appear late."""
    what = expected_conditions.element_to_be_clickable((By.XPATH, path))
    WebDriverWait(driver, PATIENCE).until(what, f"never appeared: {path}").click()
