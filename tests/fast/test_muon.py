"""ConvolutionMuon: a kernel's step has singular values near 1, everything else moves by Nesterov's momentum."""

import keras
import numpy as np
import pytest
from keras import ops

from helpers.fast.muon import ConvolutionMuon, orthogonalise


@pytest.mark.parametrize("shape", [(12, 5), (5, 12), (8, 8)])
def test_a_matrix_keeps_its_directions_and_loses_its_scales(shape):
    rng = np.random.default_rng(0)
    left, _ = np.linalg.qr(rng.standard_normal((shape[0], min(shape))))
    right, _ = np.linalg.qr(rng.standard_normal((shape[1], min(shape))))
    matrix = (left * np.linspace(3, 30, min(shape))) @ right.T
    result = np.asarray(orthogonalise(ops.convert_to_tensor(matrix.astype("float32")), 5))
    values = np.diag(left.T @ result @ right)
    assert values.min() > 0.6
    assert values.max() < 1.3
    np.testing.assert_allclose(left.T @ result @ right, np.diag(values), atol=1e-3)


@pytest.mark.parametrize("shape", [(12, 5), (5, 12)])
def test_without_steps_a_matrix_is_only_scaled_to_a_norm_of_1(shape):
    matrix = np.random.default_rng(0).standard_normal(shape).astype("float32")
    result = np.asarray(orthogonalise(ops.convert_to_tensor(matrix), 0))
    np.testing.assert_allclose(result, matrix / np.linalg.norm(matrix), rtol=1e-4)


def optimizer(share=1.0):
    """Rates that are easy to check by hand."""
    return ConvolutionMuon(
        share, kernel_learning_rate=0.1, bias_learning_rate=2.0, head_learning_rate=0.5, decay=0.0, momentum=0.5
    )


def test_a_kernel_is_scaled_and_moved_by_its_rate_whatever_the_gradients_size():
    rng = np.random.default_rng(1)
    kernel, gradient = (rng.standard_normal((3, 3, 4, 6)).astype("float32") for _ in range(2))
    moved = []
    for size in (1, 1000):
        variable = keras.Variable(kernel)
        optimizer().apply([ops.convert_to_tensor(size * gradient)], [variable])
        moved.append(np.asarray(variable))
    np.testing.assert_allclose(*moved, rtol=1e-3, atol=1e-5)
    step = (kernel * np.sqrt(6) / np.linalg.norm(kernel) - moved[0]).reshape(-1, 6)
    values = np.linalg.svd(step, compute_uv=False)
    assert 0.3 * 0.1 < values.min() <= values.max() < 1.3 * 0.1


def test_vectors_and_matrices_move_as_with_sgd_at_their_own_rates():
    for shape, rate in (((5,), 2.0), ((4, 3), 0.5)):
        ours, theirs = keras.Variable(np.ones(shape, "float32")), keras.Variable(np.ones(shape, "float32"))
        sgd, own = keras.optimizers.SGD(0.25 * rate, momentum=0.5, nesterov=True), optimizer(share=0.25)
        for k in range(3):
            gradient = np.full(shape, k + 1.0, "float32")
            own.apply([ops.convert_to_tensor(gradient)], [ours])
            sgd.apply([ops.convert_to_tensor(gradient)], [theirs])
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("name", ["momentum", "bias_learning_rate", "head_learning_rate"])
def test_what_it_divides_by_and_the_momentum_are_above_0(name):
    rates = {"kernel_learning_rate": 0.2, "bias_learning_rate": 0.1, "head_learning_rate": 0.1, "momentum": 0.8}
    with pytest.raises(ValueError, match=f"{name}: expected a number above 0, got 0"):
        ConvolutionMuon(1.0, **rates | {name: 0})


def test_it_is_made_again_from_its_configuration():
    own = optimizer()
    assert type(own).from_config(own.get_config()).get_config() == own.get_config()
