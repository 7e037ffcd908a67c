import importlib
import os
import sys
import time
import types


class Later:
    """A module of the library that is imported when it is first used: most tasks need few."""

    def __init__(self, name):
        self.name = name

    def __getattr__(self, attribute):
        found = getattr(importlib.import_module(self.name), attribute)
        setattr(self, attribute, found)
        return found


base64, inspect, traceback, typing = map(Later, ("base64", "inspect", "traceback", "typing"))

# The user's code may replace what the library holds under these names.
dumps, loads, opened, replaced, now = json.dumps, json.loads, open, os.replace, time.time
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("METASCOPE_ROOT") or ""


# -- modules: the sliced sources under their original names, files and lines --------------------


class SlicedModule(types.ModuleType):
    """A module of the slice; a submodule is imported when first asked for."""

    def __getattr__(self, name):
        full = self.__name__ + "." + name
        if full in CONFIG["modules"] or any(m.startswith(full + ".") for m in CONFIG["modules"]):
            return importlib.import_module(full)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


class Finder:
    """Finds the modules of the slice before any others."""

    def __init__(self):
        self.texts = {}

    def find_spec(self, name, path=None, target=None):
        modules = CONFIG["modules"]
        known = modules.get(name)
        package = known["package"] if known else any(m.startswith(name + ".") for m in modules)
        if known is None and not package:
            return None
        # The class of every module's specification, without its module of imports.
        spec = type(importlib.__spec__)(name, self, is_package=package)
        if package:
            # Whoever lists a package's modules finds those of the slice.
            spec.submodule_search_locations = [os.path.join(HERE, "modules", *name.split("."))]
        return spec

    def create_module(self, spec):
        return SlicedModule(spec.name)

    def exec_module(self, module):
        known = CONFIG["modules"].get(module.__name__)
        if known is None:
            return
        original = known["path"]
        with open(self.copy_of(known), encoding="utf-8", newline="") as file:
            text = file.read()
        self.texts[original] = text
        module.__file__ = self.place_of(known)
        exec(compile(text, original, "exec", dont_inherit=True), module.__dict__)

    def get_source(self, name):
        """What tracebacks that the task itself writes show."""
        known = CONFIG["modules"].get(name)
        return self.texts.get(known["path"]) if known else None

    def invalidate_caches(self):
        """Nothing is cached: the slice does not change."""

    def show_lines(self):
        """Lets tracebacks show the lines of the slice."""
        import linecache

        for original, text in self.texts.items():
            lines = text.splitlines(keepends=True)
            linecache.cache[original] = (len(text), None, lines, original)

    def copy_of(self, known):
        return os.path.join(HERE, *known["file"].split("/"))

    def place_of(self, known):
        """Where the original stands, with its data files around it; else the sliced copy."""
        at_home = os.path.join(ROOT, *known["path"].split("/"))
        return at_home if ROOT and os.path.exists(at_home) else self.copy_of(known)

    def get_data(self, path):
        with open(path, "rb") as file:
            return file.read()

    def get_resource_reader(self, name):
        try:
            from importlib.readers import FileReader
        except ImportError:
            return None
        known = CONFIG["modules"].get(name)
        return FileReader(types.SimpleNamespace(path=self.place_of(known))) if known else None


# -- values: JSON to what annotations ask for ---------------------------------------------------


class Rejected(Exception):
    """A value that does not fit, by JSON Pointer."""

    def __init__(self, path, message):
        super().__init__(message)
        self.path, self.message = path, message


class EMPTY:
    """No annotation or no default."""


class Parameter:
    """One parameter of a plain function, with the names that `inspect` gives its parts."""

    POSITIONAL_ONLY, POSITIONAL_OR_KEYWORD, VAR_POSITIONAL, KEYWORD_ONLY, VAR_KEYWORD = range(5)
    empty = EMPTY

    def __init__(self, name, kind, default, annotation):
        self.name, self.kind, self.default, self.annotation = name, kind, default, annotation


def parameters_of(function):
    """The parameters of a call; those of a plain function are read without `inspect`."""
    if type(function) is not types.FunctionType or vars(function):
        return list(inspect.signature(function).parameters.values())
    code, hints = function.__code__, function.__annotations__
    names, count, P = code.co_varnames, code.co_argcount, Parameter
    defaults = function.__defaults__ or ()
    found = []
    for at, name in enumerate(names[:count]):
        kind = P.POSITIONAL_ONLY if at < code.co_posonlyargcount else P.POSITIONAL_OR_KEYWORD
        given = at - (count - len(defaults))
        found.append(P(name, kind, defaults[given] if given >= 0 else EMPTY, hints.get(name, EMPTY)))
    end = count + code.co_kwonlyargcount
    starred = end
    if code.co_flags & 0x04:
        name, starred = names[end], end + 1
        found.append(P(name, P.VAR_POSITIONAL, EMPTY, hints.get(name, EMPTY)))
    given = function.__kwdefaults__ or {}
    for name in names[count:end]:
        found.append(P(name, P.KEYWORD_ONLY, given.get(name, EMPTY), hints.get(name, EMPTY)))
    if code.co_flags & 0x08:
        name = names[starred]
        found.append(P(name, P.VAR_KEYWORD, EMPTY, hints.get(name, EMPTY)))
    return found


