"""The pages that readers see: one for each executed notebook, and the index of a profile."""

from suite.site.index import build_index
from suite.site.pages import build_page, notebook_title_and_question

__all__ = ["build_index", "build_page", "notebook_title_and_question"]
