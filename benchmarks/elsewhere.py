"""Score the embedded model on a corpus that is not in its training data, as `ser predict` would predict it.

UAR is over the emotions of the corpus that the model knows; `calm` and `no speech` are then wrong, where the corpus has
no such label. `pleasant_surprise` counts as `surprised`. Recordings of other emotions (boredom) are left out.

Run as: python -m benchmarks.elsewhere emodb data/raw/emodb
"""

import argparse
from pathlib import Path, PurePosixPath

import yaml
from sklearn.metrics import recall_score
from tqdm import tqdm

from ser import corpora
from ser.audio import suffixes
from ser.core import files
from ser.core.wording import percent
from ser.serving import inputs, recognition

CONF = Path(__file__).parents[1] / "conf/corpus"
SAME = {"pleasant_surprise": "surprised"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.elsewhere", description=__doc__)
    parser.add_argument("corpus", help="file of conf/corpus, as emodb")
    parser.add_argument("root", type=Path, help="folder of the corpus")
    given = parser.parse_args()
    print(row(given.corpus, emotions(given.corpus, given.root)))


def emotions(corpus: str, root: Path) -> dict[Path, str]:
    """Emotion of each recording below `root` whose emotion the embedded model knows.

    Raises
    ------
    ValueError
        If a file name is not of the corpus.
    """
    reader = corpora.corpus(corpus)
    label_map = yaml.safe_load((CONF / f"{corpus}.yaml").read_text(encoding="utf-8"))["label_map"]
    emotion_of = {reader.spelled(label): SAME.get(emotion, emotion) for label, emotion in label_map.items()}
    known = recognition.load().labels
    found = {}
    for path in sorted(files.walk(root)):
        if suffixes.may_be_recording(path):
            emotion = emotion_of[reader.parse(PurePosixPath(path.relative_to(root))).corpus_label]
            if emotion in known:
                found[path] = emotion
    return found


def row(corpus: str, emotion_of: dict[Path, str]) -> str:
    """Row of the model card: recordings, UAR and mean confidence in per cent."""
    recognizer = recognition.load()
    predictions = []
    for path in tqdm(emotion_of, desc=corpus, disable=None):
        with inputs.opened(path) as recording:
            predictions.append(recognizer.predict(recording))
    truth, found = list(emotion_of.values()), [one["emotion"] for one in predictions]
    uar = recall_score(truth, found, labels=sorted(set(truth)), average="macro")
    confidence = sum(one["confidence"] for one in predictions) / len(predictions)
    return f"| {corpus} | {len(truth)} | {percent(uar)} | {percent(confidence)} |"


if __name__ == "__main__":
    main()
