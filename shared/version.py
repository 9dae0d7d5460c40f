"""The version of this release. `make release` increases it."""

VERSION = "0.1.0"
