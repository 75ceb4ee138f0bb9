"""Descriptors and functionals: theory on ideal signals, librosa's own answers, short and silent waveforms."""

from functools import partial

import librosa
import numpy as np
import pandas as pd
import pytest
import scipy.fft
import soundfile

from benchmarks import plain
from ser.audio import reading
from ser.features.spectral import peaks
from ser.features.spectral.analysis import Analysis
from ser.features.spectral.descriptors import DESCRIPTORS, described, precision
from ser.features.spectral.librosa import REPRESENTATION, functionals
from ser.representation import tabular
from ser.representation.extraction import one_by_one
from tests.support.descriptor_sets import EDGE_CASES, RATE, SETS
from tests.support.synthesis import speech_like, tone

N_FEATURES = {name: int(name.split("_")[1]) for name in ("means_42", "functionals_120", "functionals_120_fast")}
N_FEATURES |= {"energy_set": 36, "mfcc_chroma": 51}


def plain_fast(path):
    y, sr = librosa.load(path, sr=RATE)
    tonnetz = librosa.feature.tonnetz(chroma=librosa.feature.chroma_stft(y=y, sr=sr))
    others = {name: value for name, value in plain.functionals_120(path).items() if not name.startswith("Tonnetz")}
    return others | plain.means_and_deviations({"Tonnetz_STFT": tonnetz})


PLAIN = {name: plain_fast if name.endswith("_fast") else getattr(plain, name) for name in N_FEATURES}


def analysis(waveform, sample_rate=RATE, **settings):
    return Analysis(waveform.astype(np.float32), sample_rate=sample_rate, n_fft=2048, hop_length=512, **settings)


def mean_of(name, waveform, **settings):
    return float(described(analysis(waveform), name, **settings)[1].mean())


def test_level_of_a_sine_is_its_amplitude_over_root_two():
    frequency = 40 * RATE / 2048  # whole periods a frame
    values = described(analysis(tone(frequency, 1.0, sample_rate=RATE, level=0.5)), "rms")[1]
    np.testing.assert_allclose(values[0, 3:-3], 0.5 / np.sqrt(2), rtol=1e-3)


def test_centroid_and_rolloff_of_a_sine_are_its_frequency():
    waveform = tone(1000, 1.0, sample_rate=RATE)
    assert described(analysis(waveform), "spectral_centroid")[1][0, 5:-5] == pytest.approx(1000, abs=15)
    assert described(analysis(waveform), "spectral_rolloff")[1][0, 5:-5] == pytest.approx(1000, abs=2 * RATE / 2048)


def test_zero_crossings_of_a_sine_are_twice_its_frequency():
    values = described(analysis(tone(500, 1.0, sample_rate=RATE)), "zero_crossing_rate")[1]
    assert values[0, 3:-3] == pytest.approx(2 * 500 / RATE, rel=0.02)


def test_band_energy_ratio_weighs_what_lies_below_against_what_lies_above():
    low, high = tone(500, 1.0, sample_rate=RATE, level=0.2), tone(5000, 1.0, sample_rate=RATE, level=0.1)
    ratio = described(analysis(low + high), "band_energy_ratio", split_frequency=2000.0)[1]
    assert ratio[0, 5:-5] == pytest.approx(4, rel=0.01)  # energies go with the squares of 0.2 and 0.1


def test_band_energy_ratio_of_silence_is_one():
    assert mean_of("band_energy_ratio", np.zeros(RATE), split_frequency=2000.0) == 1


def test_chroma_of_an_a_is_strongest_at_a():
    values = described(analysis(tone(440, 1.0, sample_rate=RATE)), "chroma")[1]
    assert values.mean(axis=1).argmax() == 9  # C is 0


@pytest.mark.parametrize("name", N_FEATURES)
def test_sets_have_as_many_features_as_their_source_states(name):
    features = functionals(speech_like(0), RATE, **SETS[name])
    assert len(features) == N_FEATURES[name]
    assert np.isfinite(list(features.values())).all()


