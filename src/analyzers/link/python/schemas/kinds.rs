//! What family of data class a class belongs to.

use super::generated;
use super::index::{ClassInfo, Index, Meaning};
use crate::model::Name;
use crate::model::facts::python::schemas::{ClassShape, Decorator, Term};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Dataclass,
    Attrs,
    Pydantic,
    TypedDict,
    NamedTuple,
    Enum,
    Protocol,
    Msgspec,
    SqlAlchemy,
    Django,
    /// A class that is known by its `__init__` or its annotations only.
    Plain,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dataclass => "dataclass",
            Self::Attrs => "attrs",
            Self::Pydantic => "pydantic",
            Self::TypedDict => "typeddict",
            Self::NamedTuple => "namedtuple",
            Self::Enum => "enum",
            Self::Protocol => "protocol",
            Self::Msgspec => "msgspec",
            Self::SqlAlchemy => "sqlalchemy",
            Self::Django => "django",
            Self::Plain => "class",
        }
    }
}

pub fn kind_of(index: &Index<'_>, info: &ClassInfo<'_>) -> Kind {
    let mut bases = info.external.iter().map(|name| &**name);
    let by_base = bases.find_map(|base| match base {
        "pydantic.BaseModel"
        | "pydantic.v1.BaseModel"
        | "pydantic.GenericModel"
        | "pydantic.v1.GenericModel"
        | "pydantic.RootModel"
        | "pydantic.BaseSettings"
        | "pydantic.v1.BaseSettings"
        | "pydantic_settings.BaseSettings"
        | "ninja.Schema"
        | "ninja.ModelSchema"
        | "ninja.schema.Schema"
        | "ninja.orm.ModelSchema"
        | "beanie.Document"
        | "sqlmodel.SQLModel"
        | "sqlmodel.main.SQLModel" => Some(Kind::Pydantic),
        "typing.TypedDict" => Some(Kind::TypedDict),
        "typing.NamedTuple" => Some(Kind::NamedTuple),
        "enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.Flag" | "enum.IntFlag"
        | "enum.ReprEnum" | "strenum.StrEnum" | "aenum.Enum" => Some(Kind::Enum),
        "django.db.models.TextChoices"
        | "django.db.models.IntegerChoices"
        | "django.db.models.Choices"
        | "django.db.models.enums.TextChoices"
        | "django.db.models.enums.IntegerChoices"
        | "django.db.models.enums.Choices" => Some(Kind::Enum),
        "msgspec.Struct" | "msgspec._core.Struct" => Some(Kind::Msgspec),
        "django.db.models.Model" => Some(Kind::Django),
        "sqlalchemy.orm.DeclarativeBase"
        | "sqlalchemy.orm.DeclarativeBaseNoMeta"
        | "sqlalchemy.orm.MappedAsDataclass"
        | "flask_sqlalchemy.model.Model" => Some(Kind::SqlAlchemy),
        _ => None,
    });
    if let Some(kind) = by_base {
        return kind;
    }
    // The project may be the library itself.
    let by_own = info.mro.iter().skip(1).find_map(|name| match *name {
        "pydantic.main.BaseModel" | "pydantic.v1.main.BaseModel" => Some(Kind::Pydantic),
        "django.db.models.base.Model" => Some(Kind::Django),
        "django.db.models.enums.Choices" | "enum.Enum" => Some(Kind::Enum),
        "sqlalchemy.orm.decl_api.DeclarativeBase" => Some(Kind::SqlAlchemy),
        _ => None,
    });
    if let Some(kind) = by_own {
        return kind;
    }
    let shapes = || info.mro.iter().filter_map(|name| Some(index.classes.get(name)?.shape));
    for shape in shapes() {
        for decorator in &shape.decorators {
            if let Some(kind) = decorated(index, decorator) {
                return kind;
            }
        }
        for base in &shape.bases {
            if let Term::Call(call) = base
                && let Some((base, _)) = generated::read(call, index.names, shape.line)
            {
                return match base {
                    "typing.NamedTuple" => Kind::NamedTuple,
                    "typing.TypedDict" => Kind::TypedDict,
                    _ => Kind::Enum,
                };
            }
        }
    }
    if shapes().any(|shape| is_mapped(index, shape)) {
        return Kind::SqlAlchemy;
    }
    if shapes().any(|shape| has_model_fields(index, shape)) {
        return Kind::Django;
    }
    let is_protocol = |base: &Term| {
        let head = match base {
            Term::Subscript(head, _) => head,
            other => other,
        };
        index.known(head).is_some_and(|known| known == "typing.Protocol")
    };
    if info.shape.bases.iter().any(is_protocol) { Kind::Protocol } else { Kind::Plain }
}

