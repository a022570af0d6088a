"""The shared package behind the notebooks: data, models, training, metrics, plots, run records."""
