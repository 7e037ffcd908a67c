//! Schemas by construct.

use serde_json::{Value, json};

use crate::analyzers::fixture;
use crate::model::Schema;

fn schemas(files: &[(&str, &str)]) -> Vec<Schema> {
    fixture::modules(files).schemas.into_inner()
}

fn find<'s>(schemas: &'s [Schema], name: &str) -> &'s Schema {
    schemas.iter().find(|schema| &*schema.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// `name: type = default` of each field, `!` when required.
fn lines(schema: &Schema) -> Vec<String> {
    let line = |field: &crate::model::Field| {
        let mark = if field.required { "!" } else { "" };
        let default = field.default.as_ref().map(|value| format!(" = {value}"));
        format!("{}{mark}: {}{}", field.name, field.type_, default.unwrap_or_default())
    };
    schema.fields.iter().map(line).collect()
}

#[test]
fn dataclasses_inherit_skip_class_variables_and_fold_defaults() {
    let base = "from dataclasses import dataclass, field\n\
                LIMIT = 60 * 2\n\
                @dataclass\nclass Base:\n    a: int\n    b: 'list[str]' = field(default_factory=list)\n";
    let text = "import typing as t\nfrom dataclasses import KW_ONLY, InitVar, dataclass, field\n\
                from base import LIMIT, Base\n\
                @dataclass\nclass Child(Base):\n    kinds: t.ClassVar[int] = 1\n    _: KW_ONLY\n\
                \x20   a: int = LIMIT\n    c: t.Optional['Child'] = None\n\
                \x20   d: float = field(init=False, default=1.5)\n    e: InitVar[int] = 3\n\
                \x20   f: str = compute()\n";
    let all = schemas(&[("base", base), ("child", text)]);
    let child = find(&all, "child.Child");
    assert_eq!(&*child.kind, "dataclass");
    assert_eq!(
        lines(child),
        [
            "a: int = 120",
            "b: list[str] = []",
            "c: Optional[Child] = null",
            "d: float = 1.5",
            "e: int = 3",
            "f: str = \"compute()\"",
        ]
    );
    let properties = &child.json_schema["$defs"]["Child"]["properties"];
    assert_eq!(child.json_schema["$ref"], "#/$defs/Child");
    assert_eq!(properties["c"]["anyOf"], json!([{ "$ref": "#/$defs/Child" }, { "type": "null" }]));
    // As pydantic writes it: what only has a default is part of the schema all the same.
    assert_eq!(properties["d"]["default"], 1.5);
}

#[test]
fn pydantic_aliases_constraints_and_unions_are_read() {
    let text = "from typing import Annotated, Generic, Literal, TypeVar, Union\n\
                from pydantic import BaseModel, ConfigDict, Field, PrivateAttr\n\
                from pydantic.alias_generators import to_camel\nT = TypeVar('T')\n\
                class Cat(BaseModel):\n    kind: Literal['cat']\n    lives: int = Field(9, ge=0, le=9)\n\
                class Dog(BaseModel):\n    model_config = ConfigDict(extra='forbid', alias_generator=to_camel)\n\
                \x20   kind: Literal['dog']\n    good_boy: bool = True\n    _secret: int = PrivateAttr(1)\n\
                class Owner(BaseModel, Generic[T]):\n    pet: Union[Cat, Dog] = Field(discriminator='kind')\n\
                \x20   name: Annotated[str, Field(min_length=1)] = Field(alias='fullName', description='who')\n\
                \x20   extra: T\nclass Named(Owner[int]):\n    pass\n";
    let all = schemas(&[("m", text)]);
    assert_eq!(lines(find(&all, "m.Cat")), ["kind!: Literal['cat']", "lives: int = 9"]);
    let dog = find(&all, "m.Dog");
    assert_eq!(lines(dog), ["kind!: Literal['dog']", "good_boy: bool = true"]);
    assert_eq!(dog.json_schema["additionalProperties"], false);
    assert!(dog.json_schema["properties"].get("goodBoy").is_some());
    let owner = &find(&all, "m.Named").json_schema;
    let pet = &owner["properties"]["pet"];
    assert_eq!(pet["oneOf"], json!([{ "$ref": "#/$defs/Cat" }, { "$ref": "#/$defs/Dog" }]));
    assert_eq!(pet["discriminator"]["mapping"]["dog"], "#/$defs/Dog");
    let name = &owner["properties"]["fullName"];
    assert_eq!(*name, json!({ "type": "string", "minLength": 1, "description": "who" }));
    assert_eq!(owner["properties"]["extra"], json!({ "type": "integer" }));
    assert_eq!(owner["required"], json!(["pet", "fullName", "extra"]));
    let lives = &owner["$defs"]["Cat"]["properties"]["lives"];
    assert_eq!(*lives, json!({ "type": "integer", "minimum": 0, "maximum": 9, "default": 9 }));
}

#[test]
fn attrs_named_tuples_typed_dicts_and_enums() {
    let text = "import attr, enum, collections\nfrom attrs import define, field, Factory\n\
                from typing import NamedTuple, TypedDict, NotRequired, Required\n\
                @define\nclass A:\n    _x: int\n    y: list = Factory(list)\n    z = 1\n\
                @attr.s\nclass B:\n    p = attr.ib(type=str)\n    q = attr.ib(default=None)\n    r: int = 4\n\
                class N(NamedTuple):\n    a: int\n    b: str = 'x'\n\
                P = collections.namedtuple('P', 'u v', defaults=[0])\n\
                class Q(collections.namedtuple('Q', ['w'])):\n    pass\n\
                class D(TypedDict, total=False):\n    a: Required[int]\n    b: str\n\
                E = TypedDict('E', {'from': int, 'to': NotRequired[str]})\n\
                class F(D):\n    c: bytes\n\
                class Colour(enum.Enum):\n    RED = 'r'\n    BLUE = 'b'\n    _ignore_ = ['x']\n\
                \x20   def f(self): pass\n\
                class Perm(enum.IntFlag):\n    R = enum.auto()\n    W = enum.auto()\n    RW = R | W\n\
                Level = enum.Enum('Level', 'LOW HIGH')\n";
    let all = schemas(&[("m", text)]);
    assert_eq!(lines(find(&all, "m.A")), ["_x!: int", "y: list = []"]);
    assert!(find(&all, "m.A").json_schema["properties"].get("x").is_some());
    assert_eq!(lines(find(&all, "m.B")), ["p!: str", "q: Any = null"]);
    assert_eq!(lines(find(&all, "m.N")), ["a!: int", "b: str = \"x\""]);
    assert_eq!(lines(find(&all, "m.P")), ["u!: Any", "v: Any = 0"]);
    assert_eq!(lines(find(&all, "m.Q")), ["w!: Any"]);
    assert_eq!(lines(find(&all, "m.D")), ["a!: int", "b: str"]);
    assert_eq!(&*find(&all, "m.E").kind, "typeddict");
    assert_eq!(lines(find(&all, "m.E")), ["from!: int", "to: str"]);
    assert_eq!(lines(find(&all, "m.F")), ["a!: int", "b: str", "c!: bytes"]);
    let colour = find(&all, "m.Colour");
    assert_eq!(lines(colour), ["RED: str = \"r\"", "BLUE: str = \"b\""]);
    assert_eq!(colour.json_schema, json!({ "type": "string", "enum": ["r", "b"] }));
    assert_eq!(lines(find(&all, "m.Perm")), ["R: int = 1", "W: int = 2", "RW: int = 3"]);
    assert_eq!(find(&all, "m.Level").json_schema, json!({ "type": "integer", "enum": [1, 2] }));
}

#[test]
fn database_models_structs_protocols_and_plain_classes() {
    let text = "import msgspec\nfrom typing import Protocol\nfrom django.db import models\n\
                from sqlalchemy import Column, Integer, String\n\
                from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\
                class Post(models.Model):\n    title = models.CharField(max_length=9)\n\
                \x20   made = models.DateTimeField(auto_now_add=True)\n    class Meta:\n        ordering = ['title']\n\
                class Base(DeclarativeBase): pass\n\
                class User(Base):\n    __tablename__ = 'u'\n    id: Mapped[int] = mapped_column(primary_key=True)\n\
                \x20   name: Mapped[str]\n    nick: Mapped[str | None]\n    old = Column(String, nullable=False)\n\
                class S(msgspec.Struct, rename='camel'):\n    first_name: str\n    n: int = 0\n\
                class Shape(Protocol):\n    sides: int\n    @property\n    def area(self) -> float: ...\n\
                class Plain:\n    def __init__(self, x: int, *, y: str = 'a'): pass\n\
                class Silent:\n    def __init__(self, x): pass\n";
    let all = schemas(&[("m", text)]);
    let post = find(&all, "m.Post");
    assert_eq!(
        lines(post),
        ["id: AutoField", "title!: models.CharField", "made: models.DateTimeField"]
    );
    assert_eq!(
        lines(find(&all, "m.User")),
        ["id: int", "name!: str", "nick: str | None", "old!: String"]
    );
    assert!(find(&all, "m.S").json_schema["properties"].get("firstName").is_some());
    assert_eq!(lines(find(&all, "m.Shape")), ["sides!: int", "area!: float"]);
    assert_eq!(lines(find(&all, "m.Plain")), ["x!: int", "y: str = \"a\""]);
    assert!(!all.iter().any(|schema| &*schema.name == "m.Silent"));
}

fn input(signature: &str) -> Value {
    let text = format!(
        "from __future__ import annotations\nimport datetime, decimal, uuid\n\
         from collections.abc import Sequence\nfrom enum import Enum\nfrom pathlib import Path\n\
         from typing import *\nfrom dataclasses import dataclass\nUserId = NewType('UserId', int)\n\
         Pair = tuple[int, str]\nclass C(Enum):\n    A = 1\n    B = 'b'\n\
         @dataclass\nclass Node:\n    value: int\n    next: Node | None = None\n\
         @dataclass\nclass Leaf:\n    v: int\n\
         def f{signature}: ...\n"
    );
    find(&schemas(&[("m", &text)]), "m.f").json_schema.clone()
}

#[test]
fn signatures_become_input_schemas() {
    assert_eq!(
        input("(a: int, b: float = 1, *rest: str, c: bool = True, **kw: int)"),
        json!({
            "type": "object",
            "properties": {
                "a": { "type": "integer" },
                "b": { "type": "number", "default": 1 },
                "rest": { "type": "array", "items": { "type": "string" } },
                "c": { "type": "boolean", "default": true },
            },
            "required": ["a"],
            "additionalProperties": { "type": "integer" },
        })
    );
    let property =
        |annotation: &str| input(&format!("(x: {annotation})"))["properties"]["x"].clone();
    let string = |format: &str| json!({ "type": "string", "format": format });
    for (annotation, schema) in [
        ("Any", json!({})),
        ("int | None", json!({ "anyOf": [{ "type": "integer" }, { "type": "null" }] })),
        (
            "Optional[Union[str, int]]",
            json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }, { "type": "null" }] }),
        ),
        ("Literal['a', 1, None]", json!({ "enum": ["a", 1, null] })),
        ("C", json!({ "enum": [1, "b"] })),
        ("Sequence[int]", json!({ "type": "array", "items": { "type": "integer" } })),
        (
            "set[int]",
            json!({ "type": "array", "items": { "type": "integer" }, "uniqueItems": true }),
        ),
        (
            "Pair",
            json!({ "type": "array", "prefixItems": [{ "type": "integer" }, { "type": "string" }], "minItems": 2, "maxItems": 2 }),
        ),
        ("tuple[int, ...]", json!({ "type": "array", "items": { "type": "integer" } })),
        (
            "dict[str, float]",
            json!({ "type": "object", "additionalProperties": { "type": "number" } }),
        ),
        ("datetime.datetime", string("date-time")),
        ("Path", string("path")),
        ("uuid.UUID", string("uuid")),
        ("datetime.timedelta", json!({ "type": "number" })),
        ("UserId", json!({ "type": "integer" })),
        ("Annotated[int, 'note']", json!({ "type": "integer" })),
        ("\"'int'\"", json!({ "type": "integer" })),
        (
            "Leaf",
            json!({ "type": "object", "properties": { "v": { "type": "integer" } }, "required": ["v"], "additionalProperties": false }),
        ),
    ] {
        assert_eq!(property(annotation), schema, "{annotation}");
    }
    let recursive = input("(x: Node)");
    assert_eq!(recursive["properties"]["x"], json!({ "$ref": "#/$defs/Node" }));
    assert_eq!(
        recursive["$defs"]["Node"]["properties"]["next"]["anyOf"][0],
        json!({ "$ref": "#/$defs/Node" })
    );
}

