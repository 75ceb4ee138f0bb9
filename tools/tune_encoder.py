"""Train the first layers of an encoder of Whisper further, on the emotions of a study.

    dvc exp run -S experiment=general -S corpus.root=data/raw partition
    python -m tools.tune_encoder whisper_base/model.safetensors --corpora crema_d --layers 3 --to tuned.safetensors
    python -m tools.pack_encoder tuned.safetensors --layers 3 --name whisper_base_emotion_int8

Only speakers of the train partition of fold 0 are used. Needs torch and transformers (`serkit[ssl]`). An interrupted
training resumes at its last epoch. One core takes about 12 minutes for CREMA-D.

Method: a linear classifier on the mean of the last layer, fitted to the encoder as it was published, is trained
together with the layers [1]_. In every epoch, each utterance is a random stretch of its speech, half of them as other
voices, rooms, microphones and lines would have delivered them, with random changes of the spectrum.

References
----------
.. [1] Kumar et al. (2022), Fine-tuning can distort pretrained features and underperform out-of-distribution, ICLR:
   a classifier is fitted first, then everything is trained.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import safetensors.torch
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional
from tqdm import tqdm
from transformers import WhisperConfig
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from ser.audio import segments
from ser.audio.conditions import other_conditions
from ser.audio.excerpts import around_speech, excerpt
from ser.core import files, params_file, tables, yaml_text
from ser.core.emotions import in_order
from ser.features.encoders.whisper_spectra import SAMPLE_RATE, log_mel_spectra
from ser.features.encoders.whisper_weights import HEAD_WIDTH
from ser.models.variation import varied
from ser.params import CONF

Values = npt.NDArray[np.float32]

MAX_DURATION = 4.0  # seconds of an utterance
STRETCH = (100, 240)  # spectra of 10 ms that an utterance has in training, fewest and most
N_EPOCHS = 4
BATCH_SIZE = 16
LEARNING_RATE = 5e-5  # the highest of the last layer; each earlier layer has 0.8 of the one above it
DECAY = 0.8
CLASSIFIER_RATE = 1e-3
WARM_UP = 0.1  # share of the steps in which the learning rates rise; then they fall along a cosine
WEIGHT_DECAY = 0.01
PENALTY = 0.02  # of the squared weights of the classifier
C = 0.003  # of the classifier that is fitted first
SMOOTHING = 0.1
DROPOUT = 0.3  # of the features of the classifier
LAYER_DROPOUT = 0.1
CONDITIONS = yaml_text.loaded((CONF / "augmentation/conditions.yaml").read_text())["variants"]["other_conditions"]
VARIATION = {  # of log-mel spectra in Whisper's unit, 40 dB
    "max_stretch": 0.15,
    "max_delay": 0.0,
    "max_warp": 0.1,
    "max_transposition": 0.0,
    "max_gain": 0.25,
    "max_filter_gain": 0.25,
    "n_masks": 1,
    "max_time_mask": 20,
    "max_band_mask": 8,
}


class Examples(NamedTuple):
    """Utterances of the train partition."""

    waveforms: list[Values]
    """The part with speech, at 16 kHz."""
    codes: torch.Tensor
    """Index of each emotion, `(n_utterances,)`."""
    weights: torch.Tensor
    """Of each utterance, with the mean 1."""


class Tuned(torch.nn.Module):
    """The encoder, and a linear classifier on the mean of its last layer."""

    def __init__(self, weights: Path, n_layers: int) -> None:
        super().__init__()
        self.published = safetensors.torch.load_file(weights)
        self.names = {name.rpartition("encoder.")[2]: name for name in self.published if "encoder." in name}
        arrays = {name: self.published[full].float() for name, full in self.names.items()}
        self.encoder = WhisperEncoder(_configuration(arrays, n_layers))
        self.encoder.load_state_dict({name: arrays[name] for name in self.encoder.state_dict()})
        self.encoder.requires_grad_(False)
        self.encoder.layers.requires_grad_(True)

    def fit_first(self, examples: Examples) -> None:
        """Fit the classifier to the published encoder; its features are standardised by those of the examples."""
        features = self.eval_features(examples.waveforms)
        self.register_buffer("mean", torch.from_numpy(features.mean(axis=0)))
        self.register_buffer("scale", torch.from_numpy(features.std(axis=0)))
        standardised = (features - features.mean(axis=0)) / features.std(axis=0)
        weights = examples.weights.numpy()
        linear = LogisticRegression(C=C, max_iter=500).fit(standardised, examples.codes.numpy(), sample_weight=weights)
        self.classifier = torch.nn.Linear(*linear.coef_.shape[::-1])
        with torch.no_grad():
            self.classifier.weight.copy_(torch.from_numpy(linear.coef_))
            self.classifier.bias.copy_(torch.from_numpy(linear.intercept_))

    def features(self, spectra: torch.Tensor) -> torch.Tensor:
        """Mean of the last layer over time, scaled to mean 0 and deviation 1 over its values, `(n_rows, width)`."""
        with torch.no_grad():
            states = functional.gelu(self.encoder.conv2(functional.gelu(self.encoder.conv1(spectra)))).transpose(1, 2)
            states = states + self.encoder.embed_positions.weight[: states.shape[1]]
        for layer in self.encoder.layers:
            output = layer(states, None)
            states = output[0] if isinstance(output, tuple) else output
        mean = states.float().mean(dim=1)
        return (mean - mean.mean(dim=1, keepdim=True)) / mean.std(dim=1, keepdim=True, correction=0)

    @torch.no_grad()
    def eval_features(self, waveforms: list[Values]) -> Values:
        """Features of whole recordings, without changes."""
        self.eval()
        found = []
        for waveform in tqdm(waveforms, desc="published encoder", disable=None):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                found.append(self.features(torch.from_numpy(_even(log_mel_spectra(waveform)))[None])[0].numpy())
        return np.stack(found)

    def loss(self, spectra: torch.Tensor, codes: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Weighted cross-entropy, and the penalty of the classifier."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            features = (self.features(spectra) - self.mean) / self.scale
            logits = self.classifier(functional.dropout(features, DROPOUT, self.training))
        error = functional.cross_entropy(logits.float(), codes, label_smoothing=SMOOTHING, reduction="none")
        return (error * weights).mean() + PENALTY * self.classifier.weight.square().sum()

    def groups(self) -> list[dict[str, Any]]:
        """Parameters with their highest learning rate."""
        rates = [LEARNING_RATE * DECAY**k for k in range(len(self.encoder.layers))][::-1]
        of_layers = [
            {"params": list(layer.parameters()), "lr": rate, "highest": rate, "weight_decay": WEIGHT_DECAY}
            for layer, rate in zip(self.encoder.layers, rates, strict=True)
        ]
        last = {"lr": CLASSIFIER_RATE, "highest": CLASSIFIER_RATE, "weight_decay": 0.0}
        return [{"params": list(self.classifier.parameters()), **last}, *of_layers]

    def arrays(self) -> dict[str, torch.Tensor]:
        """Weights of the encoder under their published names, later layers too, in the published precision."""
        tuned = {self.names[name]: value for name, value in self.encoder.state_dict().items()}
        return {name: tuned.get(name, old).to(old.dtype).contiguous() for name, old in self.published.items()}


def _configuration(arrays: dict[str, torch.Tensor], n_layers: int) -> WhisperConfig:
    width, n_mels = arrays["conv1.weight"].shape[:2]
    return WhisperConfig(
        d_model=width,
        num_mel_bins=n_mels,
        encoder_attention_heads=width // HEAD_WIDTH,
        encoder_layers=n_layers,
        encoder_ffn_dim=len(arrays["layers.0.fc1.bias"]),
        max_source_positions=len(arrays["embed_positions.weight"]),
        dropout=LAYER_DROPOUT,
        attn_implementation="sdpa",
    )


def training_examples(root: Path, corpora: list[str]) -> Examples:
    """Utterances of some corpora in the train partition of fold 0, below the folder of all corpora.

    Each emotion weighs alike in its corpus, and a corpus by the root of its number of utterances.
    """
    utterances = tables.read_utterances(Path("data/utterances.csv"))
    partitions = tables.read_partitions(Path("data/partitions.csv"))
    chosen = partitions[(partitions["fold"] == 0) & (partitions["partition"] == "train")]["utterance"]
    rows = utterances[utterances["utterance"].isin(chosen) & utterances["duplicate_of"].isna()]
    if missing := sorted(set(corpora) - set(rows["corpus"])):
        raise ValueError(
            f"no utterance of {', '.join(missing)} trains in fold 0; make the partitions of a study with them"
        )
    rows = rows[rows["corpus"].isin(corpora)]
    labels = {label: code for code, label in enumerate(in_order(rows["emotion"].unique()))}
    waveforms = [speech(root / path) for path in tqdm(rows["path"], desc="recordings", disable=None)]
    return Examples(waveforms, torch.tensor(list(rows["emotion"].map(labels))), weights_of(rows))


def weights_of(rows: pd.DataFrame) -> torch.Tensor:
    """Weight of each row: emotions alike in their corpus, a corpus by the root of its number of rows."""
    corpus = rows.groupby("corpus")["emotion"]
    weight = corpus.transform("size") ** 0.5 / corpus.transform("nunique")
    weight /= rows.groupby(["corpus", "emotion"])["emotion"].transform("size")
    return torch.tensor((weight / weight.mean()).to_numpy(np.float32))


def speech(path: Path) -> Values:
    """The part of a recording with speech, at 16 kHz."""
    decoded = segments.read(path, None)
    part = around_speech(decoded.waveform, decoded.sample_rate)
    return excerpt(part, decoded.sample_rate, sample_rate=SAMPLE_RATE, duration=MAX_DURATION)


def changed(waveform: Values, random: np.random.Generator) -> Values:
    """Log-mel spectra of a recording in one draw of conditions, `(n_mels, n_frames)`."""
    if random.random() < 0.5:
        waveform = other_conditions(waveform, SAMPLE_RATE, random, **CONDITIONS)
    return varied(log_mel_spectra(waveform), random, **VARIATION)


def batches(examples: Examples, random: np.random.Generator) -> Iterator[tuple[torch.Tensor, Any]]:
    """Spectra `(n_rows, n_mels, n_frames)` of stretches of one length, and the positions of their utterances.

    Recordings of similar length form a batch, so that the shortest of them cuts little.
    """
    length = np.array([waveform.size for waveform in examples.waveforms])
    order = np.argsort(length * random.uniform(0.85, 1.15, length.size))
    n_batches = order.size // BATCH_SIZE
    kept = random.permutation(order)[: n_batches * BATCH_SIZE]
    together = order[np.isin(order, kept)].reshape(n_batches, BATCH_SIZE)
    for rows in random.permutation(together):
        spectra = [changed(examples.waveforms[row], random) for row in rows]
        n_frames = int(np.clip(min(one.shape[1] for one in spectra), *STRETCH)) // 2 * 2
        yield torch.from_numpy(np.stack([stretch(one, n_frames, random) for one in spectra])), rows


def stretch(spectra: Values, n_frames: int, random: np.random.Generator) -> Values:
    """Random frames in a row; the last frame is repeated where a recording is shorter.

    Examples
    --------
    >>> stretch(np.array([[1, 2]], np.float32), 4, np.random.default_rng(0)).tolist()
    [[1.0, 2.0, 2.0, 2.0]]
    """
    missing = max(0, n_frames - spectra.shape[1])
    start = random.integers(0, max(0, spectra.shape[1] - n_frames), endpoint=True)
    return np.pad(spectra[:, start : start + n_frames], ((0, 0), (0, missing)), mode="edge")


def _even(spectra: Values) -> Values:
    return spectra[:, : spectra.shape[1] // 2 * 2]


def train(model: Tuned, examples: Examples, *, seed: int, kept: Path, n_epochs: int = N_EPOCHS) -> None:
    """Train epoch by epoch; `kept` has the state after the last whole epoch, from which a training resumes."""
    optimizer = torch.optim.AdamW(model.groups())
    n_batches = len(examples.waveforms) // BATCH_SIZE
    first = 0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["epoch"] + 1
    for epoch in range(first, n_epochs):
        torch.manual_seed(seed + epoch)
        model.train()
        loss = 0.0
        drawn = batches(examples, np.random.default_rng([seed, epoch]))
        for k, (spectra, rows) in enumerate(tqdm(drawn, desc=f"epoch {epoch}", total=n_batches, disable=None)):
            _set_rates(optimizer, (epoch * n_batches + k) / (n_epochs * n_batches))
            loss += _step(model, optimizer, model.loss(spectra, examples.codes[rows], examples.weights[rows]))
        print(f"epoch {epoch}: loss {loss / n_batches:.3f}", flush=True)
        with files.replacing(kept) as file:
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, file)


def _set_rates(optimizer: torch.optim.Optimizer, share: float) -> None:
    factor = min(1.0, share / WARM_UP) * (1 + np.cos(np.pi * max(0.0, share - WARM_UP) / (1 - WARM_UP))) / 2
    for group in optimizer.param_groups:
        group["lr"] = group["highest"] * float(factor)


def _step(model: Tuned, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> float:
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.encoder.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def main() -> None:
    """Read the options, and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, help="model.safetensors of the encoder, as transformers reads it")
    parser.add_argument("--layers", type=int, required=True, help="the first ones, which are trained and kept")
    parser.add_argument("--corpora", required=True, help="whose utterances train it, with commas: crema_d,emodb")
    parser.add_argument("--to", type=Path, required=True, help="file of the tuned weights")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    try:
        run(options)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")


def run(options: argparse.Namespace) -> None:
    """Train with the options of the command, and write the weights."""
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    examples = training_examples(Path(params_file.load("corpus")["corpus"]["root"]), options.corpora.split(","))
    model = Tuned(options.weights, options.layers)
    model.fit_first(examples)
    options.to.parent.mkdir(parents=True, exist_ok=True)
    train(model, examples, seed=options.seed, kept=options.to.with_suffix(".partial"))
    with files.replacing(options.to) as file:
        safetensors.torch.save_file(model.arrays(), file)


if __name__ == "__main__":
    main()
