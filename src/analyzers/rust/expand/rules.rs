//! A `macro_rules!` definition read into arms: each a matcher as a flat program, and a body.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

use super::tokens::{self, Token};

/// The arms of one macro.
#[derive(Debug)]
pub struct Rules {
    pub arms: Vec<Arm>,
}

#[derive(Debug)]
pub struct Arm {
    pub matcher: Vec<Op>,
    /// Names of the matcher's variables, in order.
    pub vars: Vec<String>,
    pub kinds: Vec<Kind>,
    /// How many repetitions stand around each variable.
    pub depths: Vec<usize>,
    /// The variables inside each repetition of the matcher.
    pub repeated: Vec<Vec<usize>>,
    /// How many repetitions stand around each repetition.
    pub repeat_depths: Vec<usize>,
    pub body: Vec<Piece>,
    /// The matcher as written.
    pub pattern: TokenStream,
    pub line: u32,
}

/// One step of a matcher.
#[derive(Debug)]
pub enum Op {
    Token(Token),
    Open(Delimiter),
    Close,
    Var {
        var: usize,
        kind: Kind,
    },
    /// Start of a repetition whose `RepeatEnd` is at `end`.
    Repeat {
        number: usize,
        kleene: Kleene,
        end: usize,
    },
    RepeatEnd {
        start: usize,
        separator: Option<Token>,
        kleene: Kleene,
    },
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kleene {
    Star,
    Plus,
    Optional,
}

/// Fragment specifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Block,
    Expr,
    Ident,
    Item,
    Lifetime,
    Literal,
    Meta,
    Pat,
    /// A pattern without `|` at its top.
    PatParam,
    Path,
    Stmt,
    Tt,
    Ty,
    Vis,
}

/// One part of an arm's body.
#[derive(Debug, Clone)]
pub enum Piece {
    Tree(TokenTree),
    Group(Delimiter, Span, Vec<Piece>),
    Var(usize),
    Repeat { pieces: Vec<Piece>, separator: TokenStream, vars: Vec<usize> },
}

impl Rules {
    /// Reads the tokens between a definition's braces; `krate` is what `$crate` means in it.
    pub fn read(tokens: TokenStream, krate: &str) -> Result<Self, String> {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut arms = Vec::new();
        let mut at = 0;
        while at < trees.len() {
            let (Some(TokenTree::Group(matcher)), Some((Token::Op("=>"), 2))) =
                (trees.get(at), tokens::first(trees.get(at + 1..).unwrap_or_default()))
            else {
                return Err("its definition cannot be read".into());
            };
            let Some(TokenTree::Group(body)) = trees.get(at + 3) else {
                return Err("its definition cannot be read".into());
            };
            arms.push(Arm::read(matcher, body, krate)?);
            at += 4;
            while let Some(TokenTree::Punct(punct)) = trees.get(at)
                && matches!(punct.as_char(), ';' | ',')
            {
                at += 1;
            }
        }
        if arms.is_empty() { Err("it has no arms".into()) } else { Ok(Self { arms }) }
    }
}

impl Arm {
    fn read(
        matcher: &proc_macro2::Group,
        body: &proc_macro2::Group,
        krate: &str,
    ) -> Result<Self, String> {
        let mut arm = Self {
            matcher: Vec::new(),
            vars: Vec::new(),
            kinds: Vec::new(),
            depths: Vec::new(),
            repeated: Vec::new(),
            repeat_depths: Vec::new(),
            body: Vec::new(),
            pattern: matcher.stream(),
            line: matcher.span_open().start().line as u32,
        };
        arm.compile(matcher.stream(), &mut Vec::new(), krate)?;
        arm.matcher.push(Op::End);
        arm.narrow_patterns();
        arm.body = arm.pieces(body.stream(), krate)?;
        Ok(arm)
    }

