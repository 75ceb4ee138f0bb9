"""Definition of a representation, as its module states it in the variable `REPRESENTATION`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ser.audio import waveforms

OF_THE_STAGE = ("required",)  # settings of conf/ that the extraction itself does not take


@dataclass(frozen=True)
class Definition:
    """A representation: the function that extracts it, and the kind of its values.

    Examples
    --------
    >>> def peak(waveform, recorded_rate, *, scale: float):
    ...     return {"Peak": scale * float(max(waveform))}
    >>> definition = Definition(peak)
    >>> definition.check_settings({"scale": 2.0})
    >>> definition.prepared({"scale": 2.0}).function([0.0, 0.25], 16_000)
    {'Peak': 0.5}
    """

    function: Callable[..., Any]
    """Waveform `(n_samples,)`, its sample rate in Hz, settings of conf/ as keywords -> values of the recording: an
    array, or name of a column -> number."""
    time_axis: int | None = None
    """Axis of time in the array of all recordings, `(n_rows, ...)`; None: the representation is a feature table."""
    is_scaled: bool = False
    """True: a network takes the values as they are. False: it standardises them by the training partition."""
    prepare: Callable[[Mapping[str, Any]], object] | None = None
    """Function of the settings that loads what `function` needs, once in a process, or raises a `ValueError` with the
    remedy. None: it needs nothing."""
    batch_function: Callable[..., Sequence[Any]] | None = None
    """Recordings (waveform and sample rate), settings as keywords -> values of each. None: one by one is as fast."""
    is_threaded: bool = False
    """True: threads share what `prepare` loads. False: processes extract."""
    settings_class: Callable[..., Any] | None = None
    """Class whose fields are the settings, where `function` takes them all as `**settings`; None: its keywords."""
    libraries: tuple[str, ...] = ()
    """Distributions on whose versions the values depend, beside `ser.compute.code_digest.LIBRARIES`."""

    check: Callable[[Mapping[str, Any]], None] | None = None
    """Function that checks the content of settings that are lists or objects, and raises a `ValueError`."""
    unknown_networks: Callable[[Mapping[str, Any]], Sequence[str]] | None = None
    """Settings -> names of the networks that `prepare` would load, and whose content this project does not know. None:
    it loads none."""
    weights: Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None
    """Settings -> digest of the weights on this machine of each network that `prepare` loads, where its name does not
    pin them. None: names pin all."""
    pretraining_corpora: Callable[[Mapping[str, Any]], Sequence[str]] | None = None
    """Settings -> corpora whose emotions the networks that `prepare` loads were trained on. None: of no corpus."""

    def check_settings(self, settings: Mapping[str, Any]) -> None:
        """Check settings of anybody, before `prepare` loads what they name.

        Raises
        ------
        ValueError
            If a setting is missing or unknown, has another type, or is out of its range.
        """
        from ser.features import settings as of_functions  # imports pydantic, which the built-in models do not need

        given = self._given(settings)
        of_functions.check(self.settings_class or self.function, given, path="settings")
        if self.check is not None:
            self.check(given)

    def prepared(self, settings: Mapping[str, Any]) -> "Prepared":
        """The functions with their settings, after everything that they need is loaded.

        Raises
        ------
        ValueError
            If something that they need is not available; the message has the remedy.
        """
        if self.prepare is not None:
            self.prepare(settings)
        given = self._given(settings)
        return Prepared(partial(self.function, **given), self.batch_function and partial(self.batch_function, **given))

    @staticmethod
    def _given(settings: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in settings.items() if key not in OF_THE_STAGE}


@dataclass(frozen=True)
class Prepared:
    """Functions of a definition, with their settings.

    Examples
    --------
    >>> Prepared(lambda waveform, recorded_rate: {"Peak": max(waveform)}, None).function([0.0, 0.25], 16_000)
    {'Peak': 0.25}
    """

    function: Callable[[waveforms.Waveform, int], Any]
    batch_function: Callable[[Sequence[tuple[waveforms.Waveform, int]]], Sequence[Any]] | None
