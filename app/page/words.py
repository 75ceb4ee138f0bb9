"""Plain words of the page for errors, durations and probabilities."""

import re
from collections.abc import Mapping
from typing import Any

from ser.audio import ffmpeg
from ser.audio.invalid import InvalidAudio, Kind
from ser.core.wording import counted, percent
from ser.corpora import CORPORA

PROBLEMS: Mapping[Kind, tuple[str, str]] = {
    Kind.EMPTY: ("The file is empty.", "It has 0 bytes: export or download it again."),
    Kind.LFS_POINTER: ("The file only points to a recording.", "Fetch the recording itself with `git lfs pull`."),
    Kind.NOT_OPENED: ("The file cannot be opened.", "Choose another file, or record again."),
    Kind.NOT_AUDIO: (
        "This is not a sound file that the page can read.",
        "It is damaged, or contains no sound: export it again, as WAV or FLAC.",
    ),
    Kind.NO_DECODER: (
        "The page cannot decode this format here.",
        "The program FFmpeg, which decodes it, is not installed on the server. Convert it to WAV, FLAC, MP3 or Ogg.",
    ),
    Kind.TRUNCATED: ("The file is cut off.", "It contains less sound than it declares: copy or download it again."),
    Kind.TOO_SHORT: ("The recording is too short.", "It needs at least 0.1 seconds, better a whole sentence."),
    Kind.TOO_LONG: ("The recording is too long.", "The page takes up to 30 minutes. Cut it into parts."),
    Kind.SILENT: ("The recording is silent.", "All its samples are zero: check the microphone, and record again."),
    Kind.NOT_FINITE: (
        "The recording has samples that are not numbers.",
        "Some are NaN or infinite, so the file is damaged: export it again.",
    ),
    Kind.TOO_LOUD: (
        "The recording is far too loud to be sound.",
        "Its samples are more than 100 times full scale, perhaps integers in a file of floats: export it again.",
    ),
    Kind.SAMPLE_RATE: ("The page cannot use the sample rate of this recording.", "Save it at 4,000 to 384,000 Hz."),
    Kind.SHAPE: ("The samples of the recording have a wrong shape.", "Save it again as WAV or FLAC."),
    Kind.FEATURES_NOT_FINITE: (
        "The recording cannot be measured.",
        "It is damaged or far too loud: export it again.",
    ),
}
"""Kind of `InvalidAudio` -> what is wrong, and the remedy."""
UNEXPECTED = (
    "Something went wrong on this page; it is not your fault. The log of the server has the details. Please try again."
)
SIGN = re.compile(r"[!#$&*+:<=>@\[\\\]^_`{|}~]")  # that has a meaning within a line of Markdown
CLOSE = 0.1  # difference of the two highest probabilities below which their order is uncertain
ANSWER = (
    "The page shows the most probable emotion and the probability of each emotion, a timeline of longer recordings, and"
    " pictures of the sound: waveform, spectrum and spectrograms."
)
NO_SPEECH = (
    "The page looks for speech before it predicts an emotion, and found less than 0.16 seconds of it. The recording may"
    " contain silence, noise or music, perhaps louder than a voice. So there is no emotion to show."
)
ANYWAY = "No speech was found in this recording. The model answers anyway; its answer means nothing if nobody speaks."
ESTIMATE = (
    "An estimate of how the voice sounds, not of what a person feels. Do not use it to judge, hire, police, diagnose or"
    " grade anyone."
)


def problem(error: InvalidAudio) -> tuple[str, str]:
    """Problem of a recording, and its remedy, one or two sentences each.

    Examples
    --------
    >>> problem(InvalidAudio(Kind.EMPTY, "an empty file"))
    ('The file is empty.', 'It has 0 bytes: export or download it again.')
    """
    return PROBLEMS[error.kind]


