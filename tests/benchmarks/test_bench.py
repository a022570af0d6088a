"""The benchmarks: all methods are measured in turns in one run, and their ratios are held against the goals."""

import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from benchmarks import beside, frozen, inputs, methods, seeds, startup, suite, throughput, trainers
from benchmarks.comparison import Comparison, Goal, describe, in_turns, number
from benchmarks.page import build_bench_page
from helpers.transfer import freeze

ROOT = Path(__file__).parents[2]


def test_plain_keras_begins_without_the_setting_that_make_gives_all_others(monkeypatch):
    monkeypatch.setenv(trainers.ONEDNN, "1")
    with trainers.environment_of("plain Keras"):
        assert trainers.ONEDNN not in os.environ
    with trainers.environment_of("ours"):
        assert os.environ[trainers.ONEDNN] == "1"
    assert os.environ[trainers.ONEDNN] == "1"
    assert f"export {trainers.ONEDNN} ?= 1" in (ROOT / "Makefile").read_text()


def test_every_method_is_measured_once_a_round_and_every_second_round_in_reverse():
    called = []
    functions = {name: lambda name=name: called.append(name) or len(called) for name in "abc"}
    assert in_turns(functions, 3) == {"a": [1, 6, 7], "b": [2, 5, 8], "c": [3, 4, 9]}
    assert "".join(called) == "abccbaabc"


@pytest.mark.parametrize(
    ("goal", "measured", "met"),
    [
        (Goal("fast", 1.7, against="slow"), 2.0, True),
        (Goal("fast", 2.5, against="slow"), 2.0, False),
        (Goal("slow", 0.6, at_least=False, against="fast"), 0.5, True),
        (Goal("fast", 25, at_least=False), 20.0, True),
        (Goal("fast", 1.0, against="absent"), None, None),
        (Goal("fast", 0.3, against="slow", fastest=True), 0.2, False),  # 20 by 100
    ],
)
def test_a_goal_is_judged_by_the_median_of_the_ratios_of_each_round(goal, measured, met):
    values = {"slow": [10.0, 1.0, 100.0], "fast": [20.0, 5.0, 150.0]}  # ratios 2, 5 and 1.5
    judged = Comparison("speed", "", "images a second", values, "slow", (goal,)).as_dict()["goals"][0]
    assert (judged["measured"], judged["met"]) == (measured, met)


def test_a_comparison_is_printed_with_its_ratios_and_what_is_missing():
    comparison = Comparison("speed", "", "s", {"a": [1.0, 2.0], "b": [2.0, 5.0]}, "a", (), {"c": "no PyTorch"})
    lines = describe(comparison.as_dict())
    assert lines[0] == "speed, s"
    assert lines[2] == "  b: 3.50 (2.00 to 5.00), 2.25 times a (2.00 to 2.50)"
    assert lines[3] == "  c: not measured: no PyTorch"


def build_small(_base, _weights, depth):
    """A base of two layers with VGG16's name for the last one, for 32x32 images."""
    images = keras.Input((32, 32, 3), dtype="uint8")
    x = layers.Rescaling(1 / 255)(images)
    x = layers.Conv2D(4, 3, strides=4, name="block1_conv1")(x)
    x = layers.Conv2D(4, 3, name="block5_conv1")(x)
    x = layers.GlobalAveragePooling2D(name="head_pool")(x)
    model = keras.Model(images, layers.Dense(10, activation="softmax")(x))
    freeze(model, depth)
    return model


def test_frozen_layers_are_measured_from_an_empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path))
    monkeypatch.setattr(frozen, "pretrained_classifier", build_small)
    comparisons = frozen.measure(num_images=36, rounds=2)
    titles = ["Five epochs of VGG16's new head", "Five epochs of VGG16's last block", "An epoch of all of VGG16"]
    assert [comparison.title for comparison in comparisons] == titles
    for comparison in comparisons:
        assert [len(seconds) for seconds in comparison.values.values()] == [2, 2]
        assert min(min(seconds) for seconds in comparison.values.values()) > 0
    assert [len(comparison.as_dict()["goals"]) for comparison in comparisons] == [1, 1, 0]
    assert os.environ["COURSEWORK_CACHE"] == str(tmp_path)
    assert not list(tmp_path.iterdir())  # each round has a cache of its own


