"""The script of each shell is valid where the shell is installed, and knows commands, options and paths."""

import shutil
import subprocess
import sys

import pytest

from ser import cli
from ser.commands import completion


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_the_script_has_every_command_and_its_options(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["completion", shell])
    script = capsys.readouterr().out
    for word in (*cli.EXAMPLES, "timeline", "resamples", "s16le"):
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


def test_a_command_whose_libraries_are_not_installed_has_no_options(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ser.commands.tune", None)
    cli.main(["completion", "bash"])
    script = capsys.readouterr().out
    assert "--timeline" in script
    assert "--trials" not in script
