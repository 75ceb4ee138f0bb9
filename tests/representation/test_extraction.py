"""Nothing is extracted twice, and values from the cache are equal to new ones."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pandas as pd
import pytest
import yaml

from ser.audio import reading
from ser.compute import code_digest
from ser.core import tables
from ser.features.spectral.frames import frames
from ser.features.spectral.librosa import functionals
from ser.features.spectral.log_mel import log_mel
from ser.representation import codec, tabular, variants
from ser.representation.extraction import extracted, one_by_one
from tests.support import small_corpora
from tests.support.paths import CONF

RATE = 16_000
NONE = {"name": "none", "seed": 0, "variants": {}}
NOISE = {"name": "noise", "seed": 0, "variants": {"noise": {"sigma": 0.005}}}


def settings(name: str) -> Any:
    return yaml.safe_load((CONF / f"{name}.yaml").read_text())


MEANS = one_by_one(partial(functionals, **settings("librosa/means_42")))


@pytest.fixture(autouse=True)
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, which is on."""
    monkeypatch.setenv("SER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("SER_CACHE_GB")


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are decoded in this process from now on."""
    names: list[str] = []
    read = reading.read
    monkeypatch.setattr(reading, "read", lambda path: names.append(path.name) or read(path))
    return names


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Path]:
    """Table and folder of five utterances."""
    root = tmp_path_factory.mktemp("corpus")
    return small_corpora.with_table(root, n=5, sample_rate=RATE, shortest=0.5, step=0.1), root


def table(
    corpus: tuple[pd.DataFrame, Path],
    extractor: Any = MEANS,
    augmentation: Mapping[str, Any] = NONE,
    threads: bool = True,
) -> pd.DataFrame:
    rows = tabular.feature_rows(*corpus, extractor, augmentation=augmentation, description="", threads=threads)
    return pd.concat(rows, ignore_index=True)


def test_what_is_known_is_neither_decoded_nor_other(corpus: tuple[pd.DataFrame, Path], decoded: list[str]) -> None:
    first = table(corpus)
    assert sorted(decoded) == [f"{k}.flac" for k in range(5)]
    decoded.clear()
    pd.testing.assert_frame_equal(table(corpus), first, check_exact=True)
    assert decoded == []


def test_the_written_table_is_the_same_byte_by_byte(corpus: tuple[pd.DataFrame, Path], tmp_path: Path) -> None:
    for name in ("computed", "kept"):
        tables.write(table(corpus), tmp_path / name)
    assert (tmp_path / "computed").read_bytes() == (tmp_path / "kept").read_bytes()


@pytest.mark.parametrize("name", ["log_mel/mel_64", "frames/frames_62"])
def test_arrays_are_kept_bit_by_bit(corpus: tuple[pd.DataFrame, Path], decoded: list[str], name: str) -> None:
    function = {"log_mel": log_mel, "frames": frames}[name.split("/")[0]]
    extractor = one_by_one(partial(function, **settings(name)))
    ask = partial(extracted, *corpus, extractor, augmentation=NOISE, description="", threads=True)
    first = list(ask())
    decoded.clear()
    for one, other in zip(first, ask(), strict=True):
        np.testing.assert_array_equal(one, other)
        assert other.dtype == np.float32
    assert decoded == []


def lasting(waveform: np.ndarray, rate: int, *, name: str) -> dict[str, float]:
    return {"RMS": 0.5, name: waveform.size / rate}


@pytest.mark.parametrize("name", ["duration", "sex", "utterance", "emotion", "fold", "unavailable"])
def test_a_feature_with_the_name_of_a_column_of_the_pipeline_ends_its_extraction(
    corpus: tuple[pd.DataFrame, Path], name: str
) -> None:
    with pytest.raises(ValueError, match=f"a feature has the name '{name}' .*; rename it, as to 'feature_{name}'"):
        table(corpus, one_by_one(partial(lasting, name=name)))


def test_a_new_utterance_alone_is_computed(corpus: tuple[pd.DataFrame, Path], decoded: list[str]) -> None:
    utterances, root = corpus
    table((utterances.iloc[[0, 1, 3]], root))
    decoded.clear()
    table(corpus)
    assert sorted(decoded) == ["2.flac", "4.flac"]


def test_the_same_audio_under_another_name_is_known(
    corpus: tuple[pd.DataFrame, Path], tmp_path: Path, decoded: list[str]
) -> None:
    table(corpus)
    decoded.clear()
    moved = corpus[0].assign(
        utterance=[f"other/{k}" for k in range(5)], path=[f"{k}.flac" for k in range(5)], emotion="happy"
    )
    rows = table((moved, tmp_path))  # where no audio is
    assert decoded == []
    assert rows["utterance"].tolist() == [f"other/{k}" for k in range(5)]
    assert set(rows["emotion"]) == {"happy"}


def test_other_settings_or_another_function_or_variants_are_computed_anew(
    corpus: tuple[pd.DataFrame, Path], decoded: list[str]
) -> None:
    table(corpus)
    others = [
        (one_by_one(partial(functionals, **{**settings("librosa/means_42"), "n_fft": 1024})), NONE),
        (one_by_one(partial(functionals, **settings("librosa/mfcc_chroma"))), NONE),
        (MEANS, NOISE),
        (MEANS, {**NOISE, "seed": 1}),
        (MEANS, {**NOISE, "variants": {"noise": {"sigma": 0.01}}}),
    ]
    for extractor, augmentation in others:
        decoded.clear()
        table(corpus, extractor, augmentation)
        assert len(decoded) == 5


def test_an_utterances_draws_are_its_own_though_another_has_the_same_audio(corpus: tuple[pd.DataFrame, Path]) -> None:
    utterances, root = corpus
    twins = utterances.iloc[[0, 0]].assign(utterance=["a/1", "a/2"])
    noisy = table((twins, root), augmentation=NOISE).query("variant == 'noise'").drop(columns=["utterance", "emotion"])
    assert not noisy.iloc[0].equals(noisy.iloc[1])


def test_other_code_computes_anew(
    corpus: tuple[pd.DataFrame, Path], decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table(corpus)
    decoded.clear()
    monkeypatch.setattr(code_digest, "digest", lambda *_: "other")
    table(corpus)
    assert len(decoded) == 5


def test_a_worker_with_other_code_computes_nothing(corpus: tuple[pd.DataFrame, Path]) -> None:
    with pytest.raises(ValueError, match="another version of ser; install the one that the study runs"):
        variants.features_of_variants(
            [],
            root=Path(),
            extractor=MEANS,
            augmentation=NONE,
            modules=("ser.audio.reading",),
            libraries=(),
            code="other",
        )


def test_the_code_of_an_extractor_is_that_of_all_it_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changing a byte of a module that functionals import changes the digest; of one that they do not, nothing."""
    root = tmp_path / "copy"
    for file in code_digest.module_files("ser.features.spectral.librosa") | code_digest.module_files(
        "ser.protocol.balancing"
    ):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes((code_digest.ROOT / file).read_bytes())
    monkeypatch.setattr(code_digest, "ROOT", root)
    digest = partial(code_digest.digest.__wrapped__, ("ser.features.spectral.librosa",))
    before = digest()
    balancing = root / "ser/protocol/balancing.py"
    balancing.write_text(balancing.read_text() + "\n")
    assert digest() == before
    scales = root / "ser/features/spectral/scales.py"
    scales.write_text(scales.read_text() + "\n")
    assert digest() != before
    assert digest(("tqdm",)) != digest()


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes(
    corpus: tuple[pd.DataFrame, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SER_CACHE_GB", "0")
    monkeypatch.chdir(corpus[1].parent)
    utterances, relative = corpus[0], Path(corpus[1].name)  # workers are in other folders
    extractor = one_by_one(partial(functionals, **settings("librosa/functionals_120")))
    tables.write(table((utterances, relative), extractor, NOISE, threads=False), tmp_path / "here.csv")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1", silence_logs="CRITICAL"
    ) as cluster:
        monkeypatch.setenv("SER_COMPUTE", f"dask://{cluster.scheduler_address}")
        tables.write(table((utterances, relative), extractor, NOISE, threads=False), tmp_path / "there.csv")
    assert (tmp_path / "here.csv").read_bytes() == (tmp_path / "there.csv").read_bytes()


def peaks(waveform: Any, sample_rate: int) -> dict[str, float]:
    """Features whose order depends on the recording."""
    found = {"Low": float(waveform.min()), "High": float(waveform.max())}
    return found if waveform.size % 3 else dict(reversed(found.items()))


def test_features_are_told_apart_by_their_names_and_not_by_their_order(
    corpus: tuple[pd.DataFrame, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabular, "CHUNK", 2)
    rows = tabular.feature_rows(*corpus, one_by_one(peaks), augmentation=NOISE, description="", threads=True)
    tables.write_parts(rows, tmp_path / "peaks.csv")
    found = tables.read_features(tmp_path / "peaks.csv")
    assert len(found) == 10
    assert (found["Low"] < 0).all()
    assert (found["High"] > 0).all()


def test_variants_have_their_features_in_one_order() -> None:
    assert codec.decoded(codec.encoded([{"a": 1.0, "b": 2.0}, {"b": 3.0, "a": 4.0}]))[1] == {"a": 4.0, "b": 3.0}


def some(waveform: Any, sample_rate: int) -> dict[str, float]:
    """Features of which one is missing where a recording is long."""
    return {"Low": float(waveform.min())} | ({"High": float(waveform.max())} if waveform.size < 10_000 else {})


def test_a_recording_with_other_features_is_named(corpus: tuple[pd.DataFrame, Path]) -> None:
    utterances, _ = corpus
    first_long = utterances["utterance"].iloc[2]  # of 11,200 samples
    with pytest.raises(ValueError, match=rf"{first_long}: the representation has other features for this .*: High"):
        table(corpus, one_by_one(some))


def test_a_variant_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a variant of a recording has an array of shape \(2, 4\); wanted \(2, 3\)"):
        codec.encoded([np.zeros((2, 3)), np.zeros((2, 4))])


@pytest.mark.parametrize(
    "features",
    [
        [{"b": 1.0, "a": 0.1, "ü": -2e-30}, {"b": 0.0, "a": 3e30, "ü": 1.0}],
        [np.arange(6, dtype=np.float32).reshape(2, 3) / 7],
    ],
)
def test_features_are_decoded_as_they_were_encoded_in_single_precision(features: list[Any]) -> None:
    for one, other in zip(features, codec.decoded(codec.encoded(features)), strict=True):
        if isinstance(one, dict):
            assert list(other) == list(one)
            assert [np.float32(value) for value in one.values()] == list(other.values())
        else:
            np.testing.assert_array_equal(one, other)
