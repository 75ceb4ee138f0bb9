"""Recordings in pieces, their windows, and invalid recordings."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ser.audio.reading import InvalidAudio, Kind
from ser.serving import inputs
from ser.serving.windows import Window, windowed
from tests.support.synthesis import speech_like, tone

RATE = 1_000  # Hz; one sample per millisecond
cuts = st.lists(st.integers(0, 700), max_size=8)


def ramp(n_samples: int) -> np.ndarray:
    """Waveform in which all samples differ."""
    return np.arange(1, n_samples + 1, dtype=np.float32)


def windows(n_samples: int, *, duration: float, hop: float, cuts: Sequence[int] = ()) -> list[Window]:
    """Windows of a ramp that is cut into pieces at `cuts`."""
    pieces = np.split(ramp(n_samples), sorted(cuts))
    return list(windowed(pieces, RATE, duration=duration, hop=hop))


def ends(found: Sequence[Window]) -> list[tuple[float, float]]:
    return [(round(window.start, 6), round(window.end, 6)) for window in found]


# windows


@pytest.mark.parametrize(
    ("n_samples", "expected"),
    [
        (1, [(0.0, 0.001)]),
        (299, [(0.0, 0.299)]),
        (300, [(0.0, 0.3)]),
        (301, [(0.0, 0.3), (0.1, 0.301)]),  # because of one new sample
        (400, [(0.0, 0.3), (0.1, 0.4)]),
        (450, [(0.0, 0.3), (0.1, 0.4), (0.2, 0.45)]),
    ],
)
def test_windows_by_hand(n_samples: int, expected: list[tuple[float, float]]) -> None:
    assert ends(windows(n_samples, duration=0.3, hop=0.1)) == expected


@pytest.mark.parametrize(
    ("n_samples", "expected"),
    [
        (149, [(0.0, 0.149)]),  # short, but the only one
        (300, [(0.0, 0.3)]),
        (301, [(0.0, 0.3), (0.001, 0.301)]),
        (449, [(0.0, 0.3), (0.149, 0.449)]),
        (450, [(0.0, 0.3), (0.3, 0.45)]),
        (600, [(0.0, 0.3), (0.3, 0.6)]),
    ],
)
def test_a_rest_of_less_than_half_a_window_gets_the_window_that_ends_with_it(
    n_samples: int, expected: list[tuple[float, float]]
) -> None:
    assert ends(windows(n_samples, duration=0.3, hop=0.3)) == expected


def test_an_mp3_is_decoded_alike_in_pieces_and_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waveform = speech_like(0, 8.0, 16_000)
    soundfile.write(tmp_path / "a.mp3", waveform, 16_000, bitrate_mode="CONSTANT", compression_level=0.99)
    found = []
    for block in (2**20, 7_001):
        monkeypatch.setattr(inputs, "BLOCK", block)
        with inputs.opened(tmp_path / "a.mp3") as recording:
            found.append(recording.whole())
    np.testing.assert_array_equal(*found)


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 700), st.integers(1, 300), st.integers(1, 300), cuts)
def test_windows_are_the_samples_from_start_to_end(n_samples: int, length: int, step: int, cuts: list[int]) -> None:
    length, step = max(length, step), min(length, step)
    found = windows(n_samples, duration=length / RATE, hop=step / RATE, cuts=cuts)
    whole = ramp(n_samples)
    for number, window in enumerate(found):
        start = number * step
        if 0 < n_samples - start < length / 2:
            start = max(0, n_samples - length)
        assert window.start == start / RATE
        np.testing.assert_array_equal(window.waveform, whole[start : start + length])
    assert all(window.waveform.size == length for window in found[:-1])
    assert round(found[-1].end * RATE) == n_samples


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 700), st.integers(1, 300), st.integers(1, 300), cuts)
def test_windows_do_not_depend_on_the_pieces(n_samples: int, length: int, step: int, cuts: list[int]) -> None:
    length, step = max(length, step), min(length, step)
    options = {"duration": length / RATE, "hop": step / RATE}
    whole, pieces = windows(n_samples, **options), windows(n_samples, **options, cuts=cuts)
    assert ends(whole) == ends(pieces)
    for one, other in zip(whole, pieces, strict=True):
        np.testing.assert_array_equal(one.waveform, other.waveform)


@pytest.mark.parametrize("pieces", [[], [np.empty(0, np.float32)] * 3])
def test_an_empty_waveform_has_no_windows(pieces: list[np.ndarray]) -> None:
    assert list(windowed(pieces, RATE, duration=0.3, hop=0.1)) == []


@pytest.mark.parametrize("hop", [0.0, -1.0, 1e-9, 0.3011, 5.0, float("inf"), float("nan")])
def test_a_hop_of_0_or_longer_than_the_window_is_refused(hop: float) -> None:
    message = r"the hop is .* s; wanted above 0, and at most the 0\.3 s of a window"
    with pytest.raises(ValueError, match=message):
        windows(1_000, duration=0.3, hop=hop)


def test_a_window_is_yielded_as_soon_as_its_samples_are_read() -> None:
    taken = []

    def pieces() -> Iterator[np.ndarray]:
        for number in range(1_000):
            taken.append(number)
            yield ramp(100)

    found = windowed(pieces(), RATE, duration=0.3, hop=0.1)
    next(found)
    assert len(taken) == 3
    next(found)
    assert len(taken) == 4


# files


@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_a_file_of_many_pieces_has_the_samples_of_soundfile(
    n_channels: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "BLOCK", 1_000)
    samples = np.random.default_rng(0).uniform(-1, 1, (16_001, n_channels))
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    with inputs.opened(tmp_path / "a.wav") as recording:
        blocks = list(recording.blocks)
        assert (recording.sample_rate, recording.duration) == (16_000, 16_001 / 16_000)
    assert max(block.size for block in blocks) * n_channels <= 1_000
    expected = soundfile.read(tmp_path / "a.wav", dtype="float32", always_2d=True)[0].mean(axis=1)
    np.testing.assert_array_equal(np.concatenate(blocks), expected)


@pytest.mark.parametrize("tag", [b"TAG" + bytes(125), b"APETAGEX" + bytes(24), bytes(4096)])
@pytest.mark.parametrize("piece", [1000, 2**20])
def test_a_tag_behind_the_sound_of_a_flac_file_is_no_damage(
    tag: bytes, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "BLOCK", piece)
    path = tmp_path / "a.flac"
    soundfile.write(path, tone(440, 3.0), 16_000)
    expected = soundfile.read(path, dtype="float32")[0]
    with inputs.opened(path.read_bytes() + tag) as recording:
        np.testing.assert_array_equal(recording.whole(), expected)


def test_the_bytes_of_a_file_are_read_like_the_file(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", tone(440, 0.5), 16_000)
    with inputs.opened(tmp_path / "a.flac") as one, inputs.opened((tmp_path / "a.flac").read_bytes()) as other:
        np.testing.assert_array_equal(one.whole(), other.whole())


def test_a_sample_that_is_not_finite_is_found_in_the_last_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "BLOCK", 1_000)
    waveform = tone(440, 1.0)
    waveform[-1] = np.nan
    soundfile.write(tmp_path / "a.wav", waveform, 16_000, subtype="FLOAT")
    with inputs.opened(tmp_path / "a.wav") as recording:
        blocks = iter(recording.blocks)
        assert next(blocks).size == 1_000
        with pytest.raises(InvalidAudio, match="NaN or infinite samples; replace it by an intact copy"):
            list(blocks)


@pytest.mark.parametrize("rate", [1, 3_999, 384_001, 2**31 - 1])
def test_a_file_with_an_implausible_sample_rate_is_refused(rate: int, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(440, 0.5), rate)
    with (
        pytest.raises(InvalidAudio, match=rf"a sample rate of {rate} Hz; record at 4000 to 384000 Hz"),
        inputs.opened(tmp_path / "a.wav"),
    ):
        pass


# waveforms


@pytest.mark.parametrize(
    ("dtype", "low", "middle", "quarter"),
    [
        (np.int8, -(2**7), 0, 2**5),
        (np.int16, -(2**15), 0, 2**13),
        (np.int32, -(2**31), 0, 2**29),
        (np.int64, -(2**63), 0, 2**61),
        (np.uint8, 0, 2**7, 2**7 + 2**5),
        (np.uint16, 0, 2**15, 2**15 + 2**13),
        (np.uint32, 0, 2**31, 2**31 + 2**29),
        (">i2", -(2**15), 0, 2**13),
    ],
)
def test_integers_have_the_full_scale_of_their_bits(dtype: str, low: int, middle: int, quarter: int) -> None:
    waveform = inputs.of_waveform(np.array([low, middle, quarter], dtype), 16_000).whole()
    assert waveform.dtype == np.float32
    np.testing.assert_array_equal(waveform, [-1, 0, 0.25])


@pytest.mark.parametrize("factor", [40.0, 2.0**-16, 2.0**-31])
def test_samples_that_another_full_scale_is_likely_for_have_a_remark(factor: float, tmp_path: Path) -> None:
    """Samples of 16 bits in a type of more bits, or far above full scale; of arrays and of files."""
    samples = (speech_like(0, 1.0, 4_000) * factor).astype(np.float32)
    (note,) = inputs.of_waveform(samples, 4_000).notes
    assert note.startswith(f"samples of up to {np.abs(samples).max():.2g}, and full scale is 1: at another level")
    soundfile.write(tmp_path / "a.wav", samples, 4_000, subtype="FLOAT")
    with inputs.opened(tmp_path / "a.wav") as recording:
        recording.whole()
        assert list(recording.notes) == [note]


@pytest.mark.parametrize("factor", [0.0, 0.001, 1.0, 3.0])
def test_usual_levels_and_silence_have_no_remark(factor: float) -> None:
    assert inputs.of_waveform(speech_like(0, 1.0, 4_000) * factor, 4_000).notes == []


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_32"])
def test_integers_are_scaled_as_those_of_a_file(subtype: str, tmp_path: Path) -> None:
    """libsndfile, an independent decoder, reads the same samples from a file."""
    integers = np.random.default_rng(0).integers(-(2**15), 2**15, 1_000)
    if subtype == "PCM_U8":
        given: np.ndarray = (integers // 2**8 + 2**7).astype(np.uint8)
    else:
        given = integers.astype(np.int16) if subtype == "PCM_16" else (integers * 2**16).astype(np.int32)
    as_written = given if subtype != "PCM_U8" else (given.astype(np.int16) - 2**7) * 2**8
    soundfile.write(tmp_path / "a.wav", as_written, 16_000, subtype=subtype)
    expected = soundfile.read(tmp_path / "a.wav", dtype="float32")[0]
    np.testing.assert_array_equal(inputs.of_waveform(given, 16_000).whole(), expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_floats_are_not_scaled(dtype: type) -> None:
    given = np.array([-1, 0.5, 3, -0.25], dtype)
    np.testing.assert_array_equal(inputs.of_waveform(given, 8_000).whole(), [-1, 0.5, 3, -0.25])


def read(path: Path) -> np.ndarray:
    with inputs.opened(path) as recording:
        return recording.whole()


@pytest.mark.parametrize("scale", [2.0**15, 2.0**31, 1e20])
@pytest.mark.parametrize("as_file", [False, True])
def test_integers_stored_as_floats_are_refused_with_the_remedy(scale: float, as_file: bool, tmp_path: Path) -> None:
    """Levels are features: a model would answer, and without sense."""
    given = (scale * tone(440, 0.5)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", given, 16_000, subtype="FLOAT")
    with pytest.raises(InvalidAudio, match="and full scale is 1; if they are integers, divide them by their") as raised:
        read(tmp_path / "a.wav") if as_file else inputs.of_waveform(given, 16_000)
    assert raised.value.kind == Kind.TOO_LOUD


def test_lists_columns_and_views_are_waveforms_too() -> None:
    assert inputs.of_waveform([0.5, -0.5, 0], 8_000).whole().tolist() == [0.5, -0.5, 0]
    assert inputs.of_waveform(np.array([[0.5], [-0.5]]), 8_000).whole().tolist() == [0.5, -0.5]
    assert inputs.of_waveform(ramp(6)[::-2] / 8, 8_000).whole().tolist() == [0.75, 0.5, 0.25]


def test_the_channels_of_a_waveform_are_averaged() -> None:
    recording = inputs.of_waveform(np.array([[0.5, -0.25], [1, 0], [0, 0]]), 4_000)
    assert recording.whole().tolist() == [0.125, 0.5, 0]
    assert recording.duration == 3 / 4_000


def test_the_given_waveform_is_not_changed() -> None:
    given = np.array([1, -1, 3], np.int16)
    inputs.of_waveform(given, 8_000)
    assert given.tolist() == [1, -1, 3]


@pytest.mark.parametrize("empty", [[], np.zeros((0, 1)), np.zeros((5, 0)), np.zeros((0, 2)), np.array([], np.int16)])
def test_an_empty_waveform_has_no_duration(empty: np.ndarray) -> None:
    recording = inputs.of_waveform(empty, 16_000)
    assert (recording.duration, recording.whole().size) == (0, 0)


def test_a_transposed_waveform_is_refused_with_the_remedy() -> None:
    with pytest.raises(
        InvalidAudio, match=r"a waveform of shape \(2, 16000\); give \(n_samples, n_channels\), which is its transpose"
    ):
        inputs.of_waveform(np.zeros((2, 16_000)), 16_000)


@pytest.mark.parametrize(
    ("waveform", "found"),
    [
        (0.5, r"shape \(\) and type float64"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\) and type float64"),
        (np.array([0.5, None]), r"shape \(2,\) and type object"),
        (["a", "b"], r"shape \(2,\) and type <U1"),
        (np.zeros(5, bool), r"shape \(5,\) and type bool"),
        (np.zeros(5, complex), r"shape \(5,\) and type complex128"),
        (np.zeros(5, "M8[s]"), r"shape \(5,\) and type datetime64"),
        (None, r"shape \(\) and type object"),
        (b"RIFF", r"shape \(\) and type .S4"),
        ({"a": 1}, r"shape \(\) and type object"),
    ],
)
def test_an_invalid_waveform_is_refused_with_its_shape_and_type(waveform: object, found: str) -> None:
    remedy = r"; give numbers, \(n_samples,\) or \(n_samples, n_channels\)"
    with pytest.raises(InvalidAudio, match=rf"a waveform of {found}.*{remedy}") as raised:
        inputs.of_waveform(waveform, 16_000)
    assert raised.value.kind == Kind.SHAPE


def test_a_ragged_list_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no array; give numbers, \(n_samples,\)"):
        inputs.of_waveform([[1.0, 2.0], [3.0]], 16_000)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300, 3.4e38, 2.0**31 * 1.01])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_samples_that_are_not_finite_or_too_large_are_refused(value: float, n_channels: int) -> None:
    samples = np.zeros((1_000, n_channels))
    samples[7] = value
    with pytest.raises(InvalidAudio, match=r"NaN or infinite samples|samples of up to .*, and full scale is 1"):
        inputs.of_waveform(samples, 16_000)


def test_channels_that_are_infinite_in_turn_do_not_cancel() -> None:
    with pytest.raises(InvalidAudio, match="NaN or infinite samples"):
        inputs.of_waveform([[np.inf, -np.inf]] * 1_000, 16_000)


def test_floats_that_exceed_full_scale_a_little_are_accepted() -> None:
    assert inputs.of_waveform([10.0, -10.0], 16_000).whole().tolist() == [10, -10]


@pytest.mark.parametrize("rate", [0, -1, -16_000, 3_999, 384_001, 16_000.5, 4_000.000001, 1e300])
def test_an_implausible_sample_rate_is_refused(rate: float) -> None:
    with pytest.raises(InvalidAudio, match=r"a sample rate of .* Hz; record at 4000 to 384000 Hz"):
        inputs.of_waveform(np.zeros(1_000), rate)


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), -float("inf")])
def test_a_rate_that_is_not_finite_is_refused(rate: float) -> None:
    with pytest.raises(InvalidAudio, match=rf"a sample rate of {rate} Hz; record at"):
        inputs.of_waveform(np.zeros(1_000), rate)


@pytest.mark.parametrize("rate", [4_000, 384_000, 16_000.0, np.int64(16_000), np.float32(44_100)])
def test_a_rate_is_a_whole_number_of_any_type(rate: float) -> None:
    recording = inputs.of_waveform(np.zeros(1_000), rate)
    assert type(recording.sample_rate) is int
    assert recording.sample_rate == rate
