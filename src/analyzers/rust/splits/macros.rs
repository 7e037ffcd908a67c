//! Macros known by name: formatting borrows, `vec!` takes, `select!` and `join!` suspend.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Pat, Token};

use super::lower::{Awaited, Lowering};
use super::types::Ty;

/// Macros that format their arguments by reference.
const FORMATS: [&str; 26] = [
    "format",
    "print",
    "println",
    "eprint",
    "eprintln",
    "write",
    "writeln",
    "panic",
    "todo",
    "unreachable",
    "unimplemented",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "format_args",
    "info",
    "debug",
    "warn",
    "error",
    "trace",
    "log",
    "bail",
    "anyhow",
];

impl Lowering<'_, '_> {
    pub(super) fn macro_value(&mut self, mac: &syn::Macro) -> Ty {
        let name = mac.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        match name.as_str() {
            "select" | "select_biased" => {
                if let Ok(arms) = mac.parse_body::<Select>() {
                    return self.select(mac, arms);
                }
            }
            "join" | "try_join" => {
                if let Some(futures) = arguments(mac) {
                    futures.iter().for_each(|future| {
                        self.value(future);
                    });
                    let awaited = Awaited {
                        name: format!("{name}!"),
                        receiver: None,
                        args: futures.iter().map(|future| self.text(future)).collect(),
                    };
                    self.suspend(mac, awaited);
                    return Ty::unknown();
                }
            }
            formats if FORMATS.contains(&formats) => {
                self.formatted(mac);
                let is_text = matches!(formats, "format" | "anyhow");
                return if is_text { Ty::unknown() } else { Ty::plain() };
            }
            "matches" => {
                if let Ok(matches) = mac.parse_body::<Matches>() {
                    self.scrutinee(&matches.0);
                    return Ty::plain();
                }
            }
            "stream" | "try_stream" => {
                // A generator of its own, which takes what it names.
                for name in identifiers(mac.tokens.clone()) {
                    if let Some(var) = self.lookup(&name) {
                        self.take(var);
                    }
                }
                return Ty::unknown();
            }
            "pin" => {
                // `pin!(future)` keeps it where it is and lends it out.
                arguments(mac).into_iter().flatten().for_each(|future| {
                    self.borrowed(&future);
                });
                return Ty::reference(Ty::unknown());
            }
            _ => {}
        }
        match arguments(mac) {
            Some(values) => {
                let items: Vec<Ty> = values.iter().map(|value| self.value(value)).collect();
                let item = items.into_iter().reduce(|one, two| one.join(&two));
                Ty::owned(item)
            }
            None => {
                for name in identifiers(mac.tokens.clone()) {
                    if let Some(var) = self.lookup(&name) {
                        self.read(var);
                    }
                }
                Ty::unknown()
            }
        }
    }

    fn formatted(&mut self, mac: &syn::Macro) {
        match arguments(mac) {
            Some(args) => {
                for arg in &args {
                    match arg {
                        Expr::Lit(lit) => {
                            if let syn::Lit::Str(text) = &lit.lit {
                                self.inline_arguments(&text.value());
                            }
                        }
                        // `name = value`
                        Expr::Assign(named) => {
                            self.borrowed(&named.right);
                        }
                        other => {
                            self.borrowed(other);
                        }
                    }
                }
            }
            None => {
                for name in identifiers(mac.tokens.clone()) {
                    if let Some(var) = self.lookup(&name) {
                        self.borrow(var);
                    }
                }
            }
        }
    }

    /// `{name}` and `{name:?}` in a format string.
    fn inline_arguments(&mut self, text: &str) {
        for part in text.replace("{{", "").split('{').skip(1) {
            let Some((inside, _)) = part.split_once('}') else { continue };
            let name = inside.split(':').next().unwrap_or_default().trim();
            if let Some(var) = self.lookup(name) {
                self.borrow(var);
            }
        }
    }

