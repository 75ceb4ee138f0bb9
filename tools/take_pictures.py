"""Take the pictures of the page, the live page and the report that the documentation shows.

    dvc exp run -S experiment=emobox_svm -S corpus.root=data/raw/ravdess
    python -m tools.take_pictures data/raw/ravdess/Actor_19/03-01-0[1-8]-01-01-01-19.*

The recordings are joined, with a second of silence between them, so that the page shows a timeline. The report is
`reports/report.html` of the last run. Needs Chromium and its driver.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.support import browser, serving, waiting

DOCS = Path("docs")
DESKTOP, PHONE = 1400, 390  # pixels
LONGEST = 1400  # pixels; a longer page is cut off
PAUSE = 1.0  # seconds between recordings
Show = Callable[[Chrome], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, nargs="+", help="of one sample rate")
    parser.add_argument("--report", type=Path, default=Path("reports/report.html"))
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        recording = folder / "long.wav"
        seconds = write_joined(given.recordings, recording)
        with browser.served(folder / "log.txt") as address:
            for width, file in ((DESKTOP, "page_desktop"), (PHONE, "page_mobile")):
                take(file, width, lambda driver: _page(driver, address, recording))
        for width, file in ((DESKTOP, "report_desktop"), (PHONE, "report_mobile")):
            take(file, width, lambda driver: driver.get(given.report.resolve().as_uri()))
        microphone = (f"--use-file-for-fake-audio-capture={recording}%noloop",)
        with serving.running() as service:
            live = partial(_live, address=f"{service.url}/live")
            take("pictures/live_desktop", DESKTOP, partial(live, seconds=seconds, stop=True), microphone)
            take("pictures/live_mobile", PHONE, partial(live, seconds=0.6 * seconds), microphone)


def write_joined(recordings: Sequence[Path], path: Path) -> float:
    """Write recordings one after the other into a file; return its duration in seconds.

    Raises
    ------
    ValueError
        If their sample rates differ.
    """
    read = [soundfile.read(one, dtype="float32", always_2d=True) for one in recordings]
    rates = {rate for _, rate in read}
    if len(rates) != 1:
        raise ValueError(f"the recordings have the sample rates {sorted(rates)}; give recordings of one rate")
    rate = rates.pop()
    silence = np.zeros(round(PAUSE * rate), np.float32)
    joined = np.concatenate([part for samples, _ in read for part in (samples.mean(axis=1), silence)])
    soundfile.write(path, joined, rate, subtype="PCM_16")
    return float(joined.size / rate)


def take(name: str, width: int, show: Show, flags: Sequence[str] = ()) -> None:
    """Show a page in a browser, and write its picture into the documentation."""
    with TemporaryDirectory() as folder, browser.chromium(Path(folder), width=width, flags=flags) as driver:
        show(driver)
        script = "return (document.querySelector('[data-testid=stMain]') || document.scrollingElement).scrollHeight"
        driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        browser.resize(driver, width, min(LONGEST, driver.execute_script(script)))
        path = DOCS / f"{name}.png"
        path.write_bytes(driver.get_screenshot_as_png())
    print(path)


def _page(driver: Chrome, address: str, recording: Path) -> None:
    driver.get(address)
    browser.elements(driver, "input[type=file]")[0].send_keys(str(recording))
    browser.wait_for(driver, "Mel spectrogram")
    script = "return [...document.images].every(one => one.complete && one.naturalWidth > 0)"
    waiting.until(lambda: driver.execute_script(script))


def _live(driver: Chrome, *, address: str, seconds: float, stop: bool = False) -> None:
    driver.get(address)
    browser.wait_for(driver, "Press Start")
    driver.find_element(By.ID, "button").click()
    browser.wait_for(driver, f"Listening: {int(seconds)} s")
    if stop:
        driver.find_element(By.ID, "button").click()
        browser.wait_for(driver, "The whole recording")


if __name__ == "__main__":
    main()
