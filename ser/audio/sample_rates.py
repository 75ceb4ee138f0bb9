"""Sample rates that a recording of speech may have.

Ingest and prediction check this, where recordings come in, as `full_scale` does.
"""

from numbers import Real

from ser.audio.invalid import InvalidAudio, Kind

RATES = (4_000, 384_000)  # Hz; a header with a lower or higher rate is wrong, and resampling would take all memory


def check(sample_rate: float) -> int:
    """Sample rate in Hz as an integer.

    Raises
    ------
    InvalidAudio
        If it is not a rate of speech recordings.

    Examples
    --------
    >>> check(16_000.0)
    16000
    """
    if not isinstance(sample_rate, Real) or not RATES[0] <= sample_rate <= RATES[1] or sample_rate % 1:
        found = f"{sample_rate}" if isinstance(sample_rate, Real) else f"{sample_rate!r:.60}, which is no number, in"
        remedy = f"record at {RATES[0]} to {RATES[1]} Hz"
        raise InvalidAudio(Kind.SAMPLE_RATE, f"a sample rate of {found} Hz", remedy)
    return round(sample_rate)
