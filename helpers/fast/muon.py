"""Muon for convolutions, Nesterov momentum for everything else."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("coursework")
class ConvolutionMuon(keras.optimizers.SGD):
    """SGD with Nesterov momentum whose step on a convolution's kernel is orthogonalised, as Muon does.

    `keras.optimizers.Muon` takes matrices alone and leaves kernels to AdamW. Here a kernel (rows, columns, channels,
    filters) is the matrix (rows * columns * channels, filters): all singular values of the step are brought near 1, so
    that it moves as far along rare directions as along common ones. Before each step the kernel is scaled to a norm of
    the square root of its filters, since behind it batch normalisation takes out any scale.

    Args:
        learning_rate: A schedule of shares from 1 down to 0: each kind of variable has a rate of its own below.
        kernel_learning_rate: Of convolutions.
        bias_learning_rate: Of all vectors, above 0: the shifts of batch normalisation, and biases.
        head_learning_rate: Of the last layer's matrix, above 0.
        kernel_momentum: Of convolutions, 0 up to 1.
        momentum: Of all else, above 0 and up to 1.
        decay: Share of its variable that is added to a vector's or matrix's step, in units of its rate.
        newton_schulz_steps: Steps of the iteration that orthogonalises; three are enough here. With 0 a kernel's step
            is Nesterov's, scaled to a norm of 1.

    Raises:
        ValueError: A rate or momentum that must be above 0 is not.

    Reference:
        K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024, and airbench94_muon.
    """

    def __init__(
        self,
        learning_rate,
        kernel_learning_rate: float,
        bias_learning_rate: float,
        head_learning_rate: float,
        kernel_momentum: float = 0.6,
        momentum: float = 0.85,
        decay: float = 0.004,
        newton_schulz_steps: int = 3,
        **options,
    ):
        above_0 = {"bias_learning_rate": bias_learning_rate, "head_learning_rate": head_learning_rate}
        for name, value in (above_0 | {"momentum": momentum}).items():
            if not value > 0:
                raise ValueError(f"{name}: expected a number above 0, got {value!r}")
        super().__init__(learning_rate, momentum=momentum, nesterov=True, **options)
        self.kernel_learning_rate, self.bias_learning_rate, self.head_learning_rate = (
            kernel_learning_rate,
            bias_learning_rate,
            head_learning_rate,
        )
        self.kernel_momentum, self.decay, self.newton_schulz_steps = kernel_momentum, decay, newton_schulz_steps

    def update_step(self, gradient, variable, learning_rate):
        """Move one variable, and its momentum."""
        share = ops.cast(learning_rate, variable.dtype)
        velocity = self.momentums[self._get_variable_index(variable)]
        if len(variable.shape) == 4:
            momentum = self.kernel_momentum
        else:
            momentum, rate = (
                self.momentum,
                self.head_learning_rate if len(variable.shape) == 2 else self.bias_learning_rate,
            )
            gradient = ops.cast(gradient, variable.dtype) + self.decay / rate * variable
        self.assign(velocity, momentum * velocity + gradient)
        step = gradient + momentum * velocity
        if len(variable.shape) == 4:
            scale = ops.sqrt(float(variable.shape[-1])) / ops.sqrt(ops.sum(ops.square(variable)))
            step = orthogonalise(ops.reshape(step, (-1, variable.shape[-1])), self.newton_schulz_steps)
            self.assign(
                variable, scale * variable - self.kernel_learning_rate * share * ops.reshape(step, variable.shape)
            )
        else:
            self.assign_sub(variable, rate * share * step)

    def get_config(self) -> dict:
        """All that it is made with."""
        own = (
            "kernel_learning_rate",
            "bias_learning_rate",
            "head_learning_rate",
            "kernel_momentum",
            "decay",
            "newton_schulz_steps",
        )
        config = {key: value for key, value in super().get_config().items() if key != "nesterov"}
        return config | {name: getattr(self, name) for name in own}


def orthogonalise(matrix, steps: int):
    """Bring all singular values near 1, with the singular vectors as they are.

    Args:
        matrix: float (rows, columns).
        steps: Newton-Schulz steps of the fifth order, whose coefficients raise small values fast.

    Returns:
        float (rows, columns), its singular values between about 0.7 and 1.2 where they were not tiny.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    rows, columns = matrix.shape
    x = ops.transpose(matrix) if rows > columns else matrix
    x = ops.cast(x / (ops.norm(x) + 1e-7), keras.config.dtype_policy().compute_dtype)
    for _ in range(steps):
        square = ops.matmul(x, ops.transpose(x))
        x = a * x + ops.matmul(b * square + c * ops.matmul(square, square), x)
    x = ops.cast(x, matrix.dtype)
    return ops.transpose(x) if rows > columns else x
