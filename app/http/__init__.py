"""The HTTP service: its routes, limits, keys and logs, and the threads that predict."""
