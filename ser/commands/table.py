"""Table of the subcommands of `ser`."""

from collections.abc import Mapping
from typing import NamedTuple


class Command(NamedTuple):
    """What the help says of a subcommand.

    Examples
    --------
    >>> COMMANDS["download"].example
    'ser download ravdess'
    """

    help: str
    example: str
    """Command line, to be run in the root of a clone."""
    needs_project: bool = False
    """True if it reads or writes files of the project, as dvc.lock."""


COMMANDS: Mapping[str, Command] = {
    "summary": Command(
        "print score and metrics of the last run, and the paths of its pictures", "ser summary", needs_project=True
    ),
    "corpora": Command(
        "list the known corpora, and which of them are installed and complete", "ser corpora --root data/raw"
    ),
    "download": Command("download a corpus, or print the steps to get it", "ser download ravdess"),
    "audit": Command(
        "look for leaks in the tables, models and predictions of the last run", "ser audit --json", needs_project=True
    ),
    "predict": Command("predict the emotion of recordings", "ser predict data/demo/Actor_01/03-01-01-01-01-01-01.flac"),
    "record": Command("record from the microphone, and predict the emotion", "ser record --seconds 5 --save mine.wav"),
    "stream": Command(
        "predict emotions live, from the microphone or from raw audio on standard input",
        "ser stream microphone --hop 0.5",
    ),
    "describe": Command(
        "make tables and pictures of the corpus of the study, or pictures of single recordings",
        "ser describe data/demo/Actor_01/03-01-01-01-01-01-01.flac",
        needs_project=True,
    ),
    "export": Command(
        "write a trained model in other formats, and compare each with the original",
        "ser export models/fold_0",
        needs_project=True,
    ),
    "experiments": Command(
        "list the runs of DVC: model, corpus, scores, and which settings differ from the default",
        "ser experiments --csv",
        needs_project=True,
    ),
    "compare": Command(
        "compare the scores of two runs, with the significance of their differences",
        "ser compare main workspace",
        needs_project=True,
    ),
    "diff": Command(
        "compare the metrics of the working copy with those of a Git revision", "ser diff main", needs_project=True
    ),
    "tune": Command(
        "search the settings of a study with the highest dev UAR",
        "ser tune -S model=mlp --trials 10",
        needs_project=True,
    ),
    "push": Command(
        "upload a trained model with its card to the Hugging Face Hub",
        "ser push hf OWNER/NAME models/fold_0 --dry-run",
        needs_project=True,
    ),
    "new": Command(
        "write the files of a new corpus, network, representation or descriptor, to be edited",
        "ser new corpus voice_memos",
        needs_project=True,
    ),
    "completion": Command(
        "print the script that lets a shell complete commands and options", 'eval "$(ser completion bash)"'
    ),
}
