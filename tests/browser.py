"""A real browser, which shows what a page comes to, and in which a test clicks and types."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection as Connection
from websockets.sync.client import connect

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
#: Milliseconds of the page's own clock: the browser skips over whatever it would only wait for.
PAGE_TIME = 15_000
#: A test that waits so long has failed. Seconds.
PATIENCE = 60.0


def command(folder: Path) -> list[str]:
    """The browser, headless, with a fresh profile in a folder, and calling nobody but the pages."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    assert program, "this test looks at a page in a browser: install Chromium, e.g. `apt-get install chromium`"
    return [
        program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={folder / 'profile'}",
    ]  # fmt: skip


@dataclass(frozen=True)
class Browser:
    """Headless, with a fresh profile in a folder, and calling nobody but the pages."""

    folder: Path

    def content(self, address: str) -> str:
        """A page as HTML, once it has loaded what it shows."""
        return self._run("--dump-dom", address)

    def photograph(self, address: str, picture: Path) -> None:
        """The same as a picture."""
        self._run(f"--screenshot={picture}", address)

    def _run(self, how: str, address: str) -> str:
        done = subprocess.run(
            [*command(self.folder), f"--virtual-time-budget={PAGE_TIME}", "--window-size=1400,1600", how, address],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        return done.stdout


class Tab:
    """A page in a browser that a test works with as a person does: the Chrome DevTools protocol, over loopback.

    https://chromedevtools.github.io/devtools-protocol/
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._calls = 0
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers to a command."""
        self._calls += 1
        about = {"sessionId": self._session} if self._session else {}
        self._connection.send(json.dumps({"id": self._calls, "method": method, "params": parameters, **about}))
        while True:
            told = json.loads(self._connection.recv(PATIENCE))
            if told.get("id") == self._calls:
                assert "error" not in told, f"{method}: {told['error']}"
                return dict(told["result"])

    def open(self, address: str) -> None:
        told = self.call("Page.navigate", url=address)
        assert "errorText" not in told, told
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def until(self, holds: str, seconds: float = PATIENCE) -> Any:
        """Wait until an expression is true in the page; returns its value."""
        deadline = time.monotonic() + seconds
        while not (found := self._try(holds)):
            assert time.monotonic() < deadline, f"{holds} does not come true; the page says:\n{self.text[:2000]}"
            time.sleep(0.05)
        return found

    def _try(self, script: str) -> Any:
        """Its value, or nothing while one page gives way to the next."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return None if "exceptionDetails" in told else told["result"].get("value")

    @property
    def text(self) -> str:
        return str(self._try("document.body.innerText"))

    @property
    def address(self) -> str:
        return str(self.evaluate("location.href"))

    def click(self, selector: str) -> None:
        """With the mouse, in the middle of the first element of this kind, once it has come into view."""
        where = self.until(
            f"(() => {{ const found = document.querySelector({json.dumps(selector)}); if (!found) return null;"
            " found.scrollIntoView({block: 'center'}); const box = found.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=where[0], y=where[1], button="left", clickCount=1)

    def write(self, selector: str, text: str) -> None:
        """Type into a field, in the place of what is in it."""
        self.click(selector)
        self.evaluate("document.activeElement.select()")
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """One key, such as `a` or `ArrowRight`."""
        typed = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **typed)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)

    def photograph(self, picture: Path, *, whole: bool = False) -> None:
        """What is seen, or the whole page, as a PNG."""
        told = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        picture.write_bytes(base64.b64decode(told["data"]))


@contextmanager
def tab(folder: Path, *options: str) -> Iterator[Tab]:
    """A browser of its own with one page, ended afterwards."""
    process = subprocess.Popen(
        [*command(folder), "--remote-debugging-port=0", *options, "about:blank"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    address, listener = "", None
    try:
        for line in process.stderr:
            if found := re.search(r"DevTools listening on (ws://\S+)", line):
                address = found[1]
                break
        assert address, f"the browser did not begin: {process.wait(PATIENCE)}"
        # It has more to say, and shall not wait until somebody reads it.
        listener = threading.Thread(target=process.stderr.read, daemon=True)
        listener.start()
        with connect(address, max_size=None, proxy=None) as connection:
            yield Tab(connection)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
            if listener is not None:
                listener.join(PATIENCE)
            process.stderr.close()
