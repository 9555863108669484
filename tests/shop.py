"""A small shop: the files that lives of pull requests are about, and what a good reader finds in their changes."""

from __future__ import annotations

from tests.scripted_reviewer import Says

BASE = {
    "shop/cart.py": '''\
"""What a customer is about to buy."""


class Cart:
    """Counts of articles."""

    def __init__(self):
        self.lines = {}
        self.discount = 0

    def add(self, article, count=1):
        self.lines[article] = self.lines.get(article, 0) + count

    def remove(self, article):
        del self.lines[article]

    def total(self, prices):
        whole = sum(prices[article] * count for article, count in self.lines.items())
        return whole * (100 - self.discount) / 100
''',
    "shop/prices.py": '''\
"""What articles cost."""

RATE = 1.19


def load(path):
    prices = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            article, price = line.split(";")
            prices[article] = float(price)
    return prices


def cheapest(prices):
    return min(prices, key=prices.get)


def gross(net):
    return round(net * RATE, 2)
''',
    "README.md": "# Shop\n\nSells things.\n",
}

CART = BASE["shop/cart.py"].replace(
    "    def total(",
    """\
    def redeem(self, coupon):
        if coupon.used:
            raise ValueError("this coupon was used")
        self.discount += coupon.percent
        coupon.used = True

    def total(""",
)
PRICES = BASE["shop/prices.py"].replace(
    "def gross(net):\n    return round(net * RATE, 2)",
    """\
def gross(net, country):
    rate = RATES[country]
    return round(net * rate, 2)""",
)
PRICES = PRICES.replace("RATE = 1.19", 'RATES = {"DE": 0.19, "FR": 0.2}')
MAIL = '''\
"""Letters to customers."""

from shop.post import send


def confirm(customer, cart):
    body = f"<h1>Thank you, {customer.name}</h1>"
    send(customer.address, "Your order", body)


def remind(customers):
    for customer in customers:
        send(customer.address, "Your cart", f"<p>{customer.name}, come back</p>")
'''

COUPON = Says(
    "shop/cart.py",
    "        self.discount += coupon.percent",
    "Several coupons can make the total negative",
    body="`redeem()` adds up what every coupon takes off, and nothing keeps the sum below 100.",
    scenario="a customer redeems two coupons of 60 percent, the shop owes them money",
)
TAX = Says(
    "shop/prices.py",
    "    return round(net * rate, 2)",
    "The price with tax is the tax alone",
    severity="critical",
    body="`RATES` holds shares of the price, `RATE` held the factor.",
    scenario="an article of 100 euros is sold, it costs 19 euros",
    confidence=0.9,
)
COUNTRY = Says(
    "shop/prices.py",
    "    rate = RATES[country]",
    "A country without a rate ends in an error page",
    severity="medium",
    body="`RATES` knows two countries.",
    scenario="somebody from Austria looks at an article, the page fails with a KeyError",
)
NAME = Says(
    "shop/mail.py",
    '    body = f"<h1>Thank you, {customer.name}</h1>"',
    "A customer's name is sent as HTML",
    category="security",
    body="The name stands in the letter as it was typed.",
    scenario="a customer is called `<img src=...>`, their mail program fetches it",
)
REMINDER = Says(
    "shop/mail.py",
    '        send(customer.address, "Your cart", f"<p>{customer.name}, come back</p>")',
    "The name in a reminder is sent as HTML",
    category="security",
    severity="medium",
    body="As in `confirm()`, the name is not escaped.",
    scenario="a customer is called `<img src=...>`, their mail program fetches it",
)
