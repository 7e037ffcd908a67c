//! Calls and method calls: how they take their receiver, and what they give back.

use syn::Expr;

use super::{Awaited, Lowering};
use crate::analyzers::rust::splits::types::{Ty, Types};

/// Methods that take their receiver by value.
const BY_VALUE: [&str; 52] = [
    "unwrap",
    "expect",
    "unwrap_or",
    "unwrap_or_else",
    "unwrap_or_default",
    "unwrap_err",
    "expect_err",
    "ok",
    "err",
    "ok_or",
    "ok_or_else",
    "map",
    "map_err",
    "map_or",
    "map_or_else",
    "and_then",
    "or_else",
    "flatten",
    "collect",
    "fold",
    "sum",
    "product",
    "chain",
    "zip",
    "enumerate",
    "rev",
    "filter",
    "filter_map",
    "flat_map",
    "skip",
    "step_by",
    "skip_while",
    "take_while",
    "cloned",
    "copied",
    "for_each",
    "for_each_concurrent",
    "try_for_each",
    "then",
    "boxed",
    "boxed_local",
    "fuse",
    "inspect",
    "peekable",
    "last",
    "buffered",
    "buffer_unordered",
    "partition",
    "unzip",
    "try_collect",
    "min_by_key",
    "max_by_key",
];

/// Methods whose result is copied and holds nothing.
const PLAIN: [&str; 40] = [
    "len",
    "count",
    "is_empty",
    "contains",
    "contains_key",
    "starts_with",
    "ends_with",
    "eq",
    "ne",
    "lt",
    "gt",
    "le",
    "ge",
    "cmp",
    "partial_cmp",
    "elapsed",
    "as_millis",
    "as_secs",
    "as_secs_f64",
    "as_secs_f32",
    "as_micros",
    "as_nanos",
    "capacity",
    "load",
    "fetch_add",
    "fetch_sub",
    "swap",
    "position",
    "rposition",
    "to_bits",
    "leading_zeros",
    "trailing_zeros",
    "count_ones",
    "duration_since",
    "checked_duration_since",
    "any",
    "all",
    "is_multiple_of",
    "rem_euclid",
    "compare_exchange",
];

/// Methods whose result borrows from the receiver.
const REFERENCES: [&str; 30] = [
    "as_str",
    "as_bytes",
    "as_ref",
    "as_mut",
    "as_slice",
    "as_mut_slice",
    "as_deref",
    "as_deref_mut",
    "as_path",
    "trim",
    "trim_start",
    "trim_end",
    "trim_matches",
    "get",
    "get_mut",
    "first",
    "first_mut",
    "to_str",
    "strip_prefix",
    "strip_suffix",
    "peek",
    "split_at",
    "split_once",
    "rsplit_once",
    "file_name",
    "extension",
    "parent",
    "deref",
    "deref_mut",
    "entry",
];

/// Iterators over what the receiver holds.
const ITERATORS: [&str; 18] = [
    "iter",
    "iter_mut",
    "keys",
    "values",
    "values_mut",
    "chars",
    "bytes",
    "char_indices",
    "lines",
    "split",
    "rsplit",
    "splitn",
    "split_whitespace",
    "split_terminator",
    "windows",
    "chunks",
    "chunks_exact",
    "components",
];

/// Numeric methods: by value, of the receiver's own type.
fn is_numeric(method: &str) -> bool {
    ["wrapping_", "saturating_", "checked_", "overflowing_"].iter().any(|p| method.starts_with(p))
        || matches!(
            method,
            "pow"
                | "powi"
                | "powf"
                | "abs"
                | "min"
                | "max"
                | "clamp"
                | "sqrt"
                | "round"
                | "floor"
                | "ceil"
                | "signum"
                | "is_positive"
                | "is_negative"
                | "abs_diff"
                | "div_ceil"
        )
}

/// Whether a method of the standard library or the usual crates takes its receiver whole.
pub(super) fn is_by_value(method: &str, args: usize) -> bool {
    BY_VALUE.contains(&method)
        || method.starts_with("into_")
        || method == "into"
        || (method == "take" && args == 1)
        || (method == "join" && args == 0)
        || (matches!(method, "min" | "max") && args == 0)
        || is_numeric(method)
}

