"""How work is executed: spread over cores or a cluster, in processes, cached; the digest of code."""
