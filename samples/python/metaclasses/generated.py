"""Classes made by calls: ``type()`` from data, and a family of them in a loop."""


def init(self, *values):
    for name, value in zip(self.FIELDS, values, strict=True):
        setattr(self, name, value)


Point = type("Point", (), {"FIELDS": ("x", "y"), "__init__": init})

KINDS = {"Rose": "flower", "Basil": "herb", "Oak": "tree"}


def plant_class(name: str, kind: str) -> type:
    def describe(self) -> str:
        return f"{name} is a {kind}"

    return type(name, (), {"kind": kind, "describe": describe})


GREENHOUSE = {name: plant_class(name, kind) for name, kind in KINDS.items()}

SOURCE = """
class {name}Bed:
    plant = {name!r}
"""

for _name in ("Rose", "Basil"):
    exec(SOURCE.format(name=_name))


if __name__ == "__main__":
    print(Point(1, 2).y, GREENHOUSE["Oak"]().describe(), RoseBed.plant)  # noqa: F821
