"""A virtual environment for each measured library, with its versions pinned here.

Nothing of them enters the environment of the project. On Linux, pip's torch brings gigabytes of
CUDA unless `torch_index` names an index of the small build.
"""

import subprocess
import sys
from pathlib import Path

TORCH = "torch==2.13.0"
NUMPY = "numpy==2.4.6"
#: The newest releases that Python 3.11 takes, November 2026.
PINS = {
    "keras-tensorflow": ("keras==3.15.1", "tensorflow-cpu==2.21.0", NUMPY),
    "keras-jax": ("keras==3.15.1", "jax[cpu]==0.10.2", NUMPY),
    "torch": (TORCH, NUMPY),
    "neuralforecast": (TORCH, "neuralforecast==3.3.0", NUMPY),
}


def python(name: str, folder: Path, torch_index: str | None = None) -> str:
    """Return the interpreter of the environment with this name; make the environment if it is missing.

    The pins are written into it last: an environment whose installation was interrupted, or whose pins
    have changed, is made again.
    """
    home = folder / name
    interpreter, mark = home / "bin" / "python", home / "pins.txt"
    wanted = "\n".join(PINS[name])
    if not mark.exists() or mark.read_text() != wanted:
        print(f"installing {', '.join(PINS[name])} into {home}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        if TORCH in PINS[name]:
            _install(interpreter, TORCH, *(("--index-url", torch_index) if torch_index else ()))
        _install(interpreter, *PINS[name])
        mark.write_text(wanted)
    return str(interpreter)


def _install(interpreter: Path, *what: str) -> None:
    subprocess.run([interpreter, "-m", "pip", "install", "--quiet", *what], check=True)
