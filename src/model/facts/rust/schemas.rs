//! What serde's attributes and the doc comments say about structs and enums.

use serde::{Deserialize, Serialize};

use crate::model::Name;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SchemaFacts {
    /// Types that are read or written as data, in the order of the file's types.
    pub types: Vec<TypeSchema>,
    /// Functions without parameters that return a literal: their number in the file, sorted, and
    /// the literal as JSON. Fields take their defaults from such.
    pub returns: Vec<(u32, Name)>,
}

/// A name, or a rule for names, that may differ between what is written and what is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BothWays {
    pub serialize: Option<Name>,
    pub deserialize: Option<Name>,
}

impl BothWays {
    /// The one for reading or for writing.
    pub fn get(&self, reads: bool) -> Option<&str> {
        if reads { self.deserialize.as_deref() } else { self.serialize.as_deref() }
    }

    /// The one to show where there is room for one only.
    pub fn shown(&self) -> Option<&str> {
        self.serialize.as_deref().or(self.deserialize.as_deref())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TypeSchema {
    /// Index into the file's types.
    pub item: u32,
    /// What makes it data: `serde`, `clap`, `schemars` …
    pub source: Name,
    pub serialize: bool,
    pub deserialize: bool,
    /// It derives schemars' `JsonSchema`.
    pub json_schema: bool,
    /// strum reads or writes its variants as text.
    pub strum: bool,
    pub doc: Option<Name>,
    pub container: Container,
    pub variants: Vec<VariantSchema>,
}

/// Serde's container attributes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Container {
    pub rename: BothWays,
    pub rename_all: BothWays,
    /// The case of clap's names, which are not serde's.
    pub clap_case: Option<Name>,
    pub strum_case: Option<Name>,
    pub rename_all_fields: BothWays,
    pub tag: Option<Name>,
    pub content: Option<Name>,
    pub untagged: bool,
    pub transparent: bool,
    pub default: bool,
    pub deny_unknown_fields: bool,
    /// `from` or `try_from`: the type that is read instead.
    pub from: Option<Name>,
    /// The type that is written instead.
    pub into: Option<Name>,
    pub remote: Option<Name>,
    pub title: Option<Name>,
    pub deprecated: bool,
}

/// A variant, or a struct's only shape.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VariantSchema {
    pub rename: BothWays,
    pub rename_all: BothWays,
    pub aliases: Vec<Name>,
    pub skip_serializing: bool,
    pub skip_deserializing: bool,
    pub deprecated: bool,
    pub other: bool,
    pub untagged: bool,
    pub doc: Option<Name>,
    pub clap_name: Option<Name>,
    pub clap_skip: bool,
    /// What strum reads and writes it as; empty for its name.
    pub strum_names: Vec<Name>,
    pub strum_skip: bool,
    pub fields: Vec<FieldSchema>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FieldSchema {
    pub rename: BothWays,
    pub aliases: Vec<Name>,
    pub skip_serializing: bool,
    pub skip_deserializing: bool,
    pub skip_if: Option<Name>,
    pub default: FieldDefault,
    pub flatten: bool,
    pub with: Option<Name>,
    /// The type that schemars is told to take instead.
    pub schema_with: Option<Name>,
    /// It must be there although its type is an `Option`.
    pub is_required: bool,
    pub constraints: Vec<Constraint>,
    pub deprecated: bool,
    pub doc: Option<Name>,
    pub clap: Option<ClapField>,
    pub line: u32,
}

/// A bound that a field's attributes set: a keyword of JSON Schema and its value as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    pub keyword: Name,
    pub value: Name,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum FieldDefault {
    #[default]
    None,
    /// `#[serde(default)]`
    Trait,
    /// `#[serde(default = "path")]`
    Function(Name),
}

/// What clap's `arg`, `command`, `clap`, `structopt` attributes say about a field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClapField {
    pub long: Option<Name>,
    pub short: Option<Name>,
    pub default: Option<Name>,
    pub value_enum: bool,
    pub subcommand: bool,
    pub flatten: bool,
    pub skip: bool,
    pub required: bool,
    pub id: Option<Name>,
}
