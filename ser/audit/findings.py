"""What an audit of a study says: its findings, and whether they may stand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ser.protocol.partitions import SPEAKER_DEPENDENT

Level = Literal["error", "note"]
Check = Literal[
    "speaker_overlap",
    "duplicate_audio",
    "near_duplicate_audio",
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
    "near_duplicate_audio": "copies of audio in two partitions",
    "made_rows": "synthetic or augmented rows outside training",
    "normalisation": "normalisation fitted outside training",
    "label_imbalance": "emotions of unequal frequency",
    "lone_speaker": "an emotion by one speaker",
    "served_features": "features in service unlike those in training",
    "served_predictions": "predictions in service unlike those in the report",
}
MAX_EXAMPLES = 5
LEAKY = "leaky_"  # how the name begins of what may break an invariant


@dataclass(frozen=True)
class Finding:
    """One thing that an audit found."""

    level: Level
    """error: what the scores say of unheard speakers does not hold; note: what a reader should know."""
    check: Check
    fold: int | None
    """None: of all of them."""
    found: str
    """One sentence, with figures."""
    remedy: str
    examples: list[str] = field(default_factory=list)
    """Utterances, `MAX_EXAMPLES` at most."""


def some(utterances: Iterable[str]) -> list[str]:
    """The first `MAX_EXAMPLES` of them."""
    return sorted(set(utterances))[:MAX_EXAMPLES]


def declared(protocol: str) -> str | None:
    """What the name of a protocol admits: `leaky`, `speaker-dependent`, or nothing."""
    if protocol.startswith(LEAKY):
        return "leaky"
    return "speaker-dependent" if protocol in SPEAKER_DEPENDENT else None


def report(findings: Sequence[Finding], *, protocol: str, declared: str | None) -> dict[str, Any]:
    """What `audit.json` holds: errors first, each in the order of checks and folds.

    Parameters
    ----------
    protocol
        As `ser.protocol.partitions.protocol` shows it beside every number.
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
    """Raise a ValueError if there are errors that the name of the protocol does not admit."""
    if report["n_errors"] and report["declared"] is None:
        kinds = dict.fromkeys(TITLES[one["check"]] for one in report["findings"] if one["level"] == "error")
        raise ValueError(
            f"the audit found {report['n_errors']} error(s) ({'; '.join(kinds)}), so the scores of this study would not"
            " hold; mend them as said above, or name the protocol for what it is (partition=random, or leaky_…)"
        )


def as_text(report: Mapping[str, Any]) -> str:
    """A report for people: findings of one check together, each remedy once."""
    label = f", declared {report['declared']}" if report["declared"] else ""
    counts = [f"{report[f'n_{word}s']} {word}{'' if report[f'n_{word}s'] == 1 else 's'}" for word in ("error", "note")]
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
