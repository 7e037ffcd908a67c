//! How large values are, where the syntax of one file tells; and so how large a future at least is.

use syn::{Expr, GenericArgument, PathArguments, Type};

use super::types::Ty;
use crate::analyzers::split::{End, Graph, Liveness};
use crate::model::{Contributor, FutureSize, Name};

/// Size and alignment in bytes on a 64-bit machine.
pub type Size = (u64, u64);

/// Contributors that are listed.
const LARGEST: usize = 5;

/// A struct or tuple: the compiler orders fields so that only the end is padded.
pub fn record(fields: impl Iterator<Item = Option<Size>>) -> Option<Size> {
    let (mut bytes, mut align) = (0u64, 1u64);
    for field in fields {
        let (size, of) = field?;
        bytes = bytes.checked_add(size)?;
        align = align.max(of);
    }
    Some((bytes.next_multiple_of(align), align))
}

/// The size of a type as written; `named` knows the types of the file.
pub fn of(ty: &Type, named: &dyn Fn(&str) -> Option<Size>) -> Option<Size> {
    match ty {
        Type::Reference(node) => Some(pointer(&node.elem)),
        Type::Ptr(node) => Some(pointer(&node.elem)),
        Type::FnPtr(_) => Some((8, 8)),
        Type::Paren(node) => of(&node.elem, named),
        Type::Group(node) => of(&node.elem, named),
        Type::Tuple(node) => record(node.elems.iter().map(|part| of(part, named))),
        Type::Array(node) => {
            let (size, align) = of(&node.elem, named)?;
            Some((size.checked_mul(array_length(&node.len)?)?, align))
        }
        Type::Path(node) => {
            let last = node.path.segments.last()?;
            let name = last.ident.to_string();
            let first = match &last.arguments {
                PathArguments::AngleBracketed(args) => args.args.iter().find_map(|arg| match arg {
                    GenericArgument::Type(ty) => Some(ty),
                    _ => None,
                }),
                _ => None,
            };
            match name.as_str() {
                "Box" | "Arc" | "Rc" => first.map(pointer),
                "Option" => option(first?, named),
                "Pin" => of(first?, named),
                name => named(name).or_else(|| library(name)),
            }
        }
        _ => None,
    }
}

/// A pointer to slices, text and trait objects is two words.
fn pointer(to: &Type) -> Size {
    let is_wide = match to {
        Type::Slice(_) | Type::TraitObject(_) => true,
        Type::Path(node) => node.path.is_ident("str") || node.path.is_ident("Path"),
        Type::Paren(node) => return pointer(&node.elem),
        _ => false,
    };
    if is_wide { (16, 8) } else { (8, 8) }
}

/// Pointers and collections have a value to spare for `None`; numbers need a word of their own.
fn option(of_what: &Type, named: &dyn Fn(&str) -> Option<Size>) -> Option<Size> {
    let (size, align) = of(of_what, named)?;
    let has_spare = match of_what {
        Type::Reference(_) | Type::FnPtr(_) => true,
        Type::Path(node) => {
            let last = node.path.segments.last()?.ident.to_string();
            match last.as_str() {
                "Box" | "Arc" | "Rc" | "Pin" | "String" | "Vec" | "PathBuf" | "OsString"
                | "VecDeque" | "HashMap" | "HashSet" | "Duration" | "Instant" | "SystemTime"
                | "bool" | "char" => true,
                "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64"
                | "i128" | "isize" | "f32" | "f64" => false,
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(if has_spare { (size, align) } else { (size + align, align) })
}

/// The size of a type of the language or its library, by its name.
pub fn library(name: &str) -> Option<Size> {
    Some(match name {
        "u8" | "i8" | "bool" => (1, 1),
        "u16" | "i16" => (2, 2),
        "u32" | "i32" | "f32" | "char" => (4, 4),
        "u64" | "i64" | "f64" | "usize" | "isize" => (8, 8),
        "u128" | "i128" => (16, 16),
        "String" | "Vec" | "PathBuf" | "OsString" | "BTreeMap" | "BTreeSet" | "BinaryHeap" => {
            (24, 8)
        }
        "VecDeque" => (32, 8),
        "HashMap" | "HashSet" => (48, 8),
        "Duration" | "Instant" | "SystemTime" => (16, 8),
        "Uuid" => (16, 1),
        "PhantomData" => (0, 1),
        _ => return None,
    })
}

/// A number literal or product of such.
pub fn array_length(length: &Expr) -> Option<u64> {
    match length {
        Expr::Lit(lit) => match &lit.lit {
            syn::Lit::Int(value) => value.base10_parse().ok(),
            _ => None,
        },
        Expr::Binary(node) => {
            let (left, right) = (array_length(&node.left)?, array_length(&node.right)?);
            match node.op {
                syn::BinOp::Mul(_) => left.checked_mul(right),
                syn::BinOp::Add(_) => left.checked_add(right),
                syn::BinOp::Shl(_) => left.checked_shl(u32::try_from(right).ok()?),
                _ => None,
            }
        }
        Expr::Paren(node) => array_length(&node.expr),
        _ => None,
    }
}

/// What a future holds at its fullest suspension, as far as sizes are known. What it awaits comes
/// on top.
pub fn future(graph: &Graph, live: &Liveness, types: &[Ty]) -> FutureSize {
    let mut fullest = FutureSize::default();
    let mut all: Vec<Contributor> = Vec::new();
    for (at, block) in graph.blocks.iter().enumerate() {
        let End::Suspend { .. } = block.end else { continue };
        let (mut bytes, mut unknown) = (0u64, Vec::new());
        for var in live.live_out[at].iter() {
            let name: Name = graph.vars.name(var).into();
            match types.get(var as usize).and_then(|ty| ty.size) {
                Some((size, _)) => {
                    bytes = bytes.saturating_add(size);
                    let row = Contributor { name, bytes: size };
                    if !all.contains(&row) {
                        all.push(row);
                    }
                }
                None => unknown.push(name),
            }
        }
        if (bytes, unknown.len()) >= (fullest.at_least, fullest.unknown.len()) {
            unknown.sort();
            unknown.dedup();
            fullest = FutureSize { at_least: bytes, largest: Vec::new(), unknown };
        }
    }
    all.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    all.truncate(LARGEST);
    FutureSize { largest: all, ..fullest }
}
