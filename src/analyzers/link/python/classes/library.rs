//! What the standard library and the common frameworks do to classes: the bases their classes
//! have, the metaclasses they bring, and the members that they put on a class.

/// The bases of a library's class in their method resolution order, itself first and without
/// `object`; `None` for one not known.
pub fn order(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "typing.NamedTuple" => &["builtins.tuple"],
        "typing.TypedDict" => &["builtins.dict"],
        "typing.Protocol" => &["typing.Protocol", "typing.Generic"],
        "enum.IntEnum" => &["enum.IntEnum", "builtins.int", "enum.ReprEnum", "enum.Enum"],
        "enum.StrEnum" => &["enum.StrEnum", "builtins.str", "enum.ReprEnum", "enum.Enum"],
        "enum.IntFlag" => {
            &["enum.IntFlag", "builtins.int", "enum.ReprEnum", "enum.Flag", "enum.Enum"]
        }
        "enum.Flag" => &["enum.Flag", "enum.Enum"],
        "enum.ReprEnum" => &["enum.ReprEnum", "enum.Enum"],
        "builtins.bool" => &["builtins.bool", "builtins.int"],
        "collections.OrderedDict" => &["collections.OrderedDict", "builtins.dict"],
        "collections.defaultdict" => &["collections.defaultdict", "builtins.dict"],
        "collections.Counter" => &["collections.Counter", "builtins.dict"],
        "builtins.Exception" => &["builtins.Exception", "builtins.BaseException"],
        "builtins.ValueError" => {
            &["builtins.ValueError", "builtins.Exception", "builtins.BaseException"]
        }
        "builtins.TypeError" => {
            &["builtins.TypeError", "builtins.Exception", "builtins.BaseException"]
        }
        "builtins.RuntimeError" => {
            &["builtins.RuntimeError", "builtins.Exception", "builtins.BaseException"]
        }
        "builtins.AttributeError" => {
            &["builtins.AttributeError", "builtins.Exception", "builtins.BaseException"]
        }
        "builtins.OSError" => &["builtins.OSError", "builtins.Exception", "builtins.BaseException"],
        "builtins.ImportError" => {
            &["builtins.ImportError", "builtins.Exception", "builtins.BaseException"]
        }
        "builtins.Warning" => &["builtins.Warning", "builtins.Exception", "builtins.BaseException"],
        "builtins.LookupError" => {
            &["builtins.LookupError", "builtins.Exception", "builtins.BaseException"]
        }
        "builtins.KeyError" => &[
            "builtins.KeyError",
            "builtins.LookupError",
            "builtins.Exception",
            "builtins.BaseException",
        ],
        "builtins.IndexError" => &[
            "builtins.IndexError",
            "builtins.LookupError",
            "builtins.Exception",
            "builtins.BaseException",
        ],
        "builtins.NotImplementedError" => &[
            "builtins.NotImplementedError",
            "builtins.RuntimeError",
            "builtins.Exception",
            "builtins.BaseException",
        ],
        "builtins.UserWarning" => &[
            "builtins.UserWarning",
            "builtins.Warning",
            "builtins.Exception",
            "builtins.BaseException",
        ],
        "builtins.DeprecationWarning" => &[
            "builtins.DeprecationWarning",
            "builtins.Warning",
            "builtins.Exception",
            "builtins.BaseException",
        ],
        _ => return None,
    })
}

/// The metaclass that a library's class brings, where it is not `type`.
pub fn metaclass(name: &str) -> Option<&'static str> {
    let (module, last) = name.rsplit_once('.').unwrap_or(("", name));
    Some(match module {
        "enum" => "enum.EnumType",
        "abc" if last == "ABC" => "abc.ABCMeta",
        "collections.abc" | "numbers" | "io" => "abc.ABCMeta",
        "typing" => match last {
            "Protocol" => "typing._ProtocolMeta",
            "TypedDict" => "typing._TypedDictMeta",
            _ => return None,
        },
        "pydantic" if matches!(last, "BaseModel" | "RootModel" | "BaseSettings") => {
            "pydantic._internal._model_construction.ModelMetaclass"
        }
        "pydantic_settings" if last == "BaseSettings" => {
            "pydantic._internal._model_construction.ModelMetaclass"
        }
        "msgspec" if last == "Struct" => "msgspec.StructMeta",
        "django.db.models" if last == "Model" => "django.db.models.base.ModelBase",
        "sqlalchemy.orm" if last == "DeclarativeBase" => {
            "sqlalchemy.orm.decl_api.DeclarativeAttributeIntercept"
        }
        _ => return None,
    })
}

/// Whether one library metaclass derives from another.
pub fn meta_derives(name: &str, base: &str) -> bool {
    name == base
        || base == "builtins.type"
        || base == "abc.ABCMeta"
            && matches!(
                name,
                "typing._ProtocolMeta" | "pydantic._internal._model_construction.ModelMetaclass"
            )
}

