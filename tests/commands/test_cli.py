import errno
import os
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import ser
from ser import __main__, cli
from ser.commands.table import COMMANDS
from ser.core import files
from ser.corpora import CORPORA, ravdess
from ser.corpora.archive import Archive
from ser.ingest import inventory
from ser.ingest.download import fetching
from tests.support import archive_host
from tests.support.archive_host import Host, names, tree, zipped
from tests.support.corpus_names import POINTER, SAVEE, with_files
from tests.support.paths import ROOT

host = archive_host.host
BY_HAND = tuple(name for name in inventory.INSTALLABLE if name != "ravdess")
SPEECH = {f"Actor_0{actor}/03-01-0{emotion}-01-01-01-0{actor}.wav": 1000 for actor in (1, 2) for emotion in (1, 3)}
SONG = {"Actor_01/03-02-01-01-01-01-01.wav": 1000}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_ctrl_c_while_the_command_starts_ends_it_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupted)
    with pytest.raises(SystemExit, match="interrupted"):
        __main__.main()


METRICS = {
    "uar": 0.51249,
    "uar_low": 0.4,
    "uar_high": 0.6251,
    "n_utterances": 480,
    "n_speakers": 8,
    "speaker_independent": True,
    "protocol": "speaker_holdout (speaker-independent)",
    "dev.uar": 0.4876,
}


def test_the_summary_shows_the_score_every_metric_and_the_pictures_that_are_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files.write_json(cli.METRICS, METRICS)
    Path("reports/confusion_matrix.png").touch()
    Path("reports/report.html").touch()
    cli.main(["summary"])
    assert capsys.readouterr().out.splitlines() == [
        "UAR 51.2 % (95 % interval 40.0 to 62.5) on 480 utterances of 8 speakers",
        "dev UAR 48.8 %",
        "protocol: speaker_holdout (speaker-independent)",
        "report: reports/report.html",
        "",
        "uar                  0.512",
        "uar_low              0.400",
        "uar_high             0.625",
        "n_utterances         480",
        "n_speakers           8",
        "speaker_independent  True",
        "protocol             speaker_holdout (speaker-independent)",
        "dev.uar              0.488",
        "",
        "pictures:",
        "  reports/confusion_matrix.png",
    ]


