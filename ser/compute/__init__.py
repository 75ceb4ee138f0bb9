"""Execution of work: on all cores or a cluster, in separate processes, with a cache; the digest of the code."""
