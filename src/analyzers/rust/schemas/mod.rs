//! Structs and enums that are read or written as data: serde's and clap's attributes.

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Meta, Token};

use super::attributes;
use crate::model::Name;
use crate::model::facts::rust::schemas::{
    ClapField, FieldDefault, FieldSchema, TypeSchema, VariantSchema,
};

/// The derives that make a type data, with the name of their maker.
const DATA_DERIVES: &[(&str, &str)] = &[
    ("Serialize", "serde"),
    ("Deserialize", "serde"),
    ("Serialize_repr", "serde_repr"),
    ("Deserialize_repr", "serde_repr"),
    ("SerializeDisplay", "serde_with"),
    ("DeserializeFromStr", "serde_with"),
    ("JsonSchema", "schemars"),
    ("Parser", "clap"),
    ("Args", "clap"),
    ("Subcommand", "clap"),
    ("ValueEnum", "clap"),
    ("StructOpt", "structopt"),
];

/// What a type's attributes say, when it is data at all.
pub fn container(
    item: u32,
    attrs: &[Attribute],
    variants: Vec<VariantSchema>,
) -> Option<TypeSchema> {
    let mut schema = TypeSchema { item, variants, ..TypeSchema::default() };
    for (_, path, _) in attributes::derives(attrs) {
        let name = attributes::last_segment(&path);
        let Some((_, source)) = DATA_DERIVES.iter().find(|(derive, _)| *derive == name) else {
            continue;
        };
        if schema.source.is_empty() || *source == "serde" {
            schema.source = Name::from(*source);
        }
        schema.serialize |= name.starts_with("Serialize");
        schema.deserialize |= name.starts_with("Deserialize");
    }
    if schema.source.is_empty() {
        return None;
    }
    schema.doc = attributes::doc(attrs);
    let container = &mut schema.container;
    each_meta(attrs, &["serde"], |name, meta| match name {
        "rename" => container.rename = text(meta),
        "rename_all" => container.rename_all = text(meta),
        "rename_all_fields" => container.rename_all_fields = text(meta),
        "tag" => container.tag = text(meta),
        "content" => container.content = text(meta),
        "untagged" => container.untagged = true,
        "transparent" => container.transparent = true,
        "default" => container.default = true,
        "deny_unknown_fields" => container.deny_unknown_fields = true,
        "from" | "try_from" | "into" => container.via = text(meta),
        "remote" => container.remote = text(meta),
        _ => {}
    });
    each_meta(attrs, &["clap", "command", "value", "structopt", "arg"], |name, meta| {
        if name == "rename_all" {
            container.clap_case = text(meta);
        }
    });
    if attrs.iter().any(|attribute| attribute.path().is_ident("repr"))
        && &*schema.source == "serde_repr"
    {
        schema.container.untagged = false;
    }
    Some(schema)
}

/// A variant's attributes and those of its fields; for a struct, only the fields.
pub fn variant(attrs: &[Attribute], fields: &syn::Fields) -> VariantSchema {
    let mut variant = VariantSchema { doc: attributes::doc(attrs), ..VariantSchema::default() };
    let (mut ser, mut de) = (false, false);
    each_meta(attrs, &["serde"], |name, meta| match name {
        "rename" => variant.rename = text(meta),
        "rename_all" => variant.rename_all = text(meta),
        "alias" => variant.aliases.extend(text(meta)),
        "skip" => (ser, de) = (true, true),
        "skip_serializing" => ser = true,
        "skip_deserializing" => de = true,
        "other" => variant.other = true,
        "untagged" => variant.untagged = true,
        _ => {}
    });
    each_meta(attrs, &["clap", "command", "value", "structopt"], |name, meta| match name {
        "name" => variant.clap_name = text(meta),
        "skip" => variant.clap_skip = true,
        _ => {}
    });
    variant.skip = ser && de;
    variant.fields = fields.iter().map(self::field).collect();
    variant
}

