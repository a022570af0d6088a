"""Processes that have everything imported when they begin: forked from one that has.

    python -I -S suite/warm.py ASKED_BY MODULE ARGUMENT ...

does what `python -m MODULE ARGUMENT ...` does, in a process forked from the server at $COURSEWORK_WARM, and ends as
that process ends; both end with the process ASKED_BY. Without a server it becomes `python -m MODULE` itself, which then
imports for itself: seconds that are most of a page's time. This module needs nothing but Python's own library, which is
imported in no time.
"""

import contextlib
import gc
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ADDRESS = "COURSEWORK_WARM"  # environment variable: the server's socket
ASKED_BY = "COURSEWORK_ASKED_BY"  # likewise: the number of the process that waits for this one
LIBRARIES = ("keras", "matplotlib.pyplot", "papermill", "seaborn", "sklearn.metrics")
PRELOADED = ("ipykernel.kernelapp", *LIBRARIES, "helpers.lab", "suite.recorded", "suite.site.pages")
INLINE = "module://matplotlib_inline.backend_inline"  # the backend of a kernel's figures
LARGEST = 200_000  # bytes of a request, an environment and some words
LONGEST = 60  # characters of a folder for the server's socket
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


# Whoever wants a process.


def command(module: str) -> list[str]:
    """The beginning of a command that runs a module for this process; its arguments follow."""
    return [sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(os.getpid()), module]


