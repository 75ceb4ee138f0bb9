"""MSP-Podcast: spontaneous speech of podcasts."""

from collections.abc import Iterator
from pathlib import Path

from ser.corpora.contract import Corpus
from ser.corpora.label_files import Facts, completion, found, read_json, rows, stem
from ser.corpora.patterns import SEX, Pattern
from ser.corpora.speakers import Completion

HOMEPAGE = "https://ecs.utdallas.edu/research/researchlabs/msp-lab/MSP-Podcast.html"
PARTITIONS = {"train": "train", "development": "dev", "validation": "dev", "test1": "test"}
NAMES = tuple(f"labels_{word}.{suffix}" for word in ("consensus", "concensus") for suffix in ("csv", "json"))


def _labels(folder: Path) -> Completion:
    """Emotions, speakers and sexes by the table of the consensus, as csv or json.

    Raises
    ------
    ValueError
        If the table is missing or has other columns.
    """
    path = found(folder, *NAMES)[0]
    try:
        return completion({stem(name): _facts(row) for name, row in _table(path)}, path.name)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} has another form, {error!r}; replace it by that of the corpus") from None


def _table(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    if path.suffix.lower() == ".json":
        yield from read_json(path).items()
    else:
        yield from ((row["FileName"], row) for row in rows(path, "FileName", "EmoClass", "SpkrID", "Gender"))


def _facts(row: dict[str, str]) -> Facts:
    speaker, sex = str(row.get("SpkrID", "")), row.get("Gender", "")
    return {
        "corpus_label": row["EmoClass"],
        "speaker": None if speaker.casefold() in ("", "unknown") else speaker,
        "sex": SEX(sex) if sex else None,
        "partition": PARTITIONS.get(row.get("Split_Set", "").casefold(), row.get("Split_Set") or None),
    }


CORPUS = Corpus(
    title="MSP-Podcast",
    citation="Lotfian and Busso (2019), IEEE Trans. Affective Computing 10(4): 471-483",
    licence="academic or commercial use, on a signed licence",
    voices="spontaneous speech of podcasts, English",
    steps=(f"ask for the corpus at {HOMEPAGE}", "unpack it into {root}, with its folder Labels"),
    parse=Pattern(
        "MSP-Podcast",
        r"MSP-PODCAST_\d{4}_\d{4}(?:_\d{4})?",
        example="Audios/MSP-PODCAST_0001_0008.wav",
        language="en",
    ),
    labels=_labels,
)
