# SPDX-License-Identifier: Apache-2.0
"""A QEMU and its monitor."""
import json
import os
import socket
import subprocess
import time

PATIENCE = 60


class Qmp:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        for _ in range(100):
            try:
                self.socket.connect(path)
                break
            except OSError:
                time.sleep(0.05)
        self.file = self.socket.makefile("rw")
        self.greeting = json.loads(self.file.readline())["QMP"]
        self("qmp_capabilities")

    def __call__(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")

    def wait(self, *states):
        """Until the migration is in one of these states; its last report."""
        end = time.monotonic() + PATIENCE
        while True:
            report = self("query-migrate")
            status = report.get("status")
            if status in states:
                return report
            if status in ("failed", "completed") or time.monotonic() > end:
                raise RuntimeError(str(report))
            time.sleep(0.02)

    def wait_for_syncs(self, count):
        """Until the dirty pages have been collected so often, or the migration is over."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            report = self("query-migrate")
            if report.get("status") == "failed":
                raise RuntimeError(str(report))
            if report.get("status") == "completed" or report.get("ram", {}).get("dirty-sync-count", 0) >= count:
                return
            time.sleep(0.005)
        raise RuntimeError(f"fewer than {count} dirty syncs")

    def set_capabilities(self, names):
        if names:
            self("migrate-set-capabilities", capabilities=[{"capability": c, "state": True} for c in names])

    def version(self):
        found = self.greeting["version"]["qemu"]
        return f"{found['major']}.{found['minor']}.{found['micro']}"


class Qemu:
    """A process, killed at the end of the `with`; `qmp` is its monitor."""

    def __init__(self, program, arguments, folder, name="qmp"):
        monitor = os.path.join(folder, name)
        self.process = subprocess.Popen(
            [program, *arguments, "-qmp", f"unix:{monitor},server=on,wait=off"], cwd=folder, stdin=subprocess.DEVNULL)
        try:
            self.qmp = Qmp(monitor)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
