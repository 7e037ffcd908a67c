//! Matches a macro's input against one arm: all ways through the matcher are followed at once,
//! one token at a time, as the compiler does; a variable must be the only way to go on.

use proc_macro2::{Delimiter, TokenStream};
use syn::parse::{ParseBuffer, ParseStream, Parser};

use super::fragments;
use super::rules::{Arm, Kleene, Op};
use super::tokens::{self, At};

/// What a variable stands for.
#[derive(Debug, Clone)]
pub enum Binding {
    One(TokenStream),
    Many(Vec<Binding>),
}

/// Why an arm does not match.
#[derive(Debug)]
pub enum Mismatch {
    /// The next arm is tried.
    Other,
    /// The compiler stops here, too.
    Final(String),
}

/// The bindings of an arm's variables, if the arm matches.
pub fn matches(arm: &Arm, input: TokenStream) -> Result<Vec<Binding>, Mismatch> {
    let mut outcome = Err(Mismatch::Other);
    let parser = |stream: ParseStream<'_>| {
        outcome = Matching::default().run(arm, stream);
        Ok(())
    };
    // What is left over is an error to the parser and no match to us: the outcome tells.
    let _ = parser.parse2(input);
    outcome
}

#[derive(Clone, Copy)]
struct Thread {
    pc: usize,
    /// The last thing noted, plus one; notes form a tree.
    notes: usize,
}

enum Note {
    Repeat(usize),
    Bind(usize, TokenStream),
}

#[derive(Default)]
struct Matching {
    notes: Vec<(usize, Note)>,
}

/// Where the threads of one position want to go.
#[derive(Default)]
struct Wanted {
    next: Vec<Thread>,
    variables: Vec<Thread>,
    done: Vec<Thread>,
}

impl Matching {
    fn run(mut self, arm: &Arm, stream: ParseStream<'_>) -> Result<Vec<Binding>, Mismatch> {
        // The buffers of the groups that are open, innermost last.
        let mut open: Vec<ParseBuffer<'_>> = vec![stream.fork()];
        let mut threads = vec![Thread { pc: 0, notes: 0 }];
        loop {
            let depth = open.len();
            let Some(input) = open.last() else { return Err(Mismatch::Other) };
            let is_inside = depth > 1;
            let wanted = self.look(arm, &threads, input, is_inside);
            let is_end = matches!(tokens::at(input.cursor()), At::End);
            if is_end && !is_inside {
                return match wanted.done.as_slice() {
                    [] => Err(Mismatch::Other),
                    [only] => Ok(self.bindings(arm, only.notes)),
                    _ => Err(Mismatch::Final("its input can be read in two ways".into())),
                };
            }
            match (wanted.variables.as_slice(), wanted.next.is_empty()) {
                ([], true) => return Err(Mismatch::Other),
                ([], false) => {
                    threads = wanted.next;
                    if !step(&mut open) {
                        return Err(Mismatch::Other);
                    }
                }
                ([only], true) => {
                    let Op::Var { var, kind } = &arm.matcher[only.pc] else {
                        return Err(Mismatch::Other);
                    };
                    let tokens = fragments::read(*kind, input).map_err(|error| {
                        let (name, kind) = (tokens::plain(&arm.vars[*var]), kind.name());
                        Mismatch::Final(format!("`${name}:{kind}` cannot be read here: {error}"))
                    })?;
                    let notes = self.note(only.notes, Note::Bind(*var, tokens));
                    threads = vec![Thread { pc: only.pc + 1, notes }];
                }
                _ => return Err(Mismatch::Final("its input can be read in two ways".into())),
            }
        }
    }

    fn note(&mut self, before: usize, note: Note) -> usize {
        self.notes.push((before, note));
        self.notes.len()
    }

