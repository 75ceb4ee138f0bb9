"""Frozen speech encoders of Hugging Face's `transformers`."""
