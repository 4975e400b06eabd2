"""The native engine: kernels in C++ that train the torch modules which forecasters build.

It accelerates networks and defines none. A network that is exactly an `nn.Sequential` of layers that
the kernels know (`description.py` lists them) is trained in place, many times faster than by torch;
torch trains every other network. Read `source/` from `matrix.h` on.
"""
