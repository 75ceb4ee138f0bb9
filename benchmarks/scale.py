"""Time and memory of the stages against the number of utterances, on made tables and on short made recordings.

The stages after the extraction read a table of 120 random features, which differ a little between emotions; speakers
have 100 utterances. Ingest, extraction (`means_42`) and audit read short recordings, for a tenth of the numbers. The
exponent of a stage is 1 if its processor time is proportional to the number of utterances, between the two largest. A
table and a picture are written to `--to`.

Run as: python -m benchmarks.scale
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from matplotlib.figure import Figure

from benchmarks.ingest import synthesise
from benchmarks.study import ROOT, Taken, taken_by
from benchmarks.timing import goal_cell
from ser.audit import findings
from ser.core import files, tables

NUMBERS = (10_000, 30_000, 100_000)
AUDIO_SHARE = 10  # utterances of a table for one recording
MAX_MEMORY = 2048.0  # MiB of a process
MAX_EXPONENT = 1.15
OF_TABLES = ("partition", "balance", "project", "train", "evaluate", "report")
OF_AUDIO = ("ingest", "partition", "extract_librosa", "balance", "train", "audit")
MEASURED_OF_AUDIO = ("ingest", "extract_librosa", "audit")  # the others are measured on tables
EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
N_FEATURES, ROWS = 120, 1000
RATE = 16_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--numbers", nargs="+", type=int, default=NUMBERS, metavar="N")
    parser.add_argument("--model", default="logistic_regression", metavar="NAME", help="of conf/model")
    parser.add_argument("--to", type=Path, default=Path("reports/scale"), metavar="FOLDER")
    given = parser.parse_args()
    measured: list[tuple[str, int, Taken]] = []
    for n_utterances in sorted(given.numbers):
        with tempfile.TemporaryDirectory() as folder:
            measured += of_tables(Path(folder), n_utterances, model=given.model)
        with tempfile.TemporaryDirectory() as folder:
            measured += of_audio(Path(folder), n_utterances // AUDIO_SHARE)
    curve = pd.DataFrame([(stage, number, *taken) for stage, number, taken in measured])
    curve.columns = ["stage", "n_utterances", "seconds", "processor", "memory"]
    given.to.mkdir(parents=True, exist_ok=True)
    curve.round(2).to_csv(given.to / "scale.csv", index=False)
    picture(curve).savefig(given.to / "scale.png", dpi=120)
    if not table(curve):
        sys.exit("goal missed")


def table(curve: pd.DataFrame) -> bool:
    """Print processor time and memory of each stage; True if every stage is linear and small."""
    print(f"| stage | utterances | processor, s | largest process, MiB | exponent, at most {MAX_EXPONENT:g} |")
    print("|---|---|---|---|---|")
    met = []
    for stage, rows in curve.groupby("stage", sort=False):
        last = np.log(rows[["n_utterances", "processor"]].to_numpy(float))[-2:]
        exponent = (last[-1] - last[0])[1] / (last[-1] - last[0])[0]
        met.append(exponent <= MAX_EXPONENT and rows["memory"].max() <= MAX_MEMORY)
        for row in rows.itertuples():
            found = goal_cell(f"{exponent:.2f}", met=met[-1]) if row.Index == rows.index[-1] else ""
            print(f"| {stage} | {row.n_utterances:,} | {row.processor:.1f} | {row.memory:.0f} | {found} |")
    return all(met)


def picture(curve: pd.DataFrame) -> Figure:
    """Processor time and memory against the number of utterances, a line for each stage."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, column, unit in zip(
        figure.subplots(1, 2), ("processor", "memory"), ("processor time, s", "MiB"), strict=True
    ):
        for stage, rows in curve.groupby("stage", sort=False):
            axes.loglog(rows["n_utterances"], rows[column], marker="o", label=stage)
        axes.set(xlabel="utterances", ylabel=unit)
        axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def of_tables(folder: Path, n_utterances: int, *, model: str) -> list[tuple[str, int, Taken]]:
    """Time and memory of the stages after the extraction."""
    settings(folder, f"model={model}", f"corpus.root={folder / 'audio'}")
    rows = made_utterances(n_utterances)
    of_one_recording(folder, rows["path"])
    tables.write(rows, folder / "data/utterances.csv")
    tables.write_parts(made_features(rows), folder / "data/librosa_extracted_features.csv")
    nothing: dict[str, object] = {"dropped": {}, "rejects": [], "known_defects": [], "duplicates": []}
    files.write_json(folder / "reports/ingest.json", nothing)
    audited = findings.report([], protocol="speaker_holdout (speaker-independent)", declared=None)
    files.write_json(folder / "reports/audit.json", audited)
    return [(stage, n_utterances, run(stage, folder)) for stage in OF_TABLES]


