"""Processes forked from one that has everything imported: they behave as if each had been started by itself."""

import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from suite import warm
from suite.warm import ADDRESS, warm_processes

ROOT = Path(__file__).parents[2]
WARM = (sys.executable, "-I", "-S", str(ROOT / "suite" / "warm.py"))

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")


@pytest.fixture
def server(monkeypatch):
    """A server that has imported one module which nobody else imports."""
    monkeypatch.delenv(ADDRESS, raising=False)
    with warm_processes(ROOT, ("colorsys",)):
        yield os.environ[ADDRESS]


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes the module `job` where it is found."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)

    def write(source: str) -> None:
        (tmp_path / "job.py").write_text("import os, signal, sys, time\n" + textwrap.dedent(source))

    return write


def start(*arguments: str, **options) -> subprocess.Popen:
    """Start the module `job` in a warm process."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*WARM, str(os.getpid()), "job", *arguments], **pipes, **options)


def is_alive(process: int) -> bool:
    """Whether a process is there that has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition) -> None:
    """Wait until something is so; it should not take long."""
    until = time.time() + 20
    while not condition():
        assert time.time() < until, "it took too long"
        time.sleep(0.05)


def test_a_warm_process_has_what_is_imported_and_its_own_arguments_environment_folder_and_output(
    server, module, tmp_path
):
    module("""
        print("colorsys" in sys.modules, sys.argv[1:], os.environ["OWN"], "GONE" in os.environ, os.getcwd(), __name__)
        print("to the other", file=sys.stderr)
    """)
    process = start("a b", "ü'", env={**os.environ, "OWN": "yes"}, cwd=tmp_path)
    out, err = process.communicate(timeout=60)
    assert out == f"True {['a b', chr(252) + chr(39)]} yes False {tmp_path} __main__\n"
    assert err.endswith("to the other\n")
    assert process.returncode == 0


def test_without_a_server_the_same_is_done_by_a_process_that_imports_for_itself(module, monkeypatch, tmp_path):
    module("print('colorsys' in sys.modules, sys.argv[1:]); sys.exit(5)")
    for address in (None, str(tmp_path / "nobody")):
        monkeypatch.delenv(ADDRESS, raising=False)
        if address:
            monkeypatch.setenv(ADDRESS, address)
        process = start("x")
        assert process.communicate(timeout=60)[0] == "False ['x']\n"
        assert process.returncode == 5


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("sys.exit(3)", 3),
        ("raise ValueError('so it is')", 1),
        ("os._exit(9)", 9),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.abort()", -signal.SIGABRT),
    ],
)
def test_it_ends_as_the_process_ended(server, module, source, expected):
    module(source)
    process = start()
    _, err = process.communicate(timeout=60)
    assert process.returncode == expected
    assert ("so it is" in err) == ("so it is" in source)


def test_signals_reach_the_process(server, module):
    module("""
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell began in the background
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        try:
            print("ready", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            time.sleep(60)
    """)
    process = start()
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "interrupted\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 7


def test_the_process_ends_with_whoever_asked_for_it(server, module):
    module("print(os.getpid(), flush=True); time.sleep(60)")
    first, second = start(), start()
    ours, other = (int(process.stdout.readline()) for process in (first, second))
    first.kill()
    wait_for(lambda: not is_alive(ours))
    assert is_alive(other)
    second.kill()
    second.communicate()
    first.communicate()


@pytest.mark.parametrize("who", ["str(os.getpid())", "'0'"])
def test_an_orphan_ends_too(server, module, who):
    module("print(os.getpid(), flush=True); time.sleep(60)")
    command = f"import os, subprocess; subprocess.run({list(WARM)!r} + [{who}, 'job'])"
    parent = subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.PIPE, text=True)
    process = int(parent.stdout.readline())
    parent.kill()
    wait_for(lambda: not is_alive(process))
    parent.communicate()


