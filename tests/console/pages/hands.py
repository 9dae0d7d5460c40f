"""Simulates a person's keyboard and mouse, and counts the person's clicks and keys."""

from playwright.sync_api import Locator, Page


class Hands:
    """`keys` counts keys that move the focus or cause an action, but no typed text. `clicks` counts mouse clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = self.clicks = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.keys += len(keys)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1
