"""Builds the native engine's kernels; everything else about the package stands in setup.cfg.

One source, three shared libraries for `ctypes`: the one for the processor is chosen when it is
loaded. Each is optional: without a C++ compiler the package installs, and torch trains.
"""

import hashlib
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SOURCE = Path("forecasters/engines/native/source")
FILES = sorted(SOURCE.iterdir())
#: In each build, so that one of other sources is not taken for one of these.
DIGEST = hashlib.sha256(b"".join(path.read_bytes() for path in FILES)).hexdigest()
FLAGS = {
    "avx512": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"],
    "avx2": ["-mavx2", "-mfma"],
    "portable": [],
}
# No contraction: what is fused is written so, or builds would differ. Never -ffast-math.
COMMON = ["-std=c++17", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden"]


class BuildKernels(build_ext):
    """Compiles each build apart: the object files of one source would overwrite each other."""

    def build_extension(self, ext: Extension) -> None:
        """Build one of the libraries."""
        shared = self.build_temp
        self.build_temp = str(Path(shared) / ext.name)
        try:
            super().build_extension(ext)
        finally:
            self.build_temp = shared


setup(
    cmdclass={"build_ext": BuildKernels},
    ext_modules=[
        Extension(
            f"forecasters.engines.native._{build}",
            sources=[str(SOURCE / name) for name in ("api.cpp", "network.cpp")],
            depends=[str(path) for path in FILES],
            define_macros=[("NATIVE_SOURCE", DIGEST)],
            extra_compile_args=[*COMMON, *flags],
            language="c++",
            optional=True,
        )
        for build, flags in FLAGS.items()
    ],
)
