//! Structs and enums that are read or written as data: serde's and clap's attributes.

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Meta, Token};

use super::attributes;
use crate::model::Name;
use crate::model::facts::rust::schemas::{
    BothWays, ClapField, Constraint, FieldDefault, FieldSchema, TypeSchema, VariantSchema,
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
    ("EnumString", "strum"),
    ("AsRefStr", "strum"),
    ("IntoStaticStr", "strum"),
    ("VariantNames", "strum"),
    ("EnumVariantNames", "strum"),
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
        if schema.source.is_empty() || *source == "serde" || &*schema.source == "strum" {
            schema.source = Name::from(*source);
        }
        schema.strum |= *source == "strum";
        schema.serialize |= name.starts_with("Serialize");
        schema.deserialize |= name.starts_with("Deserialize");
        schema.json_schema |= name == "JsonSchema";
    }
    if schema.source.is_empty() {
        return None;
    }
    schema.doc = attributes::doc(attrs);
    let container = &mut schema.container;
    container.deprecated = is_deprecated(attrs);
    each_meta(attrs, SERDE, |name, meta| match name {
        "rename" => container.rename = both_ways(meta),
        "rename_all" => container.rename_all = both_ways(meta),
        "rename_all_fields" => container.rename_all_fields = both_ways(meta),
        "title" => container.title = text(meta),
        "tag" => container.tag = text(meta),
        "content" => container.content = text(meta),
        "untagged" => container.untagged = true,
        "transparent" => container.transparent = true,
        "default" => container.default = true,
        "deny_unknown_fields" => container.deny_unknown_fields = true,
        "from" | "try_from" => container.from = text(meta),
        "into" => container.into = text(meta),
        "remote" => container.remote = text(meta),
        _ => {}
    });
    each_meta(attrs, &["strum"], |name, meta| {
        if name == "serialize_all" {
            container.strum_case = text(meta);
        }
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
    variant.deprecated = is_deprecated(attrs);
    each_meta(attrs, SERDE, |name, meta| match name {
        "rename" => variant.rename = both_ways(meta),
        "rename_all" => variant.rename_all = both_ways(meta),
        "alias" => variant.aliases.extend(text(meta)),
        "skip" => (variant.skip_serializing, variant.skip_deserializing) = (true, true),
        "skip_serializing" => variant.skip_serializing = true,
        "skip_deserializing" => variant.skip_deserializing = true,
        "other" => variant.other = true,
        "untagged" => variant.untagged = true,
        _ => {}
    });
    each_meta(attrs, &["strum"], |name, meta| match name {
        "serialize" | "to_string" => variant.strum_names.extend(text(meta)),
        "disabled" => variant.strum_skip = true,
        _ => {}
    });
    each_meta(attrs, &["clap", "command", "value", "structopt"], |name, meta| match name {
        "name" => variant.clap_name = text(meta),
        "skip" => variant.clap_skip = true,
        _ => {}
    });
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
    field.deprecated = is_deprecated(attrs);
    each_meta(attrs, SERDE, |name, meta| match name {
        "rename" => field.rename = both_ways(meta),
        "alias" => field.aliases.extend(text(meta)),
        "skip" => (field.skip_serializing, field.skip_deserializing) = (true, true),
        "skip_serializing" => field.skip_serializing = true,
        "skip_deserializing" => field.skip_deserializing = true,
        "skip_serializing_if" => field.skip_if = text(meta),
        "default" => {
            field.default = text(meta).map_or(FieldDefault::Trait, FieldDefault::Function);
        }
        "flatten" => field.flatten = true,
        "deserialize_with" | "serialize_with" => field.with = text(meta),
        _ => {}
    });
    each_meta(attrs, &["serde"], |name, meta| {
        if name == "with" {
            field.with = text(meta);
        }
    });
    bounds(attrs, &mut field);
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

/// schemars reads serde's attributes, and its own of the same names.
const SERDE: &[&str] = &["serde", "schemars"];

fn is_deprecated(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attribute| attribute.path().is_ident("deprecated"))
}

/// What `#[schemars(…)]` and `#[validate(…)]` say about a field beyond serde's attributes.
fn bounds(attrs: &[Attribute], field: &mut FieldSchema) {
    each_meta(attrs, &["schemars"], |name, meta| match name {
        "with" => field.schema_with = text(meta),
        "required" => field.is_required = true,
        "title" | "description" => {
            field.constraints.extend(text(meta).map(|text| constraint(name, &json_text(&text))));
        }
        _ => {}
    });
    each_meta(attrs, &["schemars", "validate"], |name, meta| match name {
        "email" => field.constraints.push(constraint("format", "\"email\"")),
        "url" => field.constraints.push(constraint("format", "\"uri\"")),
        "range" | "length" => {
            let Meta::List(list) = meta else { return };
            let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
            for bound in list.parse_args_with(parser).into_iter().flatten() {
                let Meta::NameValue(pair) = &bound else { continue };
                let Some(number) = number(&pair.value) else { continue };
                let keywords: &[&str] = match (name, &*attributes::last_segment(bound.path())) {
                    ("range", "min") => &["minimum"],
                    ("range", "max") => &["maximum"],
                    ("range", "exclusive_min") => &["exclusiveMinimum"],
                    ("range", "exclusive_max") => &["exclusiveMaximum"],
                    ("length", "min") => &["minLength"],
                    ("length", "max") => &["maxLength"],
                    ("length", "equal") => &["minLength", "maxLength"],
                    _ => &[],
                };
                field.constraints.extend(keywords.iter().map(|word| constraint(word, &number)));
            }
        }
        "regex" => {
            let pattern = match meta {
                Meta::List(list) => list
                    .parse_args::<Meta>()
                    .ok()
                    .filter(|inner| inner.path().is_ident("pattern"))
                    .and_then(|inner| text(&inner)),
                other => text(other),
            };
            field.constraints.extend(pattern.map(|text| constraint("pattern", &json_text(&text))));
        }
        _ => {}
    });
}

fn constraint(keyword: &str, value: &str) -> Constraint {
    Constraint { keyword: keyword.into(), value: value.into() }
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A number as JSON.
fn number(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Int(int) => Some(int.base10_digits().to_owned()),
            syn::Lit::Float(float) => {
                let value: f64 = float.base10_digits().parse().ok()?;
                Some(serde_json::Value::from(value).to_string())
            }
            _ => None,
        },
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => {
            Some(format!("-{}", number(&unary.expr)?))
        }
        _ => None,
    }
}

