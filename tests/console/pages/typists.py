"""Simulates a person who fills in a form of the desk by keyboard alone."""

from playwright.sync_api import Page, expect

# A practised person presses two to three keys a second, which is 150 keys a minute.
KEYS_OF_A_MINUTE = 150
MOST_TABS = 40
IS_FOCUSED = "element => element === document.activeElement"


class Typist:
    """A person at a keyboard.

    `keys` is the number of pressed keys: letters, digits, Tab, and shortcuts such as Ctrl+Enter.
    """

    def __init__(self, page: Page) -> None:
        self.page, self.keys = page, 0

    def press(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.keys += len(text)
        self.page.keyboard.type(text)

    def fill_in(self, *texts: str) -> None:
        for text in texts:
            self.type(text)
            self.press("Tab")

    def tab_to(self, selector: str) -> None:
        target = self.page.locator(selector)
        for _ in range(MOST_TABS):
            if target.evaluate(IS_FOCUSED):
                break
            self.press("Tab")
        expect(target).to_be_focused()
