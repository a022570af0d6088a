"""Nets pretrained on ImageNet, and a classifier made of one and a new head."""

from dataclasses import dataclass

import keras
from keras import layers

from helpers.transfer.freezing import FIRST_OF_HEAD, freeze


@dataclass(frozen=True)
class Base:
    """A net of keras.applications, without its ImageNet head.

    Attributes:
        name: Its name there.
        scaling: How the pixels were scaled when it was trained: "caffe" (BGR, less ImageNet's mean colour), "tf" (-1 to
            1), or "" where the net itself does it.
        last_block: The first layer of its last block.
        min_size: Smallest side of its input, pixels.
        address: Where Keras publishes its weights.
        checksum: MD5 or SHA-256 of that file.
        arrays_sha256: `weights.digest_arrays` of the same weights, for copies saved in another format; "" if unknown.
    """

    name: str
    scaling: str
    last_block: str
    min_size: int
    address: str
    checksum: str
    arrays_sha256: str = ""


_PUBLISHED = "https://storage.googleapis.com/tensorflow/keras-applications/"
# The MD5s are those in Keras's source. Keras states none for MobileNetV2: that is the SHA-256 of the file of the
# release that Keras's copy comes from, https://github.com/JonathanCMitchell/mobilenet_v2_keras, v1.1.
BASES = {
    base.name: base
    for base in (
        Base(
            "VGG16", "caffe", "block5_conv1", 32,
            _PUBLISHED + "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "6d6bbae143d832006294945121d1f1fc",
            "a81fa173748a8bdcb70d670abca028a457413c5ec433ef53d2825b284289bfc9",
        ),
        Base(
            "MobileNetV2", "tf", "block_16_expand", 32,
            _PUBLISHED + "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
            "f8aff69536bd77a692c594f559c798c19bf7f3f36668fc9fa00b21c6aab4797c",
        ),
        Base(
            "EfficientNetV2B0", "", "block6h_expand_conv", 32,
            _PUBLISHED + "efficientnet_v2/efficientnetv2-b0_notop.h5",
            "893217f2bb855e2983157299931e43ff",
        ),
        Base(
            "ResNet50", "caffe", "conv5_block3_1_conv", 32,
            _PUBLISHED + "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "4d473c1dd8becc155b73f8504c6f6626",
        ),
    )
}  # fmt: skip


@keras.saving.register_keras_serializable("coursework")
class ScaleForImageNet(layers.Layer):
    """Scales pixels 0 to 255 as they were when a net was trained on ImageNet; float32 under any policy.

    Args:
        mode: "caffe" or "tf", as in keras.applications.imagenet_utils.preprocess_input.
    """

    def __init__(self, mode: str, **options):
        super().__init__(dtype="float32", **options)
        self.mode = mode

    def call(self, pixels):
        """Pixels (batch, height, width, 3) -> the same shape, float32."""
        return keras.applications.imagenet_utils.preprocess_input(keras.ops.cast(pixels, "float32"), mode=self.mode)

    def get_config(self):
        """What the layer is made with; part of the cache's key."""
        config = super().get_config()
        config.pop("dtype")
        return config | {"mode": self.mode}


def find_base(name: str, image_size: int) -> Base:
    """Return a base by its name, if it takes images of a size.

    Args:
        name: One of `BASES`.
        image_size: Side of the base's input, pixels.

    Raises:
        ValueError: An unknown base, or images smaller than it takes.
    """
    if name not in BASES:
        raise ValueError(f"base: expected one of {', '.join(BASES)}, got {name!r}")
    if image_size < BASES[name].min_size:
        raise ValueError(f"image_size: {name} takes {BASES[name].min_size} pixels or more, got {image_size}")
    return BASES[name]


def pretrained_base(images, base: Base, weights: dict | None, image_size: int = 32):
    """Put a pretrained base behind images: resized and coloured where need be, scaled as it was trained, convolved.

    Args:
        images: keras.Input of uint8 (height, width, channels), 0 to 255; grey ones become three channels.
        base: One of `BASES`.
        weights: What `load_weights` returned; None for random weights.
        image_size: Side that images are resized to, bilinear, if it isn't theirs; pixels.

    Returns:
        The base's last maps (batch, height, width, channels). A head that begins with a layer named `FIRST_OF_HEAD`
        lets `freeze` know where the base ends.

    Raises:
        ValueError: Images too small, or weights of another net.
    """
    find_base(base.name, image_size)
    x = layers.Concatenate(name="grey_to_colour")([images] * 3) if images.shape[-1] == 1 else images
    if images.shape[1:3] != (image_size, image_size):
        x = layers.Resizing(image_size, image_size, dtype="float32", name="resize")(x)
    x = ScaleForImageNet(base.scaling, name="scale_pixels")(x) if base.scaling else x
    net = getattr(keras.applications, base.name)
    net = net(weights=None, include_top=False, input_tensor=x, input_shape=(image_size, image_size, 3))
    for name, arrays in (weights or {}).items():
        net.get_layer(name).set_weights(arrays)
    return net.output


def pretrained_classifier(
    base: Base,
    weights: dict | None,
    depth: int | str,
    input_shape: tuple[int, int, int] = (32, 32, 3),
    num_classes: int = 10,
    image_size: int = 32,
    dropout_rate: float = 0.5,
) -> keras.Model:
    """A pretrained base, average pooling, and a new head: BatchNorm, Dense 256, Dropout, Dense.

    With VGG16: 14,714,688 parameters of the base and 135,946 of the head (1,024 not trainable) at 10 classes. The
    features of different bases differ in scale by orders of magnitude; BatchNorm brings them to one.

    Args:
        base, weights, image_size: As for `pretrained_base`.
        depth: What is trained of the base, as in `trainable_layers`; the rest is frozen.
        input_shape: (height, width, channels) of the uint8 images, 0 to 255; grey ones become three channels.
        num_classes: Number of classes.
        dropout_rate: Share of the head's hidden units dropped in training, 0 up to 1.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes), uncompiled.

    Raises:
        ValueError: A depth that the base does not have, images too small, or weights of another net.
    """
    images = keras.Input(input_shape, dtype="uint8", name="images")
    x = pretrained_base(images, base, weights, image_size)
    x = layers.GlobalAveragePooling2D(name=FIRST_OF_HEAD)(x)
    x = layers.BatchNormalization(momentum=0.9, name="head_norm")(x)  # few steps an epoch: 0.99 would lag
    x = layers.Dense(256, activation="relu", name="head_hidden")(x)
    x = layers.Dropout(dropout_rate, name="head_dropout")(x)
    x = layers.Dense(num_classes, activation="softmax", dtype="float32", name="probabilities")(x)
    model = keras.Model(images, x, name=f"{base.name.lower()}_classifier")
    freeze(model, depth)
    return model
