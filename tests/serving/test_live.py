"""Live sound by pieces: the summary is the prediction of a file of it."""

import tracemalloc
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest

from ser.audio.waveforms import Waveform
from ser.commands import live_line
from ser.serving import inputs
from ser.serving.live import Live
from ser.serving.mixed_windows import windowed
from ser.serving.predictions import Prediction, Probabilities
from ser.serving.recognizer import Recognizer
from ser.serving.samples import Samples

RATE = 4_000


class Loud:
    """Model whose probability of `angry` is the loudness."""

    labels: ClassVar = ["angry", "calm"]

    def of_values(self, values: Waveform) -> Probabilities:
        return np.column_stack([values[:, 0], 1 - values[:, 0]]).astype(np.float64)


def loudness(waveform: Waveform, _: int) -> Waveform:
    return np.array([np.abs(waveform).mean()], np.float32)


def recognizer() -> Recognizer:
    return Recognizer("loud", [(loudness, Loud())], 3.0, True, {}, all_speech=True)


def sound(duration: float) -> Waveform:
    """Tone of another loudness in each second, without an offset."""
    n = round(duration * RATE)
    levels = np.random.default_rng(0).uniform(0.2, 0.8, 1 + int(duration))
    return (np.repeat(levels, RATE)[:n] * np.resize([1, -1], n)).astype(np.float32)


def both(recognizer: Recognizer, samples: Waveform) -> tuple[Prediction, Prediction]:
    """Summary of live sound in pieces, and prediction of the file."""
    pieces = iter(np.array_split(samples, 150))
    summary = live_line.listened(pieces, RATE, recognizer, lambda _: None)
    return summary, recognizer.predict(inputs.of_waveform(samples, RATE))


@pytest.mark.parametrize("duration", [0.3, 2.7, 9.9, 10.4, 11.4, 11.7, 12.0, 14.4, 14.7, 14.99, 16.4])
def test_the_summary_is_that_of_the_file_for_every_length_of_the_last_part(duration: float) -> None:
    summary, whole = both(recognizer(), sound(duration))
    assert summary["emotion"] == whole["emotion"]
    assert summary["probabilities"] == pytest.approx(whole["probabilities"], abs=2e-6)


def test_tiny_pieces_cost_little_and_change_nothing() -> None:
    samples = sound(7.0)
    found = []
    for size in (1, samples.size):
        live = Live(RATE, duration=3.0)
        windows = [one for n in range(0, samples.size, size) for one in live.add(samples[n : n + size])]
        left = live.remainder()
        assert left is not None
        found.append([(one.start, one.waveform.tobytes()) for one in [*windows, *live.rest(), left]])
    assert found[0] == found[1]


def test_empty_pieces_need_no_memory() -> None:
    live = Live(RATE, duration=3.0)
    nothing = np.empty(0, np.float32)
    tracemalloc.start()
    for _ in range(10_000):
        assert list(live.add(nothing)) == []
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used < 10_000


def test_a_piece_is_not_copied_with_all_others() -> None:
    """A store that has room takes a piece in its place."""
    samples, n_stores = Samples(), set()
    for _ in range(10_000):
        samples.add(np.ones(1, np.float32))
        n_stores.add(id(samples.all.base))
    assert len(n_stores) < 20


@pytest.mark.parametrize("kind", ["offset", "opposite"])
def test_an_utterance_is_mixed_as_its_file(kind: str) -> None:
    """The first quarter alone has no offset, and its channels do not cancel each other."""
    samples = sound(4.0)
    late = np.arange(samples.size) > RATE
    channels = np.column_stack([samples + 0.4 * late] if kind == "offset" else [samples, -samples * late])
    summary, whole = both(recognizer(), channels.astype(np.float32))
    assert summary["probabilities"] == pytest.approx(whole["probabilities"], abs=2e-6)


