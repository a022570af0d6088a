"""What the tests of notebooks share: their cells of code, parsed."""

import ast

from IPython.core.inputtransformer2 import TransformerManager


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def parameters_at(notebook) -> int:
    """The position of the parameters' cell among the code cells."""
    (at,) = (k for k, cell in enumerate(code_cells(notebook)) if "parameters" in cell.metadata.get("tags", []))
    return at


def parsed(cell) -> list[ast.stmt]:
    """A code cell's statements, lines of IPython's own turned into Python."""
    return ast.parse(TransformerManager().transform_cell(cell.source)).body
