"""Cut the long recordings of PAVOQUE into one file of each utterance, as `corpus=pavoque` reads them.

    python -m tools.cut_pavoque FOLDER TARGET

FOLDER has the files of a release, such as pavoque-angry.flac and pavoque-angry.yaml; the latter states prompt, style,
start and end of each utterance. TARGET gets pavoque-PROMPT-STYLE.flac.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import soundfile
import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # of the parts in C, which reads the megabytes in seconds
TOLERANCE = 0.1  # seconds that an end may lie behind that of the recording
PROMPT = re.compile(r"[\w-]+")


class Utterance(NamedTuple):
    """Part of a recording, in seconds."""

    prompt: str
    style: str
    start: float
    end: float


def utterances(path: Path) -> list[Utterance]:
    """Utterances that a file of a release states.

    Raises
    ------
    ValueError
        If it is not there, or has another form.
    """
    try:
        rows: Any = yaml.load(path.read_text(encoding="utf-8"), LOADER)
    except FileNotFoundError:
        raise ValueError(f"{path} is not there; fetch it from the page of the recordings") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not YAML ({error}); fetch it again") from None
    try:
        found = [
            Utterance(str(one["prompt"]), one["style"].lower(), float(one["start"]), float(one["end"])) for one in rows
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ValueError(f"{path}: an utterance lacks prompt, style, start or end; take the newest release") from None
    for one in found:
        if not (PROMPT.fullmatch(one.prompt) and PROMPT.fullmatch(one.style) and 0 <= one.start < one.end):
            raise ValueError(f"{path}: the prompt {one.prompt!r} is no name of a file, or its times are none; mend it")
    return found


def cut(recording: Path, target: Path) -> int:
    """Write each utterance of a recording into `target`; return their number.

    Raises
    ------
    ValueError
        If the utterances are not stated beside the recording, or one ends after it.
    """
    found = utterances(recording.with_suffix(".yaml"))
    with soundfile.SoundFile(recording) as file:
        for one in found:
            first, last = (round(edge * file.samplerate) for edge in (one.start, one.end))
            if last > file.frames + TOLERANCE * file.samplerate:
                raise ValueError(f"{recording}: utterance {one.prompt} ends at {one.end:g} s, after the recording")
            file.seek(first)
            samples = file.read(last - first, dtype="int16")
            soundfile.write(target / f"pavoque-{one.prompt}-{one.style}.flac", samples, file.samplerate, file.subtype)
    return len(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    recordings = sorted(given.folder.glob("*.flac"))
    if not recordings:
        sys.exit(f"{given.folder} has no flac files; give the folder of a release")
    given.target.mkdir(parents=True, exist_ok=True)
    for recording in recordings:
        try:
            print(f"{recording}: {cut(recording, given.target)} utterances")
        except (ValueError, soundfile.LibsndfileError) as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
