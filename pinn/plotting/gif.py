"""GIF animations whose colours do not flicker."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.animation import AbstractMovieWriter
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from PIL import Image

_GREYS = 32


class GifWriter(AbstractMovieWriter):
    """A GIF with the same 256 colours in all frames: those of a colour map, and greys.

    With a palette for each frame, as matplotlib's own writer has it, a colour bar changes from frame to frame.
    """

    def __init__(self, fps: int, colors: Colormap) -> None:
        super().__init__(fps)
        greys, map_colors = np.linspace((0, 0, 0), (1, 1, 1), _GREYS), colors(np.linspace(0, 1, 256 - _GREYS))[:, :3]
        self._palette = np.rint(255 * np.concatenate([greys, map_colors])).astype(np.int64)
        self._frames: list[Image.Image] = []

    def setup(self, fig: Figure, outfile: str | Path, dpi: float | None = None) -> None:
        super().setup(fig, outfile, dpi=dpi)  # pyright: ignore[reportAbstractUsage]  (it has a body)

    def grab_frame(self, **_: Any) -> None:
        buffer = io.BytesIO()
        self.fig.savefig(buffer, format="rgba", dpi=self.dpi)
        width, height = self.frame_size
        pixels = np.frombuffer(buffer.getvalue(), np.uint8).reshape(height, width, 4)[..., :3]
        frame = Image.fromarray(self._nearest(pixels))
        frame.putpalette(self._palette.astype(np.uint8).tobytes())
        self._frames.append(frame)

    def finish(self) -> None:
        first, *others = self._frames
        first.save(self.outfile, "GIF", save_all=True, append_images=others, duration=round(1000 / self.fps), loop=0)

    def _nearest(self, pixels: np.ndarray) -> np.ndarray:
        """The number of the nearest colour of the palette at each pixel. Pillow's own search is a rough one."""
        codes, where = np.unique(pixels @ np.array([65536, 256, 1]), return_inverse=True)
        shown = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], 1)
        distances = np.square(shown[:, None] - self._palette).sum(-1)
        return distances.argmin(1).astype(np.uint8)[where].reshape(pixels.shape[:2])