/// What a function's body returns, as JSON, when it is a literal or made of one.
pub fn returned(block: &syn::Block) -> Option<Name> {
    match block.stmts.as_slice() {
        [syn::Stmt::Expr(value, None)] => literal_json(value, 4).map(Name::from),
        _ => None,
    }
}

fn literal_json(value: &Expr, depth: u32) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    if let Some(number) = number(value) {
        return Some(number);
    }
    match value {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(text) => Some(json_text(&text.value())),
            syn::Lit::Char(letter) => Some(json_text(&letter.value().to_string())),
            syn::Lit::Bool(flag) => Some(flag.value.to_string()),
            _ => None,
        },
        Expr::Path(path) if path.path.is_ident("None") => Some("null".into()),
        Expr::MethodCall(call) if call.args.is_empty() => {
            let converts = ["to_string", "to_owned", "into"].iter().any(|name| call.method == name);
            let is_text = matches!(&*call.receiver, Expr::Lit(_));
            (converts && is_text).then(|| literal_json(&call.receiver, depth)).flatten()
        }
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else { return None };
            let names: Vec<String> =
                path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            match (names.as_slice(), call.args.first()) {
                (["Some"] | ["String", "from"] | ["PathBuf", "from"], Some(only)) => {
                    literal_json(only, depth)
                }
                (["Vec", "new"], None) => Some("[]".into()),
                (["String", "new"], None) => Some("\"\"".into()),
                _ => None,
            }
        }
        Expr::Macro(call) if call.mac.path.is_ident("vec") && call.mac.tokens.is_empty() => {
            Some("[]".into())
        }
        _ => None,
    }
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

/// The string of `name = "x"`, or both of `name(serialize = "x", deserialize = "y")`.
fn both_ways(meta: &Meta) -> BothWays {
    let Meta::List(list) = meta else {
        let both = text(meta);
        return BothWays { serialize: both.clone(), deserialize: both };
    };
    let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
    let inner = list.parse_args_with(parser).unwrap_or_default();
    let named = |name: &str| inner.iter().find(|meta| meta.path().is_ident(name)).and_then(text);
    BothWays { serialize: named("serialize"), deserialize: named("deserialize") }
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
