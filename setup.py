"""Builds the native engine's kernels; everything else about the package stands in setup.cfg.

One source, three shared libraries for `ctypes`: the one for the processor is chosen when it is
loaded. Each is optional: without a C++ compiler the package installs, and torch trains.
"""

import copy
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
# No contraction: what is fused is written so, or builds would differ. Never -ffast-math. Nobody steps
# through a kernel with a debugger, and without its symbols it compiles in four fifths of the time.
COMMON = ["-std=c++17", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden", "-g0"]


class BuildKernels(build_ext):
    """Compiles each build in a folder of its own, all at once.

    The object files of one source would overwrite each other in a common folder.
    """

    def finalize_options(self) -> None:
        """Use every core, unless `--parallel` says otherwise."""
        super().finalize_options()
        if self.parallel is None:
            self.parallel = True

    def build_extension(self, ext: Extension) -> None:
        """Build one of the libraries; several threads are here at once, so `self` stays as it is."""
        command = copy.copy(self)
        command.build_temp = str(Path(self.build_temp) / ext.name)
        build_ext.build_extension(command, ext)


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