    fn compile(
        &mut self,
        tokens: TokenStream,
        around: &mut Vec<usize>,
        krate: &str,
    ) -> Result<(), String> {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(tree) = trees.get(at) {
            match tree {
                TokenTree::Group(group) => {
                    self.matcher.push(Op::Open(group.delimiter()));
                    self.compile(group.stream(), around, krate)?;
                    self.matcher.push(Op::Close);
                    at += 1;
                }
                TokenTree::Punct(punct) if punct.as_char() == '$' => {
                    at = self.dollar(&trees, at + 1, around, krate)?;
                }
                _ => {
                    let Some((token, taken)) = tokens::first(&trees[at..]) else { break };
                    self.matcher.push(Op::Token(token));
                    at += taken;
                }
            }
        }
        Ok(())
    }

    /// What follows a `$` in a matcher; returns where to go on.
    fn dollar(
        &mut self,
        trees: &[TokenTree],
        at: usize,
        around: &mut Vec<usize>,
        krate: &str,
    ) -> Result<usize, String> {
        match trees.get(at) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                let (separator, kleene, next) = repetition(trees, at + 1)?;
                let separator = separator.and_then(|trees| Some(tokens::first(&trees)?.0));
                let number = self.repeated.len();
                self.repeated.push(Vec::new());
                self.repeat_depths.push(around.len());
                let start = self.matcher.len();
                self.matcher.push(Op::Repeat { number, kleene, end: 0 });
                around.push(number);
                self.compile(group.stream(), around, krate)?;
                around.pop();
                if self.matcher.len() == start + 1 {
                    return Err("a repetition in its matcher is empty".into());
                }
                let end = self.matcher.len();
                self.matcher.push(Op::RepeatEnd { start, separator, kleene });
                self.matcher[start] = Op::Repeat { number, kleene, end };
                Ok(next)
            }
            Some(TokenTree::Ident(ident)) if ident == "crate" => {
                let name = tokens::dollar_crate(krate, ident.span());
                self.matcher.push(Op::Token(Token::Ident(name.to_string())));
                Ok(at + 1)
            }
            Some(TokenTree::Ident(ident)) => {
                let is_colon =
                    matches!(trees.get(at + 1), Some(TokenTree::Punct(p)) if p.as_char() == ':');
                let Some(TokenTree::Ident(kind)) = trees.get(at + 2).filter(|_| is_colon) else {
                    return Err(format!("`${ident}` in its matcher has no fragment specifier"));
                };
                let name = tokens::plain(&kind.to_string());
                let kind = Kind::named(&name)
                    .ok_or_else(|| format!("it uses the unknown fragment `{name}`"))?;
                let var = self.vars.len();
                self.vars.push(ident.to_string());
                self.kinds.push(kind);
                self.depths.push(around.len());
                for number in around.iter() {
                    self.repeated[*number].push(var);
                }
                self.matcher.push(Op::Var { var, kind });
                Ok(at + 3)
            }
            Some(TokenTree::Punct(punct)) if punct.as_char() == '$' => {
                self.matcher.push(Op::Token(Token::Op("$")));
                Ok(at + 1)
            }
            _ => Err("its definition cannot be read".into()),
        }
    }

    /// Editions before 2021 had no `|` at the top of `pat`; a matcher that goes on with `|` says
    /// that it is of those.
    fn narrow_patterns(&mut self) {
        let bar = Token::Op("|");
        for at in 0..self.matcher.len() {
            let is_followed = match self.matcher.get(at + 1) {
                Some(Op::Token(token)) => *token == bar,
                Some(Op::RepeatEnd { separator, .. }) => separator.as_ref() == Some(&bar),
                Some(Op::Repeat { .. }) => {
                    matches!(self.matcher.get(at + 2), Some(Op::Token(token)) if *token == bar)
                }
                _ => false,
            };
            if let Op::Var { kind, .. } = &mut self.matcher[at]
                && *kind == Kind::Pat
                && is_followed
            {
                *kind = Kind::PatParam;
            }
        }
    }

    fn pieces(&self, tokens: TokenStream, krate: &str) -> Result<Vec<Piece>, String> {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut pieces = Vec::new();
        let mut at = 0;
        while let Some(tree) = trees.get(at) {
            at += 1;
            match tree {
                TokenTree::Group(group) => pieces.push(Piece::Group(
                    group.delimiter(),
                    group.span(),
                    self.pieces(group.stream(), krate)?,
                )),
                TokenTree::Punct(punct) if punct.as_char() == '$' => match trees.get(at) {
                    Some(TokenTree::Group(group))
                        if group.delimiter() == Delimiter::Parenthesis
                            && let inner = self.pieces(group.stream(), krate)?
                            && let vars = self.used(&inner)
                            && !vars.is_empty() =>
                    {
                        let (separator, _, next) = repetition(&trees, at + 1)?;
                        let separator = separator.unwrap_or_default().into_iter().collect();
                        pieces.push(Piece::Repeat { pieces: inner, separator, vars });
                        at = next;
                    }
                    Some(TokenTree::Ident(ident)) if ident == "crate" => {
                        let ident = tokens::dollar_crate(krate, ident.span());
                        pieces.push(Piece::Tree(ident.into()));
                        at += 1;
                    }
                    Some(TokenTree::Ident(ident)) if let Some(var) = self.var(ident) => {
                        pieces.push(Piece::Var(var));
                        at += 1;
                    }
                    Some(TokenTree::Punct(second)) if second.as_char() == '$' => {
                        pieces.push(Piece::Tree(tree.clone()));
                        at += 1;
                    }
                    // The variable or repetition of a macro that this one defines.
                    _ => pieces.push(Piece::Tree(tree.clone())),
                },
                _ => pieces.push(Piece::Tree(tree.clone())),
            }
        }
        Ok(pieces)
    }

    fn var(&self, ident: &Ident) -> Option<usize> {
        self.vars.iter().position(|name| ident == name)
    }

    /// The variables that a repetition's pieces mention and that repeat.
    fn used(&self, pieces: &[Piece]) -> Vec<usize> {
        let mut found = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Var(var) if self.depths[*var] > 0 => found.push(*var),
                Piece::Group(_, _, inner) => found.extend(self.used(inner)),
                Piece::Repeat { vars, .. } => found.extend(vars),
                _ => {}
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Separator and operator after `$(…)`, and where to go on.
fn repetition(
    trees: &[TokenTree],
    at: usize,
) -> Result<(Option<Vec<TokenTree>>, Kleene, usize), String> {
    let kleene = |at: usize| match tokens::first(trees.get(at..)?)? {
        (Token::Op("*"), 1) => Some(Kleene::Star),
        (Token::Op("+"), 1) => Some(Kleene::Plus),
        (Token::Op("?"), 1) => Some(Kleene::Optional),
        _ => None,
    };
    if let Some(kleene) = kleene(at) {
        return Ok((None, kleene, at + 1));
    }
    let unreadable = || "a repetition in its definition cannot be read".to_string();
    let (_, taken) = trees.get(at..).and_then(tokens::first).ok_or_else(unreadable)?;
    let next = at + taken;
    let kleene = kleene(next).ok_or_else(unreadable)?;
    Ok((Some(trees[at..next].to_vec()), kleene, next + 1))
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "block" => Self::Block,
            "expr" | "expr_2021" => Self::Expr,
            "ident" => Self::Ident,
            "item" => Self::Item,
            "lifetime" => Self::Lifetime,
            "literal" => Self::Literal,
            "meta" => Self::Meta,
            "pat" => Self::Pat,
            "pat_param" => Self::PatParam,
            "path" => Self::Path,
            "stmt" => Self::Stmt,
            "tt" => Self::Tt,
            "ty" => Self::Ty,
            "vis" => Self::Vis,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Expr => "expr",
            Self::Ident => "ident",
            Self::Item => "item",
            Self::Lifetime => "lifetime",
            Self::Literal => "literal",
            Self::Meta => "meta",
            Self::Pat => "pat",
            Self::PatParam => "pat_param",
            Self::Path => "path",
            Self::Stmt => "stmt",
            Self::Tt => "tt",
            Self::Ty => "ty",
            Self::Vis => "vis",
        }
    }
}
