//! Calls of macros inside bodies: the arguments of the ones we know are read as what they are;
//! of any other, as expressions or statements if they parse so.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Macro, Token};

use super::exprs::start_line as line_of;
use super::{BodyLowering, site};
use crate::analyzers::rust::attributes;
use crate::model::facts::rust::calls::{Arm, Block, Expr, ExprId, Pattern, Statement};
use crate::model::facts::rust::modules::Cfg;
use crate::model::facts::rust::types::{Path, Segment, Ty};

impl BodyLowering<'_, '_, '_> {
    pub(super) fn macro_call(&mut self, mac: &Macro) -> ExprId {
        if self.depth >= super::DEPTH_LIMIT {
            return self.push(Expr::Unknown);
        }
        self.depth += 1;
        let id = self.lower_macro(mac);
        self.depth -= 1;
        id
    }

    /// What a call of one of the file's own macros becomes.
    pub(super) fn written_out(&self, mac: &Macro) -> Option<Vec<syn::Stmt>> {
        self.source().local?.borrow_mut().statements(mac)
    }

    fn lower_macro(&mut self, mac: &Macro) -> ExprId {
        if let Some(statements) = self.written_out(mac) {
            return self.statements(&statements, self.line);
        }
        let name = attributes::last_segment(&mac.path);
        let tokens = || mac.tokens.clone();
        match name.as_str() {
            "quote" | "quote_spanned" | "parse_quote" | "stringify" | "concat" | "include_str"
            | "include_bytes" | "include" | "env" | "option_env" | "cfg" | "line" | "column"
            | "file" | "module_path" | "compile_error" | "asm" | "global_asm" | "json" => {
                let ty = match name.as_str() {
                    "stringify" | "concat" | "include_str" | "env" | "file" | "module_path" => {
                        self.text_type()
                    }
                    "line" | "column" => self.named("u32"),
                    "cfg" => self.named("bool"),
                    _ => return self.push(Expr::Unknown),
                };
                self.push(Expr::Typed(Vec::new(), ty))
            }
            "vec" | "smallvec" => {
                let items = match repeated.parse2(tokens()) {
                    Ok((item, length)) => {
                        self.expr(&length);
                        vec![self.expr(&item)]
                    }
                    Err(_) => self.arguments(tokens()).unwrap_or_default(),
                };
                self.push(Expr::Array { items, is_vec: true })
            }
            "matches" => match matches.parse2(tokens()) {
                Ok((subject, pattern)) => {
                    let subject = self.expr(&subject);
                    let (pattern, guard) = self.guarded(&pattern);
                    let body = self.push(Expr::Unknown);
                    let arms = vec![Arm { pattern, guard, body, line: self.line }];
                    let matched = self.push(Expr::Match { subject, arms });
                    let bool_ = self.named("bool");
                    self.push(Expr::Typed(vec![matched], bool_))
                }
                Err(_) => self.push(Expr::Unknown),
            },
            "assert_matches" | "debug_assert_matches" => match matches.parse2(tokens()) {
                Ok((subject, pattern)) => {
                    let subject = self.expr(&subject);
                    self.guarded(&pattern);
                    let unit = Ty::Tuple(Vec::new());
                    self.push(Expr::Typed(vec![subject], unit))
                }
                Err(_) => self.push(Expr::Unknown),
            },
            "select" | "select_biased" => match select.parse2(tokens()) {
                Ok(branches) => self.select(branches),
                Err(_) => self.push(Expr::Unknown),
            },
            "format" => self.typed_arguments(tokens(), &["String"]),
            "format_args" => self.typed_arguments(tokens(), &["std", "fmt", "Arguments"]),
            "write" | "writeln" => {
                let args = self.arguments(tokens()).unwrap_or_default();
                let error = self.path_type(&["std", "fmt", "Error"], Vec::new());
                let unit = Ty::Tuple(Vec::new());
                let ty = self.path_type(&["std", "result", "Result"], vec![unit, error]);
                self.push(Expr::Typed(args, ty))
            }
            "println" | "print" | "eprintln" | "eprint" | "assert" | "assert_eq" | "assert_ne"
            | "debug_assert" | "debug_assert_eq" | "debug_assert_ne" => {
                let args = self.arguments(tokens()).unwrap_or_default();
                self.push(Expr::Typed(args, Ty::Tuple(Vec::new())))
            }
            "panic" | "unreachable" | "todo" | "unimplemented" => {
                let mut args = self.arguments(tokens()).unwrap_or_default();
                let never = self.push(Expr::Never);
                args.push(never);
                self.sequence(args)
            }
            "dbg" | "identity" | "pin" | "addr_of" | "addr_of_mut" => {
                let args = self.arguments(tokens()).unwrap_or_default();
                match args.last() {
                    Some(last) if matches!(name.as_str(), "dbg" | "identity") => *last,
                    _ => {
                        let path = self.source().path(&mac.path);
                        let site = self.macro_site(mac);
                        self.push(Expr::Macro { path, args, site })
                    }
                }
            }
            _ => self.unknown_macro(mac),
        }
    }

    fn unknown_macro(&mut self, mac: &Macro) -> ExprId {
        let path = self.source().path(&mac.path);
        let site = self.macro_site(mac);
        if let Some(args) = self.arguments(mac.tokens.clone()) {
            return self.push(Expr::Macro { path, args, site });
        }
        if let Ok(pairs) =
            Punctuated::<Entry, Token![,]>::parse_terminated.parse2(mac.tokens.clone())
        {
            let args = pairs.iter().map(|Entry { key, value }| {
                let outer = self.line;
                self.line = line_of(key).unwrap_or(outer);
                let pair = vec![self.expr(key), self.expr(value)];
                let pair = self.push(Expr::Tuple(pair));
                self.line = outer;
                pair
            });
            let args = args.collect();
            return self.push(Expr::Macro { path, args, site });
        }
        match syn::Block::parse_within.parse2(mac.tokens.clone()) {
            Ok(statements) => {
                let inner = self.statements(&statements, site.line);
                self.push(Expr::Macro { path, args: vec![inner], site })
            }
            Err(_) => {
                let args = self.salvage(mac.tokens.clone());
                self.push(Expr::Macro { path, args, site })
            }
        }
    }

    /// The parts of an unreadable macro call that read as expressions: what stands between
    /// commas, semicolons and arrows, and the braced groups.
    fn salvage(&mut self, tokens: TokenStream) -> Vec<ExprId> {
        let mut found = Vec::new();
        let mut run: Vec<TokenTree> = Vec::new();
        let mut runs = Vec::new();
        for token in tokens {
            match &token {
                TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';') => {
                    runs.push(std::mem::take(&mut run));
                }
                TokenTree::Punct(punct)
                    if punct.as_char() == '>'
                        && matches!(run.last(), Some(TokenTree::Punct(last)) if last.as_char() == '=') =>
                {
                    run.pop();
                    runs.push(std::mem::take(&mut run));
                }
                TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace => {
                    run.push(token);
                    runs.push(std::mem::take(&mut run));
                }
                _ => run.push(token),
            }
        }
        runs.push(run);
        for run in runs {
            // A lone name says nothing, and is often no expression at all.
            if run.len() < 2 && !matches!(run.first(), Some(TokenTree::Group(_))) {
                continue;
            }
            if let Ok(expr) = syn::parse2::<syn::Expr>(run.into_iter().collect()) {
                found.push(self.expr(&expr));
            }
        }
        found
    }

    fn macro_site(&self, mac: &Macro) -> crate::model::facts::rust::calls::Site {
        let start = mac.path.segments.first().map(|segment| segment.ident.span());
        let end = mac.delimiter.span().close();
        site(start.unwrap_or(end), end)
    }

    /// Comma-separated arguments; of `name = value` the value.
    fn arguments(&mut self, tokens: TokenStream) -> Option<Vec<ExprId>> {
        let args = Punctuated::<syn::Expr, Token![,]>::parse_terminated.parse2(tokens).ok()?;
        let mut lowered = Vec::with_capacity(args.len());
        for arg in &args {
            let value = match arg {
                syn::Expr::Assign(assign) if matches!(&*assign.left, syn::Expr::Path(_)) => {
                    &assign.right
                }
                other => other,
            };
            lowered.push(self.expr(value));
        }
        Some(lowered)
    }

    fn typed_arguments(&mut self, tokens: TokenStream, path: &[&str]) -> ExprId {
        let args = self.arguments(tokens).unwrap_or_default();
        let ty = self.path_type(path, Vec::new());
        self.push(Expr::Typed(args, ty))
    }

    fn sequence(&mut self, mut exprs: Vec<ExprId>) -> ExprId {
        let tail = exprs.pop();
        let statements = exprs.into_iter().map(Statement::Expr).collect();
        self.push(Expr::Block(Block { module: None, statements, tail }))
    }

    fn select(&mut self, branches: Vec<Branch>) -> ExprId {
        let mut futures = Vec::new();
        let mut arms = Vec::new();
        for branch in branches {
            let guard = branch.guard.as_ref().map(|guard| self.expr(guard));
            let value = match &branch.future {
                Some(future) => {
                    let future = self.expr(future);
                    let site = Default::default();
                    self.push(Expr::Await(future, site))
                }
                None => self.push(Expr::Unknown),
            };
            let pattern = match &branch.pattern {
                Some(pattern) => self.pattern(pattern),
                None => self.push_pattern(Pattern::Wild),
            };
            futures.extend(guard);
            let body = self.expr(&branch.handler);
            arms.push(self.arm(value, pattern, body));
        }
        let mut all = futures;
        let last = arms.last().copied();
        all.extend(arms.iter().take(arms.len().saturating_sub(1)));
        all.extend(last);
        self.sequence(all)
    }

    /// `match value { pattern => body }`
    fn arm(&mut self, subject: ExprId, pattern: u32, body: ExprId) -> ExprId {
        let line = self.line;
        self.push(Expr::Match { subject, arms: vec![Arm { pattern, guard: None, body, line }] })
    }

    fn named(&self, name: &str) -> Ty {
        self.path_type(&[name], Vec::new())
    }

    fn text_type(&self) -> Ty {
        Ty::Ref { mutable: false, inner: Box::new(self.named("str")) }
    }

    /// A type by its path; several segments start at the crate root.
    fn path_type(&self, segments: &[&str], args: Vec<Ty>) -> Ty {
        let mut segments: Vec<Segment> = segments
            .iter()
            .map(|name| Segment {
                name: self.source().word(name),
                args: Vec::new(),
                bindings: Vec::new(),
            })
            .collect();
        let global = segments.len() > 1;
        if let Some(last) = segments.last_mut() {
            last.args = args;
        }
        Ty::Path(Path { global, segments, ..Path::default() })
    }
}

