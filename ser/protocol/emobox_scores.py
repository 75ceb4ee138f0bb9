"""Published scores on EmoBox's folds, in per cent.

References
----------
.. [1] Ma et al. (2024), EmoBox: multilingual multi-corpus speech emotion recognition toolkit and benchmark,
   Interspeech, https://arxiv.org/abs/2406.07162, table 4: UA of frozen encoders with a small network.
"""

MODELS = ("wav2vec 2.0 base", "WavLM large", "Whisper large v3")
UAR = {
    "aesdd": (67.59, 84.40, 79.13),
    "ased": (88.59, 96.44, 96.75),
    "asvp_esd": (48.99, 56.31, 61.14),
    "cafe": (42.76, 62.20, 69.43),
    "casia": (39.56, 52.12, 59.58),
    "crema_d": (61.95, 74.50, 76.75),
    "emns": (65.14, 83.97, 69.73),
    "emodb": (82.06, 92.58, 91.26),
    "emov_db": (97.85, 99.44, 99.36),
    "emovo": (31.07, 48.82, 57.82),
    "emozionalmente": (56.69, 75.00, 76.91),
    "enterface": (64.19, 92.43, 97.69),
    "esd": (69.17, 79.14, 84.62),
    "iemocap": (58.27, 69.47, 73.54),
    "jl": (45.27, 60.86, 66.71),
    "m3ed": (23.13, 26.58, 32.84),
    "mead": (72.17, 81.27, 76.35),
    "meld": (20.06, 28.18, 31.54),
    "mesd": (62.93, 62.54, 69.78),
    "msp_podcast": (15.5, 18.6, 22.24),
    "oreau": (40.14, 65.54, 84.48),
    "pavoque": (84.95, 87.73, 87.72),
    "polish": (67.35, 79.29, 83.27),
    "ravdess": (54.33, 72.00, 75.32),
    "resd": (52.82, 55.87, 54.98),
    "savee": (44.89, 66.74, 74.07),
    "shemo": (56.34, 71.72, 80.23),
    "subesco": (51.25, 65.33, 73.05),
    "tess": (97.92, 99.78, 99.96),
    "turev_db": (67.19, 79.5, 81.32),
    "urdu": (87.50, 86.61, 82.52),
}
"""Corpus -> UAR of each of `MODELS`: frozen encoders with a small network."""
