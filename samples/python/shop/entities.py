"""A shop of stateful entities: a user buys an item, and every call between them is remote."""

from __future__ import annotations

from runtime import entity


@entity
class Item:
    """Something for sale, with a stock."""

    def __init__(self, name: str, price: int, stock: int = 0):
        self.name: str = name
        self.price: int = price
        self.stock: int = stock

    def __key__(self) -> str:
        return self.name

    def get_price(self) -> int:
        return self.price

    def update_stock(self, amount: int) -> bool:
        if self.stock + amount < 0:
            return False
        self.stock += amount
        return True


@entity
class User:
    """Somebody with a balance."""

    def __init__(self, name: str, balance: int = 0):
        self.name: str = name
        self.balance: int = balance
        self.bought: list[str] = []

    def __key__(self) -> str:
        return self.name

    def buy_item(self, amount: int, item: Item) -> bool:
        """Reserve the stock first, give it back if the money does not suffice."""
        total = amount * item.get_price()
        if self.balance < total:
            return False
        if not item.update_stock(-amount):
            return False
        self.balance -= total
        self.bought.append(item.name)
        return True

    def price_of(self, items: list[Item]) -> int:
        """What a basket costs: one remote call an item, in a loop."""
        return sum(item.get_price() for item in items)

    def gift(self, other: User, amount: int) -> bool:
        """Pass money on: a read before and a write after a remote call."""
        if self.balance < amount:
            return False
        other.receive(amount)
        self.balance -= amount
        return True

    def receive(self, amount: int) -> None:
        self.balance += amount


def restock(items: list[Item], target: int) -> list[str]:
    """Bring every item's stock up to a target; the names of those that were low."""
    low = []
    for item in items:
        missing = target - item.stock
        if missing > 0 and item.update_stock(missing):
            low.append(item.name)
    return low


if __name__ == "__main__":
    tea, cup = Item("tea", 3, stock=10), Item("cup", 8, stock=1)
    ada, bob = User("ada", 20), User("bob")
    print(ada.buy_item(2, tea), ada.balance, tea.stock)
    print(ada.buy_item(2, cup), ada.price_of([tea, cup]), ada.gift(bob, 5), bob.balance)
    print(restock([tea, cup], 9))
