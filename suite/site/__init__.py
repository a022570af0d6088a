"""The pages that readers see: one for each executed notebook, and the index of a profile."""
