//! What serde's attributes and the doc comments say about structs and enums.

use serde::{Deserialize, Serialize};

use crate::model::Name;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SchemaFacts {
    /// Types that are read or written as data, in the order of the file's types.
    pub types: Vec<TypeSchema>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TypeSchema {
    /// Index into the file's types.
    pub item: u32,
    /// What makes it data: `serde`, `clap`, `schemars` …
    pub source: Name,
    pub serialize: bool,
    pub deserialize: bool,
    pub doc: Option<Name>,
    pub container: Container,
    pub variants: Vec<VariantSchema>,
}

/// Serde's container attributes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Container {
    pub rename: Option<Name>,
    pub rename_all: Option<Name>,
    /// The case of clap's names, which are not serde's.
    pub clap_case: Option<Name>,
    pub rename_all_fields: Option<Name>,
    pub tag: Option<Name>,
    pub content: Option<Name>,
    pub untagged: bool,
    pub transparent: bool,
    pub default: bool,
    pub deny_unknown_fields: bool,
    /// `from`, `try_from` or `into`: the type that goes over the wire instead.
    pub via: Option<Name>,
    pub remote: Option<Name>,
}

/// A variant, or a struct's only shape.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VariantSchema {
    pub rename: Option<Name>,
    pub rename_all: Option<Name>,
    pub aliases: Vec<Name>,
    pub skip: bool,
    pub other: bool,
    pub untagged: bool,
    pub doc: Option<Name>,
    pub clap_name: Option<Name>,
    pub clap_skip: bool,
    pub fields: Vec<FieldSchema>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FieldSchema {
    pub rename: Option<Name>,
    pub aliases: Vec<Name>,
    pub skip_serializing: bool,
    pub skip_deserializing: bool,
    pub skip_if: Option<Name>,
    pub default: FieldDefault,
    pub flatten: bool,
    pub with: Option<Name>,
    pub doc: Option<Name>,
    pub clap: Option<ClapField>,
    pub line: u32,
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
