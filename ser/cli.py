"""The command `ser` and its subcommands."""

import argparse
import io
import os
import shlex
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from ser.core import extras, files, lock_file, project
from ser.core.arguments import path_of
from ser.core.overrides import exp_run_option
from ser.core.wording import aligned, counted
from ser.corpora import CORPORA
from ser.evaluation import score
from ser.ingest import inventory

METRICS = Path("reports/metrics.json")
PICTURES = (
    "reports/confusion_matrix.png",
    "reports/per_class.png",
    "reports/projections/tsne.png",
    "reports/projections/umap.png",
)
RAW = Path("data/raw")
OF_THE_PROJECT = ("summary", "audit", "describe", "export", "experiments", "compare", "diff", "tune", "push", "new")
# Modules of ser/commands. Only the one that is used is imported, so that `ser --help` is quick.
LATER = {
    "audit": "look for leaks in the tables, models and predictions of the last run",
    "predict": "predict the emotion of recordings",
    "record": "record from the microphone, and predict the emotion",
    "stream": "predict emotions live, from the microphone or from raw audio on standard input",
    "describe": "make tables and pictures of the corpus of the study, or pictures of single recordings",
    "export": "write a trained model in other formats, and compare each with the original",
    "experiments": "list the runs of DVC: model, corpus, scores, and which settings differ from the default",
    "compare": "compare the scores of two runs, with the significance of their differences",
    "diff": "compare the metrics of the working copy with those of a Git revision",
    "tune": "search better settings of a study, by its dev UAR",
    "push": "upload a trained model with its card to the hub of Hugging Face",
    "new": "write the files of a new corpus, network, representation or descriptor, to be edited",
    "completion": "print the script that lets a shell complete commands and options",
}
EXAMPLES = {  # at the end of the help of each subcommand, to be run in the root of a clone
    "summary": "ser summary",
    "corpora": "ser corpora --root data/raw",
    "download": "ser download ravdess",
    "audit": "ser audit --json",
    "predict": "ser predict data/demo/Actor_01/03-01-01-01-01-01-01.flac",
    "record": "ser record --seconds 5 --save mine.wav",
    "stream": "ser stream microphone --hop 0.5",
    "describe": "ser describe data/demo/Actor_01/03-01-01-01-01-01-01.flac",
    "export": "ser export models/fold_0",
    "experiments": "ser experiments --csv",
    "compare": "ser compare main workspace",
    "diff": "ser diff main",
    "tune": "ser tune -S model=mlp --trials 10",
    "push": "ser push hf OWNER/NAME models/fold_0 --dry-run",
    "new": "ser new corpus voice_memos",
    "completion": 'eval "$(ser completion bash)"',
}