/// The library's decorator behind a class decorator: through `functools.partial(…)` and through
/// functions of the project that end in a call of it.
pub fn maker(index: &Index<'_>, decorator: &Decorator) -> Option<Name> {
    let mut name = index.target(&decorator.function)?;
    // `dc = functools.partial(dataclass, frozen=True)`
    if let Meaning::Assigned(assigned) = index.meaning(&decorator.function)
        && let Term::Call(call) = &assigned.value
        && index.known(&call.function).is_some_and(|known| known == "functools.partial")
    {
        name = index.target(call.arguments.first()?)?;
    }
    for _ in 0..4 {
        let result = index.functions.get(&*name).and_then(|function| function.result.as_ref());
        let Some(Term::Call(call)) = result else { break };
        let called = match &call.function {
            Term::Call(inner) => &inner.function,
            other => other,
        };
        let Some(next) = index.target(called) else { break };
        name = next;
    }
    Some(name)
}

/// The family a class decorator makes.
pub fn decorated(index: &Index<'_>, decorator: &Decorator) -> Option<Kind> {
    match &*maker(index, decorator)? {
        "dataclasses.dataclass"
        | "pydantic.dataclasses.dataclass"
        | "pydantic.v1.dataclasses.dataclass" => Some(Kind::Dataclass),
        "attr.s" | "attr.attrs" | "attr.attributes" | "attr.define" | "attr.frozen"
        | "attr.mutable" | "attr.dataclass" => Some(Kind::Attrs),
        _ => {
            let function = index.functions.get(&*index.target(&decorator.function)?)?;
            let transforms = function.decorators.iter().any(|inner| {
                index.known(&inner.function).is_some_and(|n| n == "typing.dataclass_transform")
            });
            transforms.then_some(Kind::Dataclass)
        }
    }
}

/// Whether a class body declares fields of a Django model, whatever base it has them from.
fn has_model_fields(index: &Index<'_>, shape: &ClassShape) -> bool {
    shape.attributes.iter().any(|attribute| {
        let Some(Term::Call(call)) = &attribute.value else { return false };
        index.known(&call.function).is_some_and(|name| {
            let last = name.rsplit('.').next().unwrap_or_default();
            name.starts_with("django.db.models.")
                && (last.ends_with("Field") || matches!(last, "ForeignKey"))
        })
    })
}

/// Whether a class body declares columns or a table.
fn is_mapped(index: &Index<'_>, shape: &ClassShape) -> bool {
    shape.attributes.iter().any(|attribute| {
        if &*attribute.name == "__tablename__" {
            return true;
        }
        let of_call = attribute.value.as_ref().and_then(|value| match value {
            Term::Call(call) => index.known(&call.function),
            _ => None,
        });
        of_call.is_some_and(|name| {
            matches!(&*name, "sqlalchemy.Column" | "sqlalchemy.orm.mapped_column")
        }) || matches!(
            &attribute.annotation,
            Some(Term::Subscript(head, _))
                if index.known(head).is_some_and(|name| name == "sqlalchemy.orm.Mapped")
        )
    })
}