def test_who_computes_frozen_layers_is_as_the_comparisons_say(monkeypatch, tmp_path):
    asked = []

    def fit(*_, fast, **__):
        asked.append(fast)
        return SimpleNamespace(seconds_by_epoch=[2.0, 1.0])

    def take_turns(methods, rounds):
        found = {}
        for name, method in methods.items():
            asked.clear()
            method()
            found[name] = [float(fast) for fast in asked]
        return found

    monkeypatch.setattr(frozen, "pretrained_classifier", build_small)
    monkeypatch.setattr(frozen, "fit", fit)
    monkeypatch.setattr(frozen, "in_turns", take_turns)
    *partly, whole = frozen.measure(num_images=36, rounds=1)
    assert [comparison.values for comparison in partly] == [{frozen.PLAIN: [0.0], frozen.OURS: [1.0]}] * 2
    assert whole.values == {frozen.KERAS: [0.0], frozen.FASTER: [1.0]}


def test_feeding_the_net_is_compared_with_training_it(monkeypatch):
    monkeypatch.setattr(inputs, "load_cifar10", lambda: pytest.fail("no data are needed for this"))
    monkeypatch.setattr(inputs, "_loading", lambda rounds: None)
    feeding, _ = inputs.measure(num_images=256, rounds=1)
    assert list(feeding.values) == [inputs.EPOCH, inputs.BATCHES, inputs.AUGMENTED]
    assert [goal["met"] is not None for goal in feeding.as_dict()["goals"]] == [True, True]


def test_where_there_are_no_data_loading_is_said_to_be_missing(monkeypatch):
    def absent():
        raise inputs.DataNotFoundError("no CIFAR-10 here")

    monkeypatch.setattr(inputs, "load_cifar10", absent)
    assert inputs._loading(1).missing == {inputs.LATER: "no CIFAR-10 here"}


class InstantTrainer:
    """Trains in no time; PyTorch is missing."""

    def __init__(self, method, _net, _num_images):
        self.method = method

    def wait(self):
        self.missing = "No module named 'torch'" if "PyTorch" in self.method else ""

    def __call__(self):
        return 100.0

    def end(self):
        return 2**20

    def kill(self):
        pass


def test_nets_are_measured_by_every_method_that_is_there_and_against_the_peak(monkeypatch):
    monkeypatch.setattr(trainers, "Trainer", InstantTrainer)
    monkeypatch.setattr(throughput, "peak", lambda: 1e12)
    comparisons = {c.title: c for c in throughput.measure(num_images=1, rounds=2)}
    cnn = comparisons["Training report A's CNN"]
    assert cnn.values == dict.fromkeys(["ours", "plain Keras", "plain Keras bfloat16"], [100.0] * 2)
    assert set(cnn.missing) == {"PyTorch float32", "PyTorch bfloat16"}
    judged = cnn.as_dict()["goals"]
    assert [goal["met"] for goal in judged] == [False, None]
    share = comparisons["Share of the matrix-product peak"].values["report A's CNN"][0]
    of_reports = throughput.measure_reports(num_images=1, rounds=1)
    assert {f"Training {net}" for net in throughput.OF_REPORTS} < {comparison.title for comparison in of_reports}
    # 27,190,000 multiply-adds forward and for the weights, 23,350,000 for the inputs of all but the first layer
    assert share == pytest.approx(100 * 2 * (2 * 27_191_000 + 23_351_000) / 1e12, rel=1e-3)


def test_a_net_that_ours_could_not_train_is_named_and_the_others_are_measured(monkeypatch):
    class Killed(InstantTrainer):
        def wait(self):
            super().wait()
            self.missing = "killed" if self.method == "ours" else self.missing

    monkeypatch.setattr(trainers, "Trainer", Killed)
    monkeypatch.setattr(throughput, "peak", lambda: 1e12)
    comparisons = {c.title: c for c in throughput.measure(num_images=1, rounds=2)}
    assert comparisons["Training report A's CNN"].missing["ours"] == "killed"
    assert comparisons["Share of the matrix-product peak"].values == {}


def keep_run(path: Path, comparisons: list[Comparison], day: int = 1, device: str = "this one") -> None:
    """A run of a benchmark as `python -m benchmarks` keeps it."""
    run = {"started": f"2026-01-0{day}T00:00:00+00:00", "seconds": 60.0, "device": device, "versions": {}}
    run |= {"precision": "float32", "reason": "asked for", "commit": "abc"}
    path.write_text(json.dumps(run | {"comparisons": [comparison.as_dict() for comparison in comparisons]}))


