"""Python processes that have imported the large libraries already: forks of a server.

A stage of the pipeline imports libraries for two to six seconds and, in the tests, computes for less than one. The
libraries in turn import, compile and read parts of themselves for one to three seconds when they are first used. The
commands `python -m`, `python -c` and `dvc` of the folder `commands()` send a request to the server, which forks. The
fork takes over the arguments, the working folder, the environment and the streams of the command, and imports the
modules of the project itself. DVC parses and writes `dvc.lock` anew for every stage; its forks do that in C. Where
there is no server, where `FRESH` is in the environment, or where the environment differs in what libraries read when
they are imported, the command starts an interpreter as usual.
"""

import atexit
import contextlib
import gc
import hashlib
import io
import json
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import types
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TextIO

import psutil

FRESH = "FRESH_PYTHON"
READ_AT_IMPORT = ("OMP_", "OPENBLAS_", "MKL_", "NUMBA_", "TF_", "KERAS_", "JAX_", "MPL", "PYTHONHASHSEED")
LIBRARIES = (
    *("numpy", "scipy.signal", "scipy.stats", "pandas", "pandera.pandas", "pyarrow", "yaml", "requests", "joblib"),
    *("soundfile", "soxr", "librosa", "sklearn.ensemble", "sklearn.calibration", "sklearn.svm", "sklearn.manifold"),
    *("imblearn.over_sampling", "skops.io", "matplotlib.pyplot", "jinja2", "tensorflow", "keras", "umap"),
    *("pyarrow.csv", "pyarrow.fs", "pyarrow.pandas_compat", "pyarrow.parquet", "narwhals.stable.v1", "markdown_it"),
    *("dvc.cli.parser", "dvc.repo", "dvc.utils.hydra", "dvc.analytics", "dvc.cachemgr", "dvc.data_cloud", "dvc.daemon"),
    *("dvc.repo.experiments.queue.celery", "dvc.render.match", "dvc.render.convert", "dvclive", "pygit2", "networkx"),
    *("dulwich.client", "dulwich.repo", "dulwich.index", "scmrepo.git", "flufl.lock", "zc.lockfile", "configobj"),
)
NETWORKS = ("tensorflow", "keras")  # 3 of 12 processor seconds
COMMAND = """#!{python} -IS
import json, os, socket, sys
try:
    if {fresh!r} in os.environ or {name!r} == "python" and sys.argv[1:2] not in (["-m"], ["-c"]):
        raise OSError
    server = socket.socket(socket.AF_UNIX)
    server.connect({address!r})
    request = {{"command": {name!r}, "arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}}
    socket.send_fds(server, [json.dumps(request).encode() + b"\\n"], [0, 1, 2])
    status = server.recv(16)
    if not status:
        raise OSError
except OSError:
    os.execv({python!r}, [{python!r}, *{usual!r}, *sys.argv[1:]])
sys.exit(int(status))
"""


shared: Path | None = None
"""Folder in which all processes of a run of pytest find the same server; None for a server of this process."""


@cache
def commands(**read_by_libraries: str) -> Path:
    """Folder of the commands `python` and `dvc`; the server ends with this run of pytest.

    It has the environment of this process, and other variables that libraries read when they are imported.
    """
    if shared is None:
        return started(os.getpid(), read_by_libraries)
    from tests.support.shared import made_once  # not above: the server runs this file, and has no package `tests`

    owner = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    digest = hashlib.sha256(repr(sorted(read_by_libraries.items())).encode()).hexdigest()[:8]
    note = made_once(
        shared / f"warm_python_{digest}",
        lambda folder: (folder / "commands").write_text(str(started(owner, read_by_libraries))),
    )
    return Path((note / "commands").read_text())


def started(owner: int, read_by_libraries: Mapping[str, str]) -> Path:
    """Start a server that ends with the process `owner`; return the folder of its commands."""
    folder = Path(tempfile.mkdtemp(prefix="warm_python"))  # a short path, as a socket needs
    address = folder / "server"
    for name, usual in {"python": [], "dvc": ["-m", "dvc"]}.items():
        command = folder / name
        command.write_text(
            COMMAND.format(python=sys.executable, fresh=FRESH, address=str(address), name=name, usual=usual)
        )
        command.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | read_by_libraries
    # One with other variables serves a single run, of a classifier
    without = NETWORKS if read_by_libraries else ()
    server = subprocess.Popen(
        [sys.executable, __file__, address, str(owner), *without], env=environment, stdin=subprocess.DEVNULL
    )
    if owner == os.getpid():
        atexit.register(server.terminate)
    else:
        server.returncode = 0  # it may outlive this process
    end = time.monotonic() + 600  # it needs 11 seconds of an idle core
    while not address.exists():
        assert is_alive(server.pid), "the server ended"
        assert time.monotonic() < end, "the server does not answer"
        time.sleep(0.01)
    return folder


def is_alive(process: int) -> bool:
    """True if there is such a process, and it has not ended."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def read_at_import(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that libraries read when they are imported."""
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_IMPORT)}


