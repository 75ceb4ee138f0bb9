"""Names of the kinds of models."""

from ser.core import discovery

# Networks are found by the names of their files, because an import of Keras takes seconds.
NEURAL = tuple(discovery.modules("ser.models.networks", "NETWORK"))
ENSEMBLE = "ensemble"
