"""YAMNet's embedding: what it is given, and, where the model is there, what comes out."""

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from joblib import Parallel, delayed

from ser.audio import reading, waveforms
from ser.features.yamnet import hub, yamnet
from ser.features.yamnet import network as yamnet_network
from ser.features.yamnet.patches import Array
from tests.support.paths import DEMO, ROOT
from tests.support.synthesis import Waveform, speech_like, tone

HANDLE = "https://tfhub.dev/google/yamnet/1"
SHORTEST = 0.1  # seconds
Recordings = list[tuple[Waveform, int]]


def network(patches: Array) -> Array:
    """Number the patches of a call: 0, 1, 2, …"""
    assert patches.dtype == np.float32
    return np.arange(len(patches), dtype=np.float32)[:, None] * np.ones(1024, np.float32)


def test_embedding_is_the_mean_over_patches() -> None:
    features = yamnet.embedded([(tone(440, 2.4), 16000)], network=network, max_duration=10.0)[0]
    assert list(features) == [f"YAMNet_{k}" for k in range(1, 1025)]
    assert set(features.values()) == {1.5}  # of 0 to 3


def test_of_several_recordings_each_has_the_mean_over_its_own_patches() -> None:
    recordings = [(tone(440, duration), 16000) for duration in (2.4, 0.5, 1.4)]  # 4, 1 and 2 patches
    found = yamnet.embedded(recordings, network=network, max_duration=10.0)
    assert [features["YAMNet_1"] for features in found] == [1.5, 4.0, 5.5]
    assert yamnet.embedded([], network=network, max_duration=10.0) == []


def test_waveform_is_cut_padded_and_kept_within_full_scale() -> None:
    assert yamnet.prepared(tone(440, 12.0), 16000, max_duration=10.0).size == 160_000
    short = yamnet.prepared(tone(440, 0.1), 16000, max_duration=10.0)
    assert short.size == yamnet.PATCH_LENGTH
    assert not short[1600:].any()
    assert np.abs(yamnet.prepared(4 * tone(440, 1.0, level=0.5), 16000, max_duration=10.0)).max() <= 1


def test_waveform_is_resampled_to_16_khz() -> None:
    assert yamnet.prepared(tone(440, 2.0, sample_rate=48000), 48000, max_duration=10.0).size == 32_000


def test_what_comes_after_the_limit_changes_nothing() -> None:
    long = speech_like(0, 4.0, 48000)
    whole = waveforms.resampled(long, sample_rate=48000, target=16000)
    np.testing.assert_array_equal(yamnet.prepared(long, 48000, max_duration=2.5), whole[:40_000])


# the real network


@pytest.fixture(scope="module")
def handle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The handle of YAMNet, whose network is kept in an empty folder."""
    if not hub.is_cached(HANDLE):
        pytest.skip("TFHUB_CACHE_DIR is not set, or has no YAMNet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yamnet.loaded.cache_clear()
        yamnet.loaded(HANDLE)
        yield HANDLE
    yamnet.loaded.cache_clear()


@pytest.fixture(scope="module")
def reference() -> Callable[[Waveform], Array]:
    """The published model, called with one waveform at 16 kHz: its embedding averaged over the patches."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow

        model = tensorflow.saved_model.load(str(hub.folder(HANDLE)))

    def embedding(waveform: Waveform) -> Array:
        with tensorflow.device("CPU"):
            return np.asarray(model(waveform)[1]).mean(axis=0)

    return embedding


def vectors(recordings: Recordings, handle: str) -> npt.NDArray[np.float64]:
    named = yamnet.embeddings(recordings, handle=handle, max_duration=10.0)
    return np.array([list(features.values()) for features in named])


def synthesised() -> Recordings:
    """Durations around those of a patch, of two, and of the limit; silence, noise, full scale; several rates."""
    durations = (SHORTEST, 0.96, 0.975, 0.976, 1.455, 1.456, 3.7, 9.99, 10.0, 12.0)
    noise = np.random.default_rng(0).standard_normal(32_000).astype(np.float32)
    return [
        *((speech_like(k, duration, 16_000), 16_000) for k, duration in enumerate(durations)),
        *((speech_like(k, 2.3, rate), rate) for k, rate in enumerate((8_000, 22_050, 44_100, 48_000))),
        (np.zeros(20_000, np.float32), 16_000),
        (np.full(20_000, 1e-5, np.float32), 16_000),
        *((level * noise, 16_000) for level in (0.001, 0.1, 1.0)),
        (np.sign(tone(440, 2.0)), 16_000),
    ]


