"""Names of the files of published corpora."""

from collections.abc import Iterable
from pathlib import Path

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 98765\n"
SAVEE = [  # 15 sentences for each emotion, 30 for neutral
    f"{speaker}/{emotion}{number:02}.wav"
    for speaker in ("DC", "JE", "JK", "KL")
    for emotion, n_sentences in {**dict.fromkeys(("a", "d", "f", "h", "sa", "su"), 15), "n": 30}.items()
    for number in range(1, n_sentences + 1)
]


def with_files(folder: Path, names: Iterable[str], content: bytes = b"no audio") -> Path:
    """Write files of these names and of equal content."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
