"""Environment variables by which whoever executes a notebook says what the execution is for."""

FRESH = "COURSEWORK_FRESH"  # a time, ISO 8601, UTC: runs begun before it are trained anew
FROM_RECORDS = "COURSEWORK_FROM_RECORDS"  # "1": make the page of what is recorded, train nothing
ONLY = "COURSEWORK_ONLY"  # a variant: train it alone; candidates and measurements are taken as recorded
SUITE = "COURSEWORK_SUITE"  # "1": the suite executes the notebook, nobody will go on in its kernel
SUMMARY = "COURSEWORK_SUMMARY"  # where the summary goes, if not beside the records
