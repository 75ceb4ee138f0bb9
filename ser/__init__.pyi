from ser.serving.recognition import predict_emotion as predict_emotion

__all__ = ["__version__", "predict_emotion"]

__version__: str
