"""Unfitted models by name."""

from ser.core import discovery

# The names of their files tell networks from classifiers; an import of Keras would take seconds.
NEURAL = tuple(discovery.modules("ser.models.networks", "NETWORK"))
ENSEMBLE = "ensemble"