def test_the_summary_names_what_a_run_does_not_have(capsys: pytest.CaptureFixture[str]) -> None:
    files.write_json(cli.METRICS, METRICS | {"uar_low": None, "uar_high": None, "n_speakers": 2})
    cli.main(["summary"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "UAR 51.2 % (no interval: it needs 6 known speakers) on 480 utterances of 2 speakers"
    assert not any(line.startswith(("report:", "pictures:")) for line in lines)
    assert "uar_low              -" in lines
    Path("reports/classification_report.txt").touch()
    files.write_json(cli.METRICS, {name: METRICS[name] for name in ("protocol", "dev.uar")})
    cli.main(["summary"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "UAR not computed: the test partition was not predicted (evaluation.test=false)"
    assert lines[3] == "report: reports/classification_report.txt"


def test_a_summary_of_nothing_ends_with_the_command_that_makes_it() -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(["summary"])
    assert raised.value.code == "error: no reports/metrics.json here; make it with: dvc repro"


@pytest.fixture
def below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder below the root of a project."""
    for name in ("conf/config.yaml", "dvc.yaml", "docs/map.md", "data/raw/savee/DC/a01.wav"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    monkeypatch.chdir(folder / "docs")
    return folder


def test_a_command_in_a_folder_below_the_project_ends_with_the_way_to_it(below: Path) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(["summary"])
    assert str(raised.value.code).endswith(f"; this folder is not the root of the project: cd {below}")


@pytest.mark.usefixtures("below")
def test_the_corpora_of_the_project_are_found_from_a_folder_below(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["corpora"])
    assert capsys.readouterr().out.startswith("corpora in ../data/raw, by file names:")
    cli.main(["download", "tess"])
    done = capsys.readouterr().out
    assert "../data/raw/tess" in done
    assert done.endswith("Then check it with: ser corpora\n")


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(["sumary"])
    assert raised.value.code == 2
    assert "invalid choice: 'sumary'; did you mean summary?" in capsys.readouterr().err


def test_an_unknown_argument_ends_with_the_usage_of_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(["corpora", "emodb"])
    assert raised.value.code == 2
    message = capsys.readouterr().err
    assert message.startswith("usage: ser corpora ")
    assert message.endswith("ser corpora: error: unrecognized arguments: emodb\n")


@pytest.mark.parametrize("command", [("diff", "HEAD", "--to"), ("record", "--save")])
def test_a_folder_is_not_replaced_by_a_file(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").mkdir()
    with pytest.raises(SystemExit) as raised:
        cli.main([*command, "mine"])
    assert raised.value.code == 2
    assert f"argument {command[-1]}: mine is a folder; give the path of a file" in capsys.readouterr().err
    assert Path("mine").is_dir()


@pytest.mark.parametrize("place", ["/dev/stdout", "/dev/null", "pipe.wav"])
@pytest.mark.parametrize("command", [("diff", "HEAD", "--to"), ("record", "--save")])
def test_a_device_and_a_pipe_are_not_replaced_by_a_file(
    command: tuple[str, ...], place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo("pipe.wav")
    with pytest.raises(SystemExit) as raised:
        cli.main([*command, place])
    assert raised.value.code == 2
    assert f"argument {command[-1]}: {place} is a pipe or a device; give the path of a file" in capsys.readouterr().err
    assert Path("pipe.wav").is_fifo()


def test_no_command_prints_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main([])
    assert {"predict", "--version"} <= set(capsys.readouterr().out.split())


def test_the_version_is_that_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(["--version"])
    assert (raised.value.code, capsys.readouterr().out) == (0, f"ser {ser.__version__}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_ends_with_an_example_that_parses(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    example = capsys.readouterr().out.rstrip().splitlines()[-1].removeprefix("example: ")
    assert example == COMMANDS[command].example
    name, *arguments = shlex.split(example.removeprefix('eval "$(').removesuffix(')"'))
    assert (name, arguments[0]) == ("ser", command)
    assert callable(cli.parser_of(command).parse_args(arguments).run)
    assert all((ROOT / word).exists() for word in arguments if word.startswith("data/"))


def test_the_report_of_the_summary_is_the_last_that_was_made(capsys: pytest.CaptureFixture[str]) -> None:
    files.write_json(cli.METRICS, METRICS)
    for seconds, name in ((1, "report.html"), (2, "classification_report.txt"), (3, "report.html")):
        Path("reports", name).touch()
        os.utime(Path("reports", name), (seconds, seconds))
        cli.main(["summary"])
        assert f"report: reports/{name}" in capsys.readouterr().out


def table(root: str = "data/raw", *arguments: str, capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, ...], str]:
    """Output of `ser corpora`: corpus, and channel if it has one -> the rest of its line."""
    cli.main(["corpora", *arguments])
    title, blank, header, *lines = capsys.readouterr().out.splitlines()
    assert (title.startswith(f"corpora in {root}, "), blank) == (True, "")
    assert header.split() == ["corpus", "channel", "recordings", "speakers", "licence", "state"]
    start = header.index("recordings")
    return {tuple(line[:start].split()): re.sub(" {2,}", " | ", line[start:].strip()) for line in lines}


def test_without_any_corpus_every_row_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    rows = table(capsys=capsys)
    assert {corpus for corpus, *_ in rows} == set(inventory.INSTALLABLE)
    assert (
        rows.items()
        >= {
            ("ravdess", "speech"): "0 of 1440 | 0 of 24 | CC BY-NC-SA 4.0 | not installed; `ser download ravdess`",
            ("ravdess", "song"): "0 of 1012 | 0 of 23 | CC BY-NC-SA 4.0 | not installed; `ser download ravdess`",
            ("tess", "speech"): "0 of 2800 | 0 of 2 | CC BY-NC-ND 4.0 | not installed; `ser download tess`",
            ("crema_d", "speech"): "0 of 7442 | 0 of 91 | ODbL 1.0 | not installed; `ser download crema_d`",
            (
                "savee",
                "speech",
            ): "0 of 480 | 0 of 4 | research use, on registration | not installed; `ser download savee`",
            ("emodb", "speech"): "0 of 535 | 0 of 10 | CC0 1.0 | not installed; `ser download emodb`",
            ("mesd", "speech"): "0 of 864 | unknown | CC BY 4.0 | not installed; `ser download mesd`",
            ("folders",): "0 | as you received them | none",
        }.items()
    )


def test_rows_tell_what_is_there_what_is_lacking_and_what_is_a_stub(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = folder / "data" / "raw"
    with_files(raw / "ravdess", [*SPEECH, "02-01-01-01-01-01-01.mp4"])
    with_files(raw / "tess", ["OAF_back_sad.wav", "YAF_back_sad.wav"])
    with_files(raw / "tess", ["OAF_back_ps.wav"], POINTER)
    with_files(raw / "savee", SAVEE)
    with_files(raw / "emodb", ["03a01Fa.wav"], b"")
    with_files(raw / "folders" / "Happy", ["1.wav", "2.wav"])
    rows = table(capsys=capsys)
    lacking = "94 of 01, 192 of 02, 190 of 03, 192 of 04, 192 of 05, 192 of 06, 192 of 07, 192 of 08"
    assert rows["ravdess", "speech"] == f"4 of 1440 | 2 of 24 | CC BY-NC-SA 4.0 | incomplete: lacks {lacking}"
    assert rows["ravdess", "song"].endswith(" | not installed; `ser download ravdess`")
    stubs = "incomplete: 1 file without content, or Git LFS pointers; `ser download {}`"
    assert rows["tess", "speech"] == f"2 of 2800 | 2 of 2 | CC BY-NC-ND 4.0 | {stubs.format('tess')}"
    assert rows["savee", "speech"] == "480 of 480 | 4 of 4 | research use, on registration | complete"
    assert rows["emodb", "speech"] == f"0 of 535 | 0 of 10 | CC0 1.0 | {stubs.format('emodb')}"
    assert rows["folders",] == "2 | as you received them | installed"


def test_a_root_that_is_a_file_is_refused(folder: Path) -> None:
    (folder / "list.csv").touch()
    with pytest.raises(SystemExit, match=r"error: list\.csv is a file; wanted a folder with one folder"):
        cli.main(["corpora", "--root", "list.csv"])


@pytest.mark.usefixtures("folder")
def test_a_root_that_does_not_exist_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["corpora", "--root", "no_such_folder"])
    assert capsys.readouterr().out.startswith("corpora in no_such_folder, which does not exist:\n")


def test_another_root_is_counted_where_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_files(folder / "elsewhere" / "savee", SAVEE)
    assert table("elsewhere", "--root", "elsewhere", capsys=capsys)["savee", "speech"].endswith(" | complete")
    assert table(capsys=capsys)["savee", "speech"].endswith(" | not installed; `ser download savee`")


def test_an_unknown_corpus_ends_with_the_known_ones() -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(["download", "ravdes"])
    assert raised.value.code == (
        f"error: unknown corpus 'ravdes'; did you mean ravdess? it is one of {', '.join(inventory.INSTALLABLE)}"
    )


def test_ravdess_alone_has_archives_to_download() -> None:
    assert {name for name, module in CORPORA.items() if not module.archives} == {*BY_HAND, "demo"}


@pytest.mark.parametrize("root", [[], ["--root", "elsewhere/{raw}"]], ids=["default", "root"])
@pytest.mark.parametrize("corpus", BY_HAND)
def test_the_steps_by_hand_name_the_true_folder_the_licence_and_the_work_to_cite(
    corpus: str, root: list[str], host: Host, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["download", corpus, *root])
    terms, head, *steps, last = capsys.readouterr().out.splitlines()
    module = CORPORA[corpus]
    assert terms == f"{module.title}: {module.citation}. Licence: {module.licence}."
    assert head == "A program alone cannot download it:"
    assert [step[:5] for step in steps] == [f"  {number}. " for number in range(1, len(steps) + 1)]
    place = f"{root[1] if root else 'data/raw'}/{corpus}"
    assert place in "\n".join(steps)
    assert "{" not in "\n".join(steps).replace(place, "")
    assert last.startswith("Then check it with: ser corpora")
    assert names(folder) == []
    assert host.asked == []


def test_the_commands_for_crema_d_are_for_a_folder_with_a_blank_too(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["download", "crema_d", "--root", "my corpora"])
    commands = [line for line in capsys.readouterr().out.splitlines() if " git " in line]
    assert ["my corpora/crema_d" in shlex.split(command) for command in commands] == [True, True]


def test_the_command_that_checks_names_the_root_again(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["download", "tess", "--root", "elsewhere"])
    assert capsys.readouterr().out.endswith("\nThen check it with: ser corpora --root elsewhere\n")


def test_steps_for_a_half_installed_corpus_are_told_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_files(folder / "data" / "raw" / "savee", SAVEE[1:])
    cli.main(["download", "savee"])
    assert "  1. register at" in capsys.readouterr().out


def test_of_a_complete_corpus_there_is_nothing_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_files(folder / "data" / "raw" / "savee", SAVEE)
    cli.main(["download", "savee"])
    assert capsys.readouterr().out == "savee is complete in data/raw/savee; nothing to do\n"


@pytest.fixture
def archives(host: Host, monkeypatch: pytest.MonkeyPatch) -> dict[str, Archive]:
    """A RAVDESS of five recordings on a host of this machine."""
    offered = {"speech": host.offers("speech.zip", zipped(SPEECH)), "song": host.offers("song.zip", zipped(SONG))}
    expected = {"speech": {"01": 2, "03": 2}, "song": {"01": 1}}
    small = replace(ravdess.CORPUS, archives=offered, expected=expected, n_speakers={"speech": 2, "song": 1})
    monkeypatch.setattr(ravdess, "CORPUS", small)
    return offered


def failing(*arguments: str) -> str:
    """Message with which `ser download ravdess` ends."""
    with pytest.raises(SystemExit) as raised:
        cli.main(["download", "ravdess", *arguments])
    assert isinstance(raised.value.code, str)  # which Python prints to stderr, and exits with status 1
    return raised.value.code


def installed(folder: Path) -> list[str]:
    return sorted(tree(folder / "data" / "raw" / "ravdess"))


@pytest.mark.usefixtures("archives")
def test_both_channels_of_ravdess_are_fetched_once(
    host: Host, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["download", "ravdess"])
    terms, done = capsys.readouterr().out.splitlines()
    assert terms == f"RAVDESS: {ravdess.CORPUS.citation}. Licence: CC BY-NC-SA 4.0."
    assert done == "5 new files in data/raw/ravdess; study them with: dvc exp run -S corpus=ravdess"
    assert installed(folder) == sorted({**SPEECH, **SONG})
    assert names(folder / "data" / "raw") == ["ravdess"]
    assert [asked.path for asked in host.asked] == ["/speech.zip", "/song.zip"]
    cli.main(["download", "ravdess"])
    assert capsys.readouterr().out == "ravdess is complete in data/raw/ravdess; nothing to do\n"
    assert len(host.asked) == 2
    rows = table(capsys=capsys)
    assert rows["ravdess", "speech"] == "4 of 4 | 2 of 2 | CC BY-NC-SA 4.0 | complete"
    assert rows["ravdess", "song"] == "1 of 1 | 1 of 1 | CC BY-NC-SA 4.0 | complete"


@pytest.mark.usefixtures("archives")
def test_ravdess_comes_into_the_root_that_is_named(
    host: Host, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["download", "ravdess", "--root", "elsewhere"])
    assert "5 new files in elsewhere/ravdess; study them with: dvc exp run -S" in capsys.readouterr().out
    assert names(folder) == ["elsewhere"]


@pytest.mark.usefixtures("archives")
def test_the_command_that_studies_names_the_root_again(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["download", "ravdess", "--root", "elsewhere"])
    command = "dvc exp run -S corpus=ravdess -S corpus.root=elsewhere/ravdess"
    assert capsys.readouterr().out.endswith(f"; study them with: {command}\n")


@pytest.mark.usefixtures("archives")
@pytest.mark.parametrize(("there", "fetched"), [(SPEECH, "/song.zip"), (SONG, "/speech.zip")], ids=["speech", "song"])
def test_only_the_channel_that_is_lacking_is_fetched(
    host: Host, folder: Path, there: dict[str, int], fetched: str
) -> None:
    with_files(folder / "data" / "raw" / "ravdess", there, b"mine")
    cli.main(["download", "ravdess"])
    assert [asked.path for asked in host.asked] == [fetched]
    assert installed(folder) == sorted({**SPEECH, **SONG})
    assert all((folder / "data" / "raw" / "ravdess" / name).read_bytes() == b"mine" for name in there)


def test_a_wrong_checksum_installs_nothing_and_the_next_call_starts_anew(
    archives: dict[str, Archive], host: Host, folder: Path
) -> None:
    right = host.files["/song.zip"]
    host.files["/song.zip"] = right[:-1] + b"!"
    assert re.match(rf"error: .*song\.zip.*: found MD5 \w+, wanted {archives['song'].md5}; ", failing())
    assert not (folder / "data" / "raw" / "ravdess").exists()
    host.files["/song.zip"] = right
    cli.main(["download", "ravdess"])
    assert installed(folder) == sorted({**SPEECH, **SONG})
    assert [asked.path for asked in host.asked] == ["/speech.zip", "/song.zip", "/song.zip"]  # what was right is kept


@pytest.mark.usefixtures("archives")
def test_a_connection_that_breaks_every_time_installs_nothing_and_the_next_call_resumes(
    host: Host, folder: Path
) -> None:
    host.cuts = [100] * fetching.ATTEMPTS
    assert re.match(
        r"error: http.*/speech\.zip.*: 4 attempts failed.*; to resume, run the same command again", failing()
    )
    assert not (folder / "data" / "raw" / "ravdess").exists()
    cli.main(["download", "ravdess"])
    assert installed(folder) == sorted({**SPEECH, **SONG})


@pytest.mark.usefixtures("archives")
@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_host_that_refuses_is_told_and_the_next_call_succeeds(host: Host, folder: Path, status: int) -> None:
    host.status = status
    assert re.match(rf"error: .*/speech\.zip.*: HTTP {status} .*; later, run the same command again", failing())
    assert names(folder / "data" / "raw") == []
    host.status = 200
    cli.main(["download", "ravdess"])
    assert installed(folder) == sorted({**SPEECH, **SONG})


@pytest.mark.usefixtures("archives")
def test_a_root_that_cannot_be_written_is_told_before_anything_is_fetched(
    host: Host, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", denied)
        assert re.match(r"error: .*cannot be made \(Permission denied\); make .*data/raw a folder that you", failing())
    with_files(folder / "data" / "raw" / "ravdess", SPEECH)
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda path, _: path.name != "ravdess")
        assert re.match(r"error: .*ravdess cannot be written; change its permissions, or name another", failing())
    assert host.asked == []
    assert installed(folder) == sorted(SPEECH)
    cli.main(["download", "ravdess"])
    assert installed(folder) == sorted({**SPEECH, **SONG})


@pytest.mark.usefixtures("archives")
@pytest.mark.parametrize("place", ["data", "data/raw", "data/raw/ravdess"])
def test_a_file_in_place_of_a_folder_is_told_and_kept(host: Host, folder: Path, place: str) -> None:
    with_files(folder, [place], b"mine")
    assert re.match(
        r"error: .* (is a file, wanted a folder or nothing; move it|cannot be made \(.*\); make )", failing()
    )
    assert (folder / place).read_bytes() == b"mine"
    assert host.asked == []


@pytest.mark.usefixtures("archives")
def test_archives_that_are_not_the_whole_corpus_are_an_error_that_says_what_is_lacking(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {"speech": {"01": 2, "03": 3, "04": 1}, "song": {"01": 1}}
    monkeypatch.setattr(ravdess, "CORPUS", replace(ravdess.CORPUS, expected=expected))
    message = failing()
    assert message.startswith("error: data/raw/ravdess has all files of the archives, and is still incomplete: lacks ")
    assert "lacks 1 of 03, 1 of 04; see `ser corpora`" in message
    assert installed(folder) == sorted({**SPEECH, **SONG})


@pytest.mark.usefixtures("archives")
@pytest.mark.parametrize("content", [b"", POINTER], ids=["empty", "pointer"])
def test_a_stub_in_place_of_a_recording_is_replaced_by_it(host: Host, folder: Path, content: bytes) -> None:
    stub = next(iter(SPEECH))
    with_files(folder / "data" / "raw" / "ravdess", [stub], content)
    cli.main(["download", "ravdess"])
    assert installed(folder) == sorted({**SPEECH, **SONG})
    assert (folder / "data" / "raw" / "ravdess" / stub).read_bytes() == archive_host.noise(stub, 1000)


@pytest.mark.usefixtures("archives")
def test_an_interruption_ends_with_a_message_and_the_next_call_goes_on(
    host: Host, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfileobj", interrupted)  # while the first file is unpacked
        assert failing() == "interrupted"
    assert not (folder / "data" / "raw" / "ravdess").exists()
    cli.main(["download", "ravdess"])
    assert installed(folder) == sorted({**SPEECH, **SONG})
    assert len(host.asked) == 2
