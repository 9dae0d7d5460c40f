"""Writes small PMTiles files by the format's specification: a header, a root directory, metadata and tiles."""

import gzip
import json
import struct
import zlib
from pathlib import Path
from typing import Any

HEADER = struct.Struct("<7sB11Q6B4iB2i")
NO_COMPRESSION, GZIP = 1, 2
VECTOR, PNG = 1, 2
WORLD = (-1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000)
EXTENT = 4096
POLYGON = 3


def write(path: Path, tile: bytes, tile_type: int, metadata: dict[str, Any], **changed: int) -> Path:
    directory = gzip.compress(
        bytes([1, 0, 1]) + varint(len(tile)) + varint(1)
    )  # the directory's only entry: id, run, length, offset + 1
    about = gzip.compress(json.dumps(metadata).encode())
    sections = section_table(HEADER.size, directory, about, b"", tile)
    types = {"compression": GZIP, "tile_compression": NO_COMPRESSION, "tile_type": tile_type, "version": 3, **changed}
    kinds = (1, types["compression"], types["tile_compression"], types["tile_type"])
    header = HEADER.pack(b"PMTiles", types["version"], *sections, 1, 1, 1, *kinds, 0, 0, *WORLD, 0, 0, 0)
    path.write_bytes(header + directory + about + tile)
    return path


def section_table(offset: int, *sections: bytes) -> list[int]:
    table: list[int] = []
    for section in sections:
        table += [offset, len(section)]
        offset += len(section)
    return table


def square_png(red: int, green: int, blue: int, side: int = 256) -> bytes:
    rows = (b"\0" + bytes([red, green, blue]) * side) * side
    chunks = (b"IHDR", struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def vector_tile(*layers: str) -> bytes:
    whole = [9, 0, 0, 26, 2 * EXTENT, 0, 0, 2 * EXTENT, 2 * EXTENT - 1, 0, 15]  # a square: move, three lines, close
    feature = b"\x18" + varint(POLYGON) + field(4, b"".join(map(varint, whole)))
    return b"".join(
        field(3, field(1, name.encode()) + field(2, feature) + b"\x28" + varint(EXTENT) + b"\x78\x02")
        for name in layers
    )


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)
