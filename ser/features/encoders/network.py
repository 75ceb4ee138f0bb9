"""A frozen speech encoder of `transformers`: waveform -> hidden states of all layers, on one core of the CPU.

Each recording goes through the network alone. In a batch it would be padded, which changes what encoders with group
normalisation make of it, as all base ones (masked or not, values moved by more than their deviation); and beside others
of its own length, the last bits change. On a CPU batches save no time; threads share the network, and fill the cores.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.audio import waveforms
from ser.features.encoders import hugging_face
from ser.features.encoders.hugging_face import Unavailable as Unavailable

LIBRARIES = ("torch", "transformers")  # on whose versions the values hang
EXTRACTORS = {  # type of an encoder -> the class that prepares its input
    "wavlm": "Wav2Vec2FeatureExtractor",
    "hubert": "Wav2Vec2FeatureExtractor",
    "wav2vec2": "Wav2Vec2FeatureExtractor",
    "whisper": "WhisperFeatureExtractor",
}
ONLY_IN_TRAINING = {"masked_spec_embed"}

Array = npt.NDArray[np.float32]


class Encoder:
    """Waveform, `(n_samples,)` at `sample_rate` Hz -> hidden states, `(n_frames, n_dimensions)` each, of its frames.

    The first state is what enters the first layer; the others are the layers' outputs. Threads may call it together.
    """

    def __init__(self, network: Any, extractor: Any, forward: Callable[[Any, Any, waveforms.Waveform], Any]) -> None:
        self._network, self._extractor, self._forward = network, extractor, forward
        self.sample_rate: int = extractor.sampling_rate
        self.limit: float = getattr(extractor, "chunk_length", np.inf)
        """Longest waveform that it takes, in seconds."""

    def __call__(self, waveform: waveforms.Waveform) -> list[Array]:
        """Encode one recording; of silence, too, and of a fraction of a frame, one frame at least."""
        import torch

        torch.set_num_threads(1)  # of the thread that calls: sums do not depend on how many cores there are
        samples = waveform if waveform.size else np.zeros(1, np.float32)
        with torch.inference_mode():
            return [state[0].numpy() for state in self._forward(self._network, self._extractor, samples)]


@cache
def loaded(model: str, revision: str | None) -> Encoder:
    """Load an encoder, once in a process; it is downloaded first, if `model` is a name and its files are not here.

    Raises
    ------
    Unavailable
        If it cannot be had, is not of that revision, or cannot be used; the message is the remedy.
    """
    hugging_face.check_installed()
    folder = hugging_face.folder(model, revision)
    import transformers

    transformers.utils.logging.set_verbosity_error()  # it tells of the heads that a checkpoint has and nobody needs
    transformers.utils.logging.disable_progress_bar()
    try:
        network, extractor = _read(folder)
    except Unavailable:
        raise
    except Exception as error:  # torch, safetensors and transformers raise what they like
        reason = f"{type(error).__name__}: {error}".partition("\n")[0][: hugging_face.MAX_REASON]
        raise Unavailable(f"the speech encoder in {folder} cannot be used ({reason}); fetch its files anew") from error
    return Encoder(network, extractor, _by_spectrogram if network.config.model_type == "whisper" else _by_waveform)


def _read(folder: Path) -> tuple[Any, Any]:
    """The network, in float32 and with no dropout; and what prepares its input."""
    import torch
    import transformers

    kind = transformers.AutoConfig.from_pretrained(folder).model_type
    if kind not in EXTRACTORS:
        raise Unavailable(f"{folder} holds a {kind}; ssl.model must be one of {', '.join(EXTRACTORS)}")
    network, found = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    missing = sorted(set(found["missing_keys"]) - ONLY_IN_TRAINING)
    if kind == "whisper":
        network, missing = network.get_encoder(), [name for name in missing if name.startswith("encoder.")]
    if missing:  # which transformers fills at random
        raise Unavailable(
            f"the weights in {folder} lack {len(missing)} of the encoder's parameters, the first is {missing[0]}; fetch"
            " its files anew"
        )
    extractor = getattr(transformers, EXTRACTORS[kind]).from_pretrained(folder)
    return network.eval().requires_grad_(False), extractor


def _by_waveform(network: Any, extractor: Any, waveform: waveforms.Waveform) -> Any:
    """Hidden states of wav2vec 2.0 and its kin, which read samples."""
    import torch

    values = extractor(waveform, sampling_rate=extractor.sampling_rate, return_tensors="np").input_values
    shortest = _receptive_field(network.config.conv_kernel, network.config.conv_stride)
    padded = np.pad(values, ((0, 0), (0, max(0, shortest - waveform.size))))
    return network(torch.from_numpy(padded), output_hidden_states=True).hidden_states


def _receptive_field(kernels: list[int], strides: list[int]) -> int:
    """Samples that make the first frame, below which the convolutions fail."""
    n_samples = 1
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
        n_samples = (n_samples - 1) * stride + kernel
    return n_samples


def _by_spectrogram(network: Any, extractor: Any, waveform: waveforms.Waveform) -> Any:
    """Hidden states of Whisper, which reads 30 s whatever there is; those of the silence behind it are left out."""
    import torch

    values = extractor(waveform, sampling_rate=extractor.sampling_rate, return_tensors="np").input_features
    states = network(torch.from_numpy(values), output_hidden_states=True).hidden_states
    samples_a_frame = extractor.n_samples // network.config.max_source_positions
    n_frames = -(-waveform.size // samples_a_frame)  # one that is begun counts
    return [state[:, :n_frames] for state in states]
