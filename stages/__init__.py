"""One script per stage of dvc.yaml, named by its verb."""
