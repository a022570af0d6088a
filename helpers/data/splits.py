"""How a data set is split into training, validation and test images, as index arrays."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

REPORT_A_SEED = 42  # reproduces the test supports that report A printed
REPORT_B_SEED = 42  # our choice: report B printed none
REPORT_C_SEED = 43  # printed, but PyTorch's generator draws other images with it than NumPy's
REPORT_E_SEED = 42  # printed, as NumPy's


@dataclass(frozen=True)
class Split:
    """Indices of the training, validation and test images, each int64 (n,), disjoint and together complete."""

    name: str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def sizes(self) -> dict[str, int]:
        """Number of images in each part."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}

    @property
    def parts(self) -> np.ndarray:
        """What each image is for, int64 (images,): 0 training, 1 validation, 2 test."""
        parts = np.zeros(sum(self.sizes.values()), "int64")
        parts[self.validation], parts[self.test] = 1, 2
        return parts

    @property
    def fingerprint(self) -> str:
        """Digest of the three index arrays, order included: 16 hexadecimal digits."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            digest.update(len(part).to_bytes(8, "little") + part.astype("<i8").tobytes())
        return digest.hexdigest()[:16]


def check_split(split: Split, num_images: int) -> Split:
    """Return the split if it is disjoint and complete.

    Args:
        split: The split.
        num_images: Number of images it must cover.

    Raises:
        ValueError: An image is in two parts, in none, or an index is out of range.
    """
    counts = np.bincount(np.concatenate([split.train, split.validation, split.test]), minlength=num_images)
    if len(counts) > num_images:
        raise ValueError(f"split {split.name}: index {len(counts) - 1} is out of range for {num_images} images")
    if (counts != 1).any():
        twice, missing = np.flatnonzero(counts > 1), np.flatnonzero(counts == 0)
        raise ValueError(
            f"split {split.name}: expected each of {num_images} images in exactly one part; "
            f"{len(twice)} are in several (first: {twice[:3].tolist()}), {len(missing)} in none "
            f"(first: {missing[:3].tolist()})"
        )
    return split


def split_report_a(num_images: int, seed: int = REPORT_A_SEED) -> Split:
    """Split at random, not stratified, as report A did: 15 % test, then 10 % of the rest validation.

    With CIFAR-10's 60,000 images in the official order and seed 42, the test images are the report's own 9,000: their
    counts by class are the printed supports 904 886 901 963 868 904 858 930 885 901.

    Args:
        num_images: Number of images.
        seed: Random state of both cuts.
    """
    from sklearn.model_selection import train_test_split  # a second, which a process that splits nothing need not spend

    rest, test = train_test_split(np.arange(num_images), test_size=0.15, random_state=seed)
    train, validation = train_test_split(rest, test_size=0.10, random_state=seed)
    return check_split(Split("report_a", train, validation, test), num_images)


def split_report_b(num_images: int, seed: int = REPORT_B_SEED) -> Split:
    """Split Fashion-MNIST's 70,000 images into report B's 48,000, 12,000 and the 10,000 published for testing.

    Args:
        num_images: Number of images, the test images last; fewer, such as those of a stand-in, are cut in proportion.
        seed: Seed of the draw of the validation images.
    """
    sizes = min(10_000, num_images // 7), min(12_000, num_images * 12 // 70)
    return replace(split_official(num_images, *sizes, seed=seed), name="report_b")


def split_report_c(num_images: int, seed: int = REPORT_C_SEED) -> Split:
    """Split CIFAR-10's 60,000 images into report C's 45,000, 5,000 and the 10,000 published for testing.

    Args:
        num_images: Number of images, the test images last; fewer, such as those of a stand-in, are cut in proportion.
        seed: Seed of the draw of the validation images.
    """
    sizes = min(10_000, num_images // 6), min(5_000, num_images // 12)
    return replace(split_official(num_images, *sizes, seed=seed), name="report_c")


def split_report_e(num_images: int, seed: int = REPORT_E_SEED) -> Split:
    """Split as report E did: all 50,000 training images, and the published test images cut 80 % validation, 20 % test.

    Which of NumPy's draws the report made with its seed was not printed. Here the test images' numbers are put in order
    by `RandomState(seed).permutation`, as `np.random.seed` and `np.random.shuffle` do, and the first are validation.

    Args:
        num_images: Number of images, the test images last; fewer, such as those of a stand-in, are cut in proportion.
        seed: Seed of the draw.

    Raises:
        ValueError: A part would be empty.
    """
    num_held_out = min(10_000, num_images // 6)
    _check_room(num_images, num_held_out - num_held_out * 8 // 10, num_held_out * 8 // 10)
    order = num_images - num_held_out + np.random.RandomState(seed).permutation(num_held_out)
    validation, test = np.split(order, [num_held_out * 8 // 10])
    return check_split(Split("report_e", np.arange(num_images - num_held_out), validation, test), num_images)


def split_official(num_images: int, num_test: int = 10_000, num_validation: int = 5_000, seed: int = 42) -> Split:
    """Keep the published test images, the last of the data set; draw validation at random from the others.

    Args:
        num_images: Number of images, the test images last.
        num_test: Number of test images.
        num_validation: Number of validation images, drawn without regard to class.
        seed: Seed of the draw.

    Raises:
        ValueError: Nothing would be left to train on.
    """
    _check_room(num_images, num_test, num_validation)
    order = np.random.default_rng(seed).permutation(num_images - num_test)
    test = np.arange(num_images - num_test, num_images)
    return check_split(Split("official", order[num_validation:], order[:num_validation], test), num_images)


def split_stratified(
    labels: np.ndarray, test_size: float = 0.15, validation_size: float = 0.10, seed: int = 42
) -> Split:
    """Split at random with each class's share the same in every part.

    Args:
        labels: Integer classes (n,).
        test_size: Share of the test images, above 0 and below 1.
        validation_size: Share of the rest for validation, above 0 and below 1.
        seed: Random state of both cuts.

    Raises:
        ValueError: A share is not above 0 and below 1.
    """
    for name, share in (("test_size", test_size), ("validation_size", validation_size)):
        if not 0 < share < 1:
            raise ValueError(f"{name} is a share of the images: expected above 0 and below 1, got {share}")
    everything = np.arange(len(labels))
    from sklearn.model_selection import train_test_split

    rest, test = train_test_split(everything, test_size=test_size, stratify=labels, random_state=seed)
    train, validation = train_test_split(rest, test_size=validation_size, stratify=labels[rest], random_state=seed)
    return check_split(Split("stratified", train, validation, test), len(labels))


def split_kfold(labels: np.ndarray, num_folds: int = 5, seed: int = 42) -> list[Split]:
    """Split into stratified folds: each image is a test image exactly once, validation is the next fold.

    Args:
        labels: Integer classes (n,).
        num_folds: Number of folds, 3 or more.
        seed: Seed of the shuffle.

    Returns:
        A split a fold.

    Raises:
        ValueError: Fewer than three folds.
    """
    if num_folds < 3:
        raise ValueError(f"num_folds: expected 3 or more (train, validation, test), got {num_folds}")
    from sklearn.model_selection import StratifiedKFold

    folding = StratifiedKFold(num_folds, shuffle=True, random_state=seed)
    folds = [test for _, test in folding.split(np.zeros(len(labels)), labels)]
    splits = []
    for k in range(num_folds):
        validation = folds[(k + 1) % num_folds]
        train = np.setdiff1d(np.arange(len(labels)), np.concatenate([folds[k], validation]))
        splits.append(check_split(Split(f"fold_{k}", train, validation, folds[k]), len(labels)))
    return splits


def _check_room(num_images: int, num_test: int, num_validation: int) -> None:
    """Refuse cuts that leave nothing to train on."""
    if num_test < 1 or num_validation < 1 or num_test + num_validation >= num_images:
        raise ValueError(
            f"{num_test} test and {num_validation} validation images were asked for of {num_images} in all: "
            "each must be at least 1, and something must be left to train on"
        )
