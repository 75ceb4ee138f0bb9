from ser.serving.recognition import predict_emotion as predict_emotion

__all__ = ["predict_emotion"]