fn field(item: &syn::Field) -> FieldSchema {
    let attrs = &item.attrs;
    let start = item.ident.as_ref().map_or_else(|| start(&item.ty), syn::Ident::span);
    let mut field = FieldSchema {
        doc: attributes::doc(attrs),
        line: start.start().line as u32,
        ..FieldSchema::default()
    };
    if attrs.is_empty() {
        return field;
    }
    each_meta(attrs, &["serde"], |name, meta| match name {
        "rename" => field.rename = text(meta),
        "alias" => field.aliases.extend(text(meta)),
        "skip" => (field.skip_serializing, field.skip_deserializing) = (true, true),
        "skip_serializing" => field.skip_serializing = true,
        "skip_deserializing" => field.skip_deserializing = true,
        "skip_serializing_if" => field.skip_if = text(meta),
        "default" => {
            field.default = text(meta).map_or(FieldDefault::Trait, FieldDefault::Function);
        }
        "flatten" => field.flatten = true,
        "with" | "deserialize_with" | "serialize_with" => field.with = text(meta),
        _ => {}
    });
    let mut clap = ClapField::default();
    let mut any = false;
    each_meta(attrs, &["arg", "clap", "command", "structopt", "argument"], |name, meta| {
        any = true;
        match name {
            "long" => clap.long = Some(text(meta).unwrap_or_else(|| "".into())),
            "short" => clap.short = Some(text(meta).unwrap_or_else(|| "".into())),
            "default_value" | "default_value_t" | "default_values" | "default_values_t" => {
                clap.default = text(meta).or_else(|| source(meta)).or(Some("".into()));
            }
            "value_enum" | "arg_enum" => clap.value_enum = true,
            "subcommand" => clap.subcommand = true,
            "flatten" => clap.flatten = true,
            "skip" => clap.skip = true,
            "required" => clap.required = true,
            "name" | "id" => clap.id = text(meta),
            _ => {}
        }
    });
    field.clap = any.then_some(clap);
    field
}

/// The first token of a tuple field's type, when it is cheap to tell.
fn start(ty: &syn::Type) -> proc_macro2::Span {
    match ty {
        syn::Type::Path(path) => path
            .path
            .segments
            .first()
            .map_or_else(proc_macro2::Span::call_site, |segment| segment.ident.span()),
        other => syn::spanned::Spanned::span(other),
    }
}

/// Calls `each` with every `name`, `name = value` and `name(…)` of the attributes so named,
/// `cfg_attr` looked through.
fn each_meta(attrs: &[Attribute], names: &[&str], mut each: impl FnMut(&str, &Meta)) {
    let wanted = |attribute: &&Attribute| {
        attribute.path().is_ident("cfg_attr")
            || names.iter().any(|name| attribute.path().is_ident(name))
    };
    if !attrs.iter().any(|attribute| wanted(&attribute)) {
        return;
    }
    let wanted: Vec<Attribute> = attrs.iter().filter(wanted).cloned().collect();
    for (attribute, _) in attributes::effective(&wanted) {
        if !names.iter().any(|name| attribute.path().is_ident(name)) {
            continue;
        }
        let Meta::List(list) = &attribute.meta else { continue };
        match list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) {
            Ok(metas) => {
                for meta in &metas {
                    each(&attributes::last_segment(meta.path()), meta);
                }
            }
            // clap allows what is no meta, such as a bare string in `help`.
            Err(_) => {
                let parser = Punctuated::<Loose, Token![,]>::parse_terminated;
                for meta in list.parse_args_with(parser).into_iter().flatten() {
                    if let Loose::Meta(meta) = meta {
                        each(&attributes::last_segment(meta.path()), &meta);
                    }
                }
            }
        }
    }
}

enum Loose {
    Meta(Box<Meta>),
    Other,
}

impl syn::parse::Parse for Loose {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        if let Ok(meta) = ahead.parse::<Meta>()
            && (ahead.is_empty() || ahead.peek(Token![,]))
        {
            syn::parse::discouraged::Speculative::advance_to(input, &ahead);
            return Ok(Self::Meta(Box::new(meta)));
        }
        input.parse::<Expr>()?;
        Ok(Self::Other)
    }
}

/// The string of `name = "x"`; of `name(serialize = "x", deserialize = "y")` what is written.
fn text(meta: &Meta) -> Option<Name> {
    match meta {
        Meta::NameValue(pair) => value(&pair.value),
        Meta::List(list) => {
            let inner =
                list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
            let named = |name: &str| {
                inner.iter().find(|meta| meta.path().is_ident(name)).and_then(|meta| match meta {
                    Meta::NameValue(pair) => value(&pair.value),
                    _ => None,
                })
            };
            named("serialize").or_else(|| named("deserialize"))
        }
        Meta::Path(_) => None,
    }
}

fn value(value: &Expr) -> Option<Name> {
    if let Expr::Lit(literal) = value
        && let syn::Lit::Char(letter) = &literal.lit
    {
        return Some(letter.value().to_string().into());
    }
    attributes::literal(value).map(Name::from)
}

/// The source of a value that is no string.
fn source(meta: &Meta) -> Option<Name> {
    match meta {
        Meta::NameValue(pair) => {
            let tokens = quote::ToTokens::to_token_stream(&pair.value).to_string();
            Some(tokens.into())
        }
        _ => None,
    }
}