    /// Follows every thread up to what it needs from the input.
    fn look(
        &mut self,
        arm: &Arm,
        threads: &[Thread],
        input: &ParseBuffer<'_>,
        is_inside: bool,
    ) -> Wanted {
        let place = tokens::at(input.cursor());
        let mut wanted = Wanted::default();
        let mut waiting = threads.to_vec();
        let mut seen = Vec::new();
        while let Some(thread) = waiting.pop() {
            // A second thread at the same step says nothing new, and keeps empty loops finite.
            if seen.contains(&thread.pc) {
                continue;
            }
            seen.push(thread.pc);
            let forward = Thread { pc: thread.pc + 1, ..thread };
            match &arm.matcher[thread.pc] {
                Op::Token(token) => {
                    if matches!(&place, At::Token(found, _) if found == token) {
                        wanted.next.push(forward);
                    }
                }
                Op::Open(delimiter) => {
                    if matches!(&place, At::Open(found) if found == delimiter) {
                        wanted.next.push(forward);
                    }
                }
                Op::Close => {
                    if is_inside && matches!(place, At::End) {
                        wanted.next.push(forward);
                    }
                }
                Op::Var { kind, .. } => {
                    if fragments::may_begin(*kind, input) {
                        wanted.variables.push(thread);
                    }
                }
                Op::Repeat { number, kleene, end } => {
                    let notes = self.note(thread.notes, Note::Repeat(*number));
                    if *kleene != Kleene::Plus {
                        waiting.push(Thread { pc: end + 1, notes });
                    }
                    waiting.push(Thread { pc: thread.pc + 1, notes });
                }
                Op::RepeatEnd { start, separator, kleene } => {
                    waiting.push(forward);
                    let again = Thread { pc: start + 1, ..thread };
                    match separator {
                        _ if *kleene == Kleene::Optional => {}
                        None => waiting.push(again),
                        Some(token) => {
                            if matches!(&place, At::Token(found, _) if found == token) {
                                wanted.next.push(again);
                            }
                        }
                    }
                }
                Op::End => {
                    if !is_inside && matches!(place, At::End) {
                        wanted.done.push(thread);
                    }
                }
            }
        }
        wanted
    }

    /// Replays the notes of the thread that got through.
    fn bindings(self, arm: &Arm, last: usize) -> Vec<Binding> {
        let mut path = Vec::new();
        let mut at = last;
        while at > 0 {
            path.push(at - 1);
            at = self.notes[at - 1].0;
        }
        let mut notes: Vec<Option<Note>> = self.notes.into_iter().map(|(_, n)| Some(n)).collect();
        let mut bindings: Vec<Binding> = vec![Binding::Many(Vec::new()); arm.vars.len()];
        for at in path.into_iter().rev() {
            match notes[at].take() {
                Some(Note::Repeat(number)) => {
                    for var in &arm.repeated[number] {
                        let depth = arm.repeat_depths[number];
                        push(&mut bindings[*var], depth, Binding::Many(Vec::new()));
                    }
                }
                Some(Note::Bind(var, tokens)) => {
                    push(&mut bindings[var], arm.depths[var], Binding::One(tokens));
                }
                None => {}
            }
        }
        bindings
    }
}

/// Puts a binding `depth` lists deep, at the end; at depth 0 it is the binding.
fn push(target: &mut Binding, depth: usize, binding: Binding) {
    let Binding::Many(list) = target else { return };
    match depth {
        0 => *target = binding,
        1 => list.push(binding),
        _ => {
            if let Some(last) = list.last_mut() {
                push(last, depth - 1, binding);
            }
        }
    }
}

/// Moves past one token, into a group or out of one.
fn step(open: &mut Vec<ParseBuffer<'_>>) -> bool {
    let Some(input) = open.last() else { return false };
    let entered = match tokens::at(input.cursor()) {
        At::Token(..) => {
            return input
                .step(|cursor| match tokens::at(*cursor) {
                    At::Token(_, after) => Ok(((), after)),
                    _ => Err(cursor.error("expected a token")),
                })
                .is_ok();
        }
        At::Open(delimiter) => enter(input, delimiter),
        At::End if open.len() > 1 => {
            open.pop();
            return true;
        }
        At::Opaque(_) | At::End => return false,
    };
    match entered {
        Ok(inner) => {
            open.push(inner);
            true
        }
        Err(_) => false,
    }
}

fn enter<'i>(input: &ParseBuffer<'i>, delimiter: Delimiter) -> syn::Result<ParseBuffer<'i>> {
    let content;
    match delimiter {
        Delimiter::Parenthesis => drop(syn::parenthesized!(content in input)),
        Delimiter::Bracket => drop(syn::bracketed!(content in input)),
        _ => drop(syn::braced!(content in input)),
    }
    Ok(content)
}
