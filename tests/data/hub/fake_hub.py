"""A hub on this machine: the few answers of the Hugging Face hub that reading a data set needs.

It serves repositories as folders of files. A test can make it hold back the second half of a file,
so that a reader stands still at a known place.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from patience import PATIENCE_S

CONVERTED = "refs/convert/parquet"
_SHA = "0123456789abcdef0123456789abcdef0123456{number}"


class FakeHub:
    """Repositories by name; each branch is a dict of paths and their bytes."""

    def __init__(self, repositories: dict[str, dict[str, dict[str, bytes]]]) -> None:
        self.repositories = repositories
        self.requests: list[str] = []
        self.gated: set[str] = set()
        self.held_path = ""
        self.held = threading.Event()
        self.release = threading.Event()
        self.broken = threading.Event()

    def commit(self, repository: str, branch: str) -> str:
        """The commit that a branch stands for."""
        number = list(self.repositories[repository]).index(branch)
        return _SHA.format(number=number)

    def files(self, repository: str, revision: str) -> dict[str, bytes] | None:
        """The files of a branch, by its name or its commit."""
        for branch, files in self.repositories.get(repository, {}).items():
            if revision in (branch, self.commit(repository, branch)):
                return files
        return None

    def commit_of(self, repository: str, revision: str) -> str:
        """The commit of a branch or of a commit."""
        branches = self.repositories[repository]
        return self.commit(repository, revision) if revision in branches else revision


def _entry(path: str, content: bytes) -> dict[str, Any]:
    oid = hashlib.sha1(content).hexdigest()
    return {"type": "file", "oid": oid, "size": len(content), "path": path}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: FakeHub

    def log_message(self, *_: object) -> None:
        pass

    def _send(
        self, status: int, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _missing(self, code: str) -> None:
        self._send(404, b"{}", {"X-Error-Code": code, "X-Error-Message": f"no such {code}"})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET(body)

    def do_GET(self, body: bytes = b"") -> None:
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path}")
        if self.hub.broken.is_set():
            self.close_connection = True
            return
        api = re.fullmatch(
            r"/api/datasets/([^/]+/[^/]+)(?:/(revision|tree|paths-info)/(.+))?", path
        )
        if api:
            self._answer_api(api[1], api[2] or "revision", rest=api[3] or "main", body=body)
            return
        resolve = re.fullmatch(r"/datasets/([^/]+/[^/]+)/resolve/(.+)", path)
        if resolve:
            self._answer_file(resolve[1], resolve[2])
            return
        self._missing("EntryNotFound")

    def _revision(self, repository: str, rest: str) -> tuple[str, str]:
        branches = self.hub.repositories[repository]
        known = [*branches, *(self.hub.commit(repository, branch) for branch in branches)]
        for name in sorted(known, key=len, reverse=True):
            if rest == name or rest.startswith(f"{name}/"):
                return name, rest[len(name) + 1 :]
        return rest.partition("/")[0], rest.partition("/")[2]

    def _answer_api(self, repository: str, verb: str, *, rest: str, body: bytes) -> None:
        if repository not in self.hub.repositories:
            self._missing("RepoNotFound")
            return
        if repository in self.hub.gated:
            self._send(403, b"{}", {"X-Error-Code": "GatedRepo", "X-Error-Message": "gated"})
            return
        revision, below = self._revision(repository, rest)
        files = self.hub.files(repository, revision)
        if files is None:
            self._missing("RevisionNotFound")
            return
        if verb == "revision":
            siblings = [{"rfilename": name} for name in files]
            sha = self.hub.commit_of(repository, revision)
            self._json({"id": repository, "sha": sha, "siblings": siblings, "tags": []})
            return
        if verb == "paths-info":
            query = urllib.parse.parse_qs(body.decode())
            asked = query.get("paths", []) or json.loads(body or b"{}").get("paths", [])
            self._json([each for name in asked for each in self._path_info(files, name)])
            return
        prefix = f"{below}/" if below else ""
        tree = [_entry(name, content) for name, content in files.items() if name.startswith(prefix)]
        folders = {
            "/".join(name.split("/")[:depth])
            for name in files
            if name.startswith(prefix)
            for depth in range(1, name.count("/") + 1)
        }
        tree += [
            {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
            for name in sorted(folders)
            if name.startswith(prefix)
        ]
        self._json(tree)

    def _path_info(self, files: dict[str, bytes], name: str) -> Iterator[dict[str, Any]]:
        if name in files:
            yield _entry(name, files[name])
        elif any(each.startswith(f"{name}/") for each in files):
            yield {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}

    def _answer_file(self, repository: str, rest: str) -> None:
        if repository not in self.hub.repositories:
            self._missing("RepoNotFound")
            return
        revision, name = self._revision(repository, rest)
        files = self.hub.files(repository, revision)
        if files is None or name not in files:
            self._missing("RevisionNotFound" if files is None else "EntryNotFound")
            return
        content = files[name]
        headers = {
            "ETag": f'"{hashlib.sha1(content).hexdigest()}"',
            "X-Repo-Commit": self.hub.commit_of(repository, revision),
            "Accept-Ranges": "bytes",
        }
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if name == self.hub.held_path and self.command == "GET":
            self.hub.held.set()
            self.hub.release.wait(PATIENCE_S)
        if self.hub.broken.is_set():
            self.close_connection = True
            return
        if not wanted:
            self._send(200, content, headers)
            return
        start = int(wanted[1])
        end = min(int(wanted[2] or len(content)), len(content) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
        self._send(206, content[start : end + 1], headers)


@contextmanager
def serve(hub: FakeHub) -> Iterator[str]:
    """Serve until the block ends; gives the address, as HF_ENDPOINT wants it."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        hub.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
