"""Run all benchmarks and write their tables to `benchmarks/README.md`.

Machines are noisy, so each figure is a ratio within one run, or is next to the figure that it is compared with. The
last benchmark compares with nkululeko, which needs its own environment: set NKULULEKO to its Python. Otherwise, its
table stays unchanged.

Run as: SER_CORPORA=/path/to/corpora TFHUB_CACHE_DIR=/path/to/models make bench
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from ser.core import files

KEPT = Path(__file__).with_name("README.md")
BENCHMARKS = {  # module -> title
    "extraction": "Descriptors and functionals, compared with librosa",
    "yamnet": "YAMNet, compared with one call for each file",
    "scaling": "Two cores, many utterances, the cache",
    "scale": "Up to 100,000 simulated utterances",
    "shares": "Training: shares of matrix products and of other work",
    "overhead": "Overhead",
    "whole": "Whole studies",
    "study": "A whole study, compared with nkululeko",
}
INTRODUCTION = """# Benchmarks

This page has measurements of speed and memory. `make bench` runs these benchmarks and rewrites the page; `python -m
benchmarks.NAME` runs one of them. Other benchmarks only print their figures: `benchmarks.training`, `.folds`,
`.ingest`, `.decoding`, `.tables`, `.prediction`, `.service`, `.attack`, `.cluster` (a Dask cluster, of which one
process is killed), and `.whisper` (speed of the encoder as a share of the speed of matrix products).

Three benchmarks score a model on corpora that it was not trained on, for example `python -m benchmarks.elsewhere
--model ravdess savee=data/raw/savee emovo=data/raw/emovo`. `benchmarks.elsewhere` measures UAR, calibration, and UAR
against the share of recordings that get an answer. `benchmarks.robustness` measures UAR in noise, in rooms, over a
telephone, with codecs and more. `benchmarks.enrolment` measures UAR against the number of unlabelled recordings of the
same speaker. They write a table, a picture and csv to `reports/unseen` (`--to`), and a section of a model card
(`--card`).

In the tables, "plain" is the usual way: one call of the library for each feature or file. "Ours" is this project.
"Floor" is the work that no extraction can omit: decoding, resampling and one short-time Fourier transform.

Elapsed times were measured on a machine with other work. If a table has processor times (the sum over all processes),
compare these: they are the time on one core. Of a `dvc repro` with nothing to do, the stage `probe` takes 0.13 s of a
processor. DVC itself takes the rest; more than a quarter of it is the time to read and write `dvc.lock` again.

If a table has more than 20,000 training rows, an SVM is trained on 20,000 of them. With 100,000 utterances, `train`
then takes 107 s of a processor and 882 MiB, and `evaluate` 46 s and 552 MiB (`python -m benchmarks.scale --model svm`).

On the training of `best_small`: a step multiplies a table with eight columns, which takes as long as to read the table
from memory. The rest of a fit is the loss function of scikit-learn and the steps of L-BFGS in SciPy. On the training of
`cnn_lstm`: the rest of the compiled steps is batch normalisation, dropout and pooling. Another thread of TensorFlow
prepares the next batch.
"""


def main() -> None:
    tables = kept()
    missed = []
    for name in BENCHMARKS:
        options = ["--nkululeko", os.environ.get("NKULULEKO", "")] if name == "study" else []
        if options and not options[1]:
            print("study: NKULULEKO is not set; its table stays unchanged", file=sys.stderr)
            continue
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", *options], stdout=subprocess.PIPE, text=True, check=False
        )
        print(f"{done.stdout}\n")
        if done.returncode:
            missed.append(name)
        if done.stdout:
            tables[name] = f"{done.stdout.strip()}\n\n{machine()}\n"
    files.write_text(KEPT, page(tables))
    if missed:
        sys.exit(f"goals missed in {', '.join(missed)}")


def kept() -> dict[str, str]:
    """Tables of the present page, by benchmark."""
    text = KEPT.read_text(encoding="utf-8") if KEPT.exists() else ""
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    return {name: sections[title].strip() + "\n" for name, title in BENCHMARKS.items() if title in sections}


def page(tables: dict[str, str]) -> str:
    """Text of the page."""
    sections = [f"## {title}\n\n{tables[name]}" for name, title in BENCHMARKS.items() if name in tables]
    return "\n".join([INTRODUCTION, *sections])


def machine() -> str:
    """Description of this machine."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()  # it has no options, but --help
    main()
