"""How figures look, and how a page knows figures of images from charts."""

import matplotlib.pyplot as plt
import seaborn as sns

from helpers.charts import show_charts_with_values

# The paper of figures that show images: all but white. By it a page knows them from charts, which it darkens in a dark
# theme; an image that was turned into its negative would be another image.
PAPER_OF_IMAGES = "#fefefe"


def use_style() -> None:
    """Set the look of all figures, readable on a page and a phone; a notebook's charts are shown with their values."""
    sns.set_theme(context="notebook", style="whitegrid", palette="colorblind")
    plt.rcParams |= {
        "figure.dpi": 110,
        "figure.constrained_layout.use": True,
        "axes.titlesize": "medium",
        "figure.titlesize": "medium",
    }
    show_charts_with_values()
