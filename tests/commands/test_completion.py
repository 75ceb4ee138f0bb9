"""The script of each shell is valid where the shell is installed, and knows commands, options and paths."""

import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ser import cli
from ser.commands import completion
from ser.commands.table import COMMANDS
from tests.support.paths import ROOT


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_the_script_has_every_command_and_its_options(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["completion", shell])
    script = capsys.readouterr().out
    for word in (*COMMANDS, "timeline", "resamples", "s16le"):
        assert word in script, word
    if found := shutil.which(shell):
        subprocess.run([found, "-n"], input=script, text=True, check=True)


def test_bash_completes_a_command_and_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["completion", "bash"])
    script = f"""{capsys.readouterr().out}
completed() {{ COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=(); _shtab_ser; echo "${{COMPREPLY[@]}}"; }}
completed ser pred
completed ser predict --time
"""
    done = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["predict", "--timeline"]


def test_fish_completes_commands_options_choices_and_paths(capsys: pytest.CaptureFixture[str]) -> None:
    asked = {  # line to complete -> completions
        "ser pred": ["predict"],
        "ser predict --timel": ["--timeline"],
        "ser completion ": ["bash", "fish", "zsh"],
        "ser predict data/de": ["data/demo/"],
    }
    cli.main(["completion", "fish"])
    script = capsys.readouterr().out + "".join(f'\ncomplete -C "{line}"; echo .' for line in asked)
    done = subprocess.run([installed("fish")], cwd=ROOT, input=script, capture_output=True, text=True, check=True)
    found = [sorted(line.split("\t")[0] for line in part.split("\n") if line) for part in done.stdout.split(".\n")]
    assert found == [*asked.values(), []]


def test_zsh_completes_commands_options_choices_and_paths(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shell = installed("zsh")
    cli.main(["completion", "zsh"])
    (tmp_path / "_ser").write_text(capsys.readouterr().out)
    (tmp_path / ".zshrc").write_text(f'autoload -U compinit; compinit -u -D; eval "$(cat {tmp_path}/_ser)"; PS1="> "')
    with Terminal([shell, "-i"], ZDOTDIR=str(tmp_path)) as terminal:
        assert terminal.answer("", wanted="> ")
        for typed, wanted in (
            ("ser pred\t", "ser predict "),
            ("--timel\t", "--timeline "),
            ("data/de\t", "data/demo/"),
            ("\x15ser completion \t", "fish"),
        ):
            assert terminal.answer(typed, wanted=wanted)


def installed(shell: str) -> str:
    """Path of the shell; the test is skipped where it is not installed."""
    return shutil.which(shell) or pytest.skip(f"{shell} is not installed")


class Terminal:
    """A shell that asks and answers in a terminal, in the root of the project."""

    def __init__(self, command: list[str], **environment: str) -> None:
        import pty  # not on Windows

        self._own, child = pty.openpty()
        streams = {"stdin": child, "stdout": child, "stderr": child}
        known = {**os.environ, "TERM": "dumb", **environment}
        self._shell = subprocess.Popen(command, cwd=ROOT, env=known, start_new_session=True, **streams)
        os.close(child)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self._shell.kill()
        self._shell.wait()
        os.close(self._own)

    def answer(self, typed: str, *, wanted: str, seconds: float = 300.0) -> bool:
        """True as soon as the terminal shows `wanted`."""
        os.write(self._own, typed.encode())
        shown, end = "", time.monotonic() + seconds
        while wanted not in shown and time.monotonic() < end:
            if select.select([self._own], [], [], 0.1)[0]:
                shown += os.read(self._own, 65536).decode(errors="replace")
        return wanted in shown


def test_a_command_whose_libraries_are_not_installed_has_no_options(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ser.commands.tune", None)
    cli.main(["completion", "bash"])
    script = capsys.readouterr().out
    assert "--timeline" in script
    assert "--trials" not in script
