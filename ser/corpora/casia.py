"""CASIA: the Chinese emotional speech corpus of the Chinese Academy of Sciences, in its public part."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://aistudio.baidu.com/aistudio/datasetdetail/209512"

CORPUS = Corpus(
    title="CASIA",
    citation="Chinese Academy of Sciences, Institute of Automation: CASIA Chinese emotional speech corpus",
    licence="not stated",
    voices="acted speech, Mandarin",
    steps=(
        f"fetch the archive from {HOMEPAGE}",
        "unpack it into {root}, which then contains the folders of four speakers, each with those of six emotions",
    ),
    parse=Pattern(
        "CASIA",
        r"(?P<recording>(?P<speaker>[a-z]+)/(?P<corpus_label>angry|fear|happy|neutral|sad|surprise)/(?P<statement>\d+))",
        example="wangzhe/sad/201.wav",
        reads={"corpus_label": str.lower},
        language="zh",
    ),
    n_speakers={"speech": 4},
    expected={"speech": dict.fromkeys(("angry", "fear", "happy", "neutral", "sad", "surprise"), 200)},
)
