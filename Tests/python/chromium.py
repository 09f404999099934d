"""A headless Chromium, spoken to over the pipe of its DevTools protocol: no package, no port, no network."""

import base64
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time

# Longer than anything takes, so that only a fault reaches it.
PATIENCE = 60.0

ARGUMENTS = [
    "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
    "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--disable-default-apps", "--mute-audio", "--no-proxy-server", "--hide-scrollbars",
    # Nothing is looked up: only addresses lead somewhere.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


class Chromium:
    """The browser. A context manager."""

    def __init__(self):
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            raise AssertionError("there is no chromium; scripts/deps.sh ci installs it")
        self._profile = tempfile.mkdtemp(prefix="beatd-chromium-")
        # It refuses its sandbox to root, and a container has none to give.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 or os.environ.get("CI") else []
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()
        environment = dict(os.environ, HOME=self._profile, XDG_CONFIG_HOME=self._profile, XDG_CACHE_HOME=self._profile)

        def pipes():
            # 3 is where it reads, 4 where it writes. Out of the way first: one of them may be 3 or 4.
            reading, writing = os.dup(to_read), os.dup(from_write)
            os.dup2(reading, 3)
            os.dup2(writing, 4)

        self._process = subprocess.Popen(
            [program, *ARGUMENTS, *sandbox, f"--user-data-dir={self._profile}", "about:blank"], env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            preexec_fn=pipes, start_new_session=True)
        os.close(to_read)
        os.close(from_write)
        self._to, self._from = to_write, from_read
        self._last = 0
        self._answers = {}
        self._arrived = threading.Condition()
        self._listeners = []
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        waiting = b""
        while True:
            try:
                piece = os.read(self._from, 1 << 16)
            except OSError:
                piece = b""
            if not piece:
                break
            waiting += piece
            *messages, waiting = waiting.split(b"\0")
            for text in messages:
                message = json.loads(text)
                if "id" in message:
                    with self._arrived:
                        self._answers[message["id"]] = message
                        self._arrived.notify_all()
                else:
                    for listener in list(self._listeners):
                        listener(message)
        with self._arrived:
            self._ended = True
            self._arrived.notify_all()

    def send(self, method, session=None, **parameters):
        """The result of a command."""
        self._last += 1
        number = self._last
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data):]
        with self._arrived:
            if not self._arrived.wait_for(lambda: number in self._answers or self._ended, PATIENCE):
                raise AssertionError(f"no answer to {method} within {PATIENCE} s")
            if number not in self._answers:
                raise AssertionError(f"chromium ended at {method}")
            answer = self._answers.pop(number)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def page(self, **options):
        """A new tab."""
        return Page(self, **options)

    def listen(self, listener):
        self._listeners.append(listener)

    def close(self):
        try:
            self.send("Browser.close")
        except (AssertionError, OSError):
            pass
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        self._reader.join(15)
        os.close(self._from)
        # Its helpers may still be writing into it for a moment.
        shutil.rmtree(self._profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Page:
    """A tab, with all that it asked for (`requests`) and all that it complained of (`complaints`)."""

    def __init__(self, browser, width=1440, height=1000, dark=False):
        self._browser = browser
        self.requests = []
        self.complaints = []
        target = browser.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._target = target
        browser.listen(self._heard)
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        self.resize(width, height)
        self.dark(dark)

    def send(self, method, **parameters):
        return self._browser.send(method, self._session, **parameters)

    def _heard(self, message):
        if message.get("sessionId") != self._session:
            return
        method, parameters = message["method"], message["params"]
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"].get("exception", parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.complaints.append(parameters["args"])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(parameters["entry"]["text"] + " " + parameters["entry"].get("url", ""))

    def resize(self, width, height):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def dark(self, dark):
        scheme = "dark" if dark else "light"
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, url):
        self.send("Page.navigate", url=url)

    def value(self, expression):
        """What an expression gives in the page; promises are waited for."""
        result = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def until(self, expression, within=PATIENCE):
        """Looks ten times a second until the expression is true; what it gave then."""
        end = time.monotonic() + within
        while True:
            value = self.value(expression)
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"not within {within} s: {expression}; complaints: {self.complaints}")
            threading.Event().wait(0.1)

    def text(self, selector):
        return self.value(f"document.querySelector({json.dumps(selector)})?.innerText ?? null")

    def click(self, selector):
        """As a mouse does, where the element is."""
        place = self.until(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            if (!element) return null;
            element.scrollIntoView({{block: 'nearest'}});
            const box = element.getBoundingClientRect();
            return box.width > 0 ? {{x: box.x + box.width / 2, y: box.y + box.height / 2}} : null;
        }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def hover(self, x, y):
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def write(self, text):
        """Types into what has the focus."""
        self.send("Input.insertText", text=text)

    def press(self, key, shift=False):
        """A key: `Enter`, `ArrowDown`, `/`."""
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "Delete": 46, "ArrowDown": 40, "ArrowUp": 38, "End": 35, "Home": 36,
                 "PageDown": 34}
        event = {"key": key, "modifiers": 8 if shift else 0}
        if key in codes:
            event["windowsVirtualKeyCode"] = codes[key]
            event["code"] = key
        if key == "Enter":
            event["text"] = "\r"
        elif len(key) == 1:
            event["text"] = key
        self.send("Input.dispatchKeyEvent", type="keyDown", **event)
        self.send("Input.dispatchKeyEvent", type="keyUp", **{k: v for k, v in event.items() if k != "text"})

    def screenshot(self, path):
        data = self.send("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self._browser.send("Target.closeTarget", targetId=self._target)
