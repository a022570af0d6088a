"""Several optimizers in one net for Keras before 3.14, which has no keras.optimizers.MultiOptimizer."""

import re

import keras


class OptimizerMap:
    """Which optimizer updates a variable, by its path; called with a variable.

    Args:
        default_optimizer: Of variables that nothing matches.
        optimizer_map: Optimizers by patterns of the whole path, such as "block.*".
    """

    def __init__(self, default_optimizer, optimizer_map: dict):
        self.default_optimizer = default_optimizer
        self.optimizer_map = optimizer_map

    def __call__(self, variable) -> keras.optimizers.Optimizer:
        matching = [each for pattern, each in self.optimizer_map.items() if re.fullmatch(pattern, variable.path)]
        if len(matching) > 1:
            raise ValueError(
                f"expected one optimizer for {variable.path}, got {len(matching)}: make the patterns narrower"
            )
        return matching[0] if matching else self.default_optimizer


class MultiOptimizer(keras.optimizers.Optimizer):
    """Several optimizers, each of which updates its own variables.

    Args:
        optimizer_map: Called with a variable, gives its optimizer.
    """

    def __init__(self, optimizer_map, name: str | None = None):
        super().__init__(learning_rate=0.0, name=name)  # not used: each of the optimizers has its own
        self._optimizer_map = optimizer_map
        self.optimizers: list[keras.optimizers.Optimizer] = []

    def build(self, variables) -> None:
        """Give each variable to its optimizer."""
        if self.built:
            return
        self._var_to_optimizer_idx = {}
        for variable in variables:
            chosen = self._optimizer_map(variable)
            if not any(chosen is known for known in self.optimizers):
                self.optimizers.append(chosen)
            place = next(k for k, known in enumerate(self.optimizers) if known is chosen)
            self._var_to_optimizer_idx[self._var_key(variable)] = place
        for optimizer, own in zip(self.optimizers, self._split(variables), strict=True):
            optimizer.build(own)
        super().build(variables)

    @property
    def variables(self) -> list[keras.Variable]:
        """Its own and those of all optimizers."""
        return [*self._variables, *(variable for optimizer in self.optimizers for variable in optimizer.variables)]

    def apply(self, grads, trainable_variables=None) -> None:
        """Let each optimizer apply the gradients of its variables."""
        trainable_variables = list(self._trainable_variables if trainable_variables is None else trainable_variables)
        self.build(trainable_variables)
        parts = self._split(list(zip(grads, trainable_variables, strict=True)), trainable_variables)
        for optimizer, part in zip(self.optimizers, parts, strict=True):
            optimizer.apply([gradient for gradient, _ in part], [variable for _, variable in part])
        self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list) -> None:
        """Let each optimizer end the training of its variables."""
        for optimizer, own in zip(self.optimizers, self._split(var_list), strict=True):
            optimizer.finalize_variable_values(own)

    def _split(self, items, variables=None) -> list[list]:
        """Items, one a variable, by optimizer."""
        parts: list[list] = [[] for _ in self.optimizers]
        for item, variable in zip(items, variables or items, strict=True):
            parts[self._var_to_optimizer_idx[self._var_key(variable)]].append(item)
        return parts


def provide_optimizers() -> None:
    """Put both into `keras.optimizers` where Keras has none."""
    for ours in (MultiOptimizer, OptimizerMap):
        if not hasattr(keras.optimizers, ours.__name__):
            setattr(keras.optimizers, ours.__name__, ours)
