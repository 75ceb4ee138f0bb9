from ser.api import audit as audit
from ser.api import compare as compare
from ser.api import features as features
from ser.serving.recognition import Recognizer as Recognizer
from ser.serving.recognition import load as load
from ser.serving.recognition import predict_emotion as predict_emotion

__all__ = ["Recognizer", "__version__", "audit", "compare", "features", "load", "predict_emotion"]

__version__: str