impl Lowering<'_, '_> {
    pub(super) fn call(&mut self, node: &syn::ExprCall) -> Ty {
        let path = match &*node.func {
            Expr::Path(path) if self.local_of(path).is_none() => Some(&path.path),
            func => {
                self.auto_referenced(func);
                None
            }
        };
        let args: Vec<Ty> = node.args.iter().map(|arg| self.value(arg)).collect();
        let Some(path) = path else { return Ty::unknown() };
        let segments: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let name = segments.last().map(String::as_str).unwrap_or_default();
        let owner = segments.len().checked_sub(2).map(|at| segments[at].as_str());
        match (name, args.first()) {
            ("Some" | "Ok", Some(inner)) => {
                return Ty { inner: Some(Box::new(inner.clone())), size: None, ..inner.clone() };
            }
            ("Err", _) => return Ty::unknown(),
            _ => {}
        }
        if owner.is_some_and(Types::is_scalar) {
            return Ty::plain();
        }
        if let Some(ty) = self.types.named(name) {
            return ty;
        }
        let declared = self.types.returned(name);
        let of_owner = owner.and_then(|owner| self.types.named(owner));
        match (declared, of_owner) {
            (Some(ty), _) => ty,
            // `Self` comes back from most associated functions.
            (None, Some(ty)) if matches!(name, "new" | "default" | "from") => ty,
            _ => Ty::unknown(),
        }
    }

    pub(super) fn method_call(&mut self, node: &syn::ExprMethodCall) -> Ty {
        let method = node.method.to_string();
        let by_value = match self.types.takes_reference(&method) {
            Some(by_reference) => !by_reference,
            None => is_by_value(&method, node.args.len()),
        };
        let receiver = if by_value {
            self.value(&node.receiver)
        } else {
            self.auto_referenced(&node.receiver)
        };
        let args: Vec<Ty> = node.args.iter().map(|arg| self.value(arg)).collect();
        self.method_result(&method, receiver, &args)
    }

    fn method_result(&self, method: &str, receiver: Ty, args: &[Ty]) -> Ty {
        if let Some(ty) = self.types.returned(method) {
            return ty;
        }
        let held = if receiver.is_ref { receiver.inner() } else { receiver.clone() };
        match method {
            "lock" | "borrow_mut" | "try_lock" | "lock_owned" | "blocking_lock" => {
                Ty { guard: true, ..Ty::unknown() }
            }
            "read" | "write" | "try_read" | "try_write" if args.is_empty() => {
                Ty { guard: true, ..Ty::unknown() }
            }
            "borrow" if args.is_empty() => Ty { guard: true, ..Ty::unknown() },
            "unwrap" | "expect" | "unwrap_or_default" | "unwrap_or" | "unwrap_or_else" => {
                match &receiver.inner {
                    Some(inner) => (**inner).clone(),
                    None if receiver.guard || !receiver.drops => receiver,
                    None => Ty::unknown(),
                }
            }
            "enumerate" => {
                let item = receiver.item();
                Ty { inner: Some(Box::new(Ty::tuple(vec![Ty::plain(), item]))), ..receiver }
            }
            "rev" | "skip" | "step_by" | "filter" | "take" | "peekable" | "skip_while"
            | "take_while" | "fuse" | "inspect" | "into_iter" | "iter_ok"
                if receiver.inner.is_some() =>
            {
                let item = receiver.item();
                Ty { copy: false, is_ref: false, inner: Some(Box::new(item)), ..receiver }
            }
            "cloned" | "copied" => {
                let item = receiver.inner();
                let item = if item.is_ref { item.inner() } else { item };
                Ty { inner: Some(Box::new(item)), ..receiver }
            }
            "next" => {
                let item = receiver.inner();
                Ty { inner: Some(Box::new(item.clone())), ..item }
            }
            "clone" | "to_owned" if !held.drops => held,
            numeric if is_numeric(numeric) && !held.drops => held,
            "sum" | "product" => Ty::plain(),
            plain if PLAIN.contains(&plain) || plain.starts_with("is_") => Ty::plain(),
            reference if REFERENCES.contains(&reference) => {
                let to = Ty::reference(Ty::unknown());
                Ty { inner: Some(Box::new(to.clone())), ..to }
            }
            iterator if ITERATORS.contains(&iterator) => {
                Ty::moved(Ty::reference(held.inner.as_deref().cloned().unwrap_or_else(Ty::unknown)))
            }
            _ => Ty::unknown(),
        }
    }

    pub(super) fn awaited(&self, base: &Expr) -> Awaited {
        match base {
            Expr::Call(node) => Awaited {
                name: self.text(&node.func),
                receiver: None,
                args: node.args.iter().map(|arg| self.text(arg)).collect(),
            },
            Expr::MethodCall(node) => Awaited {
                name: node.method.to_string(),
                receiver: Some(self.text(&node.receiver)),
                args: node.args.iter().map(|arg| self.text(arg)).collect(),
            },
            Expr::Paren(node) => self.awaited(&node.expr),
            other => Awaited { name: self.text(other), ..Awaited::default() },
        }
    }
}