def text_of(page: Path) -> str:
    """What is to be read on a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text().split("</style>")[1]))


def test_the_page_shows_every_run_and_how_often_a_goal_was_reached(tmp_path):
    for k, fast in enumerate(([20.0], [10.0]), 1):
        goals = (Goal("fast", 1.5, against="slow"),)
        comparison = Comparison("Speed", "Made up.", "images a second", {"slow": [10.0], "fast": fast}, "slow", goals)
        keep_run(tmp_path / f"{k}.json", [comparison], day=k)
    text = text_of(build_bench_page(tmp_path))
    assert "fast: at least 1.5 times slow; measured 1.00, not reached (reached in 1 of 2 runs)" in text
    assert "20.0; 10.0" in text
    measured = "Measured 2 January 2026, commit abc; 1 January 2026, commit abc: 2 runs"
    assert f"{measured}, of which the table and the goals are the newest's." in text
    assert "range" not in text  # a round each


def test_on_the_page_a_goal_is_judged_by_each_runs_own_figures_and_machines_stand_apart(tmp_path):
    def keep(name, goals, values, device="this one"):
        comparison = Comparison("Speed", "Made up.", "images a second", values, "slow", goals)
        keep_run(tmp_path / f"{name}.json", [comparison], device=device)

    keep(1, (Goal("other", 9.0),), {"slow": [10.0], "fast": [30.0], "other": [10.0]})  # another goal was the first then
    keep(2, (), {"slow": [10.0], "fast": [40.0]}, device="another one")
    keep(3, (Goal("fast", 2.0, against="slow"),), {"slow": [10.0], "fast": [10.0]})
    text = text_of(build_bench_page(tmp_path))
    assert "fast: at least 2 times slow; measured 1.00, not reached (reached in 1 of 2 runs)" in text
    assert "Machine 1: float32 device this one" in text
    assert "Machine 2: float32 device another one" in text


def test_the_page_says_first_whether_it_is_fast_and_judges_by_todays_goals(tmp_path):
    speeds = {"ours": [30.0, 30.0], "plain Keras": [10.0, 20.0], "plain Keras bfloat16": [40.0, 15.0]}
    speeds |= {"PyTorch float32": [31.0, 31.0]}
    old, about = (Goal("ours", 9.0, against="plain Keras"),), "8 images; ours: described elsewhere"
    comparison = Comparison("Training report A's CNN", about, "images a second", speeds, "plain Keras", old)
    memory = Comparison("Memory of training report A's CNN", "", "MiB", {"ours": [900.0]})
    keep_run(tmp_path / "1.json", [comparison, memory])
    text = text_of(build_bench_page(tmp_path))
    assert "In float32 (machine 1) ours trains 1 of 1 nets faster than plain Keras in float32, by 5 % or more" in text
    assert "(2.25 to 2.25 times as fast); 0 of 1 faster than its fastest round in either precision (0.75" in text
    assert "0 of 1 faster than PyTorch's faster method (0.97 to 0.97 times)." in text
    assert "goal ours: at least 1.8 times the fastest round of plain Keras; measured 1.50, not reached" in text
    assert "times plain Keras times Keras's fastest round, either precision ours 30.0 30.0 to 30.0 2.25 0.750" in text
    assert "net ours report A's CNN 900" in text


@pytest.mark.parametrize(
    ("figure", "text"),
    [(0.2, "0.200"), (0.0153, "0.0153"), (1.4, "1.40"), (99.97, "100"), (2915.4, "2,915")],
)
def test_figures_of_a_column_have_as_many_digits(figure, text):
    assert number(figure) == text


def test_a_process_that_is_killed_is_named_with_what_it_ended_with():
    trainer = trainers.Trainer("no such method", "report A's CNN", 8)
    trainer.kill()
    trainer.wait()
    assert trainer.missing == "its process ended with -9 (-9: killed, perhaps for want of memory)"
    with pytest.raises(RuntimeError, match="no such method, report A's CNN: its process ended with -9"):
        trainer()


class AskingPipe:
    """Asks for three epochs, a moment each, and then for no more."""

    def __init__(self):
        self.told, self._asked = [], ["epoch", "epoch", "epoch", "end"]

    def send(self, told):
        self.told.append(told)

    def recv(self):
        return self._asked.pop(0)


def assert_trained_in_turns(told: list) -> None:
    """It said that it was ready, how fast each epoch was, and its memory."""
    ready, *speeds, memory = told
    assert ready == ""
    assert len(speeds) == 3
    assert all(0 < speed < 1e5 for speed in speeds)
    assert memory > 2**20


@pytest.mark.parametrize("method", ["ours", "plain Keras"])
def test_each_method_trains_an_epoch_a_turn_and_says_how_fast_after_one_to_warm_up(method, monkeypatch, keep_precision):
    small = replace(methods.NETS["report A's CNN"], batch_size=8)
    monkeypatch.setitem(methods.NETS, "report A's CNN", small)
    pipe = AskingPipe()
    trainers._serve(pipe, method, "report A's CNN", 16)
    assert_trained_in_turns(pipe.told)


@pytest.mark.parametrize(("method", "policy"), [("plain Keras", "float32"), ("plain Keras bfloat16", "mixed_bfloat16")])
def test_plain_keras_is_keras_alone_in_the_precision_that_is_said(method, policy, monkeypatch, keep_precision):
    def small(_):  # where bfloat16 is emulated a large one takes for ever
        model = keras.Sequential([keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    monkeypatch.setattr(methods, "keras_net", small)
    monkeypatch.setattr("helpers.machine.bfloat16_instructions", lambda: ["avx512_bf16"])
    monkeypatch.setattr("helpers.training.fit", lambda *_, **__: pytest.fail("that is ours"))
    pipe = AskingPipe()
    trainers._serve(pipe, method, "report A's CNN", 16)
    assert_trained_in_turns(pipe.told)
    assert keras.config.dtype_policy().name == policy


def test_ours_has_the_precision_that_is_best_here(monkeypatch, keep_precision):
    keras.config.set_dtype_policy("float32")
    chosen, trained = [], []
    monkeypatch.setattr("helpers.machine.use_precision", lambda *asked: chosen.append(asked))
    monkeypatch.setattr("helpers.training.fit", lambda *_, **options: trained.append(options.get("fast", True)))
    methods.train_by("ours", "report A's CNN", None, None, None)
    assert (chosen, trained) == ([()], [True])


def test_where_bfloat16_would_be_emulated_plain_keras_says_so(monkeypatch, keep_precision):
    monkeypatch.setattr("helpers.machine.bfloat16_instructions", list)
    pipe = AskingPipe()
    trainers._serve(pipe, "plain Keras bfloat16", "report A's CNN", 16)
    assert pipe.told == ["the processor has no bfloat16 instructions"]


def in_a_process_without_tensorflow(code: str):
    """What code prints as JSON in a process of its own: PyTorch's CUDA build and TensorFlow cannot share one."""
    if not importlib.util.find_spec("torch"):
        pytest.skip("PyTorch is not installed")
    code += "\nassert 'tensorflow' not in sys.modules"
    ended = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{code}"], cwd=ROOT, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def test_pytorch_trains_in_turns_likewise():
    serve = "trainers._serve(pipe, 'PyTorch bfloat16', \"report A's CNN\", 16)"
    lines = ["from benchmarks import methods, trainers", inspect.getsource(AskingPipe), "pipe = AskingPipe()"]
    lines += ["from dataclasses import replace", 'cnn = "report A\'s CNN"']
    lines += ["methods.NETS[cnn] = replace(methods.NETS[cnn], batch_size=8)", serve, "print(json.dumps(pipe.told))"]
    assert_trained_in_turns(in_a_process_without_tensorflow("\n".join(lines)))


