"""A page to look into nets: what each said of each test image, and the images on which they disagree most."""

import base64
import io
import json
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from helpers.data import TITLES
from helpers.predictions import read_images, read_labels, unpack_predictions
from helpers.records import RecordError, read_records
from suite.site.render import TEMPLATES, render_page, script_hash, write_file

MOST_RUNS = 70  # on the page, some 20 kB each: of more, those of the first seeds
MOST_DISPUTED = 1000  # images of a test set that are shown as such
MOST_PICTURED = 2000  # of a test set: these, and those that most nets get wrong
COLUMNS = 40  # of a sheet of pictures
QUALITY = 85  # of a sheet, JPEG


def build_explore(profile_dir: Path, outcomes: list[dict]) -> Path | None:
    """Write the page from the records that the other pages show, with a sheet of pictures for each set of test images.

    Args:
        profile_dir: The profile's folder.
        outcomes: By notebook, as `read_outcomes` gives them.

    Returns:
        `<profile_dir>/explore.html`; None where no record has predictions that could be shown.
    """
    shown = _shown_records(profile_dir, outcomes)
    told = [record for record in shown if _has_predictions(record)]
    sets = _sets_of(told[:MOST_RUNS], profile_dir)
    path = profile_dir / "explore.html"
    tested = {record["test"]["images_sha256"][:8] for record in told}
    for sheet in (profile_dir / "figures").glob("explore_*.jpg"):
        if sheet.name.split("_")[1] not in tested:  # of images that no page shows any more
            sheet.unlink()
    if not sets:
        path.unlink(missing_ok=True)
        return None
    script = (TEMPLATES / "explore.js").read_text()
    data = json.dumps(sets, separators=(",", ":")).replace("<", "\\u003c")  # nothing in it ends the element
    page = {"data": data, "script": script, "script_hash": script_hash(script), "profile": profile_dir.name}
    page["nets"] = _describe_nets(sum(len(one["runs"]) for one in sets), len(shown), len(told))
    return render_page("explore.html.jinja", page, path)


def _shown_records(profile_dir: Path, outcomes: list[dict]) -> list[dict]:
    """The records that pages show, each once; the first seeds of all nets first."""
    shown = {run["record"] for outcome in outcomes for run in (outcome["summary"] or {}).get("runs", ())}
    found = [
        r for folder in sorted(profile_dir.glob("results/*")) for r in read_records(folder)[0] if r["sha256"] in shown
    ]
    rank: dict[tuple, int] = {}
    ordered = []
    for record in sorted(found, key=lambda r: r["seed"]):
        net = (record["notebook"], record["variant"])
        rank[net] = rank.get(net, -1) + 1
        ordered.append((rank[net], record["notebook"], record["variant"], record))
    return [record for *_, record in sorted(ordered, key=lambda row: row[:3])]


def _has_predictions(record: dict) -> bool:
    """Whether a record says which images were tested and what the net said of each; older ones do not."""
    return {"images_sha256", "labels_sha256", "predictions"} <= set(record["test"] or {})


def _describe_nets(used: int, shown: int, told: int) -> str:
    """How many nets the page has of those whose figures the pages show, and why not all.

    Args:
        used: On this page.
        shown: On all pages.
        told: Of these, with predictions.
    """
    older, others, unread = shown - told, max(0, told - MOST_RUNS), min(told, MOST_RUNS) - used
    why = [f"{older} older record{'s hold' if older > 1 else ' holds'} no predictions"] if older else []
    why += [f"{others} more {'are' if others > 1 else 'is'} left out, {MOST_RUNS} being the most"] if others else []
    why += [f"{unread} cannot be read"] if unread else []
    return f"{used} of the {shown} runs that the pages show are here{': ' * bool(why)}{'; '.join(why)}."


def _packed(column: np.ndarray) -> str:
    """Whole numbers up to 255 as text for the page's script."""
    return base64.b64encode(zlib.compress(column.astype("u1").tobytes(), 9)).decode()


def _sets_of(records: Iterable[dict], profile_dir: Path) -> list[dict]:
    """What the page holds: by set of test images its classes, its most disputed images and what each net said."""
    by_set: dict[tuple, list[dict]] = {}
    for record in records:
        by_set.setdefault((record["test"]["images_sha256"], record["test"]["labels_sha256"]), []).append(record)
    found = []
    for (images, labels), runs in by_set.items():
        y_true = read_labels(profile_dir / "labels", labels)
        if y_true is not None:
            found.append(_describe_set(y_true, images, runs, profile_dir))
    return sorted((one for one in found if one["runs"]), key=lambda one: -len(one["runs"]))