def demo(n_recordings: int) -> Recordings:
    found = [reading.read(path) for path in sorted(DEMO.rglob("*.flac"))[::5][:n_recordings]]
    return [(recording.waveform, recording.sample_rate) for recording in found]


@pytest.mark.slow
def test_embeddings_are_those_of_the_published_model_called_with_one_recording_each(
    handle: str, reference: Callable[[Waveform], Array]
) -> None:
    recordings = synthesised() + demo(10)
    alone = [reference(yamnet.prepared(*recording, max_duration=10.0)) for recording in recordings]
    np.testing.assert_allclose(vectors(recordings, handle), alone, rtol=0, atol=1e-4)


@pytest.mark.slow
@pytest.mark.real
def test_embeddings_of_real_speech_are_those_of_the_published_model(
    handle: str, reference: Callable[[Waveform], Array], corpora_root: Path
) -> None:
    paths = sorted((corpora_root / "ravdess").rglob("*.flac"))[3::60]
    recordings = [(one.waveform, one.sample_rate) for one in map(reading.read, paths)]
    assert len(recordings) == 24
    alone = [reference(yamnet.prepared(*recording, max_duration=10.0)) for recording in recordings]
    np.testing.assert_allclose(vectors(recordings, handle), alone, rtol=0, atol=1e-4)


@pytest.mark.slow
def test_no_bit_depends_on_what_else_is_in_the_call(handle: str) -> None:
    recordings = synthesised() + demo(10)
    together = vectors(recordings, handle)
    alone = np.concatenate([vectors([recording], handle) for recording in recordings])
    np.testing.assert_array_equal(alone, together)
    random = np.random.default_rng(1)
    for _ in range(5):
        chosen = random.permutation(len(recordings))[: random.integers(2, len(recordings))]
        np.testing.assert_array_equal(vectors([recordings[k] for k in chosen], handle), together[chosen])


@pytest.mark.slow
def test_no_bit_depends_on_where_in_a_batch_a_patch_is_nor_on_its_neighbours(handle: str) -> None:
    found = yamnet.loaded(handle)
    random = np.random.default_rng(2)
    patch, *others = random.normal(-2, 1.5, (20, 96, 64)).astype(np.float32)
    (expected,) = found(patch[np.newaxis])
    for position in range(2 * yamnet_network.BATCH):
        beside = [others[k] * 10 ** random.uniform(-3, 3) for k in random.integers(0, len(others), 2 * position)]
        call = np.array([*beside[:position], patch, *beside[position:]], np.float32)
        np.testing.assert_array_equal(found(call)[position], expected)


@pytest.mark.slow
def test_other_processes_load_the_network_themselves_and_give_the_same_bits(handle: str) -> None:
    extractor = partial(yamnet.embeddings, handle=handle, max_duration=10.0)
    recordings = demo(6)
    there: list[Any] = Parallel(n_jobs=2, backend="loky")(
        delayed(extractor)(part) for part in (recordings[:2], recordings[2:])
    )
    assert [*chain.from_iterable(there)] == extractor(recordings)


@pytest.mark.slow
def test_a_converted_network_needs_no_tensorflow(handle: str) -> None:
    script = f"""
import sys
import numpy as np
from ser.features.yamnet import yamnet
(named,) = yamnet.embeddings([(np.ones(16000, np.float32), 16000)], handle={handle!r}, max_duration=10.0)
print(len(named), sorted({{"tensorflow", "tensorflow_hub", "keras", "librosa", "pandas"}} & set(sys.modules)))
"""
    root = ROOT
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1024 []\n", "")


@pytest.mark.slow
def test_a_tone_is_not_noise(handle: str) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(32000).astype(np.float32)
    first, other = vectors([(tone(440, 2.0), 16000), (noise, 16000)], handle)
    assert np.isfinite(first).all()
    assert np.linalg.norm(first - other) > 0.1 * np.linalg.norm(first)