def test_what_comes_before_the_clock_is_started_is_no_part_of_an_epoch(monkeypatch):
    times = iter([100.0, 107.0, 109.0])  # the turn begins; the preparations end; the epoch ends
    monkeypatch.setattr(methods.time, "perf_counter", lambda: next(times))
    pipe = AskingPipe()
    turns = methods.Turns(pipe, num_images=30)
    turns()
    turns()
    turns.start_clock()
    monkeypatch.setattr(turns, "start_clock", lambda: None)
    turns()
    assert pipe.told == ["", 30 / (109.0 - 107.0)]


def test_the_torch_nets_have_as_many_parameters_as_keras():
    count = "{net: sum(p.numel() for p in make().parameters() if p.requires_grad) for net, make in NETS.items()}"
    lines = ["from benchmarks.torch_nets import NETS", f"print(json.dumps({count}))"]
    for net, weights in in_a_process_without_tensorflow("\n".join(lines)).items():
        assert weights == sum(np.prod(weight.shape) for weight in methods.keras_net(net).trainable_weights)


def test_memory_is_a_processs_own_and_not_that_of_who_started_it():
    much = np.ones(200 * 2**20, "uint8")
    code = "from benchmarks.trainers import peak_memory; x = bytearray(b'1') * 2**26; print(peak_memory())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 2**26 < int(ended.stdout) < much.nbytes < trainers.peak_memory()


