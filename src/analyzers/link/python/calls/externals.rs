//! Calls of things outside the project: what they hand back, and whom they call back.
//!
//! The table `externals.txt` has one line per function: its name and what it does.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::solver::{Hidden, Invocation, Solver};
use super::values::{How, Sym, Value, Var};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{ArgKind, Literal, Shape};

const TABLE: &str = include_str!("externals.txt");

/// What a function outside does with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Calls an argument, now or later; with the arguments that follow it from `rest` on.
    Call {
        argument: Argument,
        rest: Option<u32>,
    },
    /// Calls an argument with the elements of another.
    Each {
        argument: Argument,
        of: u32,
    },
    /// Hands back an argument as it came.
    Pass(u32),
    /// Hands back what an argument returns.
    Result(u32),
    /// Hands back a thing of a known sort.
    Gives(&'static str),
    Partial,
    Wraps,
    Property,
    Manager,
    /// A decorator whose result is to be called like what it decorates.
    Decorates,
    /// A call that hands back such a decorator.
    MakesDecorator,
    /// Runs a coroutine and hands back its result.
    Awaits(u32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    At(u32),
    Named(&'static str),
}

fn table() -> &'static FxHashMap<&'static str, Vec<Effect>> {
    static PARSED: OnceLock<FxHashMap<&'static str, Vec<Effect>>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let lines = TABLE.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines
            .filter_map(|line| {
                let (names, effects) = line.split_once(':')?;
                let effects: Vec<Effect> = effects.split(',').filter_map(parse_effect).collect();
                Some(names.split_whitespace().map(move |name| (name, effects.clone())))
            })
            .flatten()
            .collect()
    })
}

fn parse_effect(text: &'static str) -> Option<Effect> {
    let words: Vec<&'static str> = text.split_whitespace().collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u32>().ok());
    let argument = |at: usize| {
        let word = words.get(at).copied()?;
        Some(word.parse::<u32>().map_or(Argument::Named(word), Argument::At))
    };
    Some(match *words.first()? {
        "call" => Effect::Call { argument: argument(1)?, rest: number(2) },
        "each" => Effect::Each { argument: argument(1)?, of: number(2)? },
        "pass" => Effect::Pass(number(1)?),
        "result" => Effect::Result(number(1)?),
        "gives" => Effect::Gives(words.get(1)?),
        "partial" => Effect::Partial,
        "wraps" => Effect::Wraps,
        "property" => Effect::Property,
        "manager" => Effect::Manager,
        "decorates" => Effect::Decorates,
        "makes-decorator" => Effect::MakesDecorator,
        "awaits" => Effect::Awaits(number(1)?),
        _ => return None,
    })
}