def is_union(origin):
    return origin is getattr(types, "UnionType", None) or origin is typing.Union


BUILTIN = (list, dict, set, frozenset, tuple)
ALIAS = getattr(types, "GenericAlias", None)
UNWRAPPED = {
    "ClassVar", "Final", "Required", "NotRequired", "ReadOnly", "InitVar", "Mapped", "Unpack",
}
LISTS = {
    "Sequence", "MutableSequence", "Iterable", "Collection", "Iterator", "Reversible", "Container",
    "Generator", "AsyncIterable", "AsyncIterator",
}
SETS = {"Set", "MutableSet"}
MAPS = {"Mapping", "MutableMapping"}


def say(value):
    text = dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def key_path(path, key):
    return path + "/" + str(key).replace("~", "~0").replace("/", "~1")


def type_name(kind):
    return getattr(kind, "__name__", None) or str(kind).replace("typing.", "")


class Extras(dict):
    """Names that only `TYPE_CHECKING` imports bind, imported when an annotation needs them."""

    def __init__(self, module):
        self.origins = CONFIG["types"].get(module, {})
        super().__init__()

    def __contains__(self, name):
        return name in self.origins or super().__contains__(name)

    def __missing__(self, name):
        origin = self.origins.get(name)
        if origin is None:
            raise KeyError(name)
        self[name] = found = locate(origin)
        return found


def locate(origin):
    parts = origin.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError as error:
            if error.name and not origin.startswith(error.name):
                raise
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found
    raise NameError(f"{origin} is not found")


def namespace_of(module, target):
    names = dict(vars(sys.modules[module])) if module in sys.modules else {}
    for name in CONFIG["types"].get(module, {}):
        if name not in names:
            try:
                names[name] = locate(CONFIG["types"][module][name])
            except Exception:
                pass
    for parameter in getattr(target, "__type_params__", ()):
        names.setdefault(parameter.__name__, parameter)
    return names


def evaluate(annotation, names):
    """One annotation, strings resolved; what cannot be resolved may be anything."""
    if type(annotation) is type:
        return annotation
    if isinstance(annotation, str):
        import builtins

        named = names.get(annotation, getattr(builtins, annotation, None))
        if type(named) is type:
            return named
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        if sys.version_info >= (3, 9):
            return typing.get_type_hints(holder, names, None, include_extras=True)["it"]
        return typing.get_type_hints(holder, names)["it"]
    except Exception:
        pass
    if isinstance(annotation, str):
        try:
            return eval(annotation, names)
        except Exception:
            return typing.Any
    return annotation


def hints_of_class(kind):
    """The annotations of a class and its bases, resolved in their own modules."""
    found = {}
    for base in reversed(getattr(kind, "__mro__", (kind,))):
        own = base.__dict__.get("__annotations__")
        if own is None and sys.version_info >= (3, 14):
            try:
                import annotationlib

                own = annotationlib.get_annotations(
                    base, format=annotationlib.Format.FORWARDREF
                )
            except Exception:
                own = {}
        if not own:
            continue
        names = namespace_of(base.__module__, base)
        names.setdefault(base.__name__, base)
        for name, annotation in own.items():
            found[name] = evaluate(annotation, names)
    return found


