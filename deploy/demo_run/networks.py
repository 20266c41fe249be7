"""Machines with networks of their own, and one radio that the laptop has with it: Linux network namespaces, and a virtual
wire whose far end is in the village, in the office, or switched off. Nobody is told anybody's address."""
import json
import os
import shutil
import subprocess
import time

_LAPTOP, _FAR = "10.77.0.3/24", "10.77.0.1/24"
_POLL_S = 0.02


def why_not():
    """Why this machine cannot do it, as a sentence; nothing when it can."""
    if os.geteuid() != 0:
        return "Networks that come and go need root"
    for program in ("ip", "tc"):
        if not shutil.which(program):
            return f"Networks that come and go need {program} (Debian package iproute2)"
    probe = f"tram-demo-{os.getpid()}"
    if _succeeds("ip", "netns", "add", probe):
        good = (_succeeds("ip", "-n", probe, "link", "add", "radio", "type", "veth", "peer", "name", "other")
                and _succeeds("tc", "-n", probe, *_shaping(1_000_000)))
        _succeeds("ip", "netns", "del", probe)
        if good:
            return None
    return "This system has no network namespaces, virtual wires or shaping (netns, veth, tbf)"


class Networks:
    """The machines, by name; each sees only its loopback interface until a radio is switched on."""

    def __init__(self, laptop, places):
        self._namespaces = {name: f"tram-demo-{os.getpid()}-{name}" for name in (laptop, *places)}
        self._laptop = self._namespaces[laptop]
        self._far_at = None
        for namespace in self._namespaces.values():
            _run("ip", "netns", "add", namespace)
            _run("ip", "-n", namespace, "link", "set", "lo", "up")

    def of(self, name):
        """What to put before a command so that it runs on that machine."""
        return ["ip", "netns", "exec", self._namespaces[name]]

    def radio(self, bytes_per_second, place):
        return NetworkRadio(self, bytes_per_second, self._namespaces[place])

    def close(self):
        for namespace in self._namespaces.values():
            _succeeds("ip", "netns", "del", namespace)

    def bring_to(self, place):
        """The far end of the radio is at `place` now, switched off."""
        if self._far_at is None:
            _run("ip", "-n", self._laptop, "link", "add", "radio", "type", "veth", "peer", "name", "radio", "netns", place)
            _run("ip", "-n", self._laptop, "addr", "add", _LAPTOP, "dev", "radio")
            _run("ip", "-n", self._laptop, "link", "set", "radio", "up")
        elif self._far_at != place:
            _run("ip", "-n", self._far_at, "link", "set", "radio", "netns", place)
        if self._far_at != place:
            _run("ip", "-n", place, "addr", "add", _FAR, "dev", "radio")
        self._far_at = place

    def shape(self, bytes_per_second):
        for namespace in (self._laptop, self._far_at):
            _run("tc", "-n", namespace, *_shaping(bytes_per_second))

    def counted(self):
        """Bytes that the laptop's end has sent, and received."""
        shown = subprocess.run(["ip", "-n", self._laptop, "-j", "-s", "link", "show", "dev", "radio"],
                               capture_output=True, text=True, check=True).stdout
        statistics = json.loads(shown)[0]["stats64"]
        return {"to": statistics["tx"]["bytes"], "from": statistics["rx"]["bytes"]}


class NetworkRadio:
    """As radio.Radio, with interfaces that go up and down."""

    def __init__(self, networks, bytes_per_second, place):
        self.rate = bytes_per_second
        self.port = None
        self._networks = networks
        self._place = place
        self._before = {"to": 0, "from": 0}

    def switch_on(self):
        self._networks.bring_to(self._place)
        self._networks.shape(self.rate)
        self._before = self._networks.counted()
        _run("ip", "-n", self._place, "link", "set", "radio", "up")

    def switch_off(self):
        _run("ip", "-n", self._place, "link", "set", "radio", "down")

    def wait_until_passed(self, direction, count, deadline_s):
        """Waits until `count` bytes went "to" the far end or came "from" it; false when that takes too long."""
        end = time.monotonic() + deadline_s
        while self.passed(direction) < count:
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_S)
        return True

    def passed(self, direction):
        """How many bytes went "to" the far end, or came "from" it, since the radio was switched on."""
        return self._networks.counted()[direction] - self._before[direction]

    def close(self):
        pass


def _shaping(bytes_per_second):
    return ["qdisc", "replace", "dev", "radio", "root", "tbf", "rate", f"{bytes_per_second * 8}bit", "burst", "16kb",
            "latency", "50ms"]


def _run(*command):
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise OSError(f"{' '.join(command)}: {run.stderr.strip()}")


def _succeeds(*command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
