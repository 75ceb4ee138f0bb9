"""Random speech encoders of every kind, a few kilobytes each, and a reference implementation of their use."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
CHUNK = 2  # seconds; input length of the small Whisper
KINDS = ("wavlm", "hubert", "wav2vec2", "whisper")


def written(kind: str, folder: Path, *, seed: int = 0) -> Path:
    """Write an encoder and its preprocessor, as `save_pretrained` does.

    HuBERT has group normalisation like the base encoders, wav2vec 2.0 layer normalisation like the large ones.
    """
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(seed)
    small: dict[str, Any] = {
        "hidden_size": 12,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "conv_dim": (8,) * 7,
        "num_conv_pos_embeddings": 16,
        "num_conv_pos_embedding_groups": 2,
    }
    large = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
    model: Any
    extractor: Any = transformers.Wav2Vec2FeatureExtractor(do_normalize=kind != "wavlm")
    if kind == "wavlm":
        model = transformers.WavLMModel(transformers.WavLMConfig(**small))
    elif kind == "hubert":
        model = transformers.HubertModel(transformers.HubertConfig(**small))
    elif kind == "wav2vec2":
        # with a head, like checkpoints that were trained for a task
        model = transformers.Wav2Vec2ForCTC(transformers.Wav2Vec2Config(**small, **large))
    else:
        model = transformers.WhisperModel(
            transformers.WhisperConfig(
                encoder_layers=2,
                decoder_layers=1,
                encoder_attention_heads=2,
                decoder_attention_heads=2,
                encoder_ffn_dim=16,
                decoder_ffn_dim=16,
                d_model=12,
                vocab_size=20,
                max_source_positions=50 * CHUNK,
                max_target_positions=8,
                pad_token_id=0,
                bos_token_id=1,
                eos_token_id=2,
                decoder_start_token_id=1,
            )
        )
        extractor = transformers.WhisperFeatureExtractor(chunk_length=CHUNK)
    model.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


def hidden_states(kind: str, folder: Path, waveform: Array, sample_rate: int = 16_000) -> list[npt.NDArray[Any]]:
    """Hidden states of one recording, `(n_frames, n_dimensions)` each, as in transformers' documentation."""
    import torch
    import transformers

    names: Mapping[str, str] = {"wavlm": "WavLMModel", "hubert": "HubertModel", "wav2vec2": "Wav2Vec2Model"}
    network = getattr(transformers, names.get(kind, "WhisperModel")).from_pretrained(folder).eval()
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    inputs = extractor(waveform, sampling_rate=sample_rate, return_tensors="pt")
    with torch.no_grad():
        if kind == "whisper":
            states = network.encoder(inputs.input_features, output_hidden_states=True).hidden_states
        else:
            states = network(inputs.input_values, output_hidden_states=True).hidden_states
    return [state[0].numpy() for state in states]