/// `key => value`, as macros that build maps take it.
struct Entry {
    key: syn::Expr,
    value: syn::Expr,
}

impl syn::parse::Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.parse()?;
        input.parse::<Token![=>]>()?;
        Ok(Self { key, value: input.parse()? })
    }
}

fn repeated(input: ParseStream<'_>) -> syn::Result<(syn::Expr, syn::Expr)> {
    let item = input.parse()?;
    input.parse::<Token![;]>()?;
    Ok((item, input.parse()?))
}

fn matches(input: ParseStream<'_>) -> syn::Result<(syn::Expr, syn::Pat)> {
    let subject = input.parse()?;
    input.parse::<Token![,]>()?;
    let pattern = syn::Pat::parse_multi_with_leading_vert(input)?;
    let pattern = if input.peek(Token![if]) {
        syn::Pat::Guard(syn::PatGuard {
            attrs: Vec::new(),
            pat: Box::new(pattern),
            if_token: input.parse()?,
            guard: Box::new(input.parse()?),
        })
    } else {
        pattern
    };
    while !input.is_empty() {
        input.step(|cursor| match cursor.token_tree() {
            Some((_, rest)) => Ok(((), rest)),
            None => Err(cursor.error("end")),
        })?;
    }
    Ok((subject, pattern))
}

