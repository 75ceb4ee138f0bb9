"""Pictures of studies, corpora and recordings: one drawing for each picture."""