def _describe_set(y_true: np.ndarray, images: str, runs: list[dict], profile_dir: Path) -> dict:
    """A set of test images, as the page's script reads it."""
    told, said = [], []
    for run in runs:
        try:
            found = unpack_predictions(run["test"])
        except RecordError:
            continue
        if len(found.y_pred) == len(y_true):
            told.append(found.y_pred)
            name = f"{run['notebook'][:2]} {run['variant'].replace('_', ' ')}, seed {run['seed']}"
            columns = {"y_pred": found.y_pred, "second": found.second, "percent": np.round(100 * found.confidence)}
            accuracy = round(float((found.y_pred == y_true).mean()), 4)
            said.append({"name": name, "accuracy": accuracy} | {key: _packed(each) for key, each in columns.items()})
    if not told:
        return {"runs": []}
    names, y_pred = list(runs[0]["test"]["by_class"]), np.array(told)
    disputed = most_disputed(y_pred, len(names))
    pictured = _and_hardest(disputed, y_pred != y_true)
    notebooks = sorted({run["notebook"][:2] for run in runs})
    data = TITLES.get(runs[0]["dataset"], runs[0]["dataset"])
    nets = {run["variant"].replace("_", " ") for run in runs}
    of = f"notebook{'s' * (len(notebooks) > 1)} {', '.join(notebooks)}" + (f": {nets.pop()}" if len(nets) == 1 else "")
    return {
        "title": f"{data}: {len(y_true):,} test images ({of})",
        "classes": names,
        "labels": json.loads((profile_dir / "labels" / f"{runs[0]['test']['labels_sha256'][:16]}.json").read_text())[
            "y_true"
        ],
        "pictured": pictured.tolist(),  # the most disputed ones first
        "num_disputed": len(disputed),
        "columns": COLUMNS,
        "sheet": _write_sheet(images, pictured, profile_dir),
        "runs": said,
    }


def most_disputed(y_pred: np.ndarray, num_classes: int, most: int = MOST_DISPUTED) -> np.ndarray:
    """The images on which nets disagree most, the most disputed first: those whose answers have the highest entropy.

    Args:
        y_pred: Predicted classes (nets, images).
        num_classes: Number of classes.
        most: Most images to give.

    Returns:
        int64, at most (most,). Images on which all agree are left out; of equals the first come first.
    """
    shares = np.stack([(y_pred == k).mean(axis=0) for k in range(num_classes)])
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=0)
    order = np.argsort(-entropy.round(9), kind="stable")[:most]
    return order[entropy[order] > 1e-9]


def _and_hardest(disputed: np.ndarray, is_wrong: np.ndarray) -> np.ndarray:
    """Images, and after them the others that most nets get wrong, up to `MOST_PICTURED`."""
    hardest = np.argsort(-is_wrong.sum(axis=0), kind="stable")
    others = hardest[~np.isin(hardest, disputed) & is_wrong.any(axis=0)[hardest]]
    return np.concatenate([disputed, others])[:MOST_PICTURED]


def _write_sheet(digest: str, pictured: np.ndarray, profile_dir: Path) -> str | None:
    """Write images side by side; where the images are not at hand, keep a sheet of the very same ones.

    Returns:
        Its address from the page, which names what is on it; None if there is none.
    """
    name = f"explore_{digest[:8]}_{zlib.crc32(np.int32(pictured).tobytes()):08x}.jpg"
    path = profile_dir / "figures" / name
    images = read_images(profile_dir / ".images", digest)
    if not path.is_file() and images is not None and len(pictured):
        path.parent.mkdir(exist_ok=True)
        for old in path.parent.glob(f"explore_{digest[:8]}_*.jpg"):
            old.unlink()
        Image.fromarray(sheet_of(images[pictured])).save(file := io.BytesIO(), "JPEG", quality=QUALITY)
        write_file(path, file.getvalue())
    return f"figures/{name}" if path.is_file() else None


def sheet_of(images: np.ndarray) -> np.ndarray:
    """Images in rows of `COLUMNS`, edge to edge: uint8 (rows * height, COLUMNS * width, 3).

    Args:
        images: uint8 (n, height, width, channels), 1 or 3 channels.
    """
    count, height, width, channels = images.shape
    rows = -(-count // COLUMNS)
    whole = np.zeros((rows * COLUMNS, height, width, channels), "uint8")
    whole[:count] = images
    sheet = whole.reshape(rows, COLUMNS, height, width, channels).transpose(0, 2, 1, 3, 4)
    return np.broadcast_to(sheet.reshape(rows * height, COLUMNS * width, channels), (rows * height, COLUMNS * width, 3))
