# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Chromium, spoken to over a pipe in its DevTools protocol: no library, no port."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

PROGRAM = shutil.which("chromium") or "chromium"

OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb",
)  # fmt: skip

ANSWER_S = 60.0


class Browser:
    """A Chromium with one open page."""

    def __init__(self, process: subprocess.Popen[bytes], to: int, back: int) -> None:
        self._process, self._to, self._back = process, to, back
        self._buffer, self._number, self._session = b"", 0, ""
        self._events: list[dict[str, Any]] = []

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Self]:
        """Start Chromium, and end it."""
        command_out, command_in = os.pipe()
        answer_out, answer_in = os.pipe()

        def _place() -> None:
            # Chromium reads commands from descriptor 3 and answers on 4.
            os.dup2(os.dup(command_out), 3)
            os.dup2(os.dup(answer_in), 4)

        with tempfile.TemporaryDirectory() as profile:
            process = subprocess.Popen(
                [PROGRAM, *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
                preexec_fn=_place,
                close_fds=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            os.close(command_out)
            os.close(answer_in)
            browser = cls(process, command_in, answer_out)
            try:
                browser._attach()
                yield browser
            finally:
                process.kill()
                process.wait()
                os.close(command_in)
                os.close(answer_out)

    def _attach(self) -> None:
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._ask(f"{domain}.enable")

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its answer; what else comes is kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + ANSWER_S
        while True:
            answer = self._next(until)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._events.append(answer)

    def _next(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _writable, _failed = select.select(
                [self._back], [], [], max(0.0, until - time.monotonic())
            )
            if not ready:
                raise TimeoutError("Chromium does not answer")
            piece = os.read(self._back, 1 << 20)
            if not piece:
                raise EOFError("Chromium has ended")
            self._buffer += piece
        line, _zero, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        return found

    def show(self, width: int, height: int, *, dark: bool = False, media: str = "") -> None:
        """Set the size of the window, light or dark, and what the page is shown on (such as ``print``)."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def open(self, path: Path) -> float:
        """Open a file and return the seconds until it is loaded and painted."""
        self._events.clear()
        began = time.monotonic()
        self._ask("Page.navigate", url=path.absolute().as_uri())
        until = began + ANSWER_S
        while not any(event.get("method") == "Page.loadEventFired" for event in self._events):
            self._events.append(self._next(until))
        painted = (
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
        )
        self.run(painted)
        return time.monotonic() - began

    def run(self, script: str) -> Any:
        """Return the value of an expression of JavaScript in the page."""
        answer = self._ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:500])
        return answer["result"].get("value")

    def complaints(self) -> list[str]:
        """Return all that the page has complained of since it was opened: errors, and whatever was refused."""
        self.run("1")
        kinds = (
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Log.entryAdded",
            "Network.loadingFailed",
        )
        return [
            json.dumps(event["params"])[:500]
            for event in self._events
            if event.get("method") in kinds
        ]

    def requests(self) -> list[str]:
        """Return the addresses that the page asked for since it was opened."""
        sent = "Network.requestWillBeSent"
        return [
            event["params"]["request"]["url"]
            for event in self._events
            if event.get("method") == sent
        ]

    def picture(self, path: Path, selector: str = "", *, whole: bool = False) -> None:
        """Write what is shown, the whole page, or one element as a PNG."""
        more: dict[str, Any] = {}
        # What is far from the window is laid out only when it comes near.
        self.run(
            "document.querySelectorAll('section').forEach(s => { s.style.contentVisibility = 'visible'; })"
        )
        if selector or whole:
            box = self.run(
                f"(() => {{ const b = document.querySelector({json.dumps(selector or 'html')}).getBoundingClientRect();"
                " return [b.x + scrollX, b.y + scrollY, b.width, b.height]; })()"
            )
            clip = dict(zip(("x", "y", "width", "height"), box, strict=True))
            more = {"clip": {**clip, "scale": 1}, "captureBeyondViewport": True}
        answer = self._ask("Page.captureScreenshot", format="png", **more)
        path.write_bytes(base64.b64decode(answer["data"]))

    def names(self) -> list[tuple[str, str]]:
        """Return roles and names as a screen reader gets them."""
        nodes = self._ask("Accessibility.getFullAXTree")["nodes"]
        return [
            (node.get("role", {}).get("value", ""), node.get("name", {}).get("value", ""))
            for node in nodes
            if not node.get("ignored")
        ]

    def press(self, key: str) -> None:
        """Press a key."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27}
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self._ask(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=codes[key],
                **(text if kind == "keyDown" else {}),
            )
