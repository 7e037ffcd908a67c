"""Writes the schema classes of an installed package as they are at run time.

    python schema_truth.py PACKAGE OUT.json [DJANGO_APP ...]

Imports every module of the package and asks dataclasses, attrs, pydantic, TypedDict, NamedTuple,
Enum, msgspec, SQLAlchemy and Django for fields, types, required and defaults; pydantic's
TypeAdapter gives the JSON Schema where it can. `schema_score.py` compares with metascope.
"""
import dataclasses, enum, importlib, inspect, io, json, os, pkgutil, sys, types, typing, warnings, contextlib, signal, decimal, datetime, uuid, pathlib
import typing_extensions as te

warnings.simplefilter("ignore")
UNION = (typing.Union, types.UnionType)


def show(t):
    """A type as text: short names, sorted unions, no Annotated."""
    if t is None or t is type(None):
        return "None"
    if isinstance(t, str):
        return norm_text(t)
    if isinstance(t, typing.ForwardRef):
        return norm_text(t.__forward_arg__)
    if isinstance(t, te.TypeVar) or isinstance(t, typing.TypeVar):
        return t.__name__
    if isinstance(t, (typing.ParamSpec,)):
        return t.__name__
    if isinstance(t, te.TypeAliasType):
        return t.__name__
    if isinstance(t, list):
        return "[" + ", ".join(show(x) for x in t) + "]"
    if t is Ellipsis:
        return "..."
    if isinstance(t, dataclasses.InitVar):
        return show(t.type)
    origin = typing.get_origin(t)
    if origin is typing.Annotated:
        return show(t.__origin__)
    if origin in UNION:
        members = set()
        for a in typing.get_args(t):
            s = show(a)
            members |= set(unions.get(s, {s}))
        s = " | ".join(sorted(members))
        unions[s] = members
        return s
    if origin is typing.Literal or origin is getattr(te, "Literal", None):
        vals = []
        for a in typing.get_args(t):
            vals.append(a.__class__.__name__ + "." + a.name if isinstance(a, enum.Enum) else repr(a))
        return "Literal[" + ", ".join(sorted(set(vals))) + "]"
    if origin in (typing.ClassVar, typing.Final, typing.Required, typing.NotRequired, te.ReadOnly, te.Required, te.NotRequired):
        return show(typing.get_args(t)[0])
    if origin is not None:
        meta = getattr(t, "__name__", None) if not isinstance(origin, te.TypeAliasType) else origin.__name__
        name = canon(getattr(origin, "__name__", None) or str(origin))
        args = typing.get_args(t)
        if not args:
            return name
        if name in ("Callable",):
            return "Callable"
        return name + "[" + ", ".join(show(a) for a in args) + "]"
    if hasattr(t, "__pydantic_generic_metadata__") and t.__pydantic_generic_metadata__.get("origin"):
        g = t.__pydantic_generic_metadata__
        return g["origin"].__name__ + "[" + ", ".join(show(a) for a in g["args"]) + "]"
    n = getattr(t, "__name__", None)
    if n is None:
        n = getattr(t, "_name", None) or str(t)
    n = canon(n)
    return n


unions = {}
ALIASES = {"List": "list", "Dict": "dict", "Set": "set", "FrozenSet": "frozenset", "Tuple": "tuple", "Type": "type", "Deque": "deque", "DefaultDict": "defaultdict", "Text": "str", "AbstractSet": "Set", "NoneType": "None", "Pattern": "Pattern", "Match": "Match"}


def canon(n):
    n = n.rsplit(".", 1)[-1]
    return ALIASES.get(n, n)


import ast


def norm_text(text):
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return text
    return norm_node(node)


