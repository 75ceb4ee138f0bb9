"""Cut the long recordings of PAVOQUE into one file of each utterance, as `corpus=pavoque` reads them.

    python -m tools.cut_pavoque FOLDER TARGET

FOLDER has the files of a release, such as pavoque-angry.flac and pavoque-angry.yaml; the latter states prompt, style,
start and end of each utterance. TARGET gets pavoque-PROMPT-STYLE.flac.
"""

import argparse
from pathlib import Path

import soundfile
import yaml


def cut(recording: Path, target: Path) -> int:
    """Write each utterance of a recording into `target`; return their number."""
    utterances = yaml.safe_load(recording.with_suffix(".yaml").read_text(encoding="utf-8"))
    with soundfile.SoundFile(recording) as file:
        for one in utterances:
            first, last = (round(one[edge] * file.samplerate) for edge in ("start", "end"))
            file.seek(first)
            name = f"pavoque-{one['prompt']}-{one['style'].lower()}.flac"
            soundfile.write(target / name, file.read(last - first), file.samplerate, file.subtype)
    return len(utterances)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    given.target.mkdir(parents=True, exist_ok=True)
    for recording in sorted(given.folder.glob("*.flac")):
        print(f"{recording}: {cut(recording, given.target)} utterances")


if __name__ == "__main__":
    main()
