"""The protocol of a study: partitions, balancing, adaptation to speakers."""