def formats() -> str:
    """Formats that the page reads on this machine.

    Examples
    --------
    >>> formats().startswith("WAV, FLAC, MP3")
    True
    """
    more = ", M4A, MP4, WebM, AMR, WMA and others" if ffmpeg.program() else ""
    return f"WAV, FLAC, MP3, Ogg, Opus, AIFF, AU, CAF{more}"


def escaped(text: str) -> str:
    """Text on one line, in which Markdown finds no markup.

    Examples
    --------
    >>> print(escaped("calm ![](a.png)"))
    calm \\!\\[\\](a.png)
    """
    return SIGN.sub(r"\\\g<0>", " ".join(text.split()))


def length(duration: float) -> str:
    """A duration in seconds, or in minutes and seconds.

    Examples
    --------
    >>> length(2.04), length(125.4)
    ('2.0 s', '2 min 5 s')
    """
    if duration < 60:
        return f"{duration:.1f} s"
    minutes, seconds = divmod(round(duration), 60)
    return f"{minutes} min {seconds} s"


def share(probability: float) -> str:
    """A probability in percent, never 0 or 100, since no model is certain.

    Examples
    --------
    >>> share(0.004), share(0.5), share(1.0)
    ('< 1 %', '50 %', '> 99 %')
    """
    if 100 * probability > 99.5:
        return "> 99 %"
    return "< 1 %" if 100 * probability < 0.5 else f"{percent(probability, digits=0)} %"


def confidence(probabilities: Mapping[str, float]) -> str:
    """Confidence in the most probable emotion, and the second one if it is close.

    Examples
    --------
    >>> confidence({"sad": 0.38, "calm": 0.45, "happy": 0.17})
    '45 % confidence, and sad is nearly as probable'
    """
    (_, first), (second, its) = sorted(probabilities.items(), key=lambda one: -one[1])[:2]
    close = f", and {second} is nearly as probable" if first - its < CLOSE else ""
    return f"{share(first)} confidence{close}"


def trained_on(description: Mapping[str, Any]) -> str:
    """Speakers and corpora of the training of a model.

    Examples
    --------
    >>> trained_on({"corpora": ["emodb"], "speakers": ["emodb/03", "emodb/08"]})
    '2 speakers of EmoDB (acted speech, German)'
    """
    corpora = [str(name) for name in description.get("corpora", [])]
    named = [_corpus(name) for name in corpora]
    speakers = len(description.get("speakers", []))
    of = " and ".join(named) if named else "recordings that its description does not name"
    return f"{counted(speakers, 'speaker')} of {of}" if speakers else of


def _corpus(name: str) -> str:
    if name not in CORPORA:
        return name
    title, voices = CORPORA[name].title, CORPORA[name].voices
    return f"{title} ({voices})" if voices else title


def meaning(description: Mapping[str, Any], labels: list[str], *, note: str = "") -> str:
    """Meaning of the confidence, and its limits, as Markdown; `note` has figures of other corpora.

    Examples
    --------
    >>> meaning({"corpora": ["emodb"]}, ["calm", "sad"]).splitlines()[-1]
    '- The tab *Model card* states how often it is right.'
    """
    elsewhere = f" {escaped(note[0].upper() + note[1:])}." if note else ""
    origin = trained_on(description)
    acted = " **Acted speech is not everyday speech.**" if "acted" in origin else ""
    feelings = ", and for feelings that are not acted" if acted else ""
    return (
        f"- The **confidence** is the probability that this model gives to its answer, among the {len(labels)} emotions"
        f" of its training ({escaped(', '.join(labels))}). The probabilities of these emotions add up to 100 %, so"
        " another emotion is always taken for one of them.\n"
        f"- It was trained on {escaped(origin)}.{acted} Expect more wrong answers, with the same confidence, for"
        f" other languages, accents, ages, rooms and microphones{feelings}.{elsewhere}\n"
        "- It uses the **sound** of the voice. It does not know the words or the situation.\n"
        "- The tab *Model card* states how often it is right."
    )
