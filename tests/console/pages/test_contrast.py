"""All text has a contrast of at least 4.5:1 (WCAG 2.2, 1.4.3), even while the connection is lost."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole, newest_alert

# Large text (24 px, or bold from 18.66 px) needs a contrast of 3:1, and disabled controls need none. A canvas converts
# colours of any notation to numbers. The script also applies the opacity and grayscale() of surrounding elements to a
# text's colour.
FAINT = """() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], below) => [r, g, b].map((each, n) => each * a + below[n] * (1 - a));
    const chain = (element) => element ? [...chain(element.parentElement), element] : [];
    const greyed = (colour, share) => {
        const grey = 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2];
        return colour.map((each) => each * (1 - share) + grey * share);
    };
    const luminance = (colour) => {
        const linear = (each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4;
        const [r, g, b] = colour.map((each) => linear(each / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (element, own = getComputedStyle(element), isPlaceholder = false) => {
        const styles = chain(element).map((each) => getComputedStyle(each));
        const below = styles.reduce((colour, style) => over(rgba(style.backgroundColor), colour), [255, 255, 255]);
        const fading = isPlaceholder ? [...styles, own] : styles;
        // what is transparent appears under the pointer, and is then opaque
        const opacity = fading.reduce((all, style) => all * (Number(style.opacity) || 1), 1);
        const [r, g, b, a] = rgba(own.color);
        const shares = styles
            .map((style) => Number(/grayscale\\(([\\d.]+)\\)/.exec(style.filter)?.[1] ?? 0))
            .filter(Boolean);
        const shown = [over([r, g, b, a * opacity], below), below].map((colour) => shares.reduce(greyed, colour));
        const [dark, light] = shown.map(luminance).sort((one, other) => one - other);
        return (light + 0.05) / (dark + 0.05);
    };
    const needed = (style) => {
        const size = parseFloat(style.fontSize);
        return size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const faint = [];
    let words = 0;
    let fields = 0;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement;
        const isIgnored = element.closest("script, style, option, :disabled");
        if (!node.data.trim() || !element.checkVisibility() || isIgnored) continue;
        words += 1;
        const ratio = contrast(element);
        if (ratio >= needed(getComputedStyle(element))) continue;
        faint.push(`${node.data.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
    }
    const typed = "input:not([type=radio], [type=checkbox], [type=hidden]), textarea, select";
    for (const field of document.querySelectorAll(typed)) {
        const shown = field.value || field.placeholder;
        if (!shown || !field.checkVisibility() || field.matches(":disabled")) continue;
        fields += 1;
        const style = getComputedStyle(field, field.value ? null : "::placeholder");
        const ratio = contrast(field, style, !field.value);
        if (ratio < needed(style)) faint.push(`${field.id || field.name}, ${shown.slice(0, 40)}: ${ratio.toFixed(2)}`);
    }
    return { words, fields, faint };
}"""


def is_readable(page: Page, scheme: Any, *, fields: int = 0) -> None:
    # without reduced motion, a new alert flashes, and its colours change for two seconds
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    faint = page.evaluate(FAINT)
    assert faint["words"] > 20
    assert faint["fields"] >= fields
    assert faint["faint"] == []


def lose_the_line(page: Page) -> None:
    """Makes every attempt to open the stream fail. Advances the clock until the page shows that the stream is lost.

    An event `beat` that arrives while the clock advances makes the page wait longer. The clock then advances again.
    """
    page.route("**/stream?**", lambda route: route.abort())
    for _ in range(3):
        page.clock.fast_forward(46_000)
        if page.locator("#link").get_attribute("data-state") == "lost":
            break
    expect(page.locator("#link")).to_have_attribute("data-state", "lost")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_of_the_desk_is_readable_also_without_a_connection(whole: Whole, seat: Any, scheme: str) -> None:
    for severity in ("Extreme", "Severe", "Moderate", "Unknown"):
        whole.report_hazard(type="mudflow" if severity == "Severe" else "hail", severity=severity)
    desk = seat(Role.DUTY_HEAD)
    desk.page.clock.install()
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    row = newest_alert(page, "Hail")
    expect(row).to_be_visible()
    is_readable(page, scheme)
    lose_the_line(page)
    is_readable(page, scheme)
    expect(page.locator("#link")).to_have_attribute("data-state", "lost")
    page.goto(f"{whole.url}/alerts/{row.get_attribute('data-key')}")
    is_readable(page, scheme)
    page.goto(f"{whole.url}/new-event")
    page.fill("#locality", "Pulgon")
    page.click("#send")
    expect(page.locator("#failure")).to_be_visible()
    # the five fields: hazard and place (with placeholders), village, time, certainty
    is_readable(page, scheme, fields=5)
