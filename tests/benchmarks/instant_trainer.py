"""A method that trains in no time."""


class InstantTrainer:
    """Trains in no time; PyTorch is missing."""

    def __init__(self, method, _net, _num_images):
        self.method = method

    def wait(self):
        self.missing = "No module named 'torch'" if "PyTorch" in self.method else ""

    def __call__(self):
        return 100.0

    def end(self):
        return 2**20

    def kill(self):
        pass