def test_columns_of_system_a_bear_its_names():
    features = functionals(speech_like(0), RATE, **SETS["means_42"])
    groups = [[f"{title}_{k}" for k in range(1, 14)] for title in ("MFCC", "Delta_MFCC", "Delta2_MFCC")]
    single = ["Spectral_Centroid", "Spectral_Bandwidth", "Zero_Crossing_Rate"]
    assert list(features) == [*groups[0], *groups[1], *groups[2], *single]


@pytest.mark.filterwarnings("ignore:n_fft=.* is too large:UserWarning")  # librosa's tonnetz, called as it is
@pytest.mark.parametrize("name", N_FEATURES)
def test_values_are_those_of_librosa_called_one_function_at_a_time(name, tmp_path):
    path = tmp_path / "utterance.wav"
    soundfile.write(path, speech_like(3, sample_rate=48000), 48000)
    recording = reading.read(path)
    ours = functionals(recording.waveform, recording.sample_rate, **SETS[name])
    reference = PLAIN[name](path)
    assert set(ours) == set(reference)
    np.testing.assert_allclose([ours[key] for key in reference], list(reference.values()), rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("name", N_FEATURES)
def test_values_on_real_speech_are_those_of_librosa_called_one_function_at_a_time(name, corpora_root):
    paths = sorted((corpora_root / "ravdess").rglob("*.flac"))[7::70][:20]  # every actor's neighbourhood, all emotions
    assert len(paths) == 20
    ours, reference = [], []
    for path in paths:
        recording = reading.read(path)
        ours.append(functionals(recording.waveform, recording.sample_rate, **SETS[name]))
        reference.append(PLAIN[name](path))
    reference = pd.DataFrame(reference)
    difference = (pd.DataFrame(ours)[reference.columns] - reference).abs()
    assert (difference <= 1e-3 * reference.abs() + 1e-3 * reference.std()).all(axis=None)


@pytest.mark.parametrize("duration", [0.1, 0.15, 0.4])
@pytest.mark.parametrize("name", SETS)
def test_short_utterances_have_finite_features_and_warn_of_nothing(name, duration):
    assert np.isfinite(list(functionals(speech_like(1, duration), RATE, **SETS[name]).values())).all()


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("n_frames", [9, 10, 56])
def test_delta_of_nine_frames_and_more_is_librosas(n_frames, order):
    one = analysis(speech_like(2)[: (n_frames - 1) * 512])
    ours = described(one, "delta_mfcc", n_mfcc=13, order=order)[1]
    assert ours.shape == (13, n_frames)
    np.testing.assert_allclose(ours, librosa.feature.delta(one.mfcc(13), order=order), rtol=1e-5, atol=1e-4)


def test_delta_of_a_slope_is_its_steepness_up_to_the_edges(monkeypatch):
    one = analysis(speech_like(2))
    monkeypatch.setattr(one, "mfcc", lambda _: 3 * np.arange(20, dtype=np.float32)[None])
    np.testing.assert_allclose(described(one, "delta_mfcc", n_mfcc=1)[1], np.full((1, 20), 3), rtol=1e-5)
    np.testing.assert_allclose(described(one, "delta2_mfcc", n_mfcc=1)[1], np.zeros((1, 20)), atol=1e-4)


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_every_descriptor_has_one_column_a_frame(name):
    settings = {"n_mfcc": 13} if "mfcc" in name else {"n_mels": 20} if name == "mel" else {}
    settings |= {"split_frequency": 2000.0} if name == "band_energy_ratio" else {}
    values = described(analysis(speech_like(4)), name, **settings)[1]
    assert values.shape[1] == 1 + speech_like(4).size // 512


@pytest.mark.parametrize("name", SETS)
def test_transform_is_computed_once(name, monkeypatch):
    shapes = []
    rfft = scipy.fft.rfft
    monkeypatch.setattr(scipy.fft, "rfft", lambda x, **options: shapes.append(x.shape) or rfft(x, **options))
    waveform = speech_like(0)
    functionals(waveform, RATE, **SETS[name] | {"sample_rate": RATE})
    shape = 1 + waveform.size // 512, 2048
    octaves = [(shape[0], 1024)] * 7 if name == "functionals_120" else []  # of its tonnetz
    assert sorted(shapes) == sorted([shape, *octaves])


def test_descriptors_share_the_chroma(monkeypatch):
    one = analysis(speech_like(0))
    chroma = described(one, "chroma")[1]
    monkeypatch.setattr(peaks, "tuning", None)
    np.testing.assert_array_equal(described(one, "tonnetz_stft")[1], librosa.feature.tonnetz(chroma=chroma, sr=RATE))


LIBROSA = {
    "mfcc": partial(librosa.feature.mfcc, n_mfcc=13),
    "chroma": librosa.feature.chroma_stft,
    "mel": partial(librosa.feature.melspectrogram, n_mels=20),
    "spectral_contrast": librosa.feature.spectral_contrast,
    "tonnetz": librosa.feature.tonnetz,
    "tonnetz_stft": lambda y, sr: librosa.feature.tonnetz(chroma=librosa.feature.chroma_stft(y=y, sr=sr)),
    "spectral_centroid": librosa.feature.spectral_centroid,
    "spectral_bandwidth": librosa.feature.spectral_bandwidth,
    "spectral_rolloff": librosa.feature.spectral_rolloff,
    "zero_crossing_rate": lambda y, **_: librosa.feature.zero_crossing_rate(y),
    "rms": lambda y, **_: librosa.feature.rms(y=y),
    "pitch": lambda y, sr: librosa.piptrack(y=y, sr=sr)[0].mean(axis=0, keepdims=True),
}


@pytest.mark.filterwarnings("ignore:n_fft=.* is too large:UserWarning")  # librosa, called as it is
@pytest.mark.filterwarnings("ignore:Trying to estimate tuning from empty:UserWarning")
@pytest.mark.parametrize("case", EDGE_CASES)
@pytest.mark.parametrize("name", LIBROSA)
def test_a_descriptor_is_librosas_in_every_frame(name, case):
    waveform = EDGE_CASES[case]
    settings = LIBROSA[name].keywords if isinstance(LIBROSA[name], partial) else {}
    ours, reference = described(analysis(waveform), name, **settings)[1], LIBROSA[name](y=waveform, sr=RATE)
    assert ours.shape == reference.shape
    np.testing.assert_allclose(ours, reference, rtol=1e-5, atol=1e-5 * np.abs(reference).max())


@pytest.mark.parametrize("case", EDGE_CASES)
@pytest.mark.parametrize("name", [name for name, descriptor in DESCRIPTORS.items() if descriptor.is_smooth])
def test_a_smooth_descriptor_is_as_good_in_single_precision(name, case):
    settings = {"n_mfcc": 13} if "mfcc" in name else {"n_mels": 20} if name == "mel" else {}
    single, double = (
        described(analysis(EDGE_CASES[case], precision=one), name, **settings)[1] for one in ("single", "double")
    )
    wide = (name, case) == ("spectral_bandwidth", "a single line")  # the square root of next to nothing
    np.testing.assert_allclose(single, double, atol=(2e-3 if wide else 1e-5) * np.abs(double).max())


def test_one_descriptor_that_needs_double_precision_is_enough():
    assert precision(["mfcc", "rms"]) == "single"
    assert precision(["mfcc", "chroma", "rms"]) == "double"
    assert analysis(speech_like(0), precision="single").magnitude.dtype == np.float32


def test_mel_bands_narrower_than_a_bin_are_zero():
    bands = analysis(speech_like(0)).mel(400)
    filters = librosa.filters.mel(sr=RATE, n_fft=2048, n_mels=400)
    np.testing.assert_allclose(bands, filters @ analysis(speech_like(0)).power, rtol=1e-5)
    assert not bands[~filters.any(axis=1)].any()


@pytest.mark.filterwarnings("ignore:Trying to estimate tuning from empty:UserWarning")  # librosa, called as it is
@pytest.mark.parametrize("case", EDGE_CASES)
@pytest.mark.parametrize("exponent", [1, 2])
def test_peaks_and_tuning_are_librosas_to_the_last_bit(case, exponent):
    spectrum = analysis(EDGE_CASES[case]).magnitude ** exponent
    frequencies, heights = librosa.piptrack(S=spectrum, sr=RATE)
    where = np.nonzero(frequencies.T)
    found = peaks.peaks(spectrum, sample_rate=RATE)
    np.testing.assert_array_equal(found.frame, where[0])
    np.testing.assert_array_equal(found.frequency, frequencies.T[where])
    np.testing.assert_array_equal(found.height, heights.T[where])
    for bins in (12, 36):
        tuning = librosa.estimate_tuning(S=spectrum, sr=RATE, bins_per_octave=bins)
        assert peaks.tuning(spectrum, sample_rate=RATE, bins_per_octave=bins) == tuning


def test_tuning_of_a_tone_is_its_distance_from_the_nearest_semitone():
    spectrum = analysis(tone(440 * 2 ** (0.3 / 12), 1.0, sample_rate=RATE)).magnitude
    assert peaks.tuning(spectrum, sample_rate=RATE, bins_per_octave=12) == pytest.approx(0.3, abs=0.02)


def test_a_rate_too_low_for_the_spectral_contrast_is_named_with_one_that_is_enough():
    with pytest.raises(ValueError, match=r"8000 Hz; choose more than 12800 Hz"):
        described(analysis(speech_like(0, 1.0, 8000), 8000), "spectral_contrast")


def test_unknown_descriptor_and_functional_are_named_with_the_known_ones():
    settings = {"name": "x", "sample_rate": RATE, "n_fft": 2048, "hop_length": 512}
    with pytest.raises(ValueError, match=r"unknown descriptor 'rsm'.*rms"):
        functionals(speech_like(0), RATE, **settings, descriptors=[{"name": "rsm", "functionals": ["mean"]}])
    with pytest.raises(ValueError, match=r"unknown functional 'median'.*mean, std"):
        functionals(speech_like(0), RATE, **settings, descriptors=[{"name": "rms", "functionals": ["median"]}])


def heard(utterances, root):
    """Utterances, with the content of the table of utterances for each."""
    recordings = [reading.read(root / path) for path in utterances["path"]]
    return utterances.assign(
        audio_hash=[recording.audio_hash for recording in recordings],
        sample_rate=[recording.sample_rate for recording in recordings],
    )


def test_table_has_the_rows_of_its_utterances_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(tabular, "CHUNK", 2)
    for k in range(5):
        soundfile.write(tmp_path / f"{k}.wav", tone(200 * (k + 1), 0.3), 16000)
    utterances = pd.DataFrame(
        {"utterance": [f"x/{k}" for k in range(5)], "path": [f"{k}.wav" for k in range(5)], "emotion": "calm"}
    ).pipe(heard, tmp_path)
    extractor = one_by_one(partial(functionals, **SETS["means_42"]))
    chunks = list(tabular.feature_rows(utterances, tmp_path, extractor, description="test", threads=True))
    assert [len(chunk) for chunk in chunks] == [2, 2, 1]
    rows = pd.concat(chunks, ignore_index=True)
    assert list(rows.columns[:3]) == ["utterance", "variant", "emotion"]
    assert rows["Spectral_Centroid"].is_monotonic_increasing


def test_threads_and_processes_give_equal_values(tmp_path):
    soundfile.write(tmp_path / "u.wav", speech_like(5), RATE)
    utterances = pd.DataFrame({"utterance": ["x/u"], "path": ["u.wav"], "emotion": ["calm"]}).pipe(heard, tmp_path)
    extractor = one_by_one(partial(functionals, **SETS["energy_set"]))
    tables = [
        pd.concat(tabular.feature_rows(utterances, tmp_path, extractor, description="test", threads=threads))
        for threads in (True, False)
    ]
    pd.testing.assert_frame_equal(*tables)


def test_two_entries_whose_columns_have_the_same_names_are_refused():
    """The values of one would replace those of the other."""
    two, three = ({"name": "mfcc", "n_mfcc": n, "functionals": ["mean"]} for n in (2, 3))
    settings = {"name": "mine", "sample_rate": RATE, "n_fft": 512, "hop_length": 128}
    REPRESENTATION.check_settings(settings | {"descriptors": [two, three | {"functionals": ["std"]}]})
    with pytest.raises(ValueError, match=r"descriptors\.1 has the mean of mfcc, as an earlier entry has; wanted each"):
        REPRESENTATION.check_settings(settings | {"descriptors": [two, three | {"functionals": ["std", "mean"]}]})
