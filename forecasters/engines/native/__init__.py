"""The native engine: kernels in C++ that train the torch modules which forecasters build.

An accelerator, not a second zoo. A network that is an exact `nn.Sequential` of layers it knows
(`description.py` says which) is trained in place, many times faster than by torch; anything else
goes to the torch engine. `source/` is read from `matrix.h` on.
"""
