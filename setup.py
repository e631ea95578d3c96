"""What hvlab is made of and what it needs; the tools' settings are in setup.cfg and .ruff.toml."""

from pathlib import Path

from setuptools import find_packages, setup

README = Path(__file__).with_name("README.md")

# Ryu itself, unmaintained since 2022; .make/venv knows how it can still be installed.
RYU = ["ryu==4.34", "six"]

TEST = [
    "hypothesis>=6.100,<7",
    "mypy>=1.11,<3",
    "pytest>=8.2,<10",
    "pytest-timeout>=2.3,<3",
    "pytest-xdist>=3.8,<4",
    "ruff>=0.6,<1",
]

setup(
    name="hvlab",
    version="0.1.0",
    description="A lab that behaves like the virtual network of Microsoft Hyper-V, on any Linux machine",
    long_description=README.read_text(encoding="utf-8") if README.exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["lab", "lab.*", "controllers", "controllers.*", "topologies"]),
    package_data={"lab": ["debian-packages.txt", "emulation/*.sh", "py.typed"]},
    include_package_data=True,
    install_requires=[
        "click>=8.1,<9",
        "eventlet>=0.36,<1",
        "mininet==2.3.0.dev6",  # the only release on PyPI; Mininet 2.3.0 itself was never put there
        "networkx>=3.2,<4",
        "os-ken>=4.2,<5",
        "ovs>=3.1,<5",  # any of them speaks to any server from 3.1 on
        "prompt_toolkit>=3.0.36,<4",
        "rich>=13,<16",
        # mininet imports distutils, which Python 3.12 dropped and setuptools provides.
        "setuptools>=67",
    ],
    extras_require={"ryu": RYU, "test": TEST},
    entry_points={"console_scripts": ["hvlab = lab.__main__:main"]},
)