def norm_node(n):
    if isinstance(n, ast.Constant):
        if n.value is None:
            return "None"
        if n.value is Ellipsis:
            return "..."
        if isinstance(n.value, str):
            return norm_text(n.value)
        return repr(n.value)
    if isinstance(n, ast.Name):
        return canon(n.id)
    if isinstance(n, ast.Attribute):
        return canon(n.attr)
    if isinstance(n, ast.BinOp) and isinstance(n.op, ast.BitOr):
        return union([norm_node(n.left), norm_node(n.right)])
    if isinstance(n, ast.List):
        return "[" + ", ".join(norm_node(x) for x in n.elts) + "]"
    if isinstance(n, ast.Tuple):
        return ", ".join(norm_node(x) for x in n.elts)
    if isinstance(n, ast.Subscript):
        head = norm_node(n.value)
        args = n.slice.elts if isinstance(n.slice, ast.Tuple) else [n.slice]
        if head == "Optional":
            return union([norm_node(args[0]), "None"])
        if head == "Union":
            return union([norm_node(a) for a in args])
        if head == "Literal":
            vals = []
            for a in args:
                if isinstance(a, ast.Attribute):
                    vals.append(ast.unparse(a).split(".")[-2] + "." + a.attr)
                elif isinstance(a, ast.Subscript):
                    vals += norm_node(a)[8:-1].split(", ")
                else:
                    try:
                        vals.append(repr(ast.literal_eval(a)))
                    except Exception:
                        vals.append(ast.unparse(a))
            return "Literal[" + ", ".join(sorted(set(vals))) + "]"
        if head == "Annotated":
            return norm_node(args[0])
        if head in ("ClassVar", "Final", "Required", "NotRequired", "ReadOnly", "InitVar", "Mapped"):
            return norm_node(args[0])
        if head == "Callable":
            return "Callable"
        return head + "[" + ", ".join(norm_node(a) for a in args) + "]"
    if isinstance(n, ast.Call):
        return canon(ast.unparse(n.func)) + "()"
    return ast.unparse(n)


def union(parts):
    members = set()
    for p in parts:
        members |= set(unions.get(p, {p}))
    s = " | ".join(sorted(members))
    unions[s] = members
    return s


def jsonable(v, depth=0):
    """JSON of a constant, or a mark that it is none."""
    if depth > 8:
        return {"$py": "deep"}
    if v is None or isinstance(v, (bool, str)) and type(v) in (bool, str):
        return v
    if isinstance(v, enum.Enum):
        return {"$enum": jsonable(v.value, depth + 1), "name": v.name}
    if type(v) in (int, float):
        return v
    if isinstance(v, (list, tuple)):
        return [jsonable(x, depth + 1) for x in v]
    if isinstance(v, (set, frozenset)):
        return {"$set": sorted((jsonable(x, depth + 1) for x in v), key=str)}
    if isinstance(v, dict):
        return {str(k): jsonable(x, depth + 1) for k, x in v.items()}
    if isinstance(v, str):
        return str(v)
    return {"$py": type(v).__name__, "repr": repr(v)[:200]}


def hints(cls):
    for f in (typing.get_type_hints, te.get_type_hints):
        try:
            return f(cls)
        except Exception:
            pass
    out = {}
    for c in reversed(cls.__mro__):
        ann = c.__dict__.get("__annotations__", {})
        ns = vars(sys.modules.get(c.__module__, types.ModuleType("x")))
        for k, v in ann.items():
            if isinstance(v, typing.ForwardRef):
                v = v.__forward_arg__
            if isinstance(v, str):
                try:
                    v = eval(v, dict(ns), dict(vars(c)))
                except Exception:
                    pass
            out[k] = v
    return out


MISSING = object()


def field(t, required, default=MISSING, factory=MISSING):
    d = {"type": show(t) if t is not MISSING else None, "required": bool(required)}
    if default is not MISSING:
        d["default"] = jsonable(default)
    elif factory is not MISSING:
        try:
            v = factory()
            d["factory"] = jsonable(v)
        except BaseException:
            d["factory"] = {"$py": "?"}
    return d


