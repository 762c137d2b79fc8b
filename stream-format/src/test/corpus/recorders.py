# SPDX-License-Identifier: Apache-2.0
"""Ways to take a stream from a QEMU. Each returns what was sent: a dict from a file's suffix to its bytes; the main
channel's suffix is "".
"""
import os
import pathlib
import socket
import threading
import time

from qemu import PATIENCE, Qemu


def finish(qemu, case):
    """Lets a busy guest go through its rounds, then lets the migration end."""
    if case.syncs:
        qemu.qmp.wait_for_syncs(case.syncs)
        qemu.qmp("migrate-set-parameters", **{"downtime-limit": 2000})


def to_exec(qemu, case, folder):
    path = os.path.join(folder, "stream")
    qemu.qmp("migrate", uri=f"exec:cat>{path}")
    finish(qemu, case)
    qemu.qmp.wait("completed")
    return {"": pathlib.Path(path).read_bytes()}


def to_file(qemu, case, folder):
    path = os.path.join(folder, "stream")
    qemu.qmp("migrate", uri=f"file:{path}" + (f",offset={case.offset}" if case.offset else ""))
    finish(qemu, case)
    qemu.qmp.wait("completed")
    return {"": pathlib.Path(path).read_bytes()}


def to_sockets(qemu, case, folder):
    """Every channel of multifd to its own file; nothing is answered."""
    path = os.path.join(folder, "sink")
    parts = []

    def read(peer):
        with peer:
            part = bytearray()
            parts.append(part)
            while piece := peer.recv(1 << 20):
                part += piece

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        server.settimeout(PATIENCE)
        qemu.qmp("migrate", uri="unix:" + path)
        readers = []
        for _ in range(1 + case.parameters["multifd-channels"]):
            readers.append(threading.Thread(target=read, args=[server.accept()[0]], daemon=True))
            readers[-1].start()
        finish(qemu, case)
        qemu.qmp.wait("completed")
        for reader in readers:
            reader.join(PATIENCE)
    return {"" if p[:4] == b"QEVM" else f".channel-{p[24]}": bytes(p) for p in parts}


def to_socket_that_refuses(qemu, case, folder):
    """With a return path that ends the migration with SHUT(1)."""
    with socket.socket(socket.AF_UNIX) as server:
        path = os.path.join(folder, "sink")
        server.bind(path)
        server.listen()
        qemu.qmp("migrate", uri="unix:" + path)
        peer, _ = server.accept()
        with peer:
            peer.settimeout(PATIENCE)
            stream = bytearray()
            while not whole(stream):
                stream += peer.recv(1 << 20)
            peer.sendall(bytes.fromhex("0001000400000001"))
            return {"": bytes(stream)}


def whole(stream):
    """Whether vmdesc ends at the last byte."""
    if not stream.endswith(b"}"):
        return False
    at = len(stream)
    while (at := stream.rfind(b"\0\6", 0, at)) >= 0:
        if int.from_bytes(stream[at + 2 : at + 6], "big") == len(stream) - at - 6 and stream[at + 6 : at + 7] == b"{":
            return True
    return False


class Proxy:
    """Stands between two QEMUs and keeps what goes through, connection by connection, both ways."""

    def __init__(self, at, behind):
        self.behind = behind
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(at)
        self.server.listen()
        self.forward, self.back, self.sockets, self.threads = [], [], [], []
        self._start(self._accept)

    def _start(self, work, *arguments):
        self.threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self.threads[-1].start()

    def _accept(self):
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.behind)
            self.sockets += [near, far]
            self.forward.append(bytearray())
            self.back.append(bytearray())
            self._start(self._pump, near, far, self.forward[-1])
            self._start(self._pump, far, near, self.back[-1])

    @staticmethod
    def _pump(source, target, kept):
        try:
            while piece := source.recv(1 << 16):
                kept += piece
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        """Breaks every connection and takes no more."""
        for open_socket in [*self.sockets, self.server]:
            try:
                open_socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            open_socket.close()
        for thread in self.threads:
            thread.join(PATIENCE)


def to_qemu(qemu, case, folder):
    """Into a real destination, by precopy or postcopy; its return path is kept."""
    incoming = os.path.join(folder, "incoming")
    with Qemu(qemu.process.args[0], [*case.arguments(folder), "-incoming", "defer"], folder, "qmp-to") as to:
        to.qmp.set_capabilities(case.capabilities)
        to.qmp("migrate-incoming", uri="unix:" + incoming)
        proxy = Proxy(os.path.join(folder, "proxy"), incoming)
        qemu.qmp("migrate", uri="unix:" + os.path.join(folder, "proxy"))
        if case.postcopy:
            qemu.qmp.wait_for_syncs(case.syncs)
            qemu.qmp("migrate-start-postcopy")
        else:
            finish(qemu, case)
        kept = {}
        if case.recovery:
            kept = _recover(qemu, to, proxy, folder)
        qemu.qmp.wait("completed")
        to.qmp.wait("completed")
        if case.busy and to.qmp("query-status")["status"] != "running":
            raise RuntimeError("the guest does not run at the destination")
        proxy.cut()
    if case.recovery:
        return kept
    names = ["", ".preempt"]
    return {
        **{name: bytes(part) for name, part in zip(names, proxy.forward)},
        **{name + ".return": bytes(part) for name, part in zip(names, proxy.back) if part},
    }


def _recover(qemu, to, first, folder):
    """Breaks postcopy in the middle and takes it up again over a new connection."""
    qemu.qmp.wait("postcopy-active")
    before = len(first.back[0])
    end = time.monotonic() + PATIENCE
    while len(first.back[0]) == before and time.monotonic() < end:
        time.sleep(0.005)
    first.cut()
    qemu.qmp.wait("postcopy-paused")
    to.qmp.wait("postcopy-paused")
    again = os.path.join(folder, "again")
    to.qmp("migrate-recover", uri="unix:" + again)
    second = Proxy(os.path.join(folder, "proxy-2"), again)
    qemu.qmp("migrate", uri="unix:" + os.path.join(folder, "proxy-2"), resume=True)
    qemu.qmp.wait("postcopy-active", "completed")
    qemu.qmp("migrate-set-parameters", **{"max-postcopy-bandwidth": 0})
    qemu.qmp.wait("completed")
    to.qmp.wait("completed")
    second.cut()
    return {
        "": bytes(first.forward[0]),
        ".return": bytes(first.back[0]),
        ".recovery": bytes(second.forward[0]),
        ".recovery-return": bytes(second.back[0]),
    }