impl<'a> Solver<'a, '_> {
    pub fn call_external(&mut self, call: Invocation, name: Sym, how: How) {
        self.external_edge(call.site, name, call.kind, how);
        let text = self.syms.text(name);
        let effects = self.effects.entry(name).or_insert_with(|| {
            let exact = table().get(text);
            // `executor.submit` by whatever the executor is called.
            let by_method = || {
                let method = text.rsplit_once('.')?.1;
                table().get(&*format!("*.{method}"))
            };
            exact.or_else(by_method).map(Vec::as_slice)
        });
        let Some(effects) = *effects else {
            self.decorate_unknown(call);
            // What comes back goes by the name of what made it.
            self.add(call.to, Value::External(name));
            return;
        };
        let mut gives = false;
        for effect in effects {
            gives |= self.apply_effect(call, effect);
        }
        if !gives {
            self.add(call.to, Value::External(name));
        }
    }

    /// Applies one effect; true when it says what the call hands back.
    fn apply_effect(&mut self, call: Invocation, effect: &Effect) -> bool {
        match effect {
            Effect::Call { argument, rest } => {
                let var = self.argument(call, argument);
                let args: Vec<Var> = match rest {
                    Some(rest) => {
                        (*rest..call.count).filter_map(|at| self.positional(call, at)).collect()
                    }
                    None => vec![0],
                };
                let back = self.call_with(&args, 0, call.site, EdgeKind::Callback);
                self.hide(var, Hidden::Invoke { call: back, how: How::Callback });
                false
            }
            Effect::Each { argument, of } => {
                let var = self.argument(call, argument);
                let of = self.positional(call, *of).unwrap_or(0);
                let element = self.elements_of(of, call);
                let result = self.graph.var();
                let back =
                    self.call_with(&[element, element], result, call.site, EdgeKind::Callback);
                self.hide(var, Hidden::Invoke { call: back, how: How::Callback });
                self.graph.edge(result, call.to);
                self.stream(call.to, result, 1);
                true
            }
            Effect::Pass(at) => {
                let var = self.positional(call, *at).unwrap_or(0);
                self.graph.edge(var, call.to);
                true
            }
            Effect::Result(at) => {
                let var = self.positional(call, *at).unwrap_or(0);
                let back = self.call_with(&[0], call.to, call.site, EdgeKind::Callback);
                self.hide(var, Hidden::Invoke { call: back, how: How::Callback });
                true
            }
            Effect::Gives(what) => {
                self.give(call, what);
                true
            }
            Effect::Partial => {
                self.make_partial(call);
                true
            }
            Effect::Wraps => {
                let of = self.positional(call, 0).unwrap_or(0);
                self.add(call.to, Value::Wraps(of));
                true
            }
            Effect::Property => {
                let id = self.property(call.to);
                let getter = self.properties[id as usize].getter;
                let from = self.positional(call, 0).unwrap_or(0);
                self.graph.edge(from, getter);
                self.add(call.to, Value::Property(id));
                true
            }
            Effect::Manager => {
                let from = self.positional(call, 0).unwrap_or(0);
                self.hide(from, Hidden::Manage { to: call.to });
                true
            }
            Effect::Decorates => {
                let from = self.positional(call, 0).unwrap_or(0);
                self.graph.edge(from, call.to);
                false
            }
            Effect::MakesDecorator => {
                // `@lru_cache` and `@lru_cache(10)` are both seen.
                match call.kind {
                    EdgeKind::Decorator => {
                        let from = self.positional(call, 0).unwrap_or(0);
                        self.graph.edge(from, call.to);
                    }
                    _ => {
                        let none = self.graph.var();
                        self.add(call.to, Value::Wraps(none));
                    }
                }
                true
            }
            Effect::Awaits(at) => {
                let var = self.positional(call, *at).unwrap_or(0);
                self.hide(var, Hidden::Await { to: call.to, site: call.site });
                true
            }
        }
    }

    /// Makes a function a context manager.
    pub fn manage(&mut self, value: u32, to: Var) {
        match self.values.get(value) {
            Value::Function(body) => {
                self.make_manager(body);
                self.add(to, Value::ManagerFunction(body));
            }
            _ => self.graph.add(to, value),
        }
    }

    fn argument(&self, call: Invocation, argument: &Argument) -> Var {
        match argument {
            Argument::At(at) => self.positional(call, *at).unwrap_or(0),
            Argument::Named(name) => self.keyword(call, name).unwrap_or(0),
        }
    }

    fn give(&mut self, call: Invocation, what: &'static str) {
        let (shape, element) = match what {
            "text" => return self.add(call.to, Value::Literal(Literal::Text)),
            "bytes" => return self.add(call.to, Value::Literal(Literal::Bytes)),
            "number" => return self.add(call.to, Value::Literal(Literal::Number)),
            "bool" => return self.add(call.to, Value::Literal(Literal::Bool)),
            "none" => return self.add(call.to, Value::Literal(Literal::None)),
            "texts" => (Shape::List, Some(Value::Literal(Literal::Text))),
            "list" => (Shape::List, None),
            "dict" => (Shape::Dict, None),
            "stream" => (Shape::Stream, None),
            other => {
                let name = self.syms.borrow(other);
                return self.add(call.to, Value::External(name));
            }
        };
        let object = self.derived(call.to, 6, shape);
        self.add(call.to, Value::Object(object));
        let rest = self.objects[object as usize].rest;
        match element {
            Some(element) => self.add(rest, element),
            None => {
                for at in 0..call.count {
                    let arg = self.args[(call.first + at) as usize];
                    match arg.kind {
                        ArgKind::Positional => self.hide(arg.var, Hidden::Fill { object }),
                        ArgKind::Keyword if shape == Shape::Dict => {
                            let field = self.field(object, super::values::Key::Text(arg.name));
                            self.graph.edge(arg.var, field);
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}