def is_waited_for(parent: int) -> bool:
    """Whether who asked for this process is still there, or was, if nobody is named, its parent at the start.

    A parent may be gone before its child can ask who it was: that is why it is named.

    Args:
        parent: The parent at the start.
    """
    asked_by = int(os.environ.get(ASKED_BY) or parent)
    try:
        os.kill(asked_by, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return os.getppid() == parent


def run(asked_by: str, module: str, arguments: list[str]) -> int:
    """Run a module in a forked process; what that ends with.

    Args:
        asked_by: The process that waits for it; "0" for the one that jupyter says, if any.
        module, arguments: What to run.
    """
    parent = os.getppid()
    os.environ[ASKED_BY] = os.environ.get("JPY_PARENT_PID", str(parent)) if asked_by == "0" else asked_by
    try:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(os.environ[ADDRESS])
        request = {"module": module, "arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}
        socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
    except (KeyError, OSError, AttributeError):  # there is none, or no such sockets
        os.execv(sys.executable, [sys.executable, "-m", module, *arguments])

    def forward(caught: int, _) -> None:
        with contextlib.suppress(OSError):  # the server has just ended
            connection.send(bytes([caught]))

    for number in FORWARDED:
        signal.signal(number, forward)
    while is_waited_for(parent):  # when this process ends, the server ends the other
        if select.select([connection], [], [], 1)[0]:
            ended = connection.recv(100)
            return int(ended) if ended else -signal.SIGKILL
    return 1


def end_like(returncode: int) -> None:
    """End this process as another has ended: with its exit status, or by the signal that ended it."""
    if returncode < 0:
        with contextlib.suppress(OSError, ValueError):  # SIGKILL has no handler
            signal.signal(-returncode, signal.SIG_DFL)
        os.kill(os.getpid(), -returncode)
    sys.exit(returncode)


# The server.


@contextlib.contextmanager
def warm_processes(root: Path, modules: tuple[str, ...] = PRELOADED) -> Iterator[None]:
    """Have a server, which imports when the first process is asked for; without one where forking is not safe.

    Within another such call the server is itself forked from that one's.

    Args:
        root: The repository's root.
        modules: What it imports.
    """
    if not _can_serve():
        yield
        return
    # A short path: the system takes few more than 100 characters.
    short = {"dir": "/tmp"} if len(tempfile.gettempdir()) > LONGEST else {}
    with (
        tempfile.TemporaryDirectory(**short) as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener,
    ):
        listener.bind(f"{folder}/socket")
        listener.listen()
        line = [*command("suite.warm"), "--serve", *modules]
        environment = {**os.environ, "PYTHONPATH": str(root)}
        environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        options = {"cwd": root, "env": environment, "stdin": listener, "start_new_session": True}
        server = subprocess.Popen(line, preexec_fn=die_with_parent, **options)
        listener.close()  # with the server the socket ends: who then asks for a process imports for itself
        outer = os.environ.pop(ADDRESS, None)
        os.environ[ADDRESS] = f"{folder}/socket"
        try:
            yield
        finally:
            os.environ.pop(ADDRESS, None)
            os.environ |= {ADDRESS: outer} if outer else {}
            server.kill()
            server.wait()


def _can_serve() -> bool:
    """Whether this system has what the server needs; it is safe to fork on Linux alone."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):  # another system, an old one, or one where it is forbidden
        return False
    return sys.platform == "linux"


def die_with_parent() -> None:
    """Ask the system to end this process when its parent ends: what it began ends with it in turn."""
    if sys.platform == "linux":
        import ctypes

        set_parent_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def serve(modules: list[str]) -> dict:
    """Fork a process for each request to the socket that is the input, for ever; in a forked process its request."""
    listener = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    select.select([listener], [], [])
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # a kernel reads it when it is imported
    sys.modules.pop("suite", None)  # this file's package: another copy's processes may be forked from here
    for module in modules:
        __import__(module)
    gc.freeze()  # what is imported is never garbage: a collection in a forked process would copy the memory of it all
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    request = _begin(listener, selector)
                    if request:
                        return request
                elif any(each is key for each in selector.get_map().values()):  # else its other event was the first
                    _attend(key, selector)


def _begin(listener: socket.socket, selector: selectors.BaseSelector) -> dict | None:
    """Take a request and fork; in the forked process, the request."""
    connection, _ = listener.accept()
    message, files, _, _ = socket.recv_fds(connection, LARGEST, 3)
    if not message:
        connection.close()
        return None
    process = os.fork()
    if not process:
        die_with_parent()
        for number, file in enumerate(files):
            os.dup2(file, number)
        others = [key.fileobj for key in selector.get_map().values()]
        for each in (*files, connection.detach(), *(o if isinstance(o, int) else o.detach() for o in others)):
            os.close(each)
        return json.loads(message)
    for file in files:
        os.close(file)
    watched = os.pidfd_open(process)
    selector.register(watched, selectors.EVENT_READ, (process, watched, connection))
    selector.register(connection, selectors.EVENT_READ, (process, watched, connection))
    return None


def _attend(key: selectors.SelectorKey, selector: selectors.BaseSelector) -> None:
    """A forked process has ended, or whoever asked for it has, or forwards it a signal."""
    process, watched, connection = key.data
    if key.fileobj is connection:
        caught = connection.recv(1)
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            signal.pidfd_send_signal(watched, caught[0] if caught else signal.SIGKILL)  # nothing: nobody waits for it
        if caught:
            return
    ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    with contextlib.suppress(OSError):
        connection.send(str(ended).encode())
    for each in (watched, connection):
        selector.unregister(each)
    os.close(watched)
    connection.close()


def become(request: dict) -> None:
    """In a forked process: be `python -m` of what was asked for."""
    import runpy

    os.environ.clear()
    os.environ |= request["environment"]
    os.chdir(request["folder"])
    if request["module"] == "ipykernel_launcher":
        import matplotlib

        matplotlib.rcParams["backend"] = os.environ.setdefault("MPLBACKEND", INLINE)  # as for an import in a kernel
    sys.path[:0] = [request["folder"], *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = [request["module"], *request["arguments"]]
    sys.modules.pop(request["module"], None)  # one that is run is not one that was imported
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        become(serve(sys.argv[2:]))
    else:
        end_like(run(sys.argv[1], sys.argv[2], sys.argv[3:]))
