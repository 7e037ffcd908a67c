"""Subclasses that register themselves: by metaclass (leaves only), by hook, by descriptor name."""


class LeafRegistry(type):
    """Keeps the classes that have no subclasses yet."""

    leaves: set[type] = set()

    def __init__(cls, name, bases, namespace):
        super().__init__(name, bases, namespace)
        LeafRegistry.leaves.add(cls)
        LeafRegistry.leaves -= set(bases)


class Animal(metaclass=LeafRegistry):
    pass


class Bird(Animal):
    pass


class Sparrow(Bird):
    pass


class Cat(Animal):
    pass


class Format:
    """The newer way: no metaclass, and subclasses may pass options."""

    by_extension: dict[str, type["Format"]] = {}

    def __init_subclass__(cls, /, extension: str, **options):
        super().__init_subclass__(**options)
        Format.by_extension[extension] = cls


class Json(Format, extension="json"):
    pass


class Toml(Format, extension="toml"):
    pass


class Column:
    """A descriptor that learns its name and files itself with its owner."""

    def __set_name__(self, owner, name):
        self.name = name
        owner.__dict__.get("columns", {})[name] = self

    def __get__(self, instance, owner=None):
        return self if instance is None else instance.__dict__.get(self.name)

    def __set__(self, instance, value):
        instance.__dict__[self.name] = value


class Person:
    columns: dict[str, Column] = {}
    name = Column()
    born = Column()


COMMANDS = {}


def command(name):
    """A decorator with an argument that stores what it decorates."""

    def store(function):
        COMMANDS[name] = function
        return function

    return store


@command("list")
def list_all():
    return sorted(leaf.__name__ for leaf in LeafRegistry.leaves)


@command("formats")
def list_formats():
    return sorted(Format.by_extension)


if __name__ == "__main__":
    for name, function in COMMANDS.items():
        print(name, function())
    print(list(Person.columns))