def variables_of(kind, arguments):
    parameters = getattr(kind, "__parameters__", ()) or getattr(kind, "__type_params__", ())
    return dict(zip(parameters, arguments))


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Converter:
    """Makes Python values of JSON by annotations."""

    def __init__(self):
        self.variables = {}

    def convert(self, value, kind, path, strict=False):
        if isinstance(kind, str):
            kind = evaluate(kind, namespace_of(CONFIG["module"], None))
        if kind is EMPTY or kind is object:
            return value
        if kind is None or kind is type(None):
            if value is None:
                return None
            raise Rejected(path, f"null expected, not {say(value)}")
        if type(kind) is type and kind.__module__ != "inspect":
            return self.plain(value, kind, (), path, strict)
        if type(kind) is ALIAS and kind.__origin__ in BUILTIN:
            return self.plain(value, kind.__origin__, kind.__args__, path, strict)
        if kind is inspect.Parameter.empty or kind is typing.Any:
            return value
        if isinstance(kind, typing.ForwardRef):
            names = namespace_of(CONFIG["module"], None)
            return self.convert(value, evaluate(kind.__forward_arg__, names), path, strict)
        if isinstance(kind, typing.TypeVar):
            return self.type_variable(value, kind, path, strict)
        supertype = getattr(kind, "__supertype__", None)
        if supertype is not None:
            return self.convert(value, supertype, path, strict)
        if type(kind).__name__ == "TypeAliasType":
            return self.convert(value, kind.__value__, path, strict)
        if type(kind).__name__ == "InitVar":
            return self.convert(value, kind.type, path, strict)
        origin = typing.get_origin(kind)
        if origin is not None or kind in (typing.List, typing.Dict, typing.Set, typing.Tuple):
            return self.generic(value, kind, origin, path, strict)
        if isinstance(kind, type):
            return self.plain(value, kind, (), path, strict)
        return value

    def type_variable(self, value, kind, path, strict):
        if kind in self.variables:
            return self.convert(value, self.variables[kind], path, strict)
        if kind.__bound__ is not None:
            return self.convert(value, kind.__bound__, path, strict)
        if kind.__constraints__:
            return self.union(value, kind.__constraints__, path, strict)
        return value

    def union(self, value, members, path, strict):
        errors = []
        # First as the JSON stands, then with an integer taken for a float.
        for exact in (True,) if strict else (True, False):
            for member in members:
                try:
                    return self.convert(value, member, path, exact)
                except Rejected as error:
                    if exact is False or strict:
                        errors.append(error)
        deepest = max(errors, key=lambda error: len(error.path))
        if deepest.path != path:
            raise deepest
        names = " or ".join(type_name(member) for member in members)
        raise Rejected(path, f"{say(value)} is none of {names}")

    def literal(self, value, members, path):
        for member in members:
            plain = member.value if hasattr(type(member), "__members__") else member
            if type(plain) is type(value) and plain == value:
                return member
        allowed = ", ".join(repr(member) for member in members)
        raise Rejected(path, f"{say(value)} is none of {allowed}")

    def generic(self, value, kind, origin, path, strict):
        arguments = typing.get_args(kind)
        if is_union(origin):
            return self.union(value, arguments, path, strict)
        name = getattr(origin, "__name__", "") or str(origin).replace("typing.", "")
        last = name.rsplit(".", 1)[-1]
        if str(origin).endswith("Literal") or last == "Literal":
            return self.literal(value, arguments, path)
        if str(kind).startswith(("typing.Annotated", "typing_extensions.Annotated")):
            return self.convert(value, arguments[0], path, strict)
        if hasattr(kind, "__metadata__"):
            return self.convert(value, kind.__origin__, path, strict)
        if last in UNWRAPPED:
            return self.convert(value, arguments[0], path, strict) if arguments else value
        if isinstance(origin, type):
            return self.plain(value, origin, arguments, path, strict)
        return value

    def items(self, value, kind, path):
        if not isinstance(value, list):
            raise Rejected(path, f"array expected, not {say(value)}")
        return value

    def each(self, value, kind, path, strict):
        return [
            self.convert(item, kind, key_path(path, at), strict) for at, item in enumerate(value)
        ]

    def plain(self, value, kind, arguments, path, strict):
        """A class, with what stands in its brackets."""
        make = scalar(kind)
        if make is not None:
            return make(value, path, strict)
        module = kind.__module__
        if module in ("collections.abc", "typing", "contextlib"):
            name = kind.__name__
            if name in LISTS:
                items = self.items(value, kind, path)
                return self.each(items, arguments[0] if arguments else object, path, strict)
            if name in SETS:
                items = self.items(value, kind, path)
                return set(self.each(items, arguments[0] if arguments else object, path, strict))
            if name in MAPS:
                return self.mapping(value, dict, arguments, path, strict)
            return value
        if issubclass(kind, tuple):
            if hasattr(kind, "_fields"):
                return self.named_tuple(value, kind, arguments, path)
            return self.tuple(value, kind, arguments, path, strict)
        if hasattr(kind, "__members__") and hasattr(kind, "_member_map_"):
            return self.member(value, kind, path)
        if hasattr(kind, "model_validate") or hasattr(kind, "__fields__") and hasattr(
            kind, "parse_obj"
        ):
            return self.pydantic(value, kind, arguments, path)
        if hasattr(kind, "__struct_fields__"):
            return self.msgspec(value, kind, path)
        if hasattr(kind, "__attrs_attrs__"):
            return self.attrs(value, kind, arguments, path)
        if hasattr(kind, "__dataclass_fields__"):
            return self.dataclass(value, kind, arguments, path)
        if hasattr(kind, "__total__") and issubclass(kind, dict):
            return self.typed_dict(value, kind, path)
        if issubclass(kind, (list, set, frozenset)) or kind.__name__ == "deque":
            items = self.items(value, kind, path)
            made = self.each(items, arguments[0] if arguments else object, path, strict)
            try:
                return made if kind is list else kind(made)
            except TypeError as error:
                raise Rejected(path, str(error)) from None
        if issubclass(kind, dict):
            return self.mapping(value, kind, arguments, path, strict)
        for base in (bool, int, float, str, bytes):
            if issubclass(kind, base):
                return kind(SCALARS[base](value, path, strict))
        return self.library(value, kind, arguments, path, strict)

    def tuple(self, value, kind, arguments, path, strict):
        items = self.items(value, kind, path)
        if not arguments and kind is tuple:
            return tuple(items)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(self.each(items, arguments[0], path, strict))
        if arguments == ((),):
            arguments = ()
        if kind is not tuple:
            return kind(items)
        if len(items) != len(arguments):
            raise Rejected(path, f"{len(arguments)} items expected, not {len(items)}")
        pairs = enumerate(zip(items, arguments))
        return tuple(self.convert(i, k, key_path(path, at), strict) for at, (i, k) in pairs)

    def mapping(self, value, kind, arguments, path, strict):
        if not isinstance(value, dict):
            raise Rejected(path, f"object expected, not {say(value)}")
        made = {}
        if kind.__name__ == "Counter":
            arguments = (arguments[0] if arguments else object, int)
        keys, values = arguments if len(arguments) == 2 else (object, object)
        for key, item in value.items():
            inner = key_path(path, key)
            made[self.key(key, keys, inner)] = self.convert(item, values, inner, strict)
        if kind is dict:
            return made
        if kind.__name__ == "defaultdict":
            factory = typing.get_origin(values) or values
            return kind(factory if isinstance(factory, type) else None, made)
        return kind(made)

    def key(self, key, kind, path):
        """A key: text in JSON, whatever the annotation says in Python."""
        try:
            return self.convert(key, kind, path)
        except Rejected:
            try:
                return self.convert(loads(key), kind, path)
            except ValueError:
                pass
            raise

    def member(self, value, kind, path):
        for member in kind:
            plain = member.value
            if isinstance(plain, tuple):
                plain = list(plain)
            if type(plain) is type(value) and plain == value:
                return member
        for member in kind:
            if is_number(value) and is_number(member.value) and member.value == value:
                return member
            try:
                if to_json(member.value) == value and type(value) is not bool:
                    return member
            except NoJson:
                if member.name == value:
                    return member
        if isinstance(value, int) and not isinstance(value, bool):
            try:
                return kind(value)
            except ValueError:
                pass
        allowed = ", ".join(repr(member.value) for member in kind)
        raise Rejected(path, f"{say(value)} is none of {allowed}")

    def fields(self, value, kinds, required, path, closed):
        """The members of an object, converted; all that is wrong with its keys is an error."""
        if not isinstance(value, dict):
            raise Rejected(path, f"object expected, not {say(value)}")
        for name in required:
            if name not in value:
                raise Rejected(path, f"{name!r} is missing")
        made = {}
        for name, item in value.items():
            if name in kinds:
                made[name] = self.convert(item, kinds[name], key_path(path, name))
            elif closed:
                raise Rejected(key_path(path, name), f"{name!r} is not expected")
            else:
                made[name] = item
        return made

    def within(self, kind, arguments):
        """Type variables of a class stand for its arguments while it is made."""
        outer = dict(self.variables)
        bound = variables_of(kind, arguments)
        self.variables.update(
            {k: self.variables.get(v, v) if isinstance(v, typing.TypeVar) else v
             for k, v in bound.items()}
        )
        return outer

    def make(self, kind, made, path):
        try:
            return kind(**made)
        except Rejected:
            raise
        except (TypeError, ValueError) as error:
            raise Rejected(path, f"{type_name(kind)}: {error}") from None

    def dataclass(self, value, kind, arguments, path):
        import dataclasses

        outer = self.within(kind, arguments)
        hints = hints_of_class(kind)
        kinds, required = {}, []
        for name, field in kind.__dataclass_fields__.items():
            pseudo = str(getattr(field, "_field_type", ""))
            if "CLASSVAR" in pseudo or not field.init:
                continue
            kinds[name] = hints.get(name, field.type)
            missing = dataclasses.MISSING
            if field.default is missing and field.default_factory is missing:
                required.append(name)
        try:
            return self.make(kind, self.fields(value, kinds, required, path, True), path)
        finally:
            self.variables = outer

    def attrs(self, value, kind, arguments, path):
        outer = self.within(kind, arguments)
        hints = hints_of_class(kind)
        kinds, required = {}, []
        for field in kind.__attrs_attrs__:
            if not field.init:
                continue
            name = getattr(field, "alias", None) or field.name.lstrip("_")
            kinds[name] = hints.get(field.name, field.type or typing.Any)
            if repr(field.default) == "NOTHING":
                required.append(name)
        try:
            return self.make(kind, self.fields(value, kinds, required, path, True), path)
        finally:
            self.variables = outer

    def named_tuple(self, value, kind, arguments, path):
        outer = self.within(kind, arguments)
        hints = hints_of_class(kind)
        if isinstance(value, list):
            if len(value) > len(kind._fields):
                raise Rejected(path, f"at most {len(kind._fields)} items expected")
            value = dict(zip(kind._fields, value))
        kinds = {name: hints.get(name, typing.Any) for name in kind._fields}
        required = [name for name in kind._fields if name not in kind._field_defaults]
        try:
            return self.make(kind, self.fields(value, kinds, required, path, True), path)
        finally:
            self.variables = outer

    def typed_dict(self, value, kind, path):
        hints = hints_of_class(kind)
        required = set(getattr(kind, "__required_keys__", hints if kind.__total__ else ()))
        # Quoted annotations hide these from the class itself.
        for name, hint in hints.items():
            wrapper = str(getattr(hint, "__origin__", hint)).rsplit(".", 1)[-1]
            if wrapper == "NotRequired":
                required.discard(name)
            elif wrapper == "Required":
                required.add(name)
        return self.fields(value, hints, sorted(required), path, False)

    def pydantic(self, value, kind, arguments, path):
        if arguments:
            kind = kind[arguments]
        check = getattr(kind, "model_validate", None) or kind.parse_obj
        try:
            return check(value)
        except ValueError as error:
            if not hasattr(error, "errors"):
                raise Rejected(path, str(error)) from None
            first = error.errors()[0]
            inner = path
            for part in first.get("loc", ()):
                inner = key_path(inner, part)
            raise Rejected(inner, first.get("msg", str(error))) from None

    def msgspec(self, value, kind, path):
        import msgspec

        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise Rejected(path, str(error)) from None

    def library(self, value, kind, arguments, path, strict):
        """Classes of the standard library that text makes, and classes by their `__init__`."""
        module, name = kind.__module__.split(".")[0], kind.__name__
        if module == "pathlib" or name in ("Path", "PurePath") and module in ("pathlib", "_local"):
            return kind(text(value, path))
        if module in ("ipaddress", "zoneinfo", "fractions"):
            try:
                return kind(value if module == "fractions" and is_number(value) else text(value, path))
            except Exception as error:
                raise Rejected(path, str(error)) from None
        if module == "re" and name == "Pattern":
            import re

            try:
                return re.compile(text(value, path))
            except re.error as error:
                raise Rejected(path, str(error)) from None
        if kind is types.SimpleNamespace:
            return kind(**value) if isinstance(value, dict) else value
        if getattr(kind, "_is_protocol", False) or kind is type or not isinstance(value, dict):
            return value
        if kind.__module__ not in CONFIG["modules"]:
            return value
        try:
            signature = inspect.signature(kind)
        except (TypeError, ValueError):
            return value
        names = namespace_of(kind.__module__, kind)
        outer = self.within(kind, arguments)
        kinds, required = {}, []
        for parameter in signature.parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            kinds[parameter.name] = evaluate(parameter.annotation, names)
            if parameter.default is parameter.empty:
                required.append(parameter.name)
        try:
            return self.make(kind, self.fields(value, kinds, required, path, True), path)
        finally:
            self.variables = outer


