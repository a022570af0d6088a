"""The nets that are trained in turns by several methods. Nothing is imported here: PyTorch's processes read it too."""

from dataclasses import dataclass, field

FAST_NET, WITHOUT_GELU = "notebook 14's net", "notebook 14's net without GELU"


@dataclass(frozen=True)
class Net:
    """A net, and how it is fed.

    Attributes:
        model: What makes it: a function of `helpers.models`, or "fast_net".
        num_images: Images an epoch: about a second or two on two cores, of the reports' other nets about one.
        options: Of the function.
        batch_size: Images a step.
        image_shape: (height, width, channels).
    """

    model: str
    num_images: int
    options: dict = field(default_factory=dict)
    batch_size: int = 128
    image_shape: tuple[int, int, int] = (32, 32, 3)


GREY = (28, 28, 1)  # Fashion-MNIST's images
MEASURED = {
    "report A's CNN": Net("report_a_cnn", 5_120),
    "report E's ConvNet": Net("report_e_convnet", 3_200),
    FAST_NET: Net("fast_net", 3_000, batch_size=1000),
    WITHOUT_GELU: Net("fast_net", 3_000, {"activation": "linear"}, batch_size=1000),
}
OF_REPORTS = {
    "report A's dense net": Net("report_a_dense", 19_200),
    "report B's ConvNet": Net("report_b_convnet", 1_280, batch_size=64),
    "report B's Arc2": Net("report_b_arc2", 3_840, image_shape=GREY),
    "report B's Arc3": Net("report_b_arc3", 3_840, image_shape=GREY),
    "report C's MLP": Net("report_c_mlp", 19_200),
    "report C's plain CNN": Net("report_c_cnn", 1_280),
    "report C's CNN with batch normalisation": Net("report_c_cnn", 1_280, {"batch_norm": True}),
    "report D's model 1": Net("report_d_model_1", 2_560, batch_size=32),
    "report D's model 2": Net("report_d_model_2", 1_280, batch_size=32),
    "report D's model 3": Net("report_d_model_3", 1_280, batch_size=32),
}
NETS = MEASURED | OF_REPORTS
