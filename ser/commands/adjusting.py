"""Options that adjust a model to a speaker and to a place: `--enrol`, `--prior`, `--unsure`."""

import argparse
import sys
from collections.abc import Sequence

from ser.commands import printable
from ser.core.arguments import path_of
from ser.serving import enrolling, priors
from ser.serving.recognizer import Recognizer

MAX_NAMED = 5  # recordings in the note on an enrolment


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the enrolment, the priors, and the threshold.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> given = parser.parse_args(["--prior", "neutral=0.6", "--prior", "sad=0.1", "--unsure", "0.5"])
    >>> given.enrol, given.priors, given.unsure
    (None, ['neutral=0.6', 'sad=0.1'], 0.5)
    """
    parser.add_argument(
        "--enrol",
        type=path_of,
        action="append",
        metavar="FOLDER",
        help="folder or file with recordings of the same speaker, without labels: features are adapted to them, so the"
        " answers are transductive (repeatable)",
    )
    parser.add_argument(
        "--prior",
        dest="priors",
        action="append",
        default=[],
        metavar="EMOTION=SHARE",
        help="share of an emotion in your recordings, for example neutral=0.6; the others share the rest equally"
        " (repeatable, or a list with commas; default: all emotions are equally frequent)",
    )
    parser.add_argument(
        "--unsure",
        type=float,
        default=0.0,
        metavar="CONFIDENCE",
        help="answer unsure instead of an emotion if the confidence is below this number, 0 to 1 (default: never)",
    )


def adjusted(recognizer: Recognizer, given: argparse.Namespace) -> Recognizer:
    """The recognizer with the given options; the recordings that are enrolled, and those left out, are printed.

    Raises
    ------
    ValueError
        If an option has a wrong value, or no recording can be enrolled.

    Examples
    --------
    >>> import ser
    >>> given = argparse.Namespace(enrol=None, priors=["neutral=0.6"], unsure=0.5)
    >>> recognizer = adjusted(ser.load(), given)
    >>> recognizer.prior, recognizer.unsure
    ({'neutral': 0.6}, 0.5)
    """
    options = {"prior": priors.parsed(given.priors), "unsure": given.unsure}
    recognizer = recognizer.adjusted(**options)  # before recordings are read
    if given.enrol is None:
        return recognizer
    for one in given.enrol:
        enrolling.check_exists(one)
    found = enrolling.enrolled_from(recognizer, given.enrol)
    for name, reason in found.left_out.items():
        print(f"note: {printable(name)} is not enrolled: {reason}", file=sys.stderr)
    print(f"note: {found.enrolment.protocol}: {_named(found.used)}", file=sys.stderr)
    return recognizer.adjusted(**options, enrolment=found.enrolment)


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(map(printable, names[:MAX_NAMED])) + more
