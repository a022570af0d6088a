"""How a model is given its batches: on TensorFlow by a dataset that does not tune itself."""

import logging

import keras

BATCHES_AHEAD = 2  # made while the model works on another


def feed(batches: keras.utils.PyDataset):
    """Wrap batches for `fit`, `evaluate` and `predict`: on TensorFlow as a tf.data.Dataset, elsewhere as they are.

    Keras would make such a dataset itself, one that tunes itself. The thread that tunes looks after 10, 20, 40 ... ms,
    and about every third time an epoch has ended, its iterator waits for that thread's next look: up to as long as the
    epoch took, while nothing is computed. Epochs of 34 s thus took 41 s, and those of 1.3 s took 2.6 s. There is
    nothing to tune here, so the dataset is made in the same way with tuning switched off.

    Args:
        batches: Tuples of arrays, each of the batch's size along its first axis.
    """
    if keras.backend.backend() != "tensorflow":
        return batches
    import tensorflow as tf

    logging.getLogger("tensorflow").setLevel("ERROR")  # it warns that each new model is traced anew
    signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in batches[0])
    dataset = tf.data.Dataset.from_generator(
        lambda: (batches[k] for k in range(len(batches))), output_signature=signature
    )
    options = tf.data.Options()
    options.autotune.enabled = False
    counted = dataset.apply(tf.data.experimental.assert_cardinality(len(batches)))
    return counted.prefetch(BATCHES_AHEAD).with_options(options)