def describe(cls):
    import pydantic
    out = {}
    try:
        from pydantic.v1 import BaseModel as V1
    except Exception:
        V1 = ()
    if issubclass(cls, pydantic.BaseModel):
        from pydantic_core import PydanticUndefined as U
        for n, f in cls.model_fields.items():
            out[n] = field(f.annotation, f.is_required(), f.default if f.default is not U else MISSING,
                           f.default_factory if f.default_factory is not None and not f.default_factory_takes_validated_data else MISSING)
            if f.default_factory is not None and f.default_factory_takes_validated_data:
                out[n]["factory"] = {"$py": "?"}
        return "pydantic", out
    if V1 and issubclass(cls, V1):
        for n, f in cls.__fields__.items():
            t = hints(cls).get(n, f.outer_type_)
            out[n] = field(t, f.required is True or f.required is not False and False, f.default if not f.required and f.default_factory is None else MISSING, f.default_factory or MISSING)
        return "pydantic1", out
    if te.is_typeddict(cls) or typing.is_typeddict(cls):
        h = hints(cls)
        try:
            extras = te.get_type_hints(cls, include_extras=True)
        except Exception:
            extras = {}
        totals = {}
        def walk(c):
            for b in types.get_original_bases(c) if hasattr(types, "get_original_bases") else c.__dict__.get("__orig_bases__", ()):
                b = typing.get_origin(b) or b
                if te.is_typeddict(b): walk(b)
            for k in c.__dict__.get("__own_keys__", ()) or c.__annotations__:
                if k not in totals: totals[k] = c.__total__
        walk(cls)
        for n in cls.__annotations__:
            req = n in cls.__required_keys__
            t = extras.get(n)
            if t is not None:
                req = totals.get(n, cls.__total__)
                while True:
                    o = typing.get_origin(t)
                    if o in (te.Required, typing.Required): req = True
                    elif o in (te.NotRequired, typing.NotRequired): req = False
                    elif o not in (typing.Annotated, te.ReadOnly): break
                    t = t.__origin__ if o is typing.Annotated else typing.get_args(t)[0]
            out[n] = field(h.get(n, cls.__annotations__[n]), req)
        return "typeddict", out
    if issubclass(cls, enum.Enum):
        for n, m in cls.__members__.items():
            out[n] = {"required": False, "default": jsonable(m.value), "type": None}
        return "enum", out
    if issubclass(cls, tuple) and hasattr(cls, "_fields") and hasattr(cls, "_field_defaults"):
        h = hints(cls)
        for n in cls._fields:
            out[n] = field(h.get(n, MISSING), n not in cls._field_defaults, cls._field_defaults.get(n, MISSING))
        return "namedtuple", out
    if dataclasses.is_dataclass(cls):
        h = hints(cls)
        for n, f in cls.__dataclass_fields__.items():
            if f._field_type is dataclasses._FIELD_CLASSVAR:
                continue
            req = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING and f.init
            d = field(h.get(n, f.type), req, f.default if f.default is not dataclasses.MISSING else MISSING,
                           f.default_factory if f.default_factory is not dataclasses.MISSING else MISSING)
            if not f.init: d["noinit"] = True
            out[n] = d
        return "dataclass", out
    attr = sys.modules.get("attr")
    if attr and attr.has(cls):
        h = hints(cls)
        for f in attr.fields(cls):
            t = h.get(f.name, f.type)
            dflt, fac = MISSING, MISSING
            if isinstance(f.default, attr.Factory):
                fac = f.default.factory if not f.default.takes_self else (lambda: object())
            elif f.default is not attr.NOTHING:
                dflt = f.default
            out[f.name] = field(t if t is not None else MISSING, f.default is attr.NOTHING and f.init, dflt, fac)
            if not f.init: out[f.name]["noinit"] = True
        return "attrs", out
    ms = sys.modules.get("msgspec")
    if ms and issubclass(cls, ms.Struct):
        h = hints(cls)
        for f in ms.structs.fields(cls):
            out[f.name] = field(h.get(f.name, f.type), f.required, f.default if f.default is not ms.NODEFAULT else MISSING, f.default_factory if f.default_factory is not ms.NODEFAULT else MISSING)
        return "msgspec", out
    dj = sys.modules.get("django.db.models")
    if dj and issubclass(cls, dj.Model):
        if cls._meta.swapped: return None, None
        for f in list(cls._meta.fields) + list(cls._meta.many_to_many):
            from django.db.models.fields import NOT_PROVIDED
            d = {"type": type(f).__name__, "required": None}
            if f.default is not NOT_PROVIDED:
                d["default" if not callable(f.default) else "factory"] = jsonable(f.default)
            out[f.name] = d
        return "django", out
    sa = sys.modules.get("sqlalchemy")
    if sa:
        try:
            m = sa.inspect(cls)
            if m is not None and hasattr(m, "column_attrs"):
                for c in m.column_attrs:
                    out[c.key] = {"type": None, "required": None}
                return "sqlalchemy", out
        except Exception:
            pass
    return None, None


