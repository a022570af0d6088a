"""What the suite's shortcuts bring, each measured against the plain way in the same run: `make bench`."""