def of_one_recording(folder: Path, paths: Iterable[str]) -> None:
    """Let all paths in the folder `audio` be one recording; the report lets its reader hear some."""
    sound = np.random.default_rng(0).normal(0, 0.01, RATE)
    soundfile.write(folder / "one.wav", sound, RATE)
    (folder / "audio/made").mkdir(parents=True)
    for path in paths:
        (folder / "audio" / path).symlink_to(folder / "one.wav")


def of_audio(folder: Path, n_recordings: int) -> list[tuple[str, int, Taken]]:
    """Time and memory of ingest, extraction and audit."""
    synthesise(folder / "audio", n_recordings)
    settings(folder, "corpus=emodb", f"corpus.root={folder / 'audio'}", "librosa=means_42")
    taken = [(stage, n_recordings, run(stage, folder)) for stage in OF_AUDIO]
    return [one for one in taken if one[0] in MEASURED_OF_AUDIO]


def settings(folder: Path, *chosen: str) -> None:
    """Write `params.yaml`, and what `probe` would find."""
    (folder / "conf").symlink_to(ROOT / "conf")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "ser.params", *chosen]
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "reports").mkdir(exist_ok=True)


def run(stage: str, folder: Path) -> Taken:
    """Run a stage without a cache."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SER_CACHE_GB": "0"}
    print(f"{stage} …", file=sys.stderr)
    command: Sequence[str] = [sys.executable, "-m", f"stages.{stage}"]
    return taken_by(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)


def made_utterances(n_utterances: int) -> pd.DataFrame:
    """Table of utterances: every speaker has 100, and neutral is half as frequent as any other emotion."""
    generator = np.random.default_rng(0)
    share = np.array([0.5, *[1.0] * (len(EMOTIONS) - 1)])
    emotion = generator.choice(EMOTIONS, n_utterances, p=share / share.sum())
    speaker = np.arange(n_utterances) // 100
    names = [f"made/{k:06}" for k in range(n_utterances)]
    return pd.DataFrame(
        {
            "utterance": names,
            "corpus": "made",
            "path": [f"{name}.wav" for name in names],
            "speaker": [f"made/{one:04}" for one in speaker],
            "sex": np.where(speaker % 2, "male", "female"),
            "language": "en",
            "emotion": emotion,
            "corpus_label": emotion,
            "intensity": None,
            "statement": None,
            "repetition": None,
            "vocal_channel": "speech",
            "sample_rate": RATE,
            "channels": 1,
            "n_samples": RATE,
            "duration": 1.0,
            "audio_hash": [f"{k:032x}" for k in range(n_utterances)],
            "duplicate_of": None,
        }
    )


def made_features(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Feature table in parts: noise, and a mean that depends on the emotion."""
    generator = np.random.default_rng(1)
    means = dict(zip(EMOTIONS, generator.normal(0, 0.3, (len(EMOTIONS), N_FEATURES)), strict=True))
    columns = [f"Made_{k}" for k in range(N_FEATURES)]

    def part(start: int) -> pd.DataFrame:
        keys = rows.iloc[start : start + ROWS][["utterance", "emotion"]].reset_index(drop=True)
        keys.insert(1, "variant", tables.ORIGINAL)
        values = generator.standard_normal((len(keys), N_FEATURES)) + np.stack([means[one] for one in keys["emotion"]])
        return pd.concat([keys, pd.DataFrame(values.astype(np.float32), columns=columns)], axis=1)

    return map(part, range(0, len(rows), ROWS))


if __name__ == "__main__":
    main()
