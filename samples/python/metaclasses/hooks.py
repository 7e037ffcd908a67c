"""When hooks run and what each can still change: ``__prepare__``, ``__new__``, ``__init__``,
``__call__``; final classes; singletons; two metaclasses made one.
"""


class Ordered(type):
    """Refuses a class body that binds a name twice."""

    class Namespace(dict):
        def __setitem__(self, key, value):
            if key in self and not key.startswith("__"):
                raise TypeError(f"{key!r} is defined twice")
            super().__setitem__(key, value)

    @classmethod
    def __prepare__(mcls, name, bases, **options):
        return mcls.Namespace()

    def __new__(mcls, name, bases, namespace, **options):
        cls = super().__new__(mcls, name, bases, dict(namespace))
        cls.order = [key for key in namespace if not key.startswith("__")]
        return cls


class Steps(metaclass=Ordered):
    def first(self):
        return 1

    def second(self):
        return 2


class Tagged(type):
    """``__new__`` may change the namespace; in ``__init__`` that comes too late."""

    def __new__(mcls, name, bases, namespace):
        namespace["made_in_new"] = True
        return super().__new__(mcls, name, bases, namespace)

    def __init__(cls, name, bases, namespace):
        namespace["made_in_init"] = True  # has no effect
        super().__init__(name, bases, namespace)
        cls.set_in_init = True


class Tag(metaclass=Tagged):
    pass


class Final(type):
    """A class of this kind cannot be derived from."""

    def __init__(cls, name, bases, namespace):
        super().__init__(name, bases, namespace)
        for base in bases:
            if isinstance(base, Final):
                raise TypeError(f"{base.__name__} is final")


class Constant(metaclass=Final):
    pass


class Singleton(type):
    """One instance per class, kept per class so that subclasses get their own."""

    _instances: dict[type, object] = {}

    def __call__(cls, *args, **kwargs):
        if cls not in cls._instances:
            cls._instances[cls] = super().__call__(*args, **kwargs)
        return cls._instances[cls]


class Settings(metaclass=Singleton):
    def __init__(self):
        self.values = {}


class OrderedSingleton(Ordered, Singleton):
    """Both at once: what Python asks for when bases have different metaclasses."""


class Both(Steps, Settings, metaclass=OrderedSingleton):
    pass


if __name__ == "__main__":
    print(Steps.order, Tag.made_in_new, hasattr(Tag, "made_in_init"), Tag.set_in_init)
    print(Settings() is Settings(), Both() is Both())
    try:
        type("Derived", (Constant,), {})
    except TypeError as error:
        print(error)
