"""Check of `params.yaml` as a whole, before a stage does any work."""