/// One arm of `select!`.
struct Branch {
    pattern: Option<syn::Pat>,
    future: Option<syn::Expr>,
    guard: Option<syn::Expr>,
    handler: syn::Expr,
}

fn select(input: ParseStream<'_>) -> syn::Result<Vec<Branch>> {
    let mut branches = Vec::new();
    if input.peek(syn::Ident) && input.peek2(Token![;]) {
        input.parse::<syn::Ident>()?;
        input.parse::<Token![;]>()?;
    }
    while !input.is_empty() {
        let (pattern, future, guard) = if input.peek(Token![else]) {
            input.parse::<Token![else]>()?;
            (None, None, None)
        } else if input.peek(syn::Ident) && input.peek2(Token![=>]) {
            // `complete =>` and `default =>`
            input.parse::<syn::Ident>()?;
            (None, None, None)
        } else {
            let pattern = syn::Pat::parse_multi_with_leading_vert(input)?;
            input.parse::<Token![=]>()?;
            let future = input.parse()?;
            let guard = if input.peek(Token![,]) && input.peek2(Token![if]) {
                input.parse::<Token![,]>()?;
                input.parse::<Token![if]>()?;
                Some(input.parse()?)
            } else {
                None
            };
            (Some(pattern), Some(future), guard)
        };
        input.parse::<Token![=>]>()?;
        let braced = input.peek(syn::token::Brace);
        let handler = if braced {
            syn::Expr::Block(syn::ExprBlock {
                attrs: Vec::new(),
                label: None,
                block: input.parse()?,
            })
        } else {
            input.parse()?
        };
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
        } else if !braced && !input.is_empty() {
            return Err(input.error("expected `,`"));
        }
        branches.push(Branch { pattern, future, guard, handler });
    }
    Ok(branches)
}

