"""QR codes as inline SVG."""

import segno


def svg(text: str) -> str:
    image: str = segno.make(text).svg_inline(scale=4, light="white", omitsize=True)
    return image
