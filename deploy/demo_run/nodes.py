"""One Tram node of the demo: its configuration, its daemon as a real process, and the command line to it."""
import json
import os
import pathlib
import re
import subprocess
import threading
import time

_POLL_S = 0.05
_START_S = 20


class DemoError(Exception):
    pass


def wait_until(condition, deadline_s, what):
    """Polls until `condition()` is true; returns what it returned."""
    end = time.monotonic() + deadline_s
    while not (result := condition()):
        if time.monotonic() > end:
            raise DemoError(f"waited {deadline_s} s in vain: {what}")
        time.sleep(_POLL_S)
    return result


class Node:
    def __init__(self, name, bin_directory, data_directory, prefix=()):
        """`prefix`: what to put before the daemon's command, so that it runs on a network of its own."""
        self.name = name
        self.id = f"dtn://{name}/"
        self.inbox = f"dtn://{name}/inbox"
        self.directory = pathlib.Path(data_directory, name)
        self.directory.mkdir()
        self.port = None
        self._bin = pathlib.Path(bin_directory)
        self._prefix = list(prefix)
        self._process = None
        self._sent = 0

    @property
    def authority(self):
        """Where the commune's authority is, on the node that is one."""
        return self.directory / "authority"

    def become_authority(self):
        """A root, the commune's authority and this node's own certificates; the check groups of the root."""
        return self._device("init", "--standalone", self.name)["root_check_groups"]

    def request(self, sealing):
        """Makes keys and asks for certificates: what to hand to the authority, as the command line says it."""
        return self._device("init", self.name, *(["--sealing"] if sealing else []))

    def approve(self, request):
        """As the authority; the file that goes back to who asked."""
        grant = self.directory / (request["node_id"].strip("/").rpartition("/")[2] + ".grant.pem")
        self._device("approve", request["file"], "--authority", str(self.authority),
                     "--groups", request["check_groups"], "--out", str(grant))
        return grant

    def accept(self, grant, root_check_groups):
        self._device("accept", str(grant), "--groups", root_check_groups)

    def configure(self, router, listen=False, route_via=None, peers=(), villages=()):
        lines = ["[node]", "villages = " + json.dumps(list(villages)),
                 "[security]", f'identity = "{self.directory}/identity"', f'audit = "{self.directory}/audit.log"',
                 "[store]", f'directory = "{self.directory}/store"', 'quota = "1 GB"', 'reserve = "1 MiB"',
                 "[api]", f'endpoint = "{self._api}"', f'events = "ipc://{self.directory}/events"',
                 *self._links(listen),
                 "[bundles]", 'delivery_lease = "10 s"',
                 "[routing]", f'router = "{router}"']
        if route_via:
            lines += ["[[routing.route]]", 'to = "*"', f'via = "{route_via.id}"']
        for peer_id, port in peers:
            lines += ["[[peer]]", f'id = "{peer_id}"', f'address = "127.0.0.1:{port}"']
        self._config.write_text("\n".join(lines) + "\n")

    def _links(self, listen):
        if self._prefix:
            return []  # as after an installation: it listens, and finds the others by itself
        return ["[links]", 'listen = ["127.0.0.1:0"]' if listen else "listen = []",
                'reconnect_min = "50 ms"', 'reconnect_max = "200 ms"', "[discovery]", "enabled = false"]

    def start(self):
        """Starts the daemon and waits until it answers."""
        log = open(self.directory / "log", "ab")
        before = log.tell()
        self._process = subprocess.Popen([*self._prefix, self._bin / "tramd", "--config", self._config],
                                         stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                         start_new_session=True)
        log.close()
        wait_until(self._answers, _START_S, f"tramd of {self.name} to answer")
        said = (self.directory / "log").read_bytes()[before:].decode(errors="replace")
        listening = re.search(r"listening on TCP port (\d+)", said)
        self.port = int(listening[1]) if listening else None

    def kill(self):
        """SIGKILL: no chance to write anything any more."""
        self._process.kill()
        self._process.wait()

    def stop(self):
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def status(self):
        run = self._tram("status")
        if run.returncode > 2:
            raise DemoError(f"{self.name}: {run.stderr.strip()}")
        return json.loads(run.stdout)

    def stored(self):
        """Bundles that are here, but for the receipts: everybody in the area keeps those for a while."""
        return sum(not each["destination"].endswith("/tram/receipts") for each in self._json("bundle", "list"))

    def has_given_all_to(self, peer):
        """Whether `peer` is in reach and nothing here still wants to go there."""
        return any(each["node_id"] == peer.id and each["connected"] and each["queued_bundles"] == 0
                   for each in self.status()["peers"])

    def connected(self):
        return any(peer["connected"] for peer in self.status()["peers"])

    def send(self, content, to, kind, urgency, public):
        """Returns when the message is sealed, or public and signed, and durable at this node."""
        self._sent += 1
        file = self.directory / "outbox" / str(self._sent)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        self._json("message", "send", "--to", to, "--from", self.inbox, "--kind", kind, "--urgency", str(urgency),
                   "--lifetime", "1 d", *(["--public"] if public else []), str(file))

    def files_with(self, texts):
        """Names of the files of this node that hold one of `texts` in the clear."""
        found = []
        for path in sorted(self.directory.rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                if any(text in content for text in texts):
                    found.append(str(path.relative_to(self.directory)))
        return found

    def run(self, *arguments):
        """What `tram` says, as JSON; nothing when it says nothing."""
        return self._json(*arguments)

    def proof(self, notice):
        """Where a notice has been; that it has not been everywhere is a warning, and no error."""
        run = self._tram("notice", "proof", notice)
        if run.returncode > 1:
            raise DemoError(f"{self.name}: tram notice proof: {run.stderr.strip()}")
        return json.loads(run.stdout)

    def lines(self, *arguments):
        """What `tram` says, one JSON object for each line."""
        run = self._tram(*arguments)
        if run.returncode != 0:
            raise DemoError(f"{self.name}: tram {' '.join(arguments[:2])}: {run.stderr.strip()}")
        return [json.loads(line) for line in run.stdout.splitlines()]

    def text(self, *arguments):
        """What `tram` says to people."""
        command = [*self.command(*arguments)]
        command[command.index("json")] = "table"
        return subprocess.run(command, capture_output=True, text=True, env=self.environment, check=False).stdout

    def command(self, *arguments):
        return [str(self._bin / "tram"), "--api", self._api, "-o", "json", *arguments]

    @property
    def environment(self):
        return {**os.environ, "LC_ALL": "C.UTF-8"}

    @property
    def _config(self):
        return self.directory / "tram.toml"

    @property
    def _api(self):
        return f"ipc://{self.directory}/api"

    def _answers(self):
        if self._process.poll() is not None:
            tail = (self.directory / "log").read_text(errors="replace").splitlines()[-5:]
            raise DemoError(f"tramd of {self.name} ended by itself:\n" + "\n".join(tail))
        return self._tram("--timeout", "500 ms", "status").returncode <= 2

    def _device(self, verb, *arguments):
        return self._json("device", verb, *arguments, "--config", str(self._config))

    def _tram(self, *arguments):
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, env=self.environment,
                              check=False)

    def _json(self, *arguments):
        run = self._tram(*arguments)
        if run.returncode != 0:
            raise DemoError(f"{self.name}: tram {' '.join(arguments[:2])}: {run.stderr.strip()}")
        return json.loads(run.stdout) if run.stdout.strip() else None


class Receiver:
    """The application at a node's inbox: `tram message receive`, which opens every message and acknowledges it when
    its file is safe; started again whenever it ends, because its daemon was killed or nothing came for a while."""

    def __init__(self, node, on_message):
        """`on_message(line)` gets what the command says about each message, on another thread."""
        self._node = node
        self._on_message = on_message
        self._stopping = False
        self._lock = threading.Lock()
        self._output = node.directory / "received"
        self._output.mkdir()
        self._run()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def stop(self):
        with self._lock:
            self._stopping = True
            self._process.terminate()
        self._thread.join(10)

    def _run(self):
        command = self._node.command("--timeout", "1 s", "message", "receive", "--endpoint", self._node.inbox,
                                     "--follow", "--wait", "1 s", "--output", str(self._output))
        with open(self._node.directory / "receiver.log", "ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                             stderr=log, text=True, env=self._node.environment,
                                             start_new_session=True)

    def _read(self):
        while True:
            for line in self._process.stdout:
                self._on_message(json.loads(line))
            self._process.wait()
            with self._lock:
                if self._stopping:
                    return
                self._run()
