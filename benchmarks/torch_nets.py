"""The benchmark's nets in PyTorch, layer for layer those that Keras trains."""

from functools import partial

from torch import nn


def report_a_dense() -> nn.Module:
    """Report A's dense net."""
    return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(3072), *_report_a_head(3072, 0.2))


def report_a_cnn() -> nn.Module:
    """Report A's CNN."""
    return nn.Sequential(
        *(nn.Conv2d(3, 50, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(50, 100, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(100, 200, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.BatchNorm1d(3200), *_report_a_head(3200, 0.5)),
    )


def _report_a_head(inputs: int, dropout_rate: float) -> list[nn.Module]:
    """What both of report A's nets end in."""
    layers = [nn.Linear(inputs, 100), nn.ReLU(), nn.BatchNorm1d(100), nn.Linear(100, 100), nn.ReLU()]
    return [*layers, nn.Dropout(dropout_rate), nn.Linear(100, 10)]


def report_b_convnet() -> nn.Module:
    """Report B's net for resolutions."""
    layers = []
    for channels, filters in ((3, 32), (32, 64)):
        for inputs in (channels, filters, filters):
            layers += [nn.Conv2d(inputs, filters, 3), nn.ReLU()]
        layers += [nn.MaxPool2d(2), nn.Dropout(0.25)]
    return nn.Sequential(*layers, *_dense(64 * 3 * 3, 512, dropout_rate=0.25))


def report_b_arc2() -> nn.Module:
    """Report B's Arc2."""
    return nn.Sequential(*_arc(1, pool=True), *_arc(64), *_dense(64 * 12 * 12, 64))


def report_b_arc3() -> nn.Module:
    """Report B's Arc3."""
    return nn.Sequential(*_arc(1, pool=True), *_arc(64, pool=True), *_arc(64), *_dense(64 * 5 * 5, 64))


def _arc(channels: int, pool: bool = False) -> list[nn.Module]:
    """A convolution of Arc2 and Arc3 with what follows it."""
    return [nn.Conv2d(channels, 64, 2), nn.ReLU(), *([nn.MaxPool2d(2)] if pool else []), nn.Dropout(0.25)]


def report_c_mlp() -> nn.Module:
    """Report C's MLP."""
    return nn.Sequential(*_dense(3072, 256, 128))


def report_c_cnn(batch_norm: bool = False) -> nn.Module:
    """Report C's CNN."""
    layers = []
    for channels, filters in ((3, 32), (32, 64), (64, 128)):
        for inputs in (channels, filters):
            layers += _convolution(inputs, filters, 3, batch_norm)
        layers += [nn.MaxPool2d(2)]
    return nn.Sequential(*layers, *_dense(128 * 4 * 4, 256))


def report_d_model_1(batch_norm: bool = False) -> nn.Module:
    """Report D's model 1; with batch normalisation its model 3."""
    layers = []
    for channels, filters, size in ((3, 32, 5), (32, 64, 3), (64, 128, 3)):
        layers += [*_convolution(channels, filters, size, batch_norm), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, *_dense(128 * 4 * 4, 128))


def report_d_model_2() -> nn.Module:
    """Report D's model 2."""
    layers = []
    for channels, filters, size in ((3, 32, 7), (32, 64, 5), (64, 128, 3), (128, 256, 3)):
        layers += [*_convolution(channels, filters, size), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), *_dense(256, 128, 32))


def _convolution(channels: int, filters: int, size: int, batch_norm: bool = False) -> list[nn.Module]:
    """A padded convolution, perhaps normalised, with ReLU."""
    norm = [nn.BatchNorm2d(filters)] if batch_norm else []
    return [nn.Conv2d(channels, filters, size, padding=size // 2), *norm, nn.ReLU()]


def _dense(inputs: int, *units: int, dropout_rate: float = 0.0) -> list[nn.Module]:
    """Dense layers with ReLU, then that of the classes."""
    layers = [nn.Flatten()]
    for count in units:
        layers += [nn.Linear(inputs, count), nn.ReLU()]
        inputs = count
    return [*layers, *([nn.Dropout(dropout_rate)] if dropout_rate else []), nn.Linear(inputs, 10)]


def report_e_convnet() -> nn.Module:
    """Report E's ConvNet with LeakyReLU."""

    def block(channels: int, filters: int) -> list[nn.Module]:
        layers = []
        for inputs in (channels, filters):
            layers += [nn.Conv2d(inputs, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.LeakyReLU(0.01)]
        return [*layers, nn.MaxPool2d(2), nn.Dropout(0.25)]

    return nn.Sequential(
        *block(3, 32),
        *block(32, 64),
        *(nn.Flatten(), nn.Linear(4096, 512), nn.BatchNorm1d(512), nn.LeakyReLU(0.01), nn.Dropout(0.5)),
        nn.Linear(512, 10),
    )


def fast_net() -> nn.Module:
    """Notebook 14's net."""

    def block(channels: int, filters: int) -> list[nn.Module]:
        layers = [nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.MaxPool2d(2), _norm(filters), nn.GELU()]
        return [*layers, nn.Conv2d(filters, filters, 3, padding=1, bias=False), _norm(filters), nn.GELU()]

    whiten = nn.Conv2d(3, 24, 2, bias=False)
    whiten.weight.requires_grad = False
    blocks = [*block(24, 64), *block(64, 256), *block(256, 256)]
    return nn.Sequential(whiten, nn.GELU(), *blocks, nn.MaxPool2d(3), nn.Flatten(), nn.Linear(256, 10, bias=False))


def _norm(filters: int) -> nn.Module:
    """Batch normalisation without a trained scale."""
    layer = nn.BatchNorm2d(filters, eps=1e-5, momentum=0.4)
    layer.weight.requires_grad = False
    return layer


NETS = {
    "report A's dense net": report_a_dense,
    "report A's CNN": report_a_cnn,
    "report B's ConvNet": report_b_convnet,
    "report B's Arc2": report_b_arc2,
    "report B's Arc3": report_b_arc3,
    "report C's MLP": report_c_mlp,
    "report C's plain CNN": report_c_cnn,
    "report C's CNN with batch normalisation": partial(report_c_cnn, batch_norm=True),
    "report D's model 1": report_d_model_1,
    "report D's model 2": report_d_model_2,
    "report D's model 3": partial(report_d_model_1, batch_norm=True),
    "report E's ConvNet": report_e_convnet,
    "notebook 14's net": fast_net,
}
