"""Random weights with the shapes of the published YAMNet, for networks that begin with its layers."""

import numpy as np

FILTERS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)


def random_weights(handle: str, *, n_layers: int) -> list[list[np.ndarray]]:
    """Random weights with the published shapes."""
    rng, inputs, found = np.random.default_rng(0), 1, []
    for k, filters in enumerate(FILTERS[:n_layers]):
        normal = [np.zeros(filters), np.zeros(filters), np.ones(filters)]
        if k == 0:
            found += [[rng.normal(size=(3, 3, 1, filters))], normal]
        else:
            found += [[rng.normal(size=(3, 3, inputs, 1))], [np.zeros(inputs), np.zeros(inputs), np.ones(inputs)]]
            found += [[rng.normal(size=(1, 1, inputs, filters)) / inputs**0.5], normal]
        inputs = filters
    return found
