"""Compiles CUDA sources in this process and launches them; the base of the CUDA target."""

from tilescale.cuda.architectures import Architecture as Architecture
from tilescale.cuda.architectures import architecture as architecture
from tilescale.cuda.compiler import CudaBinary as CudaBinary
from tilescale.cuda.compiler import KernelResources as KernelResources
from tilescale.cuda.compiler import compile_cuda as compile_cuda
from tilescale.cuda.compiler import link_cuda as link_cuda
from tilescale.cuda.kernel import CudaKernel as CudaKernel
from tilescale.cuda.toolkit import Toolkit as Toolkit
from tilescale.cuda.toolkit import find_toolkit as find_toolkit
