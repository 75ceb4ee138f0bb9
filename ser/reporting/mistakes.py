"""The most confident mistakes of a model, with sound and spectrogram."""

import io
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import soundfile

from ser.audio import segments, waveforms
from ser.core.tables import probability_columns
from ser.core.wording import percent
from ser.figures.recordings import spectrogram
from ser.reporting.blocks import Mistake, Picture, data_uri, png_uri

SAMPLE_RATE = 16_000  # Hz
MAX_DURATION = 10.0  # seconds
MP3_SETTINGS = {
    "bitrate_mode": "VARIABLE",
    "compression_level": 0.6,
}  # about 40 kbit/s; unlike Ogg, equal sound gives equal bytes
FACTS = ("sex", "intensity")


def most_confident(predictions: pd.DataFrame, *, n: int) -> pd.DataFrame:
    """The `n` wrong predictions with the highest probabilities, with the columns `confidence` and `of_truth`.

    `confidence` is the probability of the prediction, `of_truth` that of the annotated emotion. If several folds
    predicted an utterance wrongly, the table has the most confident of these predictions.

    Examples
    --------
    >>> predictions = pd.DataFrame({"utterance": ["u1", "u2"], "truth": "sad", "prediction": ["calm", "sad"]})
    >>> predictions = predictions.assign(fold=0, p_calm=[0.9, 0.4], p_sad=[0.1, 0.6])
    >>> most_confident(predictions, n=1)[["utterance", "confidence", "of_truth"]].to_dict("records")
    [{'utterance': 'u1', 'confidence': 0.9, 'of_truth': 0.1}]
    """
    wrong = predictions[predictions["truth"] != predictions["prediction"]]
    confidence = wrong[probability_columns(wrong)].max(axis=1)
    of_truth = [
        float(row[column]) if (column := f"p_{row['truth']}") in row else 0.0 for row in wrong.to_dict("records")
    ]
    ranked = wrong.assign(confidence=confidence, of_truth=of_truth)
    ranked = ranked.sort_values(["confidence", "utterance", "fold"], ascending=[False, True, True])
    return ranked.drop_duplicates("utterance").head(n)


def examples(predictions: pd.DataFrame, utterances: pd.DataFrame, root: Path, *, n: int) -> list[Mistake]:
    """Recordings of the `n` most confident mistakes; `root` is the folder of the corpus.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> utterances = pd.DataFrame({"utterance": ["a"], "path": ["a.wav"], "sex": ["male"], "intensity": [None]})
    >>> row = {"utterance": "a", "fold": 0, "truth": "sad", "prediction": "calm", "p_calm": 0.75, "p_sad": 0.25}
    >>> with TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder, "a.wav"), [0.0, 0.5] * 4000, 16_000)
    ...     rows = pd.DataFrame([{**row, "sex": "male", "intensity": None}])
    ...     (worst,) = examples(rows, utterances, Path(folder), n=1)
    >>> worst.prediction, worst.confidence, worst.facts
    ('calm', 0.75, 'male')
    """
    parts = segments.of_utterances(utterances, root)
    return [_example(row, *parts[row["utterance"]]) for row in most_confident(predictions, n=n).to_dict("records")]


def _example(row: Mapping[Hashable, Any], path: Path, segment: segments.Segment | None) -> Mistake:
    recording = segments.read(path, segment)
    waveform = waveforms.resampled(recording.waveform, sample_rate=recording.sample_rate, target=SAMPLE_RATE)
    waveform = waveform[: round(MAX_DURATION * SAMPLE_RATE)]
    facts = [str(row[name]) for name in FACTS if isinstance(row[name], str)]
    if recording.duration > MAX_DURATION:
        facts.append(f"the first {MAX_DURATION:g} of {recording.duration:.1f} s")
    truth, prediction, confidence, of_truth = (row[key] for key in ("truth", "prediction", "confidence", "of_truth"))
    alt = f"Spectrogram of {row['utterance']}: {truth}, predicted as {prediction} with {percent(confidence)} %"
    picture = Picture("", alt, png_uri(spectrogram(waveform, SAMPLE_RATE)))
    sound = _mp3(waveform)
    return Mistake(row["utterance"], truth, prediction, confidence, of_truth, ", ".join(facts), picture, sound)


def _mp3(waveform: waveforms.Waveform) -> str:
    file = io.BytesIO()
    soundfile.write(file, waveform.clip(-1, 1), SAMPLE_RATE, format="MP3", **MP3_SETTINGS)
    return data_uri(file.getvalue(), "audio/mpeg")