/// What a metaclass of a library puts on each class it makes.
pub fn by_metaclass(name: &str) -> &'static [&'static str] {
    match name {
        "enum.EnumType" => &[
            "__new__",
            "_generate_next_value_",
            "_member_map_",
            "_member_names_",
            "_member_type_",
            "_new_member_",
            "_value2member_map_",
        ],
        "abc.ABCMeta" => &["__abstractmethods__", "_abc_impl"],
        "typing._ProtocolMeta" => {
            &["__abstractmethods__", "__init__", "__subclasshook__", "_abc_impl", "_is_protocol"]
        }
        "typing._TypedDictMeta" => &["__optional_keys__", "__required_keys__", "__total__"],
        "pydantic._internal._model_construction.ModelMetaclass" => &[
            "__class_vars__",
            "__private_attributes__",
            "__pydantic_complete__",
            "__pydantic_core_schema__",
            "__pydantic_decorators__",
            "__pydantic_fields__",
            "__pydantic_serializer__",
            "__pydantic_validator__",
            "__signature__",
        ],
        "msgspec.StructMeta" => {
            &["__slots__", "__struct_config__", "__struct_fields__", "__match_args__"]
        }
        "django.db.models.base.ModelBase" => {
            &["DoesNotExist", "MultipleObjectsReturned", "_meta", "objects"]
        }
        "sqlalchemy.orm.decl_api.DeclarativeAttributeIntercept" => {
            &["__mapper__", "__table__", "_sa_class_manager"]
        }
        _ => &[],
    }
}

/// What `typing.NamedTuple` and `collections.namedtuple` put on a class.
pub const NAMED_TUPLE: &[&str] = &[
    "__getnewargs__",
    "__match_args__",
    "__new__",
    "__repr__",
    "__slots__",
    "_asdict",
    "_field_defaults",
    "_fields",
    "_make",
    "_replace",
];

/// How a decorator of a library was told to work.
pub struct Options<'o> {
    /// A keyword's value: `Some(true)` for `slots=True`.
    pub told: &'o dyn Fn(&str) -> Option<bool>,
    /// Whether the class body binds a name itself.
    pub has: &'o dyn Fn(&str) -> bool,
}

/// What a decorator of a library puts on a class, by its canonical name.
pub fn by_decorator(name: &str, options: &Options<'_>) -> Vec<&'static str> {
    match name {
        "dataclasses.dataclass" => dataclass(options),
        "attr.s" | "attr.attrs" | "attr.attributes" | "attr.dataclass" => attrs(options, false),
        "attr.define" | "attr.mutable" | "attr.frozen" => {
            let mut members = attrs(options, true);
            if name == "attr.frozen" && (options.told)("frozen").is_none() {
                members.extend(["__delattr__", "__setattr__"]);
            }
            members
        }
        "functools.total_ordering" => {
            let all = ["__lt__", "__le__", "__gt__", "__ge__"];
            match all.iter().any(|name| (options.has)(name)) {
                true => all.into_iter().filter(|name| !(options.has)(name)).collect(),
                false => Vec::new(),
            }
        }
        "typing.runtime_checkable" => vec!["_is_runtime_protocol"],
        "typing.final" => vec!["__final__"],
        _ => Vec::new(),
    }
}

fn dataclass(options: &Options<'_>) -> Vec<&'static str> {
    let on = |name: &str, default: bool| (options.told)(name).unwrap_or(default);
    let mut members = vec!["__dataclass_fields__", "__dataclass_params__"];
    let mut add = |wanted: bool, names: &[&'static str]| {
        members.extend(names.iter().filter(|name| wanted && !(options.has)(name)));
    };
    add(on("init", true), &["__init__"]);
    add(on("match_args", true), &["__match_args__"]);
    add(on("repr", true), &["__repr__"]);
    add(on("eq", true), &["__eq__", "__hash__"]);
    add(on("order", false), &["__lt__", "__le__", "__gt__", "__ge__"]);
    let frozen = on("frozen", false);
    add(frozen, &["__delattr__", "__setattr__"]);
    let slots = on("slots", false);
    add(slots, &["__slots__"]);
    add(slots && frozen, &["__getstate__", "__setstate__"]);
    members
}

fn attrs(options: &Options<'_>, is_new: bool) -> Vec<&'static str> {
    let on = |name: &str, default: bool| (options.told)(name).unwrap_or(default);
    let mut members = vec!["__attrs_attrs__"];
    // `define` leaves alone what the body defines; `attr.s` writes over it.
    let mut add = |wanted: bool, names: &[&'static str]| {
        members.extend(names.iter().filter(|name| wanted && !(is_new && (options.has)(name))));
    };
    add(on("init", true), &["__init__"]);
    add(on("repr", true), &["__repr__"]);
    let eq = on("eq", on("cmp", true));
    add(eq, &["__eq__", "__ne__", "__hash__"]);
    add(on("order", eq && !is_new), &["__lt__", "__le__", "__gt__", "__ge__"]);
    add(on("match_args", true), &["__match_args__"]);
    add(on("frozen", false), &["__delattr__", "__setattr__"]);
    add(on("slots", is_new), &["__getstate__", "__setstate__", "__slots__"]);
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decorators_add_what_the_body_lacks() {
        let none = |_: &str| None;
        let own = |name: &str| name == "__repr__" || name == "__lt__";
        let plain = by_decorator("dataclasses.dataclass", &Options { told: &none, has: &own });
        assert!(plain.contains(&"__init__") && !plain.contains(&"__repr__"));
        let ordered = by_decorator("functools.total_ordering", &Options { told: &none, has: &own });
        assert_eq!(ordered, ["__le__", "__gt__", "__ge__"]);
        let frozen = |name: &str| (name == "frozen").then_some(true);
        let frozen = by_decorator("dataclasses.dataclass", &Options { told: &frozen, has: &own });
        assert!(frozen.contains(&"__setattr__"));
    }
}
