"""Findings of an audit, the report of them, and the decision whether a study may keep them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ser.core.wording import counted
from ser.protocol.partitions import FROM_OTHERS, SPEAKER_DEPENDENT

Level = Literal["error", "note"]
Check = Literal[
    "speaker_overlap",
    "duplicate_audio",
    "near_duplicate_audio",
    "contradictory_labels",
    "made_rows",
    "normalisation",
    "label_imbalance",
    "lone_speaker",
    "served_features",
    "served_predictions",
]
TITLES: dict[Check, str] = {
    "speaker_overlap": "a speaker in two partitions",
    "duplicate_audio": "equal audio in two partitions",
    "near_duplicate_audio": "near copies of audio in two partitions",
    "contradictory_labels": "equal audio under two emotions",
    "made_rows": "synthetic or augmented rows outside training",
    "normalisation": "normalisation fitted on rows outside training",
    "label_imbalance": "emotions of unequal frequency",
    "lone_speaker": "an emotion with one training speaker",
    "served_features": "served features differ from training features",
    "served_predictions": "served predictions differ from the report",
}
MAX_EXAMPLES = 5
LEAKY = "leaky_"  # prefix of the names of protocols that may leak
OF_SHARED_SPEAKERS: tuple[Check, ...] = ("speaker_overlap", "lone_speaker")
# Near copies of a speaker's recording, of which EMOVO has a pair, are another effect of shared speakers. Equal audio is
# not: every protocol keeps it in one partition.
OF_SPEAKER_DEPENDENT: tuple[Check, ...] = (*OF_SHARED_SPEAKERS, "near_duplicate_audio")
# Not in the list: a wrong corpus (contradictory_labels), and a model that serves something else than was scored.
OF_LEAKS: tuple[Check, ...] = (
    *OF_SPEAKER_DEPENDENT,
    *("duplicate_audio", "made_rows", "normalisation"),
)
ALLOWED: dict[str | None, tuple[Check, ...]] = {None: (), "speaker-dependent": OF_SPEAKER_DEPENDENT, "leaky": OF_LEAKS}
"""Checks whose errors a protocol declares, by the weakness that `declared` returns."""


@dataclass(frozen=True)
class Finding:
    """One result of an audit.

    Examples
    --------
    >>> Finding("note", "label_imbalance", None, found="sad has twice as many", remedy="read the UAR").examples
    []
    """

    level: Level
    """error: the scores do not hold for new speakers; note: the reader should know this."""
    check: Check
    fold: int | None
    """None: the finding concerns all folds."""
    found: str
    """One sentence with numbers."""
    remedy: str
    examples: list[str] = field(default_factory=list)
    """Utterances with the problem, `MAX_EXAMPLES` of them at most."""


def first_examples(utterances: Iterable[str]) -> list[str]:
    """First `MAX_EXAMPLES` different utterances in sorted order.

    Examples
    --------
    >>> first_examples(["x/2", "x/1", "x/2"])
    ['x/1', 'x/2']
    """
    return sorted(set(utterances))[:MAX_EXAMPLES]


def declared(protocol: str, *, speaker_independent: bool = True) -> str | None:
    """Weakness that a protocol declares: `leaky`, `speaker-dependent` or None.

    Parameters
    ----------
    protocol
        Its name.
    speaker_independent
        False if its partitions share speakers, which one whose partitions others made declares by itself.

    Examples
    --------
    >>> declared("leaky_smote"), declared("random"), declared("speaker_folds")
    ('leaky', 'speaker-dependent', None)
    """
    if protocol.startswith(LEAKY):
        return "leaky"
    is_dependent = protocol in SPEAKER_DEPENDENT or (protocol in FROM_OTHERS and not speaker_independent)
    return "speaker-dependent" if is_dependent else None


def report(findings: Sequence[Finding], *, protocol: str, declared: str | None) -> dict[str, Any]:
    """Content of `audit.json`: errors, then notes, each in the order of checks and folds.

    Parameters
    ----------
    protocol
        Description of the protocol, from `ser.protocol.partitions.protocol`.
    declared
        Weakness of the protocol, from `declared`.

    Examples
    --------
    >>> note = Finding("note", "label_imbalance", None, "angry has twice as many", "read the UAR")
    >>> report([note], protocol="speaker_folds (speaker-independent)", declared=None)["n_notes"]
    1
    """
    checks = list(TITLES)
    ordered = sorted(
        findings, key=lambda one: (one.level, checks.index(one.check), -1 if one.fold is None else one.fold)
    )
    levels = [one.level for one in findings]
    return {
        "protocol": protocol,
        "declared": declared,
        "n_errors": levels.count("error"),
        "n_notes": levels.count("note"),
        "findings": [asdict(one) for one in ordered],
    }


def check(report: Mapping[str, Any]) -> None:
    """Raise an error if the report has errors that the protocol does not declare.

    A speaker-dependent protocol declares speakers in two partitions, and nothing else; a leaky one declares all leaks.

    Raises
    ------
    ValueError
        If there are errors of other checks than those of `ALLOWED`.

    Examples
    --------
    >>> shared = Finding("error", "speaker_overlap", None, "8 of 8 speakers are in two", "choose another partition")
    >>> check(report([shared], protocol="random (speaker-dependent)", declared="speaker-dependent"))
    >>> scaled = Finding("error", "normalisation", 0, "the scaler was fitted on all rows", "train again")
    >>> check(report([shared, scaled], protocol="random (speaker-dependent)", declared="speaker-dependent"))
    Traceback (most recent call last):
    ...
    ValueError: the audit found 1 error that the protocol (random (speaker-dependent)) does not declare: ...
    """
    errors = [one["check"] for one in report["findings"] if one["level"] == "error"]
    undeclared = [check for check in errors if check not in ALLOWED[report["declared"]]]
    if undeclared:
        kinds = "; ".join(dict.fromkeys(TITLES[check] for check in undeclared))
        of_speakers = set(undeclared) <= set(OF_SHARED_SPEAKERS)
        declare = ", or choose the protocol that declares shared speakers: partition=random" if of_speakers else ""
        raise ValueError(
            f"the audit found {counted(len(undeclared), 'error')} that the protocol ({report['protocol']}) does not"
            f" declare: {kinds}; the scores of this study are not valid; follow the remedies above{declare}"
        )


def as_text(report: Mapping[str, Any]) -> str:
    """Report as text: findings of one check together, each remedy once.

    Examples
    --------
    >>> note = Finding("note", "label_imbalance", None, "angry has twice as many", "read the UAR")
    >>> print(as_text(report([note], protocol="random (speaker-dependent)", declared="speaker-dependent")))
    random (speaker-dependent), declared speaker-dependent: 0 errors, 1 note
    <BLANKLINE>
    note: emotions of unequal frequency
      angry has twice as many
        remedy: read the UAR
    """
    label = f", declared {report['declared']}" if report["declared"] else ""
    counts = [counted(report[f"n_{word}s"], word) for word in ("error", "note")]
    lines = [f"{report['protocol']}{label}: {', '.join(counts)}"]
    heading = ""
    remedies: set[str] = set()
    for one in report["findings"]:
        if (title := f"{one['level']}: {TITLES[one['check']]}") != heading:
            heading, remedies = title, set()
            lines += ["", heading]
        is_first = one["remedy"] not in remedies
        remedies.add(one["remedy"])
        place = "" if one["fold"] is None else f"fold {one['fold']}: "
        lines.append(f"  {place}{one['found']}")
        if is_first:
            lines += [f"    {name}" for name in one["examples"]] + [f"    remedy: {one['remedy']}"]
    return "\n".join(lines)
