"""The table of speakers: spellings of many programs, and lines that contradict each other."""

import unicodedata
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from ser.corpora import speaker_table, speakers
from ser.corpora.naming import InvalidName, Naming

PATH = "Ärger/Zoë, 1.wav"
PLAIN = f'path,speaker,sex\n"{PATH}",zoë,f\nFreude/b.wav,ben,m\n'

Completed = Callable[[str | bytes, str], tuple[str | None, str | None]]


@pytest.fixture
def completed(tmp_path: Path) -> Completed:
    """Function that gives speaker and sex of a path by a table of the content."""

    def answer(content: str | bytes, path: str = PATH) -> tuple[str | None, str | None]:
        (tmp_path / "speakers.csv").write_bytes(content.encode() if isinstance(content, str) else content)
        naming = speakers.completion(tmp_path, None)(PurePosixPath(path), Naming("angry"))
        return naming.speaker, naming.sex

    return answer


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("cp1252"),
        PLAIN.encode("utf-16"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16-le"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(",ben", " , ben").replace(",f", ", f "),
        PLAIN.replace("path,speaker,sex", " Path, Speaker ,Gender"),
        f"sep=;\npath;speaker;sex\n{PATH};zoë;f;;\n;;\n",
        f"speaker\tsex\tpath\nzoë\tfemale\t{PATH}\n",
        PLAIN.replace("/", "\\"),
        PLAIN.replace("Ärger/", "./Ärger//"),
        unicodedata.normalize("NFD", PLAIN),
        PLAIN + PLAIN.partition("\n")[2],
        PLAIN + f'"{PATH}",zoë,\n',
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_table_is_read_as_it_was_meant(content: str | bytes, form: str, completed: Completed) -> None:
    assert completed(content, unicodedata.normalize(form, PATH)) == ("zoë", "female")


@pytest.mark.parametrize(
    ("words", "sex"),
    [
        (("female", "Female", "f", "F", "W", "weiblich", "Frau", "femme", "femmina", "Kad\u0131n", "女"), "female"),
        (("male", "M", "m.", "männlich", "homme", "maschio", "άνδρας", "男"), "male"),
        (("other", "d", "divers", "non-binary"), "other"),
        (("", "unknown", "?", "n/a"), None),
    ],
)
def test_words_for_a_sex_are_one_sex(words: tuple[str, ...], sex: str | None, completed: Completed) -> None:
    for word in words:
        assert completed(f"path,speaker,sex\na.wav,anna,{word}\n", "a.wav") == ("anna", sex)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("a.wav,anna,f", "b.wav,ben,m", "./a.wav,ben,m"), "lines 2 and 4 give ./a.wav the speakers anna and ben"),
        (("a.wav,anna,f", "b.wav,anna,Mann"), "lines 2 and 3 give the speaker anna the sexes female and male"),
        (("a.wav,anna,x1",), "line 2: unknown sex 'x1'; write female, male, other, or nothing"),
        (("a, b.wav,anna,f",), "line 2: 4 cells below 3 columns; write a path with a comma in double quotes"),
        ((",anna,f",), "line 2: no path; fill it in, or remove the line"),
    ],
)
def test_lines_that_contradict_each_other_or_cannot_be_read_are_named(
    lines: tuple[str, ...], problem: str, completed: Completed
) -> None:
    with pytest.raises(ValueError, match=r"speakers\.csv cannot be used; mend these lines of it:\n") as raised:
        completed("\n".join(["path,speaker,sex", *lines]))
    assert str(raised.value).splitlines()[1:] == [f"  {problem}"]


def test_many_problems_are_cut(tmp_path: Path) -> None:
    (tmp_path / "speakers.csv").write_text("path,speaker\n" + ",anna\n" * 30)
    with pytest.raises(ValueError, match=r"\n  line 21: no path[^\n]*\n  and 10 more$"):
        speaker_table.read(tmp_path / "speakers.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfea", "is neither UTF-8, UTF-16 nor Windows-1252 text; save it as CSV in UTF-8"),
        (b"path,speaker\nB\x81.wav,anna\n", "is neither UTF-8"),
        (b'path,speaker\n"a.wav,anna\n', r"line 2: unexpected end of data; mend its quotes"),
        (b"", "has no column path, speaker; it needs path and speaker"),
    ],
)
def test_a_table_that_is_no_text_or_has_no_columns_is_refused(
    content: bytes, message: str, completed: Completed
) -> None:
    with pytest.raises(ValueError, match=message):
        completed(content, PATH)


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        (
            "Angry/a.wav",
            "add a row with this path to speakers.csv, or write it so in line 2, which has raw/angry/A.flac",
        ),
        ("Angry/b.wav", "add a row with this path to speakers.csv"),
        ("Angry/c.wav", "fill in line 3 of speakers.csv"),
    ],
)
def test_a_path_without_a_speaker_is_rejected_with_the_line_that_was_probably_meant(
    path: str, remedy: str, completed: Completed
) -> None:
    with pytest.raises(InvalidName) as raised:
        completed("path,speaker\nraw/angry/A.flac,anna\nAngry/c.wav,\n", path)
    assert (raised.value.reason, raised.value.remedy) == ("speakers.csv has no speaker for it", remedy)
