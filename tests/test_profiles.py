"""The profiles: the reports' own protocol, and the same code on less."""

import numpy as np
import pytest

from helpers.profiles import PROFILES


def test_full_is_the_reports_protocol_and_allows_no_stand_in():
    full, indices = PROFILES["full"], np.arange(60_000)
    assert full.epochs(150) == 150
    assert len(full.train(indices)) == len(full.held_out(indices)) == 60_000
    assert not full.allows_stand_in


@pytest.mark.parametrize(("protocol", "quick", "smoke"), [(1, 1, 1), (10, 1, 1), (12, 1, 1), (40, 4, 1), (150, 15, 2)])
def test_epochs_are_a_share_rounded_and_never_none(protocol, quick, smoke):
    assert PROFILES["quick"].epochs(protocol) == quick
    assert PROFILES["smoke"].epochs(protocol) == smoke


def test_few_images_make_many_steps_in_quick_alone():
    assert [PROFILES[name].batch(128) for name in ("full", "quick", "smoke")] == [128, 32, 128]
    assert PROFILES["quick"].batch(8) == 8


def test_less_images_are_the_first_of_the_splits_order():
    order = np.random.default_rng(0).permutation(45_000)
    assert PROFILES["quick"].train(order).tolist() == order[:5_000].tolist()
    assert PROFILES["quick"].held_out(order).tolist() == order[:2_000].tolist()
    assert PROFILES["smoke"].train(order).tolist() == order[:64].tolist()
    assert PROFILES["smoke"].held_out(order).tolist() == order[:60].tolist()


def test_each_profile_is_known_by_its_own_name_and_says_what_it_is():
    assert list(PROFILES) == ["full", "quick", "smoke"]
    assert all(profile.name == name and profile.about for name, profile in PROFILES.items())
    assert PROFILES["quick"].allows_stand_in
    assert PROFILES["smoke"].allows_stand_in
