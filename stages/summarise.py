"""Print the score of the study, after all other stages."""

from pathlib import Path

from ser.core import files
from ser.core.stage import run
from ser.evaluation import score

PARAMS = ()
METRICS = Path("reports/metrics.json")
REPORT = Path("reports/report.html")
# Outputs that no other stage reads. DVC chooses the order of independent stages, so this stage is the last one only
# because it depends on all of them. It also depends on the table of `features`, whose path is a parameter.
YAMNET_LIBROSA = Path("data/yamnet_librosa_features.csv")
SSL = Path("data/ssl_extracted_features.csv")
WHISPER = Path("data/whisper_extracted_features.csv")
OPENSMILE = Path("data/opensmile_extracted_features.csv")
LOG_MEL = Path("data/log_mel")
FRAMES = Path("data/frames")
YAMNET_BANDS = Path("data/yamnet_bands")
WHISPER_STATES = Path("data/whisper_states")
ADAPTED = Path("data/adapted_features.csv")


def main() -> None:
    print(score.text(files.read_json(METRICS), report=REPORT))


if __name__ == "__main__":
    run(main)
