"""The command `ser` and its subcommands."""

import argparse
import io
import os
import shlex
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from ser.commands.table import COMMANDS
from ser.core import extras, files, lock_file, project
from ser.core.arguments import path_of
from ser.core.overrides import exp_run_option
from ser.core.wording import aligned, counted, guess
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
ABOUT = "Speech emotion recognition: predict recordings, and train and evaluate models on corpora."
OF_THIS_MODULE = ("summary", "corpora", "download")  # the others are modules, of which only the one in use is imported


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
    needs_project = command in COMMANDS and COMMANDS[command].needs_project
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # for file names that the terminal cannot show
    try:
        with extras.named():
            parser = parser_of(command)
            if not arguments:
                print(parser.format_help().rstrip())
                return
            _check_command(parser, command)
            given, unknown = parser.parse_known_args(arguments)
            if unknown:
                given.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
            run: Callable[[argparse.Namespace], str] = given.run
            if needs_project:
                lock_file.restore()
            if text := run(given):
                print(text)
    except BrokenPipeError:  # for example `ser predict … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python prints an error at exit
        sys.exit(1)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}{project.hint() if needs_project else ''}")
    except KeyboardInterrupt:
        sys.exit("interrupted")


def _check_command(parser: argparse.ArgumentParser, command: str) -> None:
    """End with a usage error if there is a command of a similar name; other wrong names are left to the parser."""
    if command not in COMMANDS and (question := guess(command, COMMANDS)):
        parser.error(f"argument COMMAND: invalid choice: {command!r}; {question.rstrip()}")


def parser_of(*commands: str) -> argparse.ArgumentParser:
    """Parser of the command line, with the options of some commands.

    Examples
    --------
    >>> parser_of("audit").parse_args(["audit", "--json"]).json
    True
    """
    parser = argparse.ArgumentParser(prog="ser", description=ABOUT)
    if "--version" in commands:  # reading it takes time
        from ser.core.version import version

        parser.add_argument("--version", action="version", version=f"ser {version()}")
    else:
        parser.add_argument("--version", action="store_true", help="print the version and exit")
    parser.epilog = "ser COMMAND --help explains a command"
    subparsers = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    added = {
        name: subparsers.add_parser(name, help=one.help, description=one.help, epilog=f"example: {one.example}")
        for name, one in COMMANDS.items()
    }
    for one in added.values():
        one.set_defaults(parser=one)  # for the usage of the subcommand, where an argument is not known
    added["summary"].set_defaults(run=lambda _: summary())
    added["corpora"].set_defaults(run=lambda given: corpora(given.root))
    added["download"].add_argument("corpus", help="ravdess is downloaded; for the others the steps are printed")
    added["download"].set_defaults(run=lambda given: download(given.corpus, given.root))
    for name in ("corpora", "download"):
        _add_root(added[name])
    for name in [one for one in commands if one in COMMANDS and one not in OF_THIS_MODULE]:
        try:
            module = import_module(f"ser.commands.{name}")
        except ModuleNotFoundError:
            if len(commands) > 1:  # for completion, which does without the options of what is not installed
                continue
            raise
        module.add_options(added[name])
        added[name].set_defaults(run=module.run, whole=lambda: parser_of(*COMMANDS))
    return parser


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        type=path_of,
        default=project.inside(RAW),
        metavar="FOLDER",
        help="folder with one folder per corpus (default: %(default)s)",
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
    if pictures := [f"  {path}" for path in PICTURES if Path(path).is_file()]:
        lines += ["", "pictures:", *pictures]
    return "\n".join([score.text(metrics, report=score.report()), "", *lines])


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "-" if value is None else str(value)


def corpora(root: Path) -> str:
    """Table of the known corpora: what `root` contains, and what the whole corpus contains.

    Raises
    ------
    ValueError
        If `root` is a file.

    Examples
    --------
    >>> for line in corpora(Path("no_such_folder")).splitlines():
    ...     if line.startswith(("corpus ", "emodb ")):
    ...         print(line[:47].rstrip())
    corpus          channel    recordings  speakers
    emodb           speech     0 of 535    0 of 10
    """
    if root.is_file():
        raise ValueError(f"{root} is a file; wanted a folder with one folder for each corpus")
    rows = [("corpus", "channel", "recordings", "speakers", "licence", "state")]
    with_counts = [name for name in inventory.INSTALLABLE if name not in inventory.UNCOUNTED]
    rows += [row for name in with_counts for row in _rows_with_expected_counts(name, root / name)]
    rows += [(name, "", *_row_without(name, root / name)) for name in inventory.UNCOUNTED]
    how = "by file names" if root.exists() else "which does not exist"
    return "\n".join([f"corpora in {root}, {how}:", "", *aligned(rows)])


def _rows_with_expected_counts(corpus: str, folder: Path) -> list[tuple[str, str, str, str, str, str]]:
    """Rows of a corpus with fixed contents, one of each vocal channel."""
    licence = CORPORA[corpus].licence
    try:
        holdings = inventory.holdings_of(corpus, folder)
    except ValueError as error:  # in the files that state its labels; the other corpora are listed anyway
        return [(corpus, "", "", "", licence, str(error).splitlines()[0].rstrip(":"))]
    rows = []
    for holding in holdings:
        recordings = f"{holding.n_recordings} of {holding.expected_recordings}"
        expected = holding.expected_speakers
        speakers = f"{holding.n_speakers} of {expected}" if expected else "unknown"
        rows.append((corpus, holding.vocal_channel, recordings, speakers, licence, _state(holding)))
    return rows


def _row_without(corpus: str, folder: Path) -> tuple[str, str, str, str]:
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
        question = guess(corpus, inventory.INSTALLABLE)
        raise ValueError(f"unknown corpus {corpus!r}; {question}it is one of {', '.join(inventory.INSTALLABLE)}")
    facts, folder = CORPORA[corpus], root / corpus
    holdings = inventory.holdings_of(corpus, folder)
    if holdings and all(holding.is_complete for holding in holdings):
        return f"{corpus} is complete in {folder}; nothing to do"
    terms = f"{facts.title}: {facts.citation}. Licence: {facts.licence}."
    if not facts.archives:
        quoted = shlex.quote(str(folder))
        steps = [f"  {number}. {step.format(root=quoted)}" for number, step in enumerate(facts.steps, 1)]
        check = "ser corpora" if root == project.inside(RAW) else f"ser corpora --root {shlex.quote(str(root))}"
        return "\n".join([terms, "A program alone cannot download it:", *steps, f"Then check it with: {check}"])
    from ser.ingest.download.installation import install  # takes half a second, which other commands save

    print(terms)
    lacking = [holding.vocal_channel for holding in holdings if not holding.is_complete]
    n_new = install([facts.archives[channel] for channel in lacking], folder)
    still = [holding for holding in inventory.holdings_of(corpus, folder) if not holding.is_complete]
    if still:
        raise ValueError(f"{folder} has all files of the archives, and is still {_state(still[0])}; see `ser corpora`")
    place = "" if root == project.inside(RAW) else f" {exp_run_option('corpus.root', str(folder))}"
    return f"{n_new} new files in {folder}; study them with: dvc exp run -S corpus={corpus}{place}"
