"""An order from basket to parcel: what may run together, what depends on what, what if it fails."""

from engine import conditional, error_handler, parallel, task, workflow


@task
def load(order: int) -> dict:
    """Fetch an order."""
    return {"id": order, "items": ["tea", "cup"], "total": 11}


@task
def check_stock(items: list) -> bool:
    """Whether everything is there."""
    return len(items) < 5


@task
def check_credit(total: int) -> int:
    """How much may be owed."""
    return max(0, 100 - total)


@task
def pack(items: list) -> str:
    """Put the items in a parcel."""
    return "+".join(items)


@task
def ship(parcel: str, order: int) -> str:
    """Send the parcel."""
    return f"{order}:{parcel}"


@task
def notify(message: str) -> None:
    """Tell somebody."""
    print(message)


@workflow
def fulfil(order: int):
    """Load, check twice at once, then pack and ship."""
    loaded = load(order)
    with parallel():
        stock = check_stock(loaded.output["items"])
        credit = check_credit(loaded.output["total"])
    with conditional(stock.output and credit.output > 0):
        parcel = pack(loaded.output["items"])
        shipped = ship(parcel.output, order)
    with error_handler():
        notify("an order failed")
    return shipped


if __name__ == "__main__":
    print(fulfil(7).output)
