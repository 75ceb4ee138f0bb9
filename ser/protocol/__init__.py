"""The protocol of a study: partitions, balancing, adaptation."""
