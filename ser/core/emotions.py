"""The emotions of all corpora, without a library."""

EMOTIONS = (
    *("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"),
    *("pleasant_surprise", "boredom"),
)
