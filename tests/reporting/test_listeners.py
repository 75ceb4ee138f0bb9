"""Listeners of a corpus are compared with the model on the same utterances."""

from pathlib import Path

import pandas as pd
import pytest

from ser.corpora import corpus
from ser.evaluation import listeners
from ser.reporting.listeners import section as listeners_section

CREMA_D = {"name": "crema_d", "reader": "crema_d", "root": "raw"}
HEAD = '"","A","D","F","H","N","S","fileName","numResponses"\n'
VOTES = f"""{HEAD}"100001",6,2,0,0,2,0,"1001_DFA_ANG_XX",10
"100002",0,0,1,0,4,5,"1001_DFA_SAD_XX",10
"100003",0,0,0,0,9,1,"1002_DFA_NEU_XX",10
"200001",9,0,0,0,0,0,"1001_DFA_ANG_XX",9
"300002",0,0,0,0,0,9,"1001_DFA_SAD_XX",9
"""  # voice, then face and both, as the corpus has them
UTTERANCES = pd.DataFrame(
    {
        "utterance": [
            f"crema_d/{stem}_XX" for stem in ("1001_DFA_ANG", "1001_DFA_SAD", "1002_DFA_NEU", "1003_DFA_NEU")
        ],
        "corpus": "crema_d",
        "corpus_label": ["ANG", "SAD", "NEU", "NEU"],
        "emotion": ["angry", "sad", "neutral", "neutral"],
    }
)


def predicted(utterances: pd.DataFrame) -> pd.DataFrame:
    """Predictions of the utterances, all of them right."""
    truth = utterances["emotion"]
    rows = utterances[["utterance", "corpus"]].assign(truth=truth, prediction=truth)
    return rows.assign(**{f"p_{emotion}": (truth == emotion).astype(float) for emotion in ("neutral", "sad", "angry")})


@pytest.mark.parametrize("place", ["crema_d/processedResults", "crema_d", "processedResults", "."])
def test_the_votes_beside_a_corpus_make_a_line_of_the_same_utterances(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1001 is tested: 6 of 10 votes for angry, 5 of 10 for sad."""
    monkeypatch.chdir(tmp_path)
    path = Path("raw", place, "tabulatedVotes.csv")
    path.parent.mkdir(parents=True)
    Path("raw/crema_d").mkdir(exist_ok=True)
    path.write_text(VOTES)
    settings = {"name": "combined", "root": "raw", "members": {"crema_d": CREMA_D, "tess": {"reader": "tess"}}}
    section = listeners_section(predicted(UTTERANCES[:2]), UTTERANCES, settings)
    assert section is not None
    (line,) = section.text
    assert line.startswith(
        "CREMA-D: listeners chose the intended emotion, of 6, in 55.0\u00a0% of 20 votes on 2 of the 2 utterances: UAR"
        " 55.0\u00a0%. The model has UAR 100.0\u00a0% for 2 emotions."
    )
    assert "Cao et al. (2014)" in line


def test_without_votes_there_is_no_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert listeners_section(predicted(UTTERANCES), UTTERANCES, CREMA_D) is None
    Path("raw").mkdir()
    Path("raw/tabulatedVotes.csv").write_text(VOTES)
    unrated = UTTERANCES[3:]  # 1003 has no votes
    assert listeners_section(predicted(unrated), UTTERANCES, CREMA_D) is None


def test_another_file_of_that_name_is_refused_with_the_remedy(tmp_path: Path) -> None:
    votes = corpus("crema_d").votes
    assert votes is not None
    for content in (
        "a,b\n1,2\n",
        HEAD + '"100001",6,x,0,0,2,0,"1001_DFA_ANG_XX",10\n',
        HEAD + '"",1\n',
        HEAD + '"' + "1" * 200_000,
    ):
        path = tmp_path / votes.file
        path.write_text(content)
        with pytest.raises(ValueError, match=r"is not the table of votes of CREMA-D .* take it from processedResults/"):
            votes.read(path)


def test_votes_count_as_the_study_merges_and_drops_its_labels() -> None:
    """Sad and neutral are merged, disgust is dropped: angry has 6 of 10 votes, the other two 9 and 10 of 10."""
    merged = UTTERANCES.assign(emotion=["angry", "calm", "calm", "calm"])
    votes = {
        "1001_DFA_ANG_XX": {"ANG": 6, "DIS": 2, "NEU": 2},
        "1001_DFA_SAD_XX": {"FEA": 1, "NEU": 4, "SAD": 5},
        "1002_DFA_NEU_XX": {"NEU": 9, "SAD": 1},
    }
    found = listeners.scores(merged, votes, only=set(UTTERANCES["utterance"]))
    assert found == {
        "rate": pytest.approx(25 / 30),
        "uar": pytest.approx((0.6 + 0.95) / 2),
        "n_votes": 30,
        "n_utterances": 3,
        "n_emotions": 5,
    }
