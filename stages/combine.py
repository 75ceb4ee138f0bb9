"""Join the YAMNet and the librosa features, one row per utterance."""

from pathlib import Path

from ser.core import formats, params_file, tables
from ser.core.stage import run
from ser.representation import joining

PARAMS = ("tables.format",)
YAMNET = Path("data/yamnet_extracted_features.csv")
LIBROSA = Path("data/librosa_extracted_features.csv")
COMBINED = Path("data/yamnet_librosa_features.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    yamnet, librosa, combined = (
        formats.in_format(path, config["tables.format"]) for path in (YAMNET, LIBROSA, COMBINED)
    )
    if tables.is_unavailable(yamnet):
        print("the combined features are marked unavailable, because YAMNet's are")
        tables.write_unavailable(combined)
        return
    tables.write_parts(joining.combined(yamnet, librosa), combined)


if __name__ == "__main__":
    run(main)
