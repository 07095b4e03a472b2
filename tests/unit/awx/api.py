# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small likeness of AWX's API: objects that the real awx.awx modules look for, make, change and connect."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Item = dict[str, Any]

# Where the templates of nodes and schedules are looked for.
UNIFIED = ("job_templates", "workflow_job_templates", "projects", "inventory_sources")
# What is in AWX before anybody configures anything.
PRESENT = {"organizations": ["Default"], "credentials": ["Drover SSH"]}


class Awx:
    """The objects, by kind, and what is connected to them.

    Attributes
    ----------
    objects
        Lists of objects by endpoint.
    """

    def __init__(self) -> None:
        self.objects: dict[str, list[Item]] = {}
        self._connected: dict[str, list[Item]] = {}
        self._number = 0
        for kind, names in PRESENT.items():
            for name in names:
                self._make(kind, {"name": name})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    def named(self, kind: str) -> dict[str, Item]:
        """Return the objects of a kind by name, or by identifier where they have none."""
        return {
            str(item.get("name") or item.get("identifier")): item
            for item in self.objects.get(kind, [])
        }

    def connected(self, kind: str, item: Item, relation: str) -> list[str]:
        """Return what is connected to an object, by name or identifier."""
        found = self._connected.get(f"{kind}/{item['id']}/{relation}", [])
        everything = {one["id"]: one for items in self.objects.values() for one in items}
        return [
            everything[one["id"]].get("identifier") or everything[one["id"]]["name"]
            for one in found
        ]

    def answer(self, method: str, path: str, query: Item, body: Item) -> tuple[int, Any]:
        """Return status and document for a request."""
        words = path.removeprefix("/api/v2/").strip("/").split("/")
        if path.strip("/") == "api" or words == ["ping"] or words == ["me"]:
            return 200, {"current_version": "/api/v2/", "results": [], "count": 0}
        if len(words) == 1:
            if method == "POST":
                return 201, self._make(words[0], body)
            return 200, _page(self._found(words[0], query))
        if len(words) == 2:
            return self._one(method, words[0], int(words[1]), body)
        return self._related(method, words, body)

    def _one(self, method: str, kind: str, number: int, body: Item) -> tuple[int, Any]:
        [item] = [one for one in self.objects[kind] if one["id"] == number]
        if method == "DELETE":
            self.objects[kind].remove(item)
            return 204, None
        item.update(body)
        return 200, item

    def _related(self, method: str, words: list[str], body: Item) -> tuple[int, Any]:
        kind, number, relation = words
        [item] = [one for one in self.objects[kind] if one["id"] == int(number)]
        if relation == "survey_spec":
            if method == "POST":
                item["survey_spec"] = body
            return 200, item.get("survey_spec", {})
        if relation == "create_approval_template":
            made = self._make("workflow_approval_templates", body)
            item["unified_job_template"] = made["id"]
            return 201, made
        if relation == "workflow_nodes":
            return 200, _page(
                self._found("workflow_job_template_nodes", {"workflow_job_template": number})
            )
        connected = self._connected.setdefault("/".join(words), [])
        if method == "POST":
            connected[:] = [one for one in connected if one["id"] != body["id"]]
            connected += [] if body.get("disassociate") else [{"id": body["id"]}]
            return 204, None
        return 200, _page(connected)

    def _make(self, kind: str, body: Item) -> Item:
        self._number += 1
        url = f"/api/v2/{kind}/{self._number}/"
        related = _Related(url)
        if kind == "projects":
            body = {**body, "scm_revision": "1", "status": "successful", "summary_fields": {}}
        item = {
            "id": self._number,
            "type": kind.removesuffix("s"),
            "url": url,
            **body,
            "related": related,
        }
        self.objects.setdefault(kind, []).append(item)
        return item

    def _found(self, kind: str, query: Item) -> list[Item]:
        kinds = UNIFIED if kind == "unified_job_templates" else (kind,)
        items = [item for one in kinds for item in self.objects.get(one, [])]
        wanted = {
            re.sub(r"^(or__)?|(__exact|__iexact)$", "", key): value
            for key, value in query.items()
            if key not in ("page_size", "order_by", "not__id", "or__id")
        }
        return [
            item
            for item in items
            if all(str(item.get(key)) == value for key, value in wanted.items())
        ]


class _Related(dict[str, str]):
    """The addresses of what is connected to an object."""

    def __init__(self, url: str) -> None:
        relations = (
            "credentials", "labels", "instance_groups", "survey_spec", "workflow_nodes",
            "success_nodes", "failure_nodes", "always_nodes",
            *(f"notification_templates_{one}" for one in ("started", "success", "error", "approvals")),
        )  # fmt: skip
        super().__init__({relation: f"{url}{relation}/" for relation in relations})


def _page(items: list[Item]) -> Item:
    return {"count": len(items), "results": items, "next": None, "previous": None}


def _handler(awx: Awx) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            status, document = awx.answer(
                self.command, parts.path, dict(parse_qsl(parts.query)), body
            )
            data = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-API-Product-Name", "AWX")
            self.send_header("X-API-Product-Version", "24.6.1")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - the names that the library calls

        def log_message(self, *_words: Any) -> None:
            """Keep quiet."""

    return Handler
