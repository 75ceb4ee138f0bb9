"""Pictures of single recordings: what they show of a tone, their units, and nothing hidden."""

import numpy as np
import pytest

from ser.figures import recordings
from tests.support.drawn_figures import check_letters, drawn
from tests.support.synthesis import tone

RATE = 16_000


def test_five_views_and_facts_are_side_by_side() -> None:
    figure = recordings.overview(tone(440, 1.0), RATE, title="a $title$ of 5^{th}", facts={"duration": "1 s"})
    drawn(figure)
    check_letters(figure)
    titled = {axes.get_title(): axes for axes in figure.axes if axes.get_title()}
    assert list(titled) == ["Waveform", "Magnitude spectrum", *list(recordings.SPECTRA)[1:]]
    for axes in titled.values():
        assert " in " in axes.get_xlabel()
        assert " in " in axes.get_ylabel() or axes.get_ylabel() == "amplitude (full scale 1)"
    scales = [axes.get_ylabel() for axes in figure.axes if axes.get_label() == "<colorbar>"]
    assert scales == ["amplitude", "level in dB", "level in dB"]
    written = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert written == ["duration", "1 s"]


def test_the_magnitude_spectrum_beside_the_others_peaks_at_the_tone() -> None:
    figure = recordings.overview(tone(2000, 1.0), RATE, title="t", facts={})
    (line,) = next(axes for axes in figure.axes if axes.get_title() == "Magnitude spectrum").lines
    frequency, level = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    assert frequency[level.argmax()] == pytest.approx(2000, abs=RATE / 1024)


def test_the_spectrogram_of_the_report_is_darkest_where_the_tone_is() -> None:
    figure = drawn(recordings.spectrogram(tone(2000, 1.0), RATE))
    (axes,) = figure.axes
    (image,) = axes.images
    levels = np.asarray(image.get_array())
    assert image.get_extent() == [0, 1, 0, 8000]
    assert levels.mean(axis=1).argmax() / (len(levels) - 1) * 8000 == pytest.approx(2000, abs=50)
    assert levels.max() == 0
    assert np.mean(image.to_rgba(0)[:3]) < np.mean(image.to_rgba(-60)[:3])  # dark is loud
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time in s", "frequency in Hz")
