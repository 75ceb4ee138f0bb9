"""Standard output belongs to Python."""

import json
import subprocess
import sys

import pytest

PRINTS = """
import ctypes, json, os
from ser.core import quiet
quiet.reserve_stdout()
ctypes.CDLL(None).puts(b"kept in the buffer of C")
os.write(1, b"written at once\\n")
print(json.dumps(["…"], ensure_ascii=False))
"""


@pytest.mark.parametrize("options", [[], ["-u"]])
def test_what_a_library_in_c_prints_goes_to_standard_error(options: list[str]) -> None:
    done = subprocess.run([sys.executable, *options, "-c", PRINTS], capture_output=True, text=True, encoding="utf-8")
    assert json.loads(done.stdout) == ["…"]
    assert sorted(done.stderr.splitlines()) == ["kept in the buffer of C", "written at once"]