#[test]
fn endless_types_end() {
    let text = "import enum, typing as t\nclass E(enum.Enum):\n    A = E.B\n    B = E.A\n\
                class H:\n    e: E = E.A\n    def __init__(self, e: E = E.A): ...\nA = t.List['A']\nB = t.Union['B', int]\n\
                Json: t.TypeAlias = 't.Union[dict[str, Json], list[Json], str]'\n\
                class G(t.Generic[t.TypeVar('T')]): x: 'G[G]'\n\
                def f(a: A, b: B, c: Json, d: G) -> A: ...\n";
    let all = schemas(&[("m", text)]);
    let schema = &find(&all, "m.f").json_schema;
    assert_eq!(schema["properties"]["c"], json!({ "$ref": "#/$defs/Json" }));
    assert!(schema["$defs"]["Json"]["anyOf"].is_array());
}

#[test]
fn types_are_what_python_sees_once_aliases_are_followed() {
    let text = "from typing import Annotated, Generic, List, Optional, Sequence, TypeVar, Union\n\
                from typing_extensions import TypeAliasType\nfrom pydantic import BaseModel\n\
                T = TypeVar('T')\nMany = Sequence\nKey = Union[str, 'Node']\n\
                Maybe = Optional[List[T]]\ntype Lazy = list[int]\n\
                Null = TypeAliasType('Null', Union[T, None], type_params=(T,))\n\
                class Node(BaseModel):\n    a: Many[int]\n    b: Optional[Key]\n    c: Maybe[str]\n\
                \x20   d: Lazy\n    e: Null[int]\n    f: Annotated[Key, 'x'] = 'k'\n";
    let all = schemas(&[("m", text)]);
    let node = find(&all, "m.Node");
    assert_eq!(
        lines(node),
        [
            "a!: Sequence[int]",
            "b!: str | Node | None",
            "c!: Optional[List[str]]",
            "d!: Lazy",
            "e!: Null[int]",
            "f: Union[str, Node] = \"k\"",
        ]
    );
    assert_eq!(node.fields[0].annotation(), "Many[int]");
    let properties = &node.json_schema["$defs"]["Node"]["properties"];
    assert_eq!(properties["a"], json!({ "type": "array", "items": { "type": "integer" } }));
    assert_eq!(properties["e"], json!({ "anyOf": [{ "type": "integer" }, { "type": "null" }] }));
}

