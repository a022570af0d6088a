"""Each method trains the same net in turns, in a process of its own where it must."""

import importlib.util
import inspect
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from benchmarks import methods, trainers

ROOT = Path(__file__).parents[2]


def test_plain_keras_begins_without_the_setting_that_make_gives_all_others(monkeypatch):
    monkeypatch.setenv(trainers.ONEDNN, "1")
    with trainers.environment_of("plain Keras"):
        assert trainers.ONEDNN not in os.environ
    with trainers.environment_of("ours"):
        assert os.environ[trainers.ONEDNN] == "1"
    assert os.environ[trainers.ONEDNN] == "1"
    assert f"export {trainers.ONEDNN} ?= 1" in (ROOT / "Makefile").read_text()


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
