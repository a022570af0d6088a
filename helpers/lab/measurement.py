"""What a notebook measures once for all seeds beside its runs, such as a rate finder's losses: recorded likewise."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from helpers.fingerprints import description, digest_of_values
from helpers.machine import environment, versions_that_count
from helpers.records import newest, write_record


class Measurement:
    """Something to be measured, and what determines its result.

    Args:
        name: What is measured, such as "rate_finder".
        settings: What determines the result, plain values.
        profile: Likewise: the profile and the data set, by these names.
        precision: Likewise: the policy, such as "float32".
        is_time: Whether times are measured, which hold for one device. What else is measured is a choice that the runs
            rest on: once recorded it stands, on every machine, or the runs recorded with it would be others'.
    """

    def __init__(self, name: str, settings: dict, profile: dict, precision: str, is_time: bool):
        self._name, self._settings, self._profile, self._where = name, settings, profile, environment()
        about = {"name": name, "settings": settings, **profile}
        self._setting = digest_of_values(description(about))[:32]
        self._of_machine, self._precision = ("backend", "device_kind", *(["device"] if is_time else [])), precision
        self._is_time = is_time
        self._identity = self._identity_with(self._where["versions"])

    def _identity_with(self, versions: dict[str, str]) -> str:
        """What the measurement would be identified by, made here with these versions."""
        own = {**{key: self._where[key] for key in self._of_machine}, "versions": versions}
        return digest_of_values([self._setting, own, self._precision])[:32]

    def _is_this(self, record: dict) -> bool:
        """Whether a record is of this measurement, made with the versions that count."""
        same = versions_that_count(record["versions"]) == versions_that_count(self._where["versions"])
        return same and record["identity"] == self._identity_with(record["versions"])

    def of(self, records: Iterable[dict], since: str, by_setting: bool) -> dict | None:
        """The newest record of it; None if there is none.

        Args:
            records: Of all kinds.
            since: When it may have been measured at the earliest, in ISO 8601; "" for any time.
            by_setting: Whether any machine's record will do, however old.
        """
        own = [record for record in records if record["kind"] == "measurement" and record["setting"] == self._setting]
        if by_setting:
            return newest(own)
        recent = [record for record in own if record["started"] >= since]
        return newest(record for record in recent if not self._is_time or self._is_this(record))

    def record(self, notebook: str, folder: Path, function: Callable[[], object]) -> dict:
        """Measure it, and write and return its record.

        Args:
            notebook: Who measures.
            folder: Of its records.
            function: Returns plain values.
        """
        started = datetime.now(UTC).isoformat(timespec="seconds")
        about = {"kind": "measurement", "notebook": notebook, "name": self._name, "settings": self._settings}
        about |= {**self._where, **self._profile, "started": started}
        about |= {"setting": self._setting, "identity": self._identity, "value": function()}
        return write_record(folder, self._name, about)
