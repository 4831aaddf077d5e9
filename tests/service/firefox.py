"""Firefox, headless, driven over Marionette: its own remote protocol, WebDriver's commands as JSON over TCP.

https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

import base64
import json
import shutil
import socket
import subprocess
import time

from gigamatte.testing.served import free_port

#: how WebDriver names an element in JSON
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Firefox:
    """One window of a Firefox of its own profile. Close it, or use it as a context."""

    def __init__(self, program, folder):
        port, self.folder = free_port(), folder
        self.downloads = folder / "downloads"
        self.downloads.mkdir()
        profile = folder / "profile"
        profile.mkdir()
        wanted = {
            "marionette.port": port,
            "browser.download.folderList": 2,
            "browser.download.dir": str(self.downloads),
            "browser.shell.checkDefaultBrowser": False,
            "datareporting.policy.dataSubmissionEnabled": False,
            "app.update.enabled": False,
        }
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in wanted.items()]
        (profile / "user.js").write_text("\n".join(lines))
        command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(profile), "about:blank"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self._socket = self._connected(port)
            self._file = self._socket.makefile("rb")
            self._read()  # it greets first
            self._number = 0
            self.ask("WebDriver:NewSession", capabilities={})
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    def _connected(self, port):
        end = time.monotonic() + 120
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=120)
            except OSError:
                assert self._process.poll() is None, "Firefox has ended"
                assert time.monotonic() < end, "Firefox does not answer"
                time.sleep(0.2)

    def _read(self):
        length = b""
        while (letter := self._file.read(1)) != b":":
            length += letter
        return json.loads(self._file.read(int(length)))

    def ask(self, command, **parameters):
        """One command of WebDriver: its value."""
        self._number += 1
        body = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(str(len(body)).encode() + b":" + body)
        _, _, error, value = self._read()
        assert error is None, error
        return value["value"] if isinstance(value, dict) and set(value) == {"value"} else value

    def open(self, url):
        self.ask("WebDriver:Navigate", url=url)

    def run(self, script, *arguments):
        """What a script in the page returns."""
        return self.ask("WebDriver:ExecuteScript", script=script, args=list(arguments), newSandbox=False)

    def until(self, expression, seconds=120):
        end = time.monotonic() + seconds
        while not self.run(f"return {expression}"):
            assert time.monotonic() < end, expression
            time.sleep(0.05)

    def find(self, selector):
        return self.ask("WebDriver:FindElement", using="css selector", value=selector)[ELEMENT]

    def click(self, selector):
        self.ask("WebDriver:ElementClick", id=self.find(selector))

    def keys(self, selector, text):
        """Type into an element; into a file input, a path."""
        self.ask("WebDriver:ElementSendKeys", id=self.find(selector), text=text)

    def point(self, *steps):
        """The mouse: ("move", x, y), ("down", button), ("up", button), in pixels of the window."""
        actions = [
            {"type": "pointerMove", "x": round(step[1]), "y": round(step[2]), "duration": 30}
            if step[0] == "move"
            else {"type": f"pointer{step[0].title()}", "button": step[1]}
            for step in steps
        ]
        source = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}
        self.ask("WebDriver:PerformActions", actions=[source])

    def press(self, *keys):
        """Keys together, the last one pressed and let go: press(CONTROL, "z")."""
        downs = [{"type": "keyDown", "value": key} for key in keys]
        ups = [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self.ask("WebDriver:PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": downs + ups}])

    def shot(self, path):
        path.write_bytes(base64.b64decode(self.ask("WebDriver:TakeScreenshot", full=False)))

    def downloaded(self, seconds=60):
        """The one file that has come, whole."""
        end = time.monotonic() + seconds
        while True:
            found = list(self.downloads.iterdir())
            if len(found) == 1 and found[0].suffix != ".part" and found[0].stat().st_size:
                return found[0]
            assert time.monotonic() < end, found
            time.sleep(0.05)

    def close(self):
        self._file.close()
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder / "profile", ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
