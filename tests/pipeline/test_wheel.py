"""A wheel has all modules and models, and predicts where nothing but it and its requirements is installed."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ser.core.version import version
from tests.support.paths import EMBEDDED, ROOT

pytestmark = pytest.mark.slow
LARGEST = 150  # MB of the wheel and what it requires; 144 when this was written, see docs/how-to/install.md
CORE = {  # packages that the wheel brings
    *(
        "ai-edge-litert",
        "annotated-types",
        "backports-strenum",
        "cffi",
        "flatbuffers",
        "numpy",
        "protobuf",
    ),
    *("pycparser", "pydantic", "pydantic-core", "pyyaml", "safetensors", "serkit", "shtab"),
    *("soundfile", "soxr", "threadpoolctl", "tqdm", "typing-extensions", "typing-inspection"),
}
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
HASH = re.compile(r" \\$|^ +--hash.*\n?|^ +#.*\n?", re.MULTILINE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the project, so that the project itself gets no folder `build`."""
    top = tmp_path_factory.mktemp("wheel")
    copied = top / "project"
    copied.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copied)
    shutil.copytree(ROOT / "ser", copied / "ser", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-W", "ignore", "-c", BUILD, str(top)]
    done = subprocess.run(command, cwd=copied, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return top / done.stdout.split()[-1]


def test_it_has_every_module_and_every_file_of_the_models(wheel: Path) -> None:
    packaged = ROOT / "ser/features/encoders/packaged"
    detector = ROOT / "ser/audio/silero_vad"
    paths = {*(ROOT / "ser").rglob("*.py"), *EMBEDDED.iterdir(), *packaged.rglob("*"), *detector.iterdir()}
    with zipfile.ZipFile(wheel) as content:
        assert {path.relative_to(ROOT).as_posix() for path in paths if path.is_file()} <= set(content.namelist())
        model = EMBEDDED / "model.tflite"
        assert content.read(model.relative_to(ROOT).as_posix()) == model.read_bytes()


def test_alone_it_predicts_outside_the_project(wheel: Path, tmp_path: Path) -> None:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed: pip install uv")
    pinned = tmp_path / "pinned.txt"
    pinned.write_text(HASH.sub("", (ROOT / "requirements.lock").read_text()))
    environment, python = tmp_path / "env", tmp_path / "env/bin/python"
    subprocess.run([uv, "venv", "--quiet", "--no-config", "--python", sys.executable, str(environment)], check=True)
    install = [uv, "pip", "install", "--quiet", "--no-config", "--python", str(python), "-c", str(pinned), str(wheel)]
    subprocess.run(install, check=True)
    listed = [uv, "pip", "list", "--quiet", "--no-config", "--python", str(python), "--format", "freeze"]
    packages = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    assert {package.partition("==")[0] for package in packages} == CORE
    size = sum(path.stat().st_size for path in environment.rglob("*") if path.is_file() and not path.is_symlink())
    assert size < LARGEST * 1e6
    recording = next((ROOT / "data/demo").rglob("*.flac"))
    shutil.copy(recording, tmp_path / "speech.flac")
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def told(*arguments: str) -> str:
        command = [str(environment / "bin" / arguments[0]), *arguments[1:]]
        return subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=True).stdout

    assert "%" in told("ser", "predict", "speech.flac")
    assert told("python", "-c", "import ser; print(ser.__version__)") == f"{version()}\n"
