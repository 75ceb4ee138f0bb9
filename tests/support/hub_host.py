"""A stand-in of the hub of Hugging Face on this machine: models by name, for its own client."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

COMMIT = "c0ffee" + "0" * 34
WRITERS = "hf_writer"


class Hub:
    """Files of each model, and the requests that were made."""

    def __init__(self) -> None:
        self.models: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.asked: list[str] = []
        self.address = ""

    def description(self, name: str) -> dict[str, Any]:
        files = self.models[name]
        siblings = [{"rfilename": path, "size": len(content)} for path, content in files.items()]
        return {"id": name, "sha": COMMIT, "siblings": siblings, "private": self.private[name], "tags": []}


@contextmanager
def running(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The hub, which the client of this process takes for the true one; the client keeps its files in `cache`."""
    from huggingface_hub import constants

    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(hub))
    hub.address = f"http://127.0.0.1:{server.server_port}"
    for name, value in (
        ("ENDPOINT", hub.address),
        ("HUGGINGFACE_CO_URL_TEMPLATE", hub.address + "/{repo_id}/resolve/{revision}/{filename}"),
        ("HF_HUB_CACHE", str(cache)),
        ("HF_HUB_DISABLE_XET", True),
    ):
        monkeypatch.setattr(constants, name, value)
    monkeypatch.setenv("HF_TOKEN", WRITERS)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0].strip("/")
            hub.asked.append(f"{self.command} {path}")
            if path.startswith("api/models/"):
                owner, model, *rest = path.removeprefix("api/models/").split("/")
                name = f"{owner}/{model}"
                if name not in hub.models:
                    return self.answer({"error": "Repository not found"}, status=404)
                if rest[:1] == ["tree"]:
                    files = hub.models[name].items()
                    return self.answer(
                        [
                            {"type": "file", "path": one, "size": len(content), "oid": tag(content)}
                            for one, content in files
                        ]
                    )
                return self.answer(hub.description(name))
            owner, model, _, _, *place = path.split("/")
            content = hub.models[f"{owner}/{model}"]["/".join(place)]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{tag(content)}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)
            return None

        do_HEAD = do_GET  # noqa: N815

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            path = self.path.partition("?")[0].strip("/")
            hub.asked.append(f"POST {path}")
            if path == "api/validate-yaml":  # for anybody
                return self.answer({"errors": [], "warnings": []})
            if self.headers.get("Authorization") != f"Bearer {WRITERS}":
                return self.answer({"error": "Invalid credentials"}, status=401)
            if path == "api/repos/create":
                wanted = json.loads(body)
                name = f"{wanted['organization']}/{wanted['name']}" if wanted.get("organization") else wanted["name"]
                hub.models.setdefault(name, {})
                hub.private[name] = wanted.get("private", False) or wanted.get("visibility") == "private"
                return self.answer({"url": f"{hub.address}/{name}"})
            owner, model, action, *_ = path.removeprefix("api/models/").split("/")
            if action == "preupload":
                files = [one["path"] for one in json.loads(body)["files"]]
                return self.answer(
                    {"files": [{"path": one, "uploadMode": "regular", "shouldIgnore": False} for one in files]}
                )
            for line in body.decode().splitlines():
                one = json.loads(line)
                if one["key"] == "file":
                    content = base64.b64decode(one["value"]["content"])
                    hub.models[f"{owner}/{model}"][one["value"]["path"]] = content
            address = f"{hub.address}/{owner}/{model}/commit/{COMMIT}"
            return self.answer({"success": True, "commitUrl": address, "commitOid": COMMIT, "hookOutput": ""})

        def answer(self, content: Any, *, status: int = 200) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def entry(path: str, content: bytes) -> dict[str, Any]:
    return {"type": "file", "path": path, "size": len(content), "oid": tag(content)}


def tag(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()