def text(value, path):
    if isinstance(value, str):
        return value
    raise Rejected(path, f"string expected, not {say(value)}")


def whole(value, path, strict):
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer() and not strict:
        return int(value)
    raise Rejected(path, f"integer expected, not {say(value)}")


def real(value, path, strict):
    if isinstance(value, float) or is_number(value) and not strict:
        return float(value)
    raise Rejected(path, f"number expected, not {say(value)}")


def truth(value, path, strict):
    if isinstance(value, bool):
        return value
    raise Rejected(path, f"true or false expected, not {say(value)}")


def octets(value, path, strict):
    try:
        return base64.b64decode(text(value, path), validate=True)
    except ValueError:
        raise Rejected(path, "base64 text expected") from None


def moment(kind):
    def make(value, path, strict):
        written = text(value, path)
        if written.endswith(("Z", "z")) and kind.__name__ != "date":
            written = written[:-1] + "+00:00"
        try:
            return kind.fromisoformat(written)
        except ValueError:
            raise Rejected(path, f"{say(value)} is no ISO 8601 {kind.__name__}") from None

    return make


def library_scalars():
    """How the scalar classes of the library are made, whose modules take a while to import."""
    import datetime
    import decimal
    import uuid

    def duration(value, path, strict):
        if not is_number(value):
            raise Rejected(path, f"seconds expected, not {say(value)}")
        try:
            return datetime.timedelta(seconds=value)
        except (OverflowError, ValueError) as error:
            raise Rejected(path, str(error)) from None

    def identity(value, path, strict):
        try:
            return uuid.UUID(text(value, path))
        except ValueError:
            raise Rejected(path, f"{say(value)} is no UUID") from None

    def exact(value, path, strict):
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise Rejected(path, f"decimal text expected, not {say(value)}")
        try:
            return decimal.Decimal(str(value))
        except decimal.InvalidOperation:
            raise Rejected(path, f"{say(value)} is no decimal number") from None

    return {
        datetime.datetime: moment(datetime.datetime),
        datetime.date: moment(datetime.date),
        datetime.time: moment(datetime.time),
        datetime.timedelta: duration,
        uuid.UUID: identity,
        decimal.Decimal: exact,
    }


