"""A random encoder of Whisper of a few hundred kilobytes, and transformers' hidden states of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
WIDTH, N_LAYERS, N_MELS = 128, 3, 80  # two heads
CHUNK = 2  # seconds; input length of this encoder
N_POSITIONS = 50 * CHUNK


def tensors(seed: int = 0) -> dict[str, Array]:
    """Weights by the names of transformers, with effects of the size of those that were trained."""
    rng = np.random.default_rng(seed)

    def affine(name: str, *shape: int, bias: bool = True) -> dict[str, Array]:
        kernel = rng.normal(0, (shape[0] / np.prod(shape)) ** 0.5, shape).astype(np.float32)
        return {f"{name}.weight": kernel} | ({f"{name}.bias": noise(shape[0])} if bias else {})

    def noise(size: int, mean: float = 0.0) -> Array:
        return rng.normal(mean, 0.1, size).astype(np.float32)

    def norm(name: str) -> dict[str, Array]:
        return {f"{name}.weight": noise(WIDTH, 1.0), f"{name}.bias": noise(WIDTH)}

    found = affine("conv1", WIDTH, N_MELS, 3) | affine("conv2", WIDTH, WIDTH, 3) | norm("layer_norm")
    found["embed_positions.weight"] = rng.normal(0, 0.5, (N_POSITIONS, WIDTH)).astype(np.float32)
    for k in range(N_LAYERS):
        at = f"layers.{k}"
        found |= norm(f"{at}.self_attn_layer_norm") | norm(f"{at}.final_layer_norm")
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            found |= affine(f"{at}.self_attn.{part}", WIDTH, WIDTH, bias=part != "k_proj")
        found |= affine(f"{at}.fc1", 2 * WIDTH, WIDTH) | affine(f"{at}.fc2", WIDTH, 2 * WIDTH)
    return {f"model.encoder.{name}": value for name, value in found.items()}


def written(folder: Path, *, seed: int = 0, without: str | None = None) -> Path:
    """Write the weights to a folder, as they are published; `without` is a name that is left out."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file({k: v for k, v in tensors(seed).items() if k != without}, folder / "model.safetensors")
    configuration = {
        "model_type": "whisper",
        "d_model": WIDTH,
        "encoder_layers": N_LAYERS,
        "encoder_attention_heads": 2,
        "encoder_ffn_dim": 2 * WIDTH,
        "num_mel_bins": N_MELS,
        "max_source_positions": N_POSITIONS,
    }
    (folder / "config.json").write_text(json.dumps(configuration))
    return folder


def encoders(folder: Path) -> Path:
    """Write the weights below a folder, so that `SER_ENCODERS` can name it; return it."""
    written(folder / "whisper_base")
    return folder


def spectra_of_transformers(waveform: Array, *, chunk: int) -> Array:
    """Input of the encoder, `(n_mels, n_frames)`, padded to `chunk` seconds."""
    import transformers

    extractor: Any = transformers.WhisperFeatureExtractor(chunk_length=chunk)
    found: Array = extractor(waveform, sampling_rate=16_000, return_tensors="np").input_features[0]
    return found


def states_of_transformers(folder: Path, spectra: Array) -> list[Array]:
    """Hidden states; the length of the spectra may be below that of the positions, which are then the first ones."""
    import torch
    import transformers
    from safetensors.torch import load_file
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    n_positions = spectra.shape[1] // 2
    configuration = transformers.WhisperConfig.from_pretrained(folder, max_source_positions=n_positions)
    network = WhisperEncoder(configuration).eval()
    weights = {
        name.removeprefix("model.encoder."): value for name, value in load_file(folder / "model.safetensors").items()
    }
    weights["embed_positions.weight"] = weights["embed_positions.weight"][:n_positions]
    network.load_state_dict({name: value.float() for name, value in weights.items()})
    with torch.no_grad():
        states = network(torch.from_numpy(spectra[np.newaxis]), output_hidden_states=True).hidden_states
    return [state[0].numpy() for state in states]