def main(arguments: list[str] | None = None) -> None:
    """Run one subcommand; bad input ends it with an error message and exit status 1.

    Examples
    --------
    >>> main(["predict"])
    Traceback (most recent call last):
    SystemExit: error: nothing to predict; give files or folders, as: ser predict recording.wav
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    command = arguments[0] if arguments else ""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # for file names that the terminal cannot show
    try:
        with extras.named():
            parser = parser_of(command)
            if not arguments:
                print(parser.format_help().rstrip())
                return
            given = parser.parse_args(arguments)
            run: Callable[[argparse.Namespace], str] = given.run
            if command in OF_THE_PROJECT:
                lock_file.restore()
            if text := run(given):
                print(text)
    except BrokenPipeError:  # for example `ser predict … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python prints an error at exit
        sys.exit(1)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}{project.hint() if command in OF_THE_PROJECT else ''}")
    except KeyboardInterrupt:
        sys.exit("interrupted")


def parser_of(*commands: str) -> argparse.ArgumentParser:
    """Parser of the command line, with the options of some commands.

    Examples
    --------
    >>> parser_of("audit").parse_args(["audit", "--json"]).json
    True
    """
    parser = argparse.ArgumentParser(prog="ser", description="Speech emotion recognition, honest by construction.")
    if "--version" in commands:  # reading it takes time
        from ser.core.version import version

        parser.add_argument("--version", action="version", version=f"ser {version()}")
    else:
        parser.add_argument("--version", action="store_true", help="print the version and exit")
    subparsers = parser.add_subparsers(dest="command", required=True)

    def add(name: str, description: str) -> argparse.ArgumentParser:
        epilog = f"example: {EXAMPLES[name]}"
        return subparsers.add_parser(name, help=description, description=description, epilog=epilog)

    known = add("summary", "print score and metrics of the last run, and the paths of its pictures")
    known.set_defaults(run=lambda _: summary())
    known = add("corpora", "list the known corpora, and which of them are installed and complete")
    known.set_defaults(run=lambda given: corpora(given.root))
    _add_root(known)
    known = add("download", "download a corpus, or print the steps to get it")
    known.add_argument("corpus", help="ravdess is downloaded; for the others the steps are printed")
    known.set_defaults(run=lambda given: download(given.corpus, given.root))
    _add_root(known)
    for name, description in LATER.items():
        known = add(name, description)
        if name in commands:
            try:
                module = import_module(f"ser.commands.{name}")
            except ModuleNotFoundError:
                if len(commands) > 1:  # for completion, which does without the options of what is not installed
                    continue
                raise
            module.add_options(known)
            known.set_defaults(run=module.run, whole=lambda: parser_of(*LATER))
    return parser


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        type=path_of,
        default=project.inside(RAW),
        metavar="FOLDER",
        help="folder with one folder per corpus (%(default)s)",
    )


def summary() -> str:
    """Score and metrics of the last run, and the paths of its pictures.

    Raises
    ------
    ValueError
        If there are no metrics.

    Examples
    --------
    >>> from contextlib import chdir
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, chdir(folder):
    ...     files.write_json(METRICS, {"dev.uar": 0.5, "protocol": "random (speaker-dependent)"})
    ...     summary().splitlines()[1:3]
    ['dev UAR 50.0 %', 'protocol: random (speaker-dependent)']
    """
    if not METRICS.is_file():
        raise ValueError(f"no {METRICS} here; make it with: dvc repro")
    metrics = files.read_json(METRICS)
    lines = aligned([(name, _shown(value)) for name, value in metrics.items()])
    pictures = [f"  {path}" for path in PICTURES if Path(path).is_file()]
    return "\n".join([score.text(metrics, report=score.report()), "", *lines, "", "pictures:", *pictures])


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "-" if value is None else str(value)


def corpora(root: Path) -> str:
    """Table of the known corpora: what `root` contains, and what the whole corpus contains.

    Examples
    --------
    >>> for line in corpora(Path("no_such_folder")).splitlines():
    ...     if line.startswith(("corpus ", "emodb ")):
    ...         print(line[:47].rstrip())
    corpus          channel    recordings  speakers
    emodb           speech     0 of 535    0 of 10
    """
    rows = [("corpus", "channel", "recordings", "speakers", "licence", "state")]
    counted = [name for name in inventory.INSTALLABLE if name not in inventory.UNCOUNTED]
    rows += [row for name in counted for row in _counted(name, root / name)]
    rows += [(name, "", *_uncounted(name, root / name)) for name in inventory.UNCOUNTED]
    return "\n".join([f"corpora in {root}, by file names:", "", *aligned(rows)])


def _counted(corpus: str, folder: Path) -> list[tuple[str, str, str, str, str, str]]:
    """Rows of a corpus with fixed contents, one of each vocal channel."""
    licence = CORPORA[corpus].licence
    try:
        holdings = inventory.holdings_of(corpus, folder)
    except ValueError as error:  # in the files that state its labels; the other corpora are listed anyway
        return [(corpus, "", "", "", licence, str(error).splitlines()[0].rstrip(":"))]
    rows = []
    for holding in holdings:
        recordings = f"{holding.n_recordings} of {holding.expected_recordings}"
        known = holding.expected_speakers
        speakers = f"{holding.n_speakers} of {known}" if known else "unknown"
        rows.append((corpus, holding.vocal_channel, recordings, speakers, licence, _state(holding)))
    return rows


def _uncounted(corpus: str, folder: Path) -> tuple[str, str, str, str]:
    """Recordings, speakers, licence and state of a corpus without fixed contents."""
    licence = CORPORA[corpus].licence
    try:
        n_recordings = inventory.n_files(corpus, folder)
    except ValueError as error:  # in its speakers.csv; the other corpora are listed anyway
        return "", "", licence, str(error).splitlines()[0].rstrip(":")
    return str(n_recordings), "", licence, "installed" if n_recordings else "none"


def _state(holding: inventory.Holding) -> str:
    if holding.is_complete:
        return "complete"
    if holding.n_stubs:
        stubs = counted(holding.n_stubs, "file")
        return f"incomplete: {stubs} without content, or Git LFS pointers; `ser download {holding.corpus}`"
    if not holding.n_recordings:
        return f"not installed; `ser download {holding.corpus}`"
    return "incomplete: lacks " + ", ".join(f"{count} of {code}" for code, count in holding.lacking.items())


def download(corpus: str, root: Path) -> str:
    """Download what is missing of a corpus with public archives; for another corpus, return the steps to get it.

    Raises
    ------
    ValueError
        If the corpus is unknown, or its archives are not usable.
    OSError
        If the download fails, or the folder cannot be written.

    Examples
    --------
    >>> download("savee", Path("no_such_folder")).splitlines()[1]
    'A program alone cannot download it:'
    """
    if corpus not in inventory.INSTALLABLE:
        raise ValueError(f"unknown corpus {corpus!r}; it is one of {', '.join(inventory.INSTALLABLE)}")
    known, folder = CORPORA[corpus], root / corpus
    holdings = inventory.holdings_of(corpus, folder)
    if holdings and all(holding.is_complete for holding in holdings):
        return f"{corpus} is complete in {folder}; nothing to do"
    terms = f"{known.title}: {known.citation}. Licence: {known.licence}."
    if not known.archives:
        quoted = shlex.quote(str(folder))
        steps = [f"  {number}. {step.format(root=quoted)}" for number, step in enumerate(known.steps, 1)]
        check = "ser corpora" if root == project.inside(RAW) else f"ser corpora --root {shlex.quote(str(root))}"
        return "\n".join([terms, "A program alone cannot download it:", *steps, f"Then check it with: {check}"])
    from ser.ingest.download.installation import install  # takes half a second, which other commands save

    print(terms)
    lacking = [holding.vocal_channel for holding in holdings if not holding.is_complete]
    n_new = install([known.archives[channel] for channel in lacking], folder)
    still = [holding for holding in inventory.holdings_of(corpus, folder) if not holding.is_complete]
    if still:
        raise ValueError(f"{folder} has all files of the archives, and is still {_state(still[0])}; see `ser corpora`")
    place = "" if root == project.inside(RAW) else f" {exp_run_option('corpus.root', str(folder))}"
    return f"{n_new} new files in {folder}; study them with: dvc exp run -S corpus={corpus}{place}"