    /// One suspension with several awaitees, then the handler of whichever is ready.
    fn select(&mut self, mac: &syn::Macro, select: Select) -> Ty {
        for arm in &select.arms {
            if let Some(test) = &arm.condition {
                self.value(test);
            }
            if let Some(future) = &arm.future {
                self.value(future);
            }
        }
        let futures = select.arms.iter().filter_map(|arm| arm.future.as_ref());
        let awaited = Awaited {
            name: "select!".into(),
            receiver: None,
            args: futures.map(|future| self.text(future)).collect(),
        };
        self.suspend(mac, awaited);
        let done = self.new_block(mac);
        let mut ty: Option<Ty> = None;
        for arm in &select.arms {
            let [body, next] = [0; 2].map(|_: i32| self.new_block(&arm.handler));
            match &arm.pattern {
                Some(pattern) => self.branch(pattern, body, next),
                None => self.branch(&arm.handler, body, next),
            }
            self.set_current(body);
            self.open_scope();
            if let Some(pattern) = &arm.pattern {
                self.bind(pattern, &Ty::unknown());
            }
            let value = self.value(&arm.handler);
            ty = Some(match ty {
                Some(ty) => ty.join(&value),
                None => value,
            });
            self.close_scope();
            self.go(done);
            self.set_current(next);
        }
        self.go(done);
        self.set_current(done);
        ty.unwrap_or_else(Ty::unknown)
    }
}

fn arguments(mac: &syn::Macro) -> Option<Vec<Expr>> {
    if mac.tokens.is_empty() {
        return Some(Vec::new());
    }
    if let Ok(repeat) = mac.parse_body::<Repeated>() {
        return Some(vec![repeat.0, repeat.1]);
    }
    let parse = Punctuated::<Expr, Token![,]>::parse_terminated;
    mac.parse_body_with(parse).ok().map(|args| args.into_iter().collect())
}

/// `value; count`
struct Repeated(Expr, Expr);

impl Parse for Repeated {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let value = input.parse()?;
        input.parse::<Token![;]>()?;
        Ok(Self(value, input.parse()?))
    }
}

/// `value, pattern`
struct Matches(Expr);

impl Parse for Matches {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let value = input.parse()?;
        input.parse::<Token![,]>()?;
        input.parse::<TokenStream>()?;
        Ok(Self(value))
    }
}

struct Select {
    arms: Vec<SelectArm>,
}

struct SelectArm {
    /// `None` for `else` and `default`.
    pattern: Option<Pat>,
    future: Option<Expr>,
    condition: Option<Expr>,
    handler: Expr,
}

impl Parse for Select {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut arms = Vec::new();
        // `biased;`
        if input.peek(syn::Ident) && input.peek2(Token![;]) {
            input.parse::<syn::Ident>()?;
            input.parse::<Token![;]>()?;
        }
        while !input.is_empty() {
            let is_last_resort =
                input.peek(Token![else]) || (input.peek(syn::Ident) && input.peek2(Token![=>]));
            let mut arm = SelectArm {
                pattern: None,
                future: None,
                condition: None,
                handler: syn::parse_quote!(()),
            };
            if is_last_resort {
                input.parse::<TokenTree>()?;
            } else {
                arm.pattern = Some(Pat::parse_multi_with_leading_vert(input)?);
                input.parse::<Token![=]>()?;
                arm.future = Some(input.parse()?);
                if input.peek(Token![,]) {
                    input.parse::<Token![,]>()?;
                    input.parse::<Token![if]>()?;
                    arm.condition = Some(input.parse()?);
                }
            }
            input.parse::<Token![=>]>()?;
            let is_block = input.peek(syn::token::Brace);
            arm.handler = if is_block {
                Expr::Block(syn::ExprBlock {
                    attrs: Vec::new(),
                    label: None,
                    block: input.parse()?,
                })
            } else {
                input.parse()?
            };
            arms.push(arm);
            if input.peek(Token![,]) {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(Self { arms })
    }
}

/// Every identifier in a token stream.
pub(super) fn identifiers(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    let mut stack = vec![tokens];
    while let Some(tokens) = stack.pop() {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => found.push(ident.to_string()),
                TokenTree::Group(group) => stack.push(group.stream()),
                TokenTree::Literal(literal) => {
                    // Names inside format strings.
                    let text = literal.to_string();
                    for part in text.split('{').skip(1) {
                        let name = part.split(['}', ':']).next().unwrap_or_default();
                        if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
                        {
                            found.push(name.to_string());
                        }
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
    found
}