@pytest.mark.parametrize("kind", ["offset", "opposite"])
def test_a_stream_has_the_windows_of_a_live_session(kind: str) -> None:
    """A channel or an offset that only a later piece reveals is corrected in the whole window."""
    samples = sound(7.0)
    late = np.arange(samples.size) > 2 * RATE
    channels = np.column_stack([samples + 0.4 * late] if kind == "offset" else [samples, -samples * late])
    pieces = np.array_split(channels.astype(np.float32), 150)
    live = Live(RATE, duration=3.0)
    found = [window for piece in pieces for window in live.add(piece)]
    wanted = [one for one in found if one.waveform.size == 3 * RATE]
    streamed = list(windowed(pieces, RATE, duration=3.0, hop=0.5))
    assert [one.start for one in streamed] == [one.start for one in wanted]
    for one, other in zip(streamed, wanted, strict=True):
        np.testing.assert_array_equal(one.waveform, other.waveform)


def test_a_window_has_no_step_where_the_offset_becomes_known() -> None:
    live = Live(RATE, duration=3.0)
    samples = sound(3.0)
    pieces = np.array_split(samples + np.float32(0.4), 100)
    *_, last = [window for piece in pieces for window in live.add(piece)]
    assert last.waveform == pytest.approx(samples, abs=1e-5)


@pytest.mark.parametrize("duration", [0.6, 8.0, 12.0, 16.4])
@pytest.mark.parametrize("offset", [0.0, 0.4])
def test_the_summary_has_the_notes_of_the_file(duration: float, offset: float) -> None:
    samples = sound(duration) + np.float32(offset)
    summary, whole = both(recognizer(), samples)
    assert summary.get("notes") == whole.get("notes")
    assert ("notes" in whole) == (duration < 1 or offset > 0)


def test_long_sound_with_one_word_has_the_note_on_it() -> None:
    """No other part has speech."""
    spoken = replace(recognizer(), all_speech=False)
    vars(spoken)["_speech"] = lambda waveform, _: float(np.abs(waveform).max() > 0)
    for words, n_notes in ((1, 1), (2, 0)):
        samples = np.zeros(16 * RATE, np.float32)
        for word in range(words):
            samples[(7 + 4 * word) * RATE :][: RATE // 2] = sound(0.5)
        summary, whole = both(spoken, samples)
        assert len(whole.get("notes", [])) == n_notes
        assert summary.get("notes") == whole.get("notes")


def test_an_answer_has_the_changes_known_at_its_time() -> None:
    live = Live(RATE, duration=3.0)
    samples = sound(6.0)
    samples[3 * RATE :] += np.float32(2)
    windows = [window for piece in np.array_split(samples, 60) for window in live.add(piece)]
    answers = [live.answer(window, recognizer().timed(replace(window, notes=()))) for window in windows]
    assert "notes" not in next(one for one in answers if one["end"] == 3)
    assert answers[-1]["notes"] == ["a constant offset is removed"]


class Enrolled:
    """Enrolment that changes no feature."""

    protocol = "recordings of the same speaker"

    def shifted(self, values: Waveform, *_: Any, **__: Any) -> Waveform:
        return values


@pytest.mark.parametrize("duration", [8.0, 12.0])
def test_the_summary_has_the_adjustments_of_the_recognizer(duration: float) -> None:
    adjusted = replace(recognizer(), unsure=0.99, enrolment=Enrolled())  # type: ignore[arg-type]
    vars(adjusted)["centres"] = [np.zeros(1, np.float32)]
    summary, whole = both(adjusted, sound(duration))
    assert (summary["emotion"], summary["protocol"]) == ("unsure", Enrolled.protocol)
    assert (whole["emotion"], whole["protocol"]) == ("unsure", Enrolled.protocol)


def test_the_line_is_unsure_too() -> None:
    shown: list[str] = []
    samples = sound(2.0)
    live_line.listened(iter(np.array_split(samples, 20)), RATE, recognizer().adjusted(unsure=0.99), shown.append)
    assert "unsure" in shown[-1]