def import_libraries(*, without: Sequence[str] = ()) -> None:
    """Import the libraries but some, without the messages of TensorFlow's start."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    errors = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    left_out = {f"sklearn.externals.array_api_compat.{name}": None for name in ("dask", "torch")}
    left_out |= dict.fromkeys(without)  # else UMAP would import TensorFlow
    sys.modules.update(left_out)  # type: ignore[arg-type]  # as `ser.models.skops_files` does
    for name in LIBRARIES:
        if name not in without:
            __import__(name)
    for name in left_out:
        del sys.modules[name]
    let_dvc_handle_its_lock_file_in_c()
    use_libraries()
    os.dup2(errors, 2)
    os.close(nowhere)
    os.close(errors)


def let_dvc_handle_its_lock_file_in_c() -> None:
    """Parse and write `dvc.lock` by the parser and the emitter of libyaml; the bytes are those of DVC's own way.

    DVC parses it in Python, in order to keep comments, of which this file has none.
    """
    from dvc import dvcfile
    from dvc.utils.serialize import _common, _yaml
    from ruamel.yaml import YAML, SafeRepresenter

    class Representer(SafeRepresenter):
        """Representer of this writer, whose additions no other writer has."""

    Representer.add_representer(type(None), lambda to, _: to.represent_scalar("tag:yaml.org,2002:null", ""))
    Representer.add_representer(OrderedDict, SafeRepresenter.represent_dict)
    writer: Any = YAML(typ="safe")
    writer.Representer = Representer
    writer.default_flow_style, writer.sort_base_mapping_type_on_output = False, False
    of_any_file = dvcfile.modify_yaml

    def write(content: Any, stream: TextIO) -> None:
        text = io.StringIO()
        writer.dump(content, text)
        stream.write(text.getvalue().replace(": \n", ":\n"))  # null: C writes a space after the colon

    @contextlib.contextmanager
    def modify_yaml(path: str, fs: Any = None) -> Iterator[Any]:
        is_lock_file = Path(path).name == "dvc.lock"
        in_c = _common._modify_data(path, _yaml.parse_yaml, write, fs=fs)
        with in_c if is_lock_file else of_any_file(path, fs=fs) as content:
            yield content

    dvcfile.modify_yaml = modify_yaml


def use_libraries() -> None:
    """Use the libraries that import, compile or read parts of themselves when they are first used.

    Nothing here starts a thread, which no fork would have: neither TensorFlow nor the parallel functions of UMAP.
    """
    import librosa
    import matplotlib.pyplot as plt
    import numpy as np
    import pandas as pd
    import pandera.pandas as pa
    import umap

    pa.DataFrameSchema({"a": pa.Column(float, pa.Check.ge(0))}).validate(pd.DataFrame({"a": [1.0]}))
    tone = np.sin(np.arange(4096, dtype=np.float32))
    librosa.feature.chroma_stft(y=tone, sr=16_000, n_fft=512)
    librosa.feature.delta(librosa.feature.mfcc(y=tone, sr=16_000, n_fft=512, hop_length=128))
    librosa.pyin(tone, fmin=100, fmax=400, sr=16_000, frame_length=1024)
    place = np.ones((2, 2), np.float32)
    umap.distances.euclidean(*place)
    edge, epochs = np.array([0], np.int32), np.ones(1)
    umap.layouts.optimize_layout_euclidean(place, place, edge, edge, 1, 2, epochs, 1.0, 1.0, np.ones(3, np.int64))
    figure = plt.figure(layout="constrained")
    figure.subplots().set_title("a")
    for form in ("png", "svg"):
        figure.savefig(io.BytesIO(), format=form)
    plt.close(figure)


def serve(address: str, owner: int, *without: str) -> dict[str, Any] | None:
    """Fork for each request until the process `owner` ends; return the request in the fork."""
    own = read_at_import(os.environ)
    import_libraries(without=without)
    gc.freeze()  # a collection in a fork would copy all memory
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{address}.partial")
    listener.listen(64)
    os.rename(f"{address}.partial", address)  # noqa: PTH104 (a socket)
    clients: dict[int, socket.socket] = {}  # by process
    while is_alive(owner):
        ready, *_ = select.select([listener, *clients.values()], [], [], 0.01 if clients else 0.5)
        end_processes(clients, ready)
        if listener not in ready:
            continue
        client, _ = listener.accept()
        message, streams, *_ = socket.recv_fds(client, 2**16, 3)
        while not message.endswith(b"\n"):
            message += client.recv(2**16)
        request = json.loads(message)
        process = os.fork() if read_at_import(request["environment"]) == own else None
        if process == 0:
            for other in (listener, client, *clients.values()):
                other.close()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            return request
        for stream in streams:
            os.close(stream)
        if process is None:
            client.close()
        else:
            clients[process] = client
    return None


def end_processes(clients: dict[int, socket.socket], ready: list[Any]) -> None:
    """Pass on the status of every process that has ended; kill those whose command was killed."""
    for process, client in list(clients.items()):
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            with contextlib.suppress(OSError):
                client.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            client.close()
            del clients[process]
        elif client in ready:
            os.kill(process, signal.SIGKILL)


def run(request: dict[str, Any]) -> None:
    """Run the command of a request in this process."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    random.seed()
    paths = request["environment"].get("PYTHONPATH", "").split(os.pathsep)
    sys.path[0:1] = [request["folder"], *(os.path.abspath(path) for path in paths if path)]  # noqa: PTH100
    arguments = request["arguments"]
    if request["command"] == "dvc":
        from dvc.cli import main

        sys.argv = ["dvc", *arguments]
        sys.exit(main())
    option, content, *rest = arguments
    if option == "-m":
        sys.argv = [content, *rest]
        runpy.run_module(content, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [option, *rest]
        sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(content, "<string>", "exec"), vars(sys.modules["__main__"]))


def status_of(request: dict[str, Any]) -> int:
    """Run the command of a request as an interpreter does; return its status."""
    try:
        run(request)
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    found = serve(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
    if found is not None:
        status = status_of(found)
        threading._shutdown()  # waits for threads, as an interpreter does when it ends
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)  # to take the libraries down takes seconds