#[test]
fn what_holds_at_run_time_beats_what_checkers_see() {
    let text = "from typing import TYPE_CHECKING, Protocol, Sequence, TypeVar\n\
                from typing_extensions import TypedDict\nT = TypeVar('T')\n\
                if TYPE_CHECKING:\n    class Strings(Protocol[T]): ...\nelse:\n    Strings = Sequence\n\
                if available():\n    from pydantic import BaseModel\nelse:\n    class BaseModel: pass\n\
                class Ask(TypedDict):\n    stop: Strings[str]\n\
                class Model(BaseModel):\n    x: int = 1\n";
    let all = schemas(&[("m", text)]);
    let stop = &find(&all, "m.Ask").json_schema["properties"]["stop"];
    assert_eq!(*stop, json!({ "type": "array", "items": { "type": "string" } }));
    assert_eq!(&*find(&all, "m.Model").kind, "pydantic");
    assert!(!all.iter().any(|schema| &*schema.name == "m.Strings"));
}

#[test]
fn unions_leave_out_what_pydantic_compares_by_instance() {
    let text = "from typing import Callable, Union, Optional, NamedTuple, TypedDict\n\
                from pydantic import BaseModel, ConfigDict, Field\n\
                from pydantic.alias_generators import to_camel\nclass Omit: pass\n\
                class Options(TypedDict, total=False):\n    max_size: int\n\
                class Pair(NamedTuple):\n    a: int\n    b: str = 'x'\n\
                class Part(BaseModel):\n    n: int = 1\n\
                class M(BaseModel):\n    model_config = ConfigDict(alias_generator=to_camel)\n\
                \x20   count: Union[int, Omit]\n    call: Union[str, Callable[..., int], None] = None\n\
                \x20   options: Options\n    pair: Pair\n    part: Part = Part(n=2)\n\
                \x20   old: int = Field(0, deprecated='gone')\n    'Note below.'\n";
    let all = schemas(&[("m", text)]);
    let schema = &find(&all, "m.M").json_schema;
    let properties = &schema["properties"];
    assert_eq!(properties["count"], json!({ "type": "integer" }));
    assert_eq!(
        properties["call"],
        json!({ "anyOf": [{ "type": "string" }, { "type": "null" }], "default": null })
    );
    assert!(schema["$defs"]["Options"]["properties"].get("maxSize").is_some());
    assert_eq!(
        schema["$defs"]["Pair"],
        json!({
            "type": "array",
            "prefixItems": [{ "type": "integer" }, { "type": "string", "default": "x" }],
            "minItems": 1,
            "maxItems": 2,
        })
    );
    assert_eq!(properties["part"]["default"], json!({ "n": 2 }));
    assert_eq!(properties["old"], json!({ "type": "integer", "default": 0, "deprecated": true }));
}