def schema_of(kind, cls):
    import pydantic
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if kind == "pydantic":
                return cls.model_json_schema()
            if kind == "pydantic1":
                return None
            if kind in ("dataclass", "typeddict", "namedtuple", "enum"):
                return pydantic.TypeAdapter(cls).json_schema()
    except BaseException as e:
        return None


class Timeout(BaseException):
    pass


def main(package, out):
    def alarm(*_):
        raise Timeout()
    signal.signal(signal.SIGALRM, alarm)
    top = importlib.import_module(package)
    modules = [top]
    prefix = package + "."
    failed = 0
    path = getattr(top, "__path__", None)
    if path:
        for info in pkgutil.walk_packages(path, prefix, onerror=lambda n: None):
            if ".tests" in info.name or "__main__" in info.name or ".test_" in info.name:
                continue
            try:
                signal.alarm(20)
                modules.append(importlib.import_module(info.name))
            except BaseException as e:
                failed += 1
            finally:
                signal.alarm(0)
    seen, rows = set(), []

    def visit(cls, depth):
        if id(cls) in seen or depth > 5:
            return
        seen.add(id(cls))
        m = getattr(cls, "__module__", None)
        if not isinstance(m, str) or not (m == package or m.startswith(prefix)):
            return
        q = cls.__qualname__
        if "<locals>" in q or "[" in q:
            return
        mod = sys.modules.get(m)
        o = mod
        try:
            for part in q.split("."):
                o = getattr(o, part)
        except Exception:
            o = None
        if o is not cls:
            return
        try:
            signal.alarm(30)
            kind, fields = describe(cls)
            if kind:
                schema = schema_of(kind, cls)
                if kind == "typeddict" and schema and schema.get("properties") and set(schema["properties"]) == set(fields):
                    for n in fields: fields[n]["required"] = n in schema.get("required", [])
                rows.append({"name": m + "." + q, "kind": kind, "fields": fields, "schema": schema})
        except BaseException as e:
            if not isinstance(e, Exception): pass
            print("  describe", m, q, repr(e)[:200], file=sys.stderr)
        finally:
            signal.alarm(0)
        for v in list(vars(cls).values()):
            if isinstance(v, type):
                visit(v, depth + 1)

    for mod in list(modules):
        for v in list(vars(mod).values()):
            if isinstance(v, type) or te.is_typeddict(v):
                visit(v, 0)
    json.dump({"package": package, "rows": rows, "failed": failed}, open(out, "w"), default=repr)
    from collections import Counter
    print(package, len(modules), "modules", failed, "failed", dict(Counter(r["kind"] for r in rows)), "schemas", sum(r["schema"] is not None for r in rows), file=sys.stderr)


if __name__ == "__main__":
    sys.setrecursionlimit(5000)
    if sys.argv[3:]:
        import django
        from django.conf import settings

        settings.configure(INSTALLED_APPS=sys.argv[3:], SECRET_KEY="x", STATIC_URL="/s/")
        django.setup()
    main(sys.argv[1], sys.argv[2])
    os._exit(0)
