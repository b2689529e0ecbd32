"""What a file says of itself in its first bytes: PNG, JPEG, GIF or WebP, and how large the picture is. Pure.

Only the header is read, never the pixels: nothing is decoded here, so nothing can blow up here.
"""

import struct
from typing import NamedTuple


class ImageHeader(NamedTuple):
    content_type: str
    width: int
    height: int


def read_image_header(data: bytes) -> ImageHeader | None:
    """The kind and size of the picture, None for anything else, whatever its name says."""
    try:
        for read in (_png, _gif, _webp, _jpeg):
            header = read(data)
            if header is not None:
                return header if header.width and header.height else None
    except (struct.error, IndexError):
        pass  # it ends before its header does
    return None


def _png(data: bytes) -> ImageHeader | None:
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        return None
    return ImageHeader("image/png", *struct.unpack(">II", data[16:24]))


def _gif(data: bytes) -> ImageHeader | None:
    if data[:6] not in {b"GIF87a", b"GIF89a"}:
        return None
    return ImageHeader("image/gif", *struct.unpack("<HH", data[6:10]))


def _webp(data: bytes) -> ImageHeader | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        return ImageHeader("image/webp", _three(data[24:27]) + 1, _three(data[27:30]) + 1)
    if kind == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack("<I", data[21:25])
        return ImageHeader("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[26:30])
        return ImageHeader("image/webp", width & 0x3FFF, height & 0x3FFF)
    return None


def _three(raw: bytes) -> int:
    return raw[0] | raw[1] << 8 | raw[2] << 16


def _jpeg(data: bytes) -> ImageHeader | None:
    """Walks the segments to the frame header, which alone says the size."""
    if data[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return ImageHeader("image/jpeg", width, height)
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        if length < 2:
            return None
        at += 2 + length
    return None
