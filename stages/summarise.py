"""Print the score of the study and write the run to a tracker, after all other stages."""

from pathlib import Path

from ser.core import files, params_file
from ser.core.stage import run
from ser.evaluation import score
from ser.reporting import tracking

PARAMS = ("tracking",)
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
    metrics, chosen = files.read_json(METRICS), params_file.load(*PARAMS)["tracking"]
    print(score.text(metrics, report=REPORT))
    print("all runs: ser experiments")  # the table of dvc exp show has more than a thousand columns
    # All settings: a run is described by them, and this stage runs after each change of one.
    if place := tracking.track(tracking.run_of(params_file.everything(), metrics), **chosen):
        print(f"tracked: {place}")


if __name__ == "__main__":
    run(main)
