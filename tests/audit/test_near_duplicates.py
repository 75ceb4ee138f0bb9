"""Copies of a recording are found for all kinds of changes; other takes, voices and words are not."""

import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from ser.audio import reading
from ser.audit import near_duplicates
from ser.audit.fingerprints import N_BANDS, fingerprint
from ser.audit.near_duplicates import SIMILARITY, pairs, similarity_of
from tests.support.synthesis import tone
from tests.support.wiring import ROOT

DEMO = ROOT / "data" / "demo"
Recorded = tuple[np.ndarray, int]


def recorded(path: Path) -> Recorded:
    found = reading.read(path)
    return found.waveform, found.sample_rate


def encoded(recording: Recorded, **how: object) -> Recorded:
    """A recording after lossy encoding and decoding."""
    content = io.BytesIO()
    soundfile.write(content, *recording, **how)
    content.seek(0)
    return soundfile.read(content, dtype="float32")


def resampled(recording: Recorded, rate: int) -> Recorded:
    waveform, old = recording
    return soxr.resample(waveform, old, rate), rate


COPIES = {
    "mp3": lambda one: encoded(one, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.9),
    "opus": lambda one: encoded(resampled(one, 48_000), format="OGG", subtype="OPUS", compression_level=0.9),
    "vorbis": lambda one: encoded(one, format="OGG", subtype="VORBIS", compression_level=0.9),
    "quieter": lambda one: (one[0] * np.float32(0.1), one[1]),
    "8 kHz": lambda one: resampled(one, 8_000),
    "44.1 kHz": lambda one: resampled(one, 44_100),
    "later": lambda one: (np.pad(one[0], (round(0.337 * one[1]), 0)), one[1]),
    "trimmed": lambda one: (one[0][round(0.15 * one[1]) : -round(0.1 * one[1])], one[1]),
    "inverted": lambda one: (-one[0], one[1]),
}


@pytest.fixture(scope="module")
def speech() -> list[Recorded]:
    """Three voices of the demo corpus, six recordings each, with the same sentence by each voice among them."""
    return [recorded(path) for voice in ("01", "02", "03") for path in sorted((DEMO / f"Actor_{voice}").iterdir())[:6]]


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_found_among_other_recordings(name: str, speech: list[Recorded]) -> None:
    copy = COPIES[name](speech[7])
    found = pairs([fingerprint(*one) for one in [*speech, copy]])
    assert found[["first", "second"]].to_numpy().tolist() == [[7, len(speech)]]
    assert found["similarity"].between(SIMILARITY, 1 + 1e-6).all()


def test_different_recordings_are_no_copies(speech: list[Recorded]) -> None:
    assert pairs([fingerprint(*one) for one in speech]).empty


def test_several_copies_are_all_paired(speech: list[Recorded]) -> None:
    copies = [COPIES[name](speech[0]) for name in ("mp3", "quieter", "8 kHz")]
    found = pairs([fingerprint(*one) for one in [*speech, *copies]])
    ends = {(row.first, row.second) for row in found.itertuples()}
    group = [0, len(speech), len(speech) + 1, len(speech) + 2]
    assert ends == {(a, b) for a in group for b in group if a < b}


def test_a_fingerprint_does_not_depend_on_the_level_and_silence_is_zero(speech: list[Recorded]) -> None:
    waveform, rate = speech[0]
    assert fingerprint(waveform * np.float32(2**-6), rate) == pytest.approx(fingerprint(waveform, rate), abs=1e-3)
    # 1 s of silence at the end is 50 frames in which nothing rises or falls, but for the end of the last frame
    padded = fingerprint(np.pad(waveform, (0, rate)), rate)
    assert padded.shape[0] == N_BANDS - 1
    assert not padded[:, -40:].any()
    assert not fingerprint(np.zeros(rate, np.float32), rate).any()


def test_steady_tones_and_short_recordings_are_not_recognised(speech: list[Recorded]) -> None:
    tones = [fingerprint(tone(frequency, 0.5), 16_000) for frequency in (200, 200.5, 210)]
    short = [fingerprint(waveform[:1900], rate) for waveform, rate in speech[:2]]  # of at least 8 kHz
    assert not any(one.any() for one in [*tones, *short])
    assert pairs([*tones, *short]).empty


def test_similarity_is_the_highest_correlation_of_all_shifts() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=(5, 40)), random.normal(size=(5, 23))
    shifts = [
        sum(one[:, t] @ other[:, t - shift] for t in range(40) if 0 <= t - shift < 23) for shift in range(-22, 40)
    ]
    expected = max(shifts) / np.sqrt((one**2).sum() * (other**2).sum())
    assert similarity_of(one, other) == pytest.approx(expected, rel=1e-5)
    assert similarity_of(one, np.roll(np.pad(one, ((0, 0), (9, 9))), 4, axis=1)) == pytest.approx(1, rel=1e-5)
    assert similarity_of(one, np.zeros((5, 3))) == 0


def test_the_values_of_the_search_do_not_change_with_a_shift() -> None:
    one = np.random.default_rng(0).normal(size=(6, 50)).astype(np.float32)
    later = np.pad(one, ((0, 0), (31, 7)))
    invariant = near_duplicates.shift_invariant(one)
    assert near_duplicates.shift_invariant(later) == pytest.approx(invariant, abs=1e-5)
    assert np.linalg.norm(invariant) == pytest.approx(1)
    assert not near_duplicates.shift_invariant(np.zeros((6, 50), np.float32)).any()


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_recordings_have_no_copies(n: int) -> None:
    found = pairs([np.ones((3, 4), np.float32)] * n)
    assert found.empty
    assert list(found.columns) == ["first", "second", "similarity"]


@pytest.mark.real
@pytest.mark.slow
def test_takes_of_one_sentence_are_no_copies_but_for_the_pair_of_ravdess_that_is_one(corpora_root: Path) -> None:
    """The two takes of actor 07's happy `dogs` have the same samples, as ingest also reports."""
    paths = [
        path for actor in ("02", "07", "23") for path in sorted((corpora_root / f"ravdess/Actor_{actor}").iterdir())
    ]
    found = pairs([fingerprint(*recorded(path)) for path in paths])
    named = [(paths[row.first].stem, paths[row.second].stem) for row in found.itertuples()]
    assert named == [("03-01-03-01-02-01-07", "03-01-03-01-02-02-07")]


def test_fingerprints_in_a_file_give_the_same_pairs_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    shape, n_prints = (N_BANDS - 1, 1500), 60  # 17 MB
    first = generator.normal(size=shape).astype(np.float32)

    def prints() -> Iterator[np.ndarray]:
        """Every twentieth one is a copy of the first, with noise."""
        again = np.random.default_rng(1)
        for k in range(n_prints):
            noise = again.normal(size=shape).astype(np.float32)
            yield noise if k % 20 else first + np.float32(0.3) * noise

    in_memory = pairs(prints())
    monkeypatch.setattr(near_duplicates, "IN_MEMORY", 2**20)
    tracemalloc.start()
    in_file = pairs(prints())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert in_file[["first", "second"]].to_numpy().tolist() == [[0, 20], [0, 40], [20, 40]]
    assert in_file.equals(in_memory)
    assert peak < 8e6
