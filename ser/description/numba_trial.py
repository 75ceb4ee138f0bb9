"""Call the functions of librosa and UMAP that numba compiles: pitch, features of the default sets, a map.

`ser.core.numba_cache` runs this in a process of its own, which a damaged cache may end by a signal.
"""

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ser.description.acoustics import measurements
from ser.evaluation import projections
from ser.features.spectral import frames, librosa

CONF = Path(__file__).parents[2] / "conf"
RATE = 16_000  # Hz


def main() -> None:
    """Call each function once on a tone, or on random rows."""
    tone = (0.5 * np.sin(2 * np.pi * 220 * np.arange(RATE // 2) / RATE)).astype(np.float32)
    measurements(tone, RATE)
    measurements(tone[: RATE // 100], RATE)  # a single frame, whose array numba compiles for anew
    for path in sorted((CONF / "librosa").glob("*.yaml")):
        librosa.functionals(tone, RATE, **_settings(path))
    for path in sorted((CONF / "frames").glob("*.yaml")):
        frames.frames(tone, RATE, **_settings(path))
    rows = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    projections.umap(rows, n_neighbors=5, min_dist=0.1, seed=0)


def _settings(path: Path) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return settings


if __name__ == "__main__":
    main()
