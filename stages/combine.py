"""Join the YAMNet and the librosa features, one row per utterance, if the model takes both."""

from pathlib import Path

from ser.core import params_file, unavailable
from ser.core.stage import run
from ser.core.table_suffixes import in_format

PARAMS = ("tables.format",)
AVAILABILITY = Path("data/yamnet_librosa_availability.json")
YAMNET = Path("data/yamnet_extracted_features.csv")
LIBROSA = Path("data/librosa_extracted_features.csv")
COMBINED = Path("data/yamnet_librosa_features.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    yamnet, librosa, combined = (in_format(path, config["tables.format"]) for path in (YAMNET, LIBROSA, COMBINED))
    setting = "model.representation=yamnet_librosa"
    if not unavailable.is_asked_for(AVAILABILITY, combined, what="both feature tables as one", setting=setting):
        return
    from ser.core import tables
    from ser.representation import joining

    if tables.is_unavailable(yamnet):
        print("the combined features are marked unavailable, because YAMNet's are")
        unavailable.write(combined)
        return
    tables.write_parts(joining.combined(yamnet, librosa), combined)


if __name__ == "__main__":
    run(main)
