"""A frozen speech encoder of `transformers`: waveform -> hidden states of all layers, on one core of the CPU.

Each recording passes through the network alone. In a batch, recordings are padded. In encoders with group
normalisation, as all base ones have, padding changes the values by more than their deviation, with or without a mask.
Even among recordings of one length, a batch changes the last bits. On a CPU a batch saves no time; threads share the
network and use all cores.
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

EXTRACTORS = {  # type of an encoder -> class that prepares its input
    "wavlm": "Wav2Vec2FeatureExtractor",
    "hubert": "Wav2Vec2FeatureExtractor",
    "wav2vec2": "Wav2Vec2FeatureExtractor",
    "whisper": "WhisperFeatureExtractor",
}
ONLY_IN_TRAINING = {"masked_spec_embed"}

Array = npt.NDArray[np.float32]


class Encoder:
    """Waveform, `(n_samples,)` at `sample_rate` Hz -> hidden states of its frames, `(n_frames, n_dimensions)` each.

    The first state is the input of the first layer; the others are the outputs of the layers. Several threads may call
    one encoder at the same time.
    """

    def __init__(self, network: Any, extractor: Any, forward: Callable[[Any, Any, waveforms.Waveform], Any]) -> None:
        self._network, self._extractor, self._forward = network, extractor, forward
        self.sample_rate: int = extractor.sampling_rate
        self.limit: float = getattr(extractor, "chunk_length", np.inf)
        """Duration of the longest waveform that the encoder takes, in seconds."""

    def __call__(self, waveform: waveforms.Waveform) -> list[Array]:
        """Encode one recording; even an empty one has at least one frame."""
        import torch

        torch.set_num_threads(1)  # for the calling thread: sums must not depend on the number of cores
        samples = waveform if waveform.size else np.zeros(1, np.float32)
        with torch.inference_mode():
            return [state[0].numpy() for state in self._forward(self._network, self._extractor, samples)]


@cache
def loaded(model: str, revision: str | None) -> Encoder:
    """Load an encoder, once in a process; download it first if `model` is a name whose files are not on this machine.

    Raises
    ------
    Unavailable
        If it is not available, not of that revision, or not usable; the message has the remedy.
    """
    hugging_face.check_installed()
    folder = hugging_face.folder(model, revision)
    import transformers

    transformers.utils.logging.set_verbosity_error()  # it warns of the unused heads of a checkpoint
    transformers.utils.logging.disable_progress_bar()
    try:
        network, extractor = _read(folder)
    except Unavailable:
        raise
    except Exception as error:  # torch, safetensors and transformers raise errors of many types
        reason = f"{type(error).__name__}: {error}".partition("\n")[0][: hugging_face.MAX_REASON]
        raise Unavailable(f"the speech encoder in {folder} cannot be used ({reason}); fetch its files anew") from error
    return Encoder(network, extractor, _by_spectrogram if network.config.model_type == "whisper" else _by_waveform)


def _read(folder: Path) -> tuple[Any, Any]:
    """The network, in float32 and without dropout, and the object that prepares its input."""
    import torch
    import transformers

    kind = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False).model_type
    if kind not in EXTRACTORS:
        raise Unavailable(f"{folder} holds a network of type {kind}; ssl.model must be one of {', '.join(EXTRACTORS)}")
    network, found = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    missing = sorted(set(found["missing_keys"]) - ONLY_IN_TRAINING)
    if kind == "whisper":
        network, missing = network.get_encoder(), [name for name in missing if name.startswith("encoder.")]
    if missing:  # transformers fills these with random numbers
        raise Unavailable(
            f"the weights in {folder} lack {len(missing)} of the encoder's parameters, the first is {missing[0]}; fetch"
            " its files anew"
        )
    extractor = getattr(transformers, EXTRACTORS[kind]).from_pretrained(folder)
    return network.eval().requires_grad_(False), extractor


def _by_waveform(network: Any, extractor: Any, waveform: waveforms.Waveform) -> Any:
    """Hidden states of wav2vec 2.0 and similar encoders, which take samples."""
    import torch

    values = extractor(waveform, sampling_rate=extractor.sampling_rate, return_tensors="np").input_values
    shortest = _receptive_field(network.config.conv_kernel, network.config.conv_stride)
    padded = np.pad(values, ((0, 0), (0, max(0, shortest - waveform.size))))
    return network(torch.from_numpy(padded), output_hidden_states=True).hidden_states


def _receptive_field(kernels: list[int], strides: list[int]) -> int:
    """Number of samples of the first frame; the convolutions fail with fewer."""
    n_samples = 1
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
        n_samples = (n_samples - 1) * stride + kernel
    return n_samples


def _by_spectrogram(network: Any, extractor: Any, waveform: waveforms.Waveform) -> Any:
    """Hidden states of Whisper, which always takes 30 s, without those of the padding."""
    import torch

    values = extractor(waveform, sampling_rate=extractor.sampling_rate, return_tensors="np").input_features
    states = network(torch.from_numpy(values), output_hidden_states=True).hidden_states
    samples_a_frame = extractor.n_samples // network.config.max_source_positions
    n_frames = -(-waveform.size // samples_a_frame)  # an incomplete frame counts
    return [state[:, :n_frames] for state in states]