/// The `cfg` that a macro of the form `($($item:item)*) => { $( #[cfg(x)] $item )* }` puts on
/// what it is given.
pub fn gate(tokens: &TokenStream) -> Option<Cfg> {
    let mut trees = tokens.clone().into_iter();
    let Some(TokenTree::Group(matcher)) = trees.next() else { return None };
    let mut kinds = matcher.stream().into_iter();
    let repeats = matches!(kinds.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == '$');
    if !repeats {
        return None;
    }
    let body = trees.find_map(|tree| match tree {
        TokenTree::Group(group) => Some(group.stream()),
        _ => None,
    })?;
    // A second arm means that it does more than gate.
    let arms = trees.filter(|tree| matches!(tree, TokenTree::Group(_))).count();
    if arms > 0 {
        return None;
    }
    let mut found = Vec::new();
    gather_cfgs(body, 0, &mut found);
    match found.len() {
        0 | 1 => found.pop(),
        _ => Some(Cfg::All(found)),
    }
}

/// Whether an arm of a macro takes a list of anything but attributes.
pub fn repeats(tokens: &TokenStream) -> bool {
    let mut after_arrow = false;
    for tree in tokens.clone() {
        match tree {
            TokenTree::Group(group) if !after_arrow && takes_list(group.stream(), 0) => {
                return true;
            }
            TokenTree::Group(_) => after_arrow = false,
            TokenTree::Punct(punct) => after_arrow |= punct.as_char() == '>',
            _ => {}
        }
    }
    false
}

fn takes_list(matcher: TokenStream, depth: u32) -> bool {
    let tokens: Vec<TokenTree> = matcher.into_iter().collect();
    let is = |at: usize, letters: &str| matches!(tokens.get(at), Some(TokenTree::Punct(p)) if letters.contains(p.as_char()));
    tokens.iter().enumerate().any(|(at, token)| {
        let TokenTree::Group(group) = token else { return false };
        let is_repetition = at > 0 && is(at - 1, "$") && (is(at + 1, "*+") || is(at + 2, "*+"));
        if is_repetition {
            return match group.stream().into_iter().next() {
                Some(TokenTree::Punct(first)) => first.as_char() != '#',
                first => first.is_some(),
            };
        }
        depth < 2 && takes_list(group.stream(), depth + 1)
    })
}

fn gather_cfgs(tokens: TokenStream, depth: u32, found: &mut Vec<Cfg>) {
    let mut after_hash = false;
    for token in tokens {
        match token {
            TokenTree::Punct(punct) => after_hash = punct.as_char() == '#',
            TokenTree::Group(group) => {
                if after_hash && group.delimiter() == proc_macro2::Delimiter::Bracket {
                    let meta = syn::parse2::<syn::Meta>(group.stream());
                    if let Ok(syn::Meta::List(list)) = meta
                        && list.path.is_ident("cfg")
                        && let Ok(inner) = list.parse_args::<syn::Meta>()
                    {
                        found.extend(attributes::predicate(&inner));
                    }
                } else if depth < 3 && group.delimiter() != proc_macro2::Delimiter::Bracket {
                    gather_cfgs(group.stream(), depth + 1, found);
                }
                after_hash = false;
            }
            _ => after_hash = false,
        }
    }
}
