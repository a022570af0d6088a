"""Learning rate and momentum as functions of the step that Keras does not have: straight lines, a scheduled momentum.

Steps are counted from 0, by the optimizer itself. No callback changes anything, so the compiled step of either backend
sees the values, and a run that is resumed goes on where it was.
"""

from itertools import pairwise

import keras
import numpy as np
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule


@keras.saving.register_keras_serializable(package="coursework")
class PiecewiseLinear(LearningRateSchedule):
    """Straight lines from point to point, constant before the first and after the last; one point is a constant.

    Args:
        steps: Steps of the points, 0 or more, each above the one before.
        values: Rates or momenta at these steps, 0 or more.

    Raises:
        ValueError: Not a value a step, steps that do not rise, or a value below 0.
    """

    def __init__(self, steps: list[int], values: list[float]):
        if not steps or len(steps) != len(values):
            raise ValueError(f"expected one step or more and a value for each, got steps {steps}, values {values}")
        if steps[0] < 0 or any(after <= before for before, after in pairwise(steps)):
            raise ValueError(f"steps: expected 0 or more, each above the one before, got {steps}")
        if not min(values) >= 0:
            raise ValueError(f"values: expected 0 or more, got {values}")
        self.steps, self.values = [int(step) for step in steps], [float(value) for value in values]

    def __call__(self, step):
        """Return float32 of the shape of `step`: one step, or an array of them."""
        step = ops.cast(step, "float32")
        value = ops.full_like(step, self.values[0])
        for (start, before), (end, after) in pairwise(zip(self.steps, self.values, strict=True)):
            share = ops.clip((step - start) / (end - start), 0, 1)
            value = ops.where(step > start, (1 - share) * before + share * after, value)
        return value

    def get_config(self) -> dict:
        """The points."""
        return {"steps": self.steps, "values": self.values}


def values_by_step(schedule: LearningRateSchedule | float, total_steps: int) -> np.ndarray:
    """What a schedule is at each step of a run, float32 (total_steps,); a number is the same at all of them."""
    if not callable(schedule):
        return np.full(total_steps, schedule, "float32")
    try:
        return keras.ops.convert_to_numpy(schedule(np.arange(total_steps)))
    except (TypeError, ValueError):  # one that branches, such as Keras's with a warm-up, takes a step at a time
        return np.array([float(schedule(step)) for step in range(total_steps)], "float32")


@keras.saving.register_keras_serializable(package="coursework")
class ScheduledSGD(keras.optimizers.SGD):
    """Keras's SGD with a momentum that may follow a schedule, as its learning rate may.

    Keras reads its own `momentum` once, when the training step is compiled.

    Args:
        learning_rate: A schedule or a number.
        momentum: A schedule, or a number from 0 to 1.
        **options: Further ones of keras.optimizers.SGD, such as nesterov.

    Raises:
        ValueError: The momentum is a number below 0 or above 1.
    """

    def __init__(self, learning_rate, momentum, **options):
        if not isinstance(momentum, LearningRateSchedule) and not 0 <= momentum <= 1:
            raise ValueError(f"momentum: expected a schedule or a number from 0 to 1, got {momentum!r}")
        super().__init__(learning_rate, **options)
        self.momentum = momentum if isinstance(momentum, LearningRateSchedule) else PiecewiseLinear([0], [momentum])

    def update_step(self, gradient, variable, learning_rate):
        """Update a variable and its velocity as Keras does, with the momentum of this step."""
        velocity = self.momentums[self._get_variable_index(variable)]
        momentum = ops.cast(self.momentum(self._iterations), variable.dtype)
        step = ops.multiply(ops.cast(gradient, variable.dtype), ops.cast(learning_rate, variable.dtype))
        self.assign(velocity, ops.subtract(ops.multiply(velocity, momentum), step))
        if self.nesterov:
            self.assign_add(variable, ops.subtract(ops.multiply(velocity, momentum), step))
        else:
            self.assign_add(variable, velocity)

    def get_config(self) -> dict:
        """SGD's configuration; the momentum is a schedule's."""
        return super().get_config() | {"momentum": keras.saving.serialize_keras_object(self.momentum)}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None):
        """Make the optimizer from what `get_config` returned."""
        momentum = keras.saving.deserialize_keras_object(config["momentum"], custom_objects=custom_objects)
        return super().from_config(config | {"momentum": momentum}, custom_objects)
