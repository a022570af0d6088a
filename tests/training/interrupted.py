"""An interruption in the middle of a training, and what a history holds."""

import keras

QUANTITIES = {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}


class Interrupt(keras.callbacks.Callback):
    """Ends the training as Ctrl-C does, after so many steps."""

    def __init__(self, steps: int):
        super().__init__()
        self._left = iter(range(steps))  # no plain value: the runs are the same run, interrupted or not

    def on_train_batch_end(self, batch, logs=None):
        if next(self._left, None) is None:
            raise KeyboardInterrupt
