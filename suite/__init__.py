"""What `make reproduce` runs: the notebooks, one process each, then the pages."""
