"""YAMNet's embedding: what it is given, and, where the model is there, what comes out."""

import numpy as np
import pytest
from synthesis import tone

from ser.features import hub, yamnet

HANDLE = "https://tfhub.dev/google/yamnet/1"


def network_of(n_patches):
    def network(waveform):
        assert waveform.dtype == np.float32
        embeddings = np.arange(n_patches, dtype=np.float32)[:, None] * np.ones(1024, np.float32)
        return None, embeddings, None

    return network


def test_embedding_is_the_mean_over_patches():
    features = yamnet.embedding(tone(440, 2.0), 16000, network=network_of(4), max_duration=10.0)
    assert list(features) == [f"YAMNet_{k}" for k in range(1, 1025)]
    assert set(features.values()) == {1.5}


def test_waveform_is_cut_padded_and_kept_within_full_scale():
    assert yamnet.prepared(tone(440, 12.0), 16000, max_duration=10.0).size == 160_000
    short = yamnet.prepared(tone(440, 0.1), 16000, max_duration=10.0)
    assert short.size == yamnet.PATCH_LENGTH
    assert not short[1600:].any()
    assert np.abs(yamnet.prepared(4 * tone(440, 1.0, level=0.5), 16000, max_duration=10.0)).max() <= 1


def test_waveform_is_resampled_to_16_khz():
    assert yamnet.prepared(tone(440, 2.0, sample_rate=48000), 48000, max_duration=10.0).size == 32_000


def test_missing_model_is_reported_with_the_remedy(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow_hub")
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    missing = (tmp_path / "none").as_uri().replace("file://", "")
    with pytest.raises(yamnet.Unavailable, match="set TFHUB_CACHE_DIR"):
        yamnet.loaded(missing)


@pytest.mark.slow
@pytest.mark.skipif(not hub.is_cached(HANDLE), reason="TFHUB_CACHE_DIR is not set, or has no YAMNet")
def test_real_network_tells_a_tone_from_noise_and_repeats_itself():
    network = yamnet.loaded(HANDLE)
    noise = 0.1 * np.random.default_rng(0).standard_normal(32000).astype(np.float32)
    first, second, other = (
        np.array(list(yamnet.embedding(waveform, 16000, network=network, max_duration=10.0).values()))
        for waveform in (tone(440, 2.0), tone(440, 2.0), noise)
    )
    assert first.shape == (1024,)
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, second)
    assert np.linalg.norm(first - other) > 0.1 * np.linalg.norm(first)
