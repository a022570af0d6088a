"""One training run of a notebook: taken from its record, from its weights, or trained."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import keras
import numpy as np

from helpers import metrics
from helpers.files import plain
from helpers.fingerprints import digest_of_arrays, digest_of_values
from helpers.lab.tests_of_records import other_images, says_the_same
from helpers.lab.untrained import UntrainedModelError, allow_use, forbid_use
from helpers.models import count_parameters
from helpers.predictions import Predictions, keep_images, keep_labels, pack_predictions, unpack_predictions
from helpers.records import newest, write_record
from helpers.training import TrainingResult, fit, identify_run, join_results
from helpers.training.compiled_metrics import has_metrics
from helpers.training.identity import TRAINING_VERSION, Identity

if TYPE_CHECKING:
    from helpers.lab.notebook import Lab


class Phase(NamedTuple):
    """A part of a run that is trained in several.

    Attributes:
        model: Compiled; all phases share the layers that train, and one optimizer.
        x: Training images, or a dataset of batches.
        y: Classes; None with a dataset of batches.
        epochs: Most epochs.
        callbacks: Of Keras's, of this phase alone.
    """

    model: keras.Model
    x: object
    y: object
    epochs: int
    callbacks: tuple = ()


@dataclass
class Run:
    """One variant with one seed, as `Lab.runs` gives it.

    Attributes:
        lab: The notebook's bookkeeping.
        variant: What distinguishes this run from the others, such as "cnn".
        seed: Of the initial weights, the order of the images, and whatever else is random.
        options: What `Lab.runs` was given for the variant: what builds its model, or its settings.
        candidate: Whether the run only serves to choose a setting: it is never tested.
        record: Its record, once there is one.
        model: Its model, once `fit` was called; none where it is taken from its record and another seed's is there.
    """

    lab: Lab
    variant: str
    seed: int
    options: object = None
    candidate: bool = False
    record: dict | None = None
    model: keras.Model | None = field(default=None, repr=False)
    _result: TrainingResult | None = field(default=None, repr=False)
    _identity: Identity | None = field(default=None, repr=False)
    _settings: dict = field(default_factory=dict, repr=False)
    _class_names: list[str] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What to call it, such as "cnn, seed 10"."""
        return f"{self.variant.replace('_', ' ')}, seed {self.seed}"

    @property
    def class_names(self) -> list[str]:
        """Names by class, of the data that it was tested on; before that, of the data last loaded."""
        return self._class_names or self.lab.class_names

    @property
    def trained(self) -> bool:
        """Whether the model has its trained weights; not where the run was taken from its record alone."""
        return self._result is not None

    @property
    def trained_now(self) -> bool:
        """Whether any part of it was trained in this execution, and not taken from a record or a finished run."""
        return self._result is not None and not self._result.reused

    def build(self, builder=None, *arguments, **options) -> keras.Model:
        """Seed all random numbers, then build a model; where nothing is trained, one model serves all of its seeds.

        Args:
            builder: Makes a model; default, what `Lab.runs` was given for the variant.
            *arguments, **options: What to call it with.
        """
        keras.utils.set_random_seed(self.seed)
        builder = builder or self.options
        if self.lab.trains(self.candidate):
            return builder(*arguments, **options)
        which = self.variant, builder, keras.config.dtype_policy().name, repr((arguments, options))
        if which not in self.lab.untrained:
            self.lab.untrained[which] = builder(*arguments, **options)
        return self.lab.untrained[which]

    def fit(self, model, x, y=None, *, epochs, callbacks=(), **options) -> None:
        """Take the run from its record or its weights, or train it as `training.fit` does.

        Args:
            model, x, y, epochs, callbacks: As for `training.fit`.
            **options: As for `fit_phases`.
        """
        self.fit_phases([Phase(model, x, y, epochs, callbacks)], **options)

    def fit_phases(
        self, phases, *, validation_data, batch_size, patience=None, fast=True, weights=None, settings=None
    ) -> None:
        """Likewise, of a run that is trained in several phases, one after the other.

        Args:
            phases: A `Phase` each, in order; the last one's model is the run's.
            validation_data, batch_size, patience, fast: As for `training.fit`.
            weights: Whether the model's weights are needed. True trains the run if only its record is there; False does
                with the record; None leaves it to the notebook: see `Lab.needs_weights`.
            settings: What else determines the run and is not in the model, as plain values: it goes into the record.
        """
        self.lab.check_ready()
        self.model, self._settings, self._result = phases[-1].model, _checked(settings or {}), None
        common = {"validation_data": validation_data, "batch_size": batch_size, "patience": patience, "fast": fast}
        identities = [self._identify(phase, common) for phase in phases]
        whole = identities[0] if len(phases) == 1 else Identity(*map(_digest_of_all, zip(*identities, strict=True)))
        self._identity = whole
        self.record = newest(self._find_records())
        needed = self.lab.needs_weights if weights is None else weights
        if not self.lab.trains(self.candidate) or (self.record and not needed):
            return self._take_record(sum(phase.epochs for phase in phases))
        results, self.lab.progress.num_runs = [], self.lab.progress.num_runs + len(phases) - 1  # each has its line
        allow_use(self.model)
        for number, (phase, identity) in enumerate(zip(phases, identities, strict=True)):
            run = identity.run if len(phases) == 1 else digest_of_values([whole.run, number])[:32]
            own = {"epochs": phase.epochs, "callbacks": phase.callbacks, "seed": self.seed, "name": self.name}
            own |= {"progress": self.lab.progress, "runs_dir": self.lab.runs_dir}
            results.append(fit(phase.model, phase.x, phase.y, identity=Identity(whole.setting, run), **own, **common))
        self._result = join_results(results) if len(results) > 1 else results[0]
        if self.candidate:
            self._keep_record({}, {})

    def test(self, x_test, y_test, more=None, predict=None, **measured) -> None:
        """Predict the test images, once, and write the run's record, with the seconds that the main test took.

        Args:
            x_test: uint8 (n, height, width, channels).
            y_test: Integer classes (n,).
            more: Further tests of the same net, by name: images and classes, and what predicts them if not `predict`.
            predict: Model and images -> probabilities (n, classes); default `metrics.predict`.
            **measured: Further plain values for the record.

        Raises:
            ValueError: Classes that are not of shape (n,).
            UntrainedModelError: A run without weights, and its record is not of these tests.
        """
        tests = {"": (x_test, y_test), **(more or {})}
        for _, classes, *_ in tests.values():
            metrics.check_classes(classes)
        self._class_names = self.lab.class_names_of(digest_of_arrays(y_test))
        reports = self.lab.folder.parents[1]
        for _, classes, *_ in tests.values():
            keep_labels(reports / "labels", classes)
        keep_images(reports / ".images", x_test)
        if self._result is None:  # taken from its record, or not recorded
            if self.record and (problem := other_images(self.record, tests)):
                others = [record for record in self._find_records() if not other_images(record, tests)]
                self.record = newest(others) or self.record
                if not others:
                    self._leave_out(problem)
        else:
            start = time.perf_counter()
            test = self._predict(*tests.pop(""), predict=predict)
            measured["test_seconds"] = time.perf_counter() - start
            others = {
                name: self._predict(*images_and_classes, predict=predict) for name, images_and_classes in tests.items()
            }
            self._keep_record(test, others, **measured)
        if self.record:
            if self._result is None and self.variant in {variant for variant, _ in self.lab._runs}:
                self.model = (
                    None  # the net of the first seed, whose work is told, is enough: memory of many nets adds up
                )
            self.lab.add(self)

    def predictions(self, test: str = "") -> Predictions:
        """What the net said of each test image; of a further test, by its name.

        Raises:
            UntrainedModelError: The run is not recorded, or there was no such test.
        """
        return unpack_predictions(self._test_of(test))

    def predicted_classes(self, x: np.ndarray) -> np.ndarray:
        """The most probable class of each image, int64 (n,): of test images as they were tested.

        Raises:
            UntrainedModelError: Images that the record does not know, of a run without weights.
        """
        images = digest_of_arrays(x)
        for test in [self.record["test"], *self.record["tests"].values()] if self.record else []:
            if test.get("images_sha256") == images:
                return unpack_predictions(test).y_pred
        if self._result is None:
            raise UntrainedModelError(self._why_untrained())
        return metrics.predict(self.model, x).argmax(axis=1)

    def _identify(self, phase: Phase, common: dict) -> Identity:
        """Identify a phase, before anything is trained."""
        settings = {"precision": self.lab.precision, **self._settings}
        own = {"epochs": phase.epochs, "callbacks": phase.callbacks, "seed": self.seed}
        own["setting_only"] = not self.lab.trains(self.candidate)
        return identify_run(phase.model, phase.x, phase.y, **own, **common, **settings)

    def _find_records(self) -> list[dict]:
        """The run's records, but for those without a metric that the model is compiled with now."""
        found = self.lab.find_records(self._identity, self.candidate)
        return [record for record in found if has_metrics(self.model, record["history"])]

    def _take_record(self, epochs: int) -> None:
        """Use what is recorded; the model has no weights, and says so when it is used."""
        if self.record:
            self.lab.progress.take(self.name, self.record, epochs)
            if self.candidate:
                self.lab.add(self)
        else:
            self.lab.missing.append(self.name)
        forbid_use(self.model, self._why_untrained())

    def _why_untrained(self) -> str:
        """What to say where a model without weights is used."""
        taken = f"was taken from its record of {self.record['started'][:10]}" if self.record else "is not recorded"
        return (
            f"{self.name}: the run {taken}, so this model has no trained weights. The record holds its predictions of "
            "the test images: run.predictions(). To have it trained, call run.fit(..., weights=True)."
        )

    def _predict(self, x, y, own=None, predict=None) -> dict:
        """A test's metrics, with the images' and classes' digests and the predictions."""
        y_prob = (own or predict or metrics.predict)(self.model, x)
        digests = {"images_sha256": digest_of_arrays(x), "labels_sha256": digest_of_arrays(y)}
        summary = metrics.summarise_test(y, y_prob, self.class_names)
        return summary | digests | {"predictions": pack_predictions(y_prob)}

    def _leave_out(self, problem: str) -> None:
        """Leave the run out of a page from records; elsewhere say what to do."""
        if not self.lab.from_records:
            raise UntrainedModelError(f"{problem[0].upper()}{problem[1:]}. {self._why_untrained()}")
        print(f"{self.name}: {problem}: not used")
        self.lab.missing.append(self.name)
        self.record = None

    def _test_of(self, name: str) -> dict:
        """A test of the record by its name, "" for the main one."""
        if self.record is None:
            raise UntrainedModelError(self._why_untrained())
        if name and name not in self.record["tests"]:
            raise UntrainedModelError(f"There was no test {name!r}. {self._why_untrained()}")
        return self.record["tests"][name] if name else self.record["test"]

    def _keep_record(self, test: dict, tests: dict, **measured) -> None:
        """Write the record of a run that has ended, unless the same is there."""
        trained = self._result.as_dict()
        reused = trained.pop("reused")  # says how this execution got by the run, nothing of the run
        record = {
            "kind": "candidate" if self.candidate else "run",
            "notebook": self.lab.notebook,
            "variant": self.variant,
            **self.lab.about_data(test.get("labels_sha256")),
            "hyperparameters": trained.pop("hyperparameters") | self._settings,
            "parameters": count_parameters(self.model),
            **trained.pop("environment"),
            **trained,
            "setting": self._identity.setting,
            "identity": self._identity.run,
            "training_version": TRAINING_VERSION,
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "disturbed": self._result.disturbed,
            "precision": keras.config.dtype_policy().name,
            **measured,
            "test": test,
            "tests": tests,
        }
        same = self._find_records() if reused else []
        known = [found for found in same if says_the_same(found, test, tests)]
        self.record = newest(known) or write_record(self.lab.folder, f"{self.variant}-seed{self.seed}", record)
        if self.candidate:
            self.lab.add(self)


def _checked(settings: dict) -> dict:
    """Settings, if a record can hold them; said now, since a run that cannot be recorded would be lost."""
    try:
        json.dumps(settings, allow_nan=False, default=plain)
    except (TypeError, ValueError) as error:
        raise ValueError(f"settings: expected plain values ({error}). Nothing was trained.") from error
    return settings


def _digest_of_all(digests) -> str:
    """One digest of several, in order."""
    return digest_of_values(list(digests))[:32]
