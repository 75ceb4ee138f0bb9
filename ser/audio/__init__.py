"""Recordings and waveforms: reading, resampling, voice activity, pitch, augmentation."""
