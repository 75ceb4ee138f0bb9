"""Frozen speech encoders: of Hugging Face's `transformers` by torch, and that of Whisper by NumPy."""