SCALARS = {
    str: lambda value, path, strict: text(value, path),
    int: whole,
    float: real,
    bool: truth,
    bytes: octets,
    bytearray: lambda value, path, strict: bytearray(octets(value, path, strict)),
}


def scalar(kind):
    make = SCALARS.get(kind)
    if make is None and kind.__module__ in ("datetime", "decimal", "uuid"):
        SCALARS.update(library_scalars())
        make = SCALARS.get(kind)
    return make


# -- results: Python values to JSON -------------------------------------------------------------


class NoJson(Exception):
    """A result that JSON cannot say."""


def to_json(value, seen=()):
    if value is None or value is True or value is False:
        return value
    if hasattr(type(value), "_member_map_") and hasattr(value, "value"):
        return to_json(value.value, seen)
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise NoJson("text with a lone surrogate has no JSON form") from None
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise NoJson(f"the number {value} has no JSON form")
        return float(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if id(value) in seen:
        raise NoJson(f"a {type_name(type(value))} that contains itself has no JSON form")
    seen = seen + (id(value),)
    kind = type(value)
    if kind is list or kind is tuple:
        return [to_json(item, seen) for item in value]
    if kind is dict:
        return {key_text(key): to_json(item, seen) for key, item in value.items()}
    if hasattr(kind, "__dataclass_fields__") and not isinstance(value, type):
        names = [n for n, f in kind.__dataclass_fields__.items() if "CLASSVAR" not in str(
            getattr(f, "_field_type", "")) and "INITVAR" not in str(getattr(f, "_field_type", ""))]
        return {name: to_json(getattr(value, name), seen) for name in names}
    if hasattr(kind, "__attrs_attrs__"):
        return {
            getattr(field, "alias", None) or field.name.lstrip("_"): to_json(
                getattr(value, field.name), seen
            )
            for field in kind.__attrs_attrs__
        }
    if hasattr(kind, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    if hasattr(kind, "__fields__") and hasattr(kind, "parse_obj"):
        return loads(value.json(by_alias=True))
    if hasattr(kind, "__struct_fields__"):
        import msgspec

        return msgspec.to_builtins(value)
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return {name: to_json(getattr(value, name), seen) for name in kind._fields}
    if isinstance(value, types.SimpleNamespace):
        value = vars(value)
    made = library_to_json(value)
    if made is not None:
        return made
    import collections.abc as abc

    if isinstance(value, abc.Mapping):
        return {key_text(key): to_json(item, seen) for key, item in value.items()}
    if isinstance(value, (set, frozenset, abc.Set)) and not isinstance(value, abc.ItemsView):
        items = list(value)
        try:
            items.sort()
        except TypeError:
            return sorted((to_json(item, seen) for item in items), key=dumps)
        return [to_json(item, seen) for item in items]
    if isinstance(value, (list, tuple, range, abc.KeysView, abc.ValuesView, abc.ItemsView)):
        return [to_json(item, seen) for item in value]
    if kind.__name__ == "deque":
        return [to_json(item, seen) for item in value]
    for method in ("tolist", "item"):
        if kind.__module__.split(".")[0] == "numpy" and hasattr(value, method):
            return to_json(getattr(value, method)(), seen)
    what = "class" if isinstance(value, type) else type_name(kind)
    hint = ""
    if isinstance(value, types.GeneratorType):
        hint = "; return list(...) of it"
    raise NoJson(f"a result of type {what} has no JSON form{hint}")


def library_to_json(value):
    def is_of(module, *names):
        # A value of a class whose module nobody imported cannot be there.
        loaded = sys.modules.get(module)
        return any(isinstance(value, getattr(loaded, name, ())) for name in names)

    if is_of("datetime", "datetime", "date", "time"):
        return value.isoformat()
    if is_of("datetime", "timedelta"):
        return value.total_seconds()
    if is_of("uuid", "UUID") or is_of("pathlib", "PurePath") or is_of("decimal", "Decimal"):
        return str(value)
    if type(value).__module__ in ("ipaddress", "fractions", "zoneinfo"):
        return str(value)
    if type(value).__module__ == "re" and hasattr(value, "pattern"):
        return value.pattern
    return None


def key_text(key):
    if isinstance(key, str) and not hasattr(type(key), "_member_map_"):
        return to_json(key)
    plain = to_json(key) if not isinstance(key, tuple) else key
    if isinstance(plain, str):
        return plain
    if plain is None or isinstance(plain, (bool, int, float)):
        return dumps(plain)
    raise NoJson(f"a {type_name(type(key))} as a key has no JSON form")


# -- the run -------------------------------------------------------------------------------------


class Bound:
    """Stands in for what the framework would hand to the task: there is no broker here."""

    def __init__(self, name):
        self.name = name
        self.request = types.SimpleNamespace(id=None, retries=0, args=(), kwargs={})

    def retry(self, *args, exc=None, **kwargs):
        raise exc or RuntimeError(f"{self.name} asked to be retried")

    def update_state(self, *args, **kwargs):
        """Nobody listens."""


def stand_in():
    if CONFIG["bound"] == "context":
        try:
            return importlib.import_module("invoke").Context()
        except ImportError:
            pass
    return Bound(CONFIG["function"])


def arguments_of(function, given):
    """Positional and keyword arguments of the call, or all that is wrong with the input."""
    if not isinstance(given, dict):
        raise_all([Rejected("", f"object expected, not {say(given)}")])
    converter = Converter()
    parameters = parameters_of(function)
    plain = inspect.unwrap(function) if hasattr(function, "__wrapped__") else function
    names = namespace_of(plain.__module__, plain)
    if CONFIG["bound"] and parameters:
        parameters = parameters[1:]
    positional, keywords, errors, unknown = [], {}, [], dict(given)
    args = next((p for p in parameters if p.kind is p.VAR_POSITIONAL), None)
    spread = args is not None and bool(given.get(args.name))
    rest = None
    for parameter in parameters:
        kind = evaluate(parameter.annotation, names)
        if parameter.kind is parameter.VAR_KEYWORD:
            rest = (parameter, kind)
            continue
        path = key_path("", parameter.name)
        if parameter.name not in unknown:
            if parameter.kind is parameter.VAR_POSITIONAL:
                continue
            if parameter.default is parameter.empty:
                errors.append(Rejected("", f"{parameter.name!r} is missing"))
            elif spread and parameter.kind is not parameter.KEYWORD_ONLY:
                positional.append(parameter.default)
            elif parameter.kind is parameter.POSITIONAL_ONLY:
                positional.append(parameter.default)
            continue
        value = unknown.pop(parameter.name)
        try:
            if parameter.kind is parameter.VAR_POSITIONAL:
                if not isinstance(value, list):
                    raise Rejected(path, f"array expected, not {say(value)}")
                positional.extend(converter.each(value, kind, path, False))
                continue
            value = converter.convert(value, kind, path)
        except Rejected as error:
            errors.append(error)
            continue
        takes_place = parameter.kind is parameter.POSITIONAL_ONLY
        if takes_place or spread and parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            positional.append(value)
        else:
            keywords[parameter.name] = value
    if rest is not None:
        parameter, kind = rest
        unpacked = getattr(kind, "__total__", None) is None and typing.get_origin(kind)
        hints = {}
        if unpacked is not None and "Unpack" in str(kind):
            hints = hints_of_class(typing.get_args(kind)[0])
        for name, value in unknown.items():
            try:
                inner = hints.get(name, typing.Any) if hints else kind
                keywords[name] = converter.convert(value, inner, key_path("", name))
            except Rejected as error:
                errors.append(error)
    else:
        for name in unknown:
            errors.append(Rejected(key_path("", name), f"{name!r} is not a parameter"))
    if errors:
        raise_all(errors)
    if CONFIG["bound"]:
        positional.insert(0, stand_in())
    return positional, keywords


class AllRejected(Exception):
    """Everything that is wrong with the input."""

    def __init__(self, errors):
        super().__init__("the input does not fit")
        self.errors = errors


def raise_all(errors):
    raise AllRejected(errors)


def user_frames(summary, paths, seen):
    """Keeps the user's own frames in a traceback, its causes and its group."""
    if summary is None or id(summary) in seen:
        return
    seen.add(id(summary))
    own = [frame for frame in summary.stack if frame.filename in paths]
    summary.stack = traceback.StackSummary.from_list(own)
    user_frames(summary.__cause__, paths, seen)
    user_frames(summary.__context__, paths, seen)
    for inner in getattr(summary, "exceptions", None) or ():
        user_frames(inner, paths, seen)


def error_of(error):
    paths = {module["path"] for module in CONFIG["modules"].values()}
    FINDER.show_lines()
    summary = traceback.TracebackException.from_exception(error)
    own = [frame for frame in summary.stack if frame.filename in paths]
    place = own[-1] if own else None
    user_frames(summary, paths, set())
    try:
        written = "".join(summary.format())
    except Exception:
        written = ""
    try:
        message = str(error)
    except Exception as inner:
        message = f"<its message cannot be shown: {type(inner).__name__}>"
    if isinstance(error, SyntaxError) and error.filename in paths and place is None:
        return fault(type(error).__qualname__, message, written, error.filename, error.lineno)
    return fault(
        type(error).__qualname__,
        message,
        written,
        place.filename if place else None,
        place.lineno if place else None,
    )


def fault(kind, message, written=None, file=None, line=None):
    clean = lambda it: it and it.encode("utf-8", "backslashreplace").decode("utf-8")
    return {
        "type": kind,
        "message": clean(message) or "",
        "traceback": clean(written),
        "file": file,
        "line": line,
    }


def is_awaitable(value):
    # 0x100 marks the generators of `types.coroutine`.
    is_old = isinstance(value, types.GeneratorType) and value.gi_code.co_flags & 0x100
    return bool(is_old) or hasattr(type(value), "__await__")


def call(function, positional, keywords):
    result = function(*positional, **keywords)
    if is_awaitable(result):
        import asyncio

        async def wait():
            return await result

        result = asyncio.run(wait())
    return result


def peak_memory():
    try:
        # Unlike `ru_maxrss`, not raised by what the starting process itself had in use.
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def run(given):
    outcome = {"called_at": now()}
    before = time.process_time()
    try:
        module = importlib.import_module(CONFIG["module"])
        function = getattr(module, CONFIG["function"])
        positional, keywords = arguments_of(function, given)
        outcome["called_at"] = now()
        before = time.process_time()
        result = call(function, positional, keywords)
        outcome.update(status="ok", result=to_json(result))
        dumps(outcome["result"], allow_nan=False)
    except AllRejected as error:
        wrong = [{"path": one.path, "message": one.message} for one in error.errors]
        outcome.update(status="rejected", input_errors=wrong)
    except NoJson as error:
        outcome.update(status="error", error=fault("TypeError", str(error)))
    except SystemExit as error:
        if error.code is None or error.code == 0:
            outcome.update(status="ok", result=None)
        else:
            outcome.update(status="error", error=error_of(error))
    except BaseException as error:
        outcome.pop("result", None)
        outcome.update(status="error", error=error_of(error))
    outcome["cpu_ms"] = (time.process_time() - before) * 1000.0
    outcome["peak_memory_bytes"] = peak_memory()
    return outcome


def main():
    # The worker's folder is no place to import from.
    sys.path[:] = [place for place in sys.path if os.path.abspath(place or ".") != HERE]
    source = os.environ.get("METASCOPE_INPUT") or (sys.argv[1] if len(sys.argv) > 1 else None)
    if source:
        with open(source, encoding="utf-8") as file:
            given = loads(file.read())
    else:
        given = {} if sys.stdin is None or sys.stdin.isatty() else loads(sys.stdin.read() or "{}")
    known = CONFIG["modules"][CONFIG["module"]]
    sys.argv[:] = [known["path"]]
    target = os.environ.get("METASCOPE_OUTPUT")
    outcome = run(given)
    written = dumps(outcome, allow_nan=False)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    if not target:
        print(written)
        sys.exit(0 if outcome["status"] == "ok" else 1)
    with opened(target + ".part", "w", encoding="utf-8") as file:
        file.write(written)
    replaced(target + ".part", target)


FINDER = Finder()
if __name__ in ("__main__", "__mp_main__"):
    # Processes that the task spawns import this file again, for the modules.
    sys.meta_path.insert(0, FINDER)
if __name__ == "__main__":
    main()
