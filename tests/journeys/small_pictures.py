# SPDX-License-Identifier: Apache-2.0
"""PNG files of 256 colours, a third of what the browser writes: pictures are committed, and taken again often."""

import base64
import struct
import zlib

import numpy as np

from support.phone import Phone

COLOURS = 256
_PIXELS = """async (data) => {
  const picture = await createImageBitmap(await (await fetch('data:image/png;base64,' + data)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext('2d');
  context.drawImage(picture, 0, 0);
  const bytes = context.getImageData(0, 0, picture.width, picture.height).data;
  let text = '';
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return [picture.width, picture.height, btoa(text)];
}"""


def smaller(png: bytes, blank: Phone) -> bytes:
    """The same picture in its 256 most frequent colours, the others as the nearest of them; `blank` shows no page."""
    width, height, text = blank.run(blank.page.evaluate(_PIXELS, base64.b64encode(png).decode()))
    pixels = np.frombuffer(base64.b64decode(text), ">u4") >> 8  # without alpha, each one number
    found, places, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    colours = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1).astype(np.int32)
    palette = colours[np.argsort(counts)[::-1][:COLOURS]]
    distances = ((colours[:, None, :] - palette[None, :, :]) ** 2).sum(axis=2)
    indexes = distances.argmin(axis=1)[places.reshape(-1)].astype(np.uint8).reshape(height, width)
    lines = np.hstack([np.zeros((height, 1), np.uint8), indexes])
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
