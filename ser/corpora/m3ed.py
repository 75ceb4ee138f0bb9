"""M3ED: emotional dialogues of Chinese television."""

from pathlib import Path

from ser.corpora.contract import Corpus
from ser.corpora.label_files import completion, found, read_json
from ser.corpora.patterns import Pattern
from ser.corpora.speakers import Completion

HOMEPAGE = "https://github.com/AIM3-RUC/RUCM3ED"
TABLE = "annotation.json"


def _labels(folder: Path) -> Completion:
    """Emotions and speakers by the annotation.

    Raises
    ------
    ValueError
        If it is missing, or has another form.
    """
    path = found(folder, TABLE)[0]
    facts: dict[str, dict[str, str | None]] = {}
    try:
        for series, clips in read_json(path).items():
            for clip in clips.values():
                names = {letter: f"{series}_{person['Name']}" for letter, person in clip["SpeakerInfo"].items()}
                for utterance, said in clip["Dialog"].items():
                    label = said["EmoAnnotation"]["final_main_emo"]
                    letter = said["Speaker"]
                    facts[f"{letter}_{utterance}"] = {"corpus_label": label, "speaker": names[letter]}
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} has another form, {error!r}; replace it by that of the corpus") from None
    return completion(facts, TABLE)


CORPUS = Corpus(
    title="M3ED",
    citation="Zhao et al. (2022), M3ED, ACL, 5699-5710, https://aclanthology.org/2022.acl-long.391",
    licence="not stated",
    voices="acted dialogues of television, Mandarin",
    steps=(f"follow {HOMEPAGE} to the recordings", f"put them and {TABLE} into {{root}}"),
    parse=Pattern(
        "M3ED",
        r"[A-Z]_\w+_\d+_\d+",
        example="modality_speech/A_guainiguofenmeili_10_1.wav",
        language="zh",
    ),
    labels=_labels,
)
