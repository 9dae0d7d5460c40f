"""The version of this release, which `make release` increases."""

VERSION = "0.1.0"
