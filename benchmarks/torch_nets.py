"""The benchmark's nets in PyTorch, layer for layer those that Keras trains."""

from torch import nn


def report_a_cnn() -> nn.Module:
    """Report A's CNN."""
    return nn.Sequential(
        *(nn.Conv2d(3, 50, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(50, 100, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(100, 200, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.BatchNorm1d(3200), nn.Linear(3200, 100), nn.ReLU()),
        *(nn.BatchNorm1d(100), nn.Linear(100, 100), nn.ReLU(), nn.Dropout(0.5), nn.Linear(100, 10)),
    )


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
    "report A's CNN": report_a_cnn,
    "report E's ConvNet": report_e_convnet,
    "notebook 14's net": fast_net,
}