def test_a_notebooks_start_is_measured_in_processes_of_its_own(monkeypatch):
    monkeypatch.setattr(startup, "LIBRARIES", "import json, time")
    monkeypatch.setattr(startup, "HELPERS", "time.sleep(0.2)")
    comparison = startup.measure(rounds=2)[0]
    assert comparison.baseline in comparison.values
    assert all(len(seconds) == 2 for seconds in comparison.values.values())
    assert min(comparison.values[startup.ALONE]) > 0
    assert min(comparison.values[startup.WITH_HELPERS] + comparison.values[startup.IN_KERNEL]) > 0.2


def test_code_that_cannot_be_imported_has_no_time():
    with pytest.raises(subprocess.CalledProcessError):
        startup._seconds_of_process("import no_such_module")


@pytest.fixture
def stand_in_suite(monkeypatch):
    """A process in the suite's place: stand_in_suite(status=, **summary) ends so, and leaves such a summary."""

    def start(status=0, **summary):
        summary = {"notebook": "07_x", "dataset": "cifar10", "asked_dataset": "cifar10", "unavailable": None} | summary

        def run(folder):
            (folder / "quick/results/07_x").mkdir(parents=True)
            (folder / "quick/results/07_x/summary.json").write_text(json.dumps(summary))
            (folder / "log").write_text("FAILED 07_x")
            return subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(0.3); raise SystemExit({status})"])

        monkeypatch.setattr(suite, "_start", run)

    return start


def test_the_suite_is_timed_from_its_command_to_its_end(stand_in_suite):
    stand_in_suite()
    minutes, memory = suite.measure()
    assert 0.3 / 60 <= minutes.values[suite.QUICK][0] < 0.1
    assert minutes.as_dict()["goals"][0]["met"]
    assert minutes.about.startswith("All 1 notebooks once")
    assert "Data: cifar10." in minutes.about
    assert memory.values[suite.QUICK][0] > 1


@pytest.mark.parametrize(
    ("differs", "reason"),
    [
        ({"dataset": "digits"}, "07_x ran on digits in place of cifar10"),
        ({"unavailable": "no weights"}, "07_x: no weights"),
    ],
)
def test_a_suite_without_its_data_has_no_time(stand_in_suite, differs, reason):
    stand_in_suite(**differs)
    for comparison in suite.measure():
        assert (comparison.values, comparison.missing) == ({}, {suite.QUICK: reason})


def test_a_suite_that_fails_has_no_time(stand_in_suite):
    stand_in_suite(status=1)
    with pytest.raises(RuntimeError, match="FAILED 07_x"):
        suite.measure()


def test_the_suite_is_run_with_nothing_kept_from_before(monkeypatch, tmp_path):
    started = {}
    monkeypatch.setattr(suite.subprocess, "Popen", lambda command, **options: started.update(options, command=command))
    suite._start(tmp_path)
    assert started["env"]["COURSEWORK_CACHE"] == str(tmp_path / "cache")
    assert started["command"][-2:] == ["--reports", str(tmp_path)]


def test_two_trainings_at_a_time_are_measured_beside_one_on_all_cores(monkeypatch):
    started = []

    class Noted(InstantTrainer):
        def __init__(self, method, net, num_images):
            super().__init__(method, net, num_images)
            started.append(os.environ.get("TF_NUM_INTRAOP_THREADS"))

    monkeypatch.setattr(beside, "Trainer", Noted)
    monkeypatch.setattr(beside.time, "perf_counter", iter([0.0, 3.0] * 2).__next__)
    monkeypatch.setattr(beside, "cpu_count", lambda: 4)
    monkeypatch.setattr("suite.settings.cores_in_sight", lambda: 4)
    comparison = next(beside.measure(num_images=300, rounds=2))
    assert started == [None, "2", "2"]
    assert comparison.values == {beside.ALONE: [100.0] * 2, beside.BESIDE: [200.0] * 2}  # of both, until both ended
    assert comparison.as_dict()["rows"][beside.BESIDE]["ratio"]["median"] == 2


def test_several_seeds_at_once_are_measured_on_jax_beside_one_after_the_other(monkeypatch):
    monkeypatch.setattr(seeds, "MEASURED", ("report A's dense net",))
    (comparison,) = seeds.measure(num_images=300, rounds=2)
    assert comparison.title == "4 seeds of report A's dense net"
    assert set(comparison.values) == {seeds.ONE, seeds.AT_ONCE}
    assert all(len(figures) == 2 and min(figures) > 0 for figures in comparison.values.values())


def test_why_several_seeds_could_not_be_measured_is_passed_on(monkeypatch):
    monkeypatch.setattr(seeds, "MEASURED", ("no such net",))
    with pytest.raises(RuntimeError, match=r"(?s)no such net: .*KeyError"):
        list(seeds.measure(num_images=300, rounds=1))