@pytest.mark.parametrize("is_warm", [True, False])
def test_a_process_whose_asker_was_gone_before_it_began_ends_as_well(request, module, is_warm, monkeypatch):
    monkeypatch.delenv(ADDRESS, raising=False)
    if is_warm:
        request.getfixturevalue("server")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    module("from suite.processes import end_with_parent; end_with_parent(); time.sleep(20); print('still here')")
    monkeypatch.setenv("PYTHONPATH", f"{os.environ['PYTHONPATH']}{os.pathsep}{ROOT}")
    process = subprocess.Popen([*WARM, str(gone.pid), "job"], stdout=subprocess.PIPE, text=True)
    assert process.communicate(timeout=60)[0] == ""
    assert process.returncode == 1


def test_with_the_server_its_processes_end_and_the_next_import_for_themselves(server, module):
    module("print(os.getpid(), os.getppid(), flush=True); time.sleep(60 * ('wait' in sys.argv))")
    first = start("wait")
    process, its_server = map(int, first.stdout.readline().split())
    os.kill(its_server, signal.SIGKILL)
    first.communicate(timeout=60)
    assert first.returncode == -signal.SIGKILL
    wait_for(lambda: not is_alive(process))
    later = start()
    assert int(later.communicate(timeout=60)[0].split()[0]) == later.pid
    assert later.returncode == 0


def test_many_at_once_each_get_their_own_answer(server, module):
    module("time.sleep(float(sys.argv[2])); print(sys.argv[1]); sys.exit(int(sys.argv[1]))")
    processes = [start(str(k), str(0.3 * (k % 3))) for k in range(12)]
    assert [process.communicate(timeout=60)[0] for process in processes] == [f"{k}\n" for k in range(12)]
    assert [process.returncode for process in processes] == list(range(12))


def test_the_server_ends_with_the_call_that_began_it(module, monkeypatch):
    monkeypatch.delenv(ADDRESS, raising=False)
    module("print(os.getppid())")
    with warm_processes(ROOT, ()):
        its_server = int(start().communicate(timeout=60)[0])
        assert is_alive(its_server)
        address = Path(os.environ[ADDRESS])
        with warm_processes(ROOT, ()):  # a call within a call has its own
            inner = int(start().communicate(timeout=60)[0])
            assert inner not in (its_server, os.getpid())
        wait_for(lambda: not is_alive(inner))
        assert int(start().communicate(timeout=60)[0]) == its_server
    assert not is_alive(its_server)
    assert not address.exists()
    assert ADDRESS not in os.environ


def test_a_server_within_another_call_is_forked_from_that_ones_and_takes_nothing_of_its_package(server, tmp_path):
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "__init__.py").touch()
    shutil.copy(ROOT / "suite" / "warm.py", tmp_path / "suite")
    (tmp_path / "suite" / "job.py").write_text("import sys\nprint(__file__, 'colorsys' in sys.modules)")
    with warm_processes(tmp_path, ("suite",)):
        command = [*WARM, str(os.getpid()), "suite.job"]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.stdout == f"{tmp_path / 'suite' / 'job.py'} True\n", ended.stderr


def test_where_no_server_can_be_there_is_none_and_a_long_folder_is_no_obstacle(module, monkeypatch, tmp_path):
    monkeypatch.delenv(ADDRESS, raising=False)
    long = tmp_path / ("long" * 25)
    long.mkdir()
    monkeypatch.setattr(warm.tempfile, "tempdir", str(long))
    with warm_processes(ROOT, ("colorsys",)):
        assert Path(os.environ[ADDRESS]).exists()
    monkeypatch.setattr(os, "pidfd_open", lambda _: (_ for _ in ()).throw(PermissionError("forbidden")))
    with warm_processes(ROOT, ("colorsys",)):
        assert ADDRESS not in os.environ


def test_both_events_of_a_process_that_ended_just_now_are_attended_to():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    watched = os.pidfd_open(ended.pid)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with selectors.DefaultSelector() as selector, theirs:
        data = (ended.pid, watched, ours)
        keys = [selector.register(each, selectors.EVENT_READ, data) for each in (watched, ours)]
        theirs.send(bytes([signal.SIGINT]))
        wait_for(lambda: len(selector.select(0)) == 2)  # it has ended, and was sent a signal as well
        warm._attend(keys[1], selector)
        warm._attend(keys[0], selector)
        assert theirs.recv(100) == b"0"
        assert not selector.get_map()


def test_what_is_imported_beforehand_can_be(tmp_path):
    for name in warm.PRELOADED:
        assert __import__(name)
