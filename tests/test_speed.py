"""How fast this machine trains."""

import itertools

import pytest

from helpers import speed


@pytest.mark.usefixtures("keep_precision")
def test_it_is_in_images_a_second_of_what_is_trained_until_the_time_is_up(monkeypatch):
    clock = itertools.count(0, 0.5)  # of looks at it: two steps until 1.5 s, and the last look at 2 s
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(clock))
    assert speed.training_speed() == 2 * 128 / 2.0
