"""The HTTP service: its routes, limits, keys and logs, and the processes that predict."""
