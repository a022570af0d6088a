"""What the suite's shortcuts bring, each measured against the plain method in the same run: `make bench`."""
