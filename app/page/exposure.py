"""Limits of a page that others may reach: its address, and the uploads in memory of all visitors together."""

import os
import threading
from typing import Any

import streamlit as st
from starlette.exceptions import HTTPException
from streamlit import net_util
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.http.settings import Settings

MOST_BYTES = 400 * 2**20  # of all uploads; eight of the largest size
LOCAL_SOCKET = "unix://"

_lock = threading.Lock()


def refusal() -> str | None:
    """Reason why the page must not be shown at its address, and the remedy; None if it may be.

    The rule is that of the service. The page has no keys, so only SER_OPEN=1 lets others in.
    """
    address = st.get_option("server.address")
    is_local = bool(address) and (address.startswith(LOCAL_SOCKET) or Settings(host=address).is_local)
    if is_local or os.environ.get("SER_OPEN") == "1":
        return None
    return (
        f"This page is served at {address or 'every address of this machine'}, which others can reach. Serve it with"
        " `--server.address 127.0.0.1`, as `make app` does, or let everybody in with the environment variable"
        " SER_OPEN=1."
    )


def ask_no_host() -> None:
    """Stop Streamlit from asking a foreign host for the address of this machine.

    It asks when it serves every address, and when a page of another origin connects.
    """
    net_util.get_external_ip = _nothing


def limit() -> None:
    """Limit the uploads in memory of all visitors, however the page was started."""
    ask_no_host()
    context = get_script_run_ctx()
    if context is not None:
        limit_uploads(context.uploaded_file_mgr)


def _nothing() -> None:
    return None


def limit_uploads(manager: Any) -> None:
    """Let `manager` refuse files with status 413 while the files of all visitors would exceed `MOST_BYTES`."""
    with _lock:
        if hasattr(manager, "unlimited"):
            return
        manager.unlimited = manager.add_file

    def add_file(session_id: str, file: Any) -> None:
        with _lock:
            kept = [one for files in list(manager.file_storage.values()) for one in list(files.values())]
            if sum(len(one.data) for one in kept) + len(file.data) > MOST_BYTES:
                raise HTTPException(413, f"all visitors together may upload {MOST_BYTES // 2**20} MB; try again later")
            manager.unlimited(session_id, file)

    manager.add_file = add_file
