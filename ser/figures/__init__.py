"""Pictures: one drawing for each."""
