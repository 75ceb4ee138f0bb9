"""Corpora whose labels other files state: IEMOCAP, MELD, MSP-Podcast and others."""

from pathlib import Path

import pytest

from ser.corpora import corpus
from ser.ingest import counts, survey, utterance_table
from tests.support.small_corpora import ingested, written

EVALUATION = """% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]

[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]
C-E2:\tNeutral;\t()

[10.0100 - 11.3925]\tSes01F_impro01_M001\texc\t[2.5000, 2.5000, 2.5000]
[14.8872 - 18.0175]\tSes01F_impro01_F002\txxx\t[2.5000, 2.5000, 2.5000]
[19.2900 - 20.7875]\tSes01F_impro01_M003\tang\t[2.5000, 2.5000, 2.5000]
"""


@pytest.fixture
def iemocap(tmp_path: Path) -> Path:
    session = tmp_path / "Session1"
    for turn in ("F000", "M001", "F002", "M003"):
        written(session / "sentences/wav/Ses01F_impro01" / f"Ses01F_impro01_{turn}.wav")
    written(session / "dialog/wav/Ses01F_impro01.wav")
    (session / "dialog/EmoEvaluation").mkdir()
    (session / "dialog/EmoEvaluation/Ses01F_impro01.txt").write_text(EVALUATION)
    return tmp_path


def test_iemocap_has_its_emotions_from_evaluation_files_and_its_speakers_from_turns(iemocap: Path) -> None:
    utterances, report = ingested(iemocap, "corpus=iemocap")
    columns = ["utterance", "speaker", "sex", "emotion"]
    assert utterances[columns].to_numpy().tolist() == [
        ["iemocap/Ses01F_impro01_F000", "iemocap/01F", "female", "neutral"],
        ["iemocap/Ses01F_impro01_M001", "iemocap/01M", "male", "excited"],
        ["iemocap/Ses01F_impro01_M003", "iemocap/01M", "male", "angry"],
    ]
    assert (report["dropped"], report["no_emotion"]) == ({}, {"iemocap, xxx": 1})
    assert "left out, no emotion by corpus.label_map: 1 of iemocap, xxx" in counts.summary(report, labels="canonical")
    assert report["not_audio"] == {".txt": 1, ".wav": 1}  # the dialogue is no utterance


def test_iemocap_has_four_classes_where_excited_is_happy(iemocap: Path) -> None:
    utterances = ingested(iemocap, "corpus=iemocap", "labels=iemocap_four").utterances
    assert utterances["emotion"].tolist() == ["neutral", "happy", "angry"]


def test_iemocap_without_evaluation_files_names_them(iemocap: Path) -> None:
    (iemocap / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt").unlink()
    with pytest.raises(ValueError, match=r"has no Session\*/dialog/EmoEvaluation/\*\.txt, which states the emotions"):
        ingested(iemocap, "corpus=iemocap")


def test_a_recording_that_the_files_do_not_name_is_an_error_with_its_remedy(iemocap: Path) -> None:
    written(iemocap / "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M009.wav")
    with pytest.raises(utterance_table.InvalidCorpus, match=r"M009\.wav: EmoEvaluation has no label for it; add it to"):
        ingested(iemocap, "corpus=iemocap")


def test_meld_has_parts_with_the_same_names_and_its_second_films_are_substitutes(tmp_path: Path) -> None:
    header = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID"
    for part, emotion in {"train": "joy", "dev": "anger", "test": "neutral"}.items():
        (tmp_path / f"{part}_sent_emo.csv").write_text(f'{header}\n1,"Oh, no",Joey,{emotion},x,0,0\n')
    for name in ("train_splits/dia0_utt0", "dev_splits_complete/dia0_utt0", "output_repeated_splits_test/dia0_utt0"):
        written(tmp_path / f"{name}.wav")
    written(tmp_path / "output_repeated_splits_test/final_videos_testdia0_utt0.wav")
    utterances, report = ingested(tmp_path, "corpus=meld")
    assert utterances[["utterance", "speaker", "emotion"]].to_numpy().tolist() == [
        ["meld/dev/dia0_utt0", "meld/Joey", "angry"],
        ["meld/test/dia0_utt0", "meld/Joey", "neutral"],
        ["meld/train/dia0_utt0", "meld/Joey", "happy"],
    ]
    assert report["substitutes"] == {"output_repeated_splits_test": 1}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "labels_concensus.csv",
            "FileName,EmoClass,SpkrID,Gender,Split_Set\nMSP-PODCAST_0001_0008.wav,H,12,Female,Development\n",
        ),
        (
            "labels_consensus.json",
            '{"MSP-PODCAST_0001_0008.wav": {"EmoClass": "H", "SpkrID": 12, "Gender": "Female",'
            ' "Split_Set": "Validation"}}',
        ),
    ],
)
def test_labels_of_msp_podcast_are_csv_or_json(tmp_path: Path, name: str, content: str) -> None:
    written(tmp_path / "Audios/MSP-PODCAST_0001_0008.wav")
    (tmp_path / "Labels").mkdir()
    (tmp_path / "Labels" / name).write_text(content)
    (found,) = survey.survey(tmp_path, corpus("msp_podcast")).named
    naming = found.naming
    assert (naming.corpus_label, naming.speaker, naming.sex, naming.partition) == ("H", "12", "female", "dev")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "labels_consensus.csv",
            "FileName,EmoClass\n",
            "labels_consensus.csv has no column SpkrID, Gender; replace it",
        ),
        ("labels_consensus.json", "{", "labels_consensus.json is no valid json"),
        (
            "labels_consensus.json",
            "[" * 100_000,
            "labels_consensus.json is no valid json .*more than 100 objects inside each",
        ),
        ("labels_consensus.json", "[1]", r"labels_consensus.json has another form, AttributeError\(.*\); replace it"),
        ("labels_consensus.json", '{"a.wav": {}}', r"labels_consensus.json has another form, KeyError\('EmoClass'\)"),
        (
            "labels_consensus.csv",
            'FileName,EmoClass,SpkrID,Gender\na.wav,"H' + "\n" * 200_000,
            r"labels_consensus.csv, line \d+: field larger than field limit \(131072\); replace it",
        ),
        ("readme.txt", "", "has no labels_consensus.csv or .*, which states the emotions of the recordings; put it"),
    ],
)
def test_wrong_files_of_labels_are_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message):
        survey.survey(tmp_path, corpus("msp_podcast"))


def test_an_annotation_of_another_form_is_named(tmp_path: Path) -> None:
    (tmp_path / "annotation.json").write_text('{"series": {"clip": {}}}')
    with pytest.raises(ValueError, match=r"annotation\.json has another form, KeyError\('SpeakerInfo'\); replace it"):
        survey.survey(tmp_path, corpus("m3ed"))
